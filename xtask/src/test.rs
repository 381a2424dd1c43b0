//! `cargo xtask test`: every check of the project, one suite after the other, and what to do about what failed.

use crate::process::{self, Outcome};
use crate::tools::Tools;
use crate::{clients, fuzz, go, spec};
use clap::builder::PossibleValuesParser;
use std::env;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Run every check: what continuous integration runs, and nothing else
///
/// Installs the check tools that are missing into target/tools, what foreign clients need into target/interop, and Go,
/// Node, Python and strace with apt-get where this may (as root, or with sudo that asks nothing). A check whose tool can
/// not be had is SKIPPED, and fails when the environment variable CI is set.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: cargo xtask test
Example: cargo xtask test --only clippy --only tests")]
pub(crate) struct Args {
    /// Run this suite only (may be given more than once)
    #[arg(long, value_name = "SUITE", value_parser = PossibleValuesParser::new(SUITES.map(|suite| suite.name)))]
    only: Vec<String>,
    /// Install nothing; skip what needs a tool that is not here
    #[arg(long)]
    no_install: bool,
}

struct Suite {
    name: &'static str,
    needs: &'static [&'static str],
    run: fn(&Tools) -> Verdict,
    /// After "Next:", for a person who sees it fail.
    remedy: &'static str,
}

#[derive(Debug, PartialEq)]
enum Verdict {
    Passed,
    Failed,
    /// A tool is missing: a failure in CI.
    Skipped,
    /// It cannot be judged on this machine: never a failure, always said.
    DidNotRun,
}

const SUITES: [Suite; 15] = [
    Suite {
        name: "format",
        needs: &["rustfmt"],
        run: format,
        remedy: "run `cargo fmt --all`",
    },
    Suite {
        name: "clippy",
        needs: &["clippy"],
        run: clippy,
        remedy: "change what clippy names, or allow it with a reason",
    },
    Suite {
        name: "generated",
        needs: &[],
        run: generated,
        remedy: "run `cargo xtask spec` and commit what it writes",
    },
    Suite {
        name: "tests",
        needs: &[],
        run: tests,
        remedy: "read the first failing test above; its name is the rule that is broken",
    },
    Suite {
        name: "interop",
        needs: &["go", "node", "python"],
        run: interop,
        remedy: "read what the program that is not ours said in the first failing test above",
    },
    Suite {
        name: "disk",
        needs: &["strace"],
        run: disk,
        remedy: "read what the node said when its disk failed, in the first failing test above",
    },
    Suite {
        name: "doc-tests",
        needs: &[],
        run: doc_tests,
        remedy: "change the example in the doc comment that is named above",
    },
    Suite {
        name: "docs",
        needs: &[],
        run: docs,
        remedy: "change the doc comment that rustdoc names above",
    },
    Suite {
        name: "benches",
        needs: &[],
        run: benches,
        remedy: "make each bench run once: `cargo test -p comity-testkit --bench core`",
    },
    Suite {
        name: "deny",
        needs: &["cargo-deny"],
        run: deny,
        remedy: "drop the dependency, or add an exception with its reason to deny.toml",
    },
    Suite {
        name: "advisories",
        needs: &["cargo-deny"],
        run: advisories,
        remedy: "update the crate, or add an exception with its reason to deny.toml",
    },
    Suite {
        name: "shear",
        needs: &["cargo-shear"],
        run: shear,
        remedy: "remove the dependency that nothing uses",
    },
    Suite {
        name: "fuzz-build",
        needs: &["cargo-fuzz", "c++"],
        run: fuzz_build,
        remedy: "make the fuzz target compile: `cargo check --manifest-path fuzz/Cargo.toml`",
    },
    Suite {
        name: "fuzz-replay",
        needs: &["cargo-fuzz", "c++"],
        run: fuzz_replay,
        remedy: "run the command that is printed above with the crashing input",
    },
    Suite {
        name: "lock-files",
        needs: &[],
        run: lock_files,
        remedy: "commit Cargo.lock and fuzz/Cargo.lock",
    },
];

pub(crate) fn main(args: &Args) -> Outcome {
    let begin = Instant::now();
    let chosen: Vec<_> = SUITES
        .iter()
        .filter(|suite| args.only.is_empty() || args.only.iter().any(|name| name == suite.name))
        .collect();
    let wanted: Vec<_> = chosen
        .iter()
        .flat_map(|suite| suite.needs)
        .copied()
        .collect();
    let tools = Tools::ensure(!args.no_install, &wanted);
    println!("Set-up: {:.1} s", begin.elapsed().as_secs_f64());
    let mut results = Vec::new();
    for suite in chosen {
        println!("\n=== {}", suite.name);
        let suite_begin = Instant::now();
        let verdict = match tools.need(suite.needs) {
            Ok(()) => (suite.run)(&tools),
            Err(need) => skipped(&need),
        };
        results.push((suite.name, verdict, suite_begin.elapsed()));
    }
    print!("\n{}", table(&results, begin.elapsed()));
    conclude(&results, process::is_ci())
}

fn format(_: &Tools) -> Verdict {
    let own = process::run(&mut process::cargo(&["fmt", "--all", "--check"]));
    let fuzz = process::run(&mut process::cargo(&[
        "fmt",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--check",
    ]));
    verdict(own.and(fuzz))
}

fn clippy(_: &Tools) -> Verdict {
    run(&[
        "clippy",
        "--workspace",
        "--all-targets",
        // What only a bench needs would otherwise be compiled by nothing.
        "--features",
        "comity-testkit/bench",
        "--",
        "-D",
        "warnings",
    ])
}

fn generated(_: &Tools) -> Verdict {
    verdict(spec::generate(true))
}

/// Tests that run the node as a process find it in the environment: cargo builds it beside its own tests, before any
/// test runs, and a build of their own would have other features and take minutes.
fn tests(tools: &Tools) -> Verdict {
    let mut command = match tools.need(&["cargo-nextest"]) {
        Ok(()) => process::cargo(&["nextest", "run", "--workspace", "--no-fail-fast"]),
        Err(need) if process::is_ci() => return skipped(&need),
        Err(need) => {
            println!("Without {need}: cargo test instead.");
            process::cargo(&[
                "test",
                "--workspace",
                "--lib",
                "--bins",
                "--tests",
                "--no-fail-fast",
            ])
        }
    };
    verdict(process::run(command.env("COMITY_BIN", node())))
}

/// Where cargo puts the node that it builds for tests.
fn node() -> PathBuf {
    process::target_dir()
        .join("debug")
        .join(format!("comity{}", env::consts::EXE_SUFFIX))
}

/// Programs that others wrote against ours. Chosen from the whole workspace and not by package: features are then those
/// of the suite `tests`, and nothing is built a second time.
fn interop(tools: &Tools) -> Verdict {
    let chosen = [
        "--workspace",
        "--test",
        "interop",
        "--test",
        "logs",
        "--test",
        "clients",
    ];
    let mut command = match tools.need(&["cargo-nextest"]) {
        Ok(()) => {
            let mut command = process::cargo(&["nextest", "run"]);
            command
                .args(chosen)
                .args(["--run-ignored", "only", "--no-fail-fast"]);
            command
        }
        Err(_) => {
            let mut command = process::cargo(&["test"]);
            command.args(chosen).args(["--", "--ignored"]);
            command
        }
    };
    match go::build_verifier() {
        Ok(verifier) => {
            clients::export(&mut command);
            verdict(process::run(command.env("COMITY_LOG_VERIFIER", verifier)))
        }
        Err(reason) => verdict(Err(reason)),
    }
}

/// A node that runs while its disk fails. `strace` makes the faults, which some machines forbid.
fn disk(tools: &Tools) -> Verdict {
    let mut traced = process::program("strace", &["-qq", "-o", "/dev/null", "true"]);
    if let Err(reason) = process::output(&mut traced) {
        println!("DID NOT RUN: strace may not trace here: {reason}");
        return Verdict::DidNotRun;
    }
    // `offline` is a test of the node's own package: with it cargo builds the node, as for the suite `tests`.
    let chosen = ["--workspace", "--test", "nodes", "--test", "offline"];
    let mut command = match tools.need(&["cargo-nextest"]) {
        Ok(()) => {
            let mut command = process::cargo(&["nextest", "run"]);
            command
                .args(chosen)
                .args(["--run-ignored", "only", "--no-fail-fast", "disk::"]);
            command
        }
        Err(_) => {
            let mut command = process::cargo(&["test"]);
            command.args(chosen).args(["--", "--ignored", "disk::"]);
            command
        }
    };
    verdict(process::run(command.env("COMITY_BIN", node())))
}

/// nextest does not run them.
fn doc_tests(_: &Tools) -> Verdict {
    run(&["test", "--workspace", "--doc", "--quiet"])
}

fn docs(_: &Tools) -> Verdict {
    let mut command = process::cargo(&[
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ]);
    verdict(process::run(command.env("RUSTDOCFLAGS", "-D warnings")))
}

/// Each bench once, in the test profile: that it works, not how fast it is.
fn benches(_: &Tools) -> Verdict {
    run(&[
        "test",
        "--quiet",
        "--package",
        "comity-testkit",
        "--bench",
        "core",
    ])
}

fn deny(_: &Tools) -> Verdict {
    run(&[
        "deny",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ])
}

/// The advisory database is a git repository that no package registry serves: some machines cannot reach it. A copy
/// that was fetched earlier will do; without one this says that it did not run.
fn advisories(_: &Tools) -> Verdict {
    let mut said = String::new();
    for args in [
        ["deny", "check", "advisories"].as_slice(),
        &["deny", "--offline", "check", "advisories"],
    ] {
        said = process::transcript(&mut process::cargo(args));
        if said.contains("advisories ok") || said.contains("advisories FAILED") {
            println!("{said}");
            return if said.contains("advisories FAILED") {
                Verdict::Failed
            } else {
                Verdict::Passed
            };
        }
    }
    println!("DID NOT RUN: the RustSec advisory database is not here and cannot be fetched.");
    println!("{}", said.lines().next().unwrap_or_default());
    println!(
        "Before a release, run `cargo xtask test --only advisories` on a machine that reaches it."
    );
    Verdict::DidNotRun
}

fn shear(_: &Tools) -> Verdict {
    let own = process::run(&mut process::cargo(&["shear"]));
    verdict(own.and(process::run(&mut process::cargo(&["shear", "fuzz"]))))
}

/// By now every other suite has had the chance to change them. On a developer's machine a changed lock file is work in
/// progress, so this judges only in CI.
fn lock_files(_: &Tools) -> Verdict {
    if !process::is_ci() {
        println!(
            "Not judged here, only where CI is set: a changed lock file may be work in progress."
        );
        return Verdict::DidNotRun;
    }
    let args = [
        "diff",
        "--stat",
        "--exit-code",
        "HEAD",
        "--",
        "Cargo.lock",
        "fuzz/Cargo.lock",
    ];
    verdict(process::run(&mut process::program("git", &args)))
}

fn fuzz_build(_: &Tools) -> Verdict {
    verdict(fuzz::build())
}

fn fuzz_replay(_: &Tools) -> Verdict {
    verdict(fuzz::replay_corpora())
}

fn run(cargo_args: &[&str]) -> Verdict {
    verdict(process::run(&mut process::cargo(cargo_args)))
}

fn verdict(outcome: Outcome) -> Verdict {
    match outcome {
        Ok(()) => Verdict::Passed,
        Err(reason) => {
            println!("{reason}");
            Verdict::Failed
        }
    }
}

fn skipped(need: &str) -> Verdict {
    println!("SKIPPED, needs {need}");
    Verdict::Skipped
}

type Result3 = (&'static str, Verdict, Duration);

fn table(results: &[Result3], total: Duration) -> String {
    let mut lines = format!("{:<12} {:<12} {:>9}\n", "suite", "result", "time");
    for (name, verdict, time) in results {
        let word = match verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "FAILED",
            Verdict::Skipped => "SKIPPED",
            Verdict::DidNotRun => "did not run",
        };
        lines += &format!("{name:<12} {word:<12} {:>7.1} s\n", time.as_secs_f64());
    }
    lines
        + &format!(
            "{:<12} {:<12} {:>7.1} s\n",
            "total",
            "",
            total.as_secs_f64()
        )
}

/// The line to count by, and the sentence of what to do next.
fn conclude(results: &[Result3], is_ci: bool) -> Outcome {
    let count = |wanted: &[Verdict]| {
        results
            .iter()
            .filter(|(_, verdict, _)| wanted.contains(verdict))
            .count()
    };
    let (mut failed, mut skipped) = (vec![Verdict::Failed], vec![Verdict::DidNotRun]);
    if is_ci {
        failed.push(Verdict::Skipped)
    } else {
        skipped.push(Verdict::Skipped)
    }
    println!(
        "suites: {} passed, {} failed, {} skipped",
        count(&[Verdict::Passed]),
        count(&failed),
        count(&skipped)
    );

    let bad: Vec<_> = results
        .iter()
        .filter(|(_, verdict, _)| failed.contains(verdict))
        .collect();
    if bad.is_empty() {
        return Ok(());
    }
    let next = bad.iter().map(|(name, verdict, _)| {
        let remedy = SUITES
            .iter()
            .find(|suite| suite.name == *name)
            .map_or("", |suite| suite.remedy);
        let remedy = if *verdict == Verdict::Skipped {
            "install what it needs (see above): CI is set, so nothing may be skipped"
        } else {
            remedy
        };
        format!("Failed: {name}. Next: {remedy}; then `cargo xtask test --only {name}`.")
    });
    Err(next.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(name: &'static str, verdict: Verdict) -> Result3 {
        (name, verdict, Duration::from_secs(1))
    }

    #[test]
    fn a_skip_fails_in_ci_and_only_there() {
        let results = [
            result("format", Verdict::Passed),
            result("deny", Verdict::Skipped),
        ];
        assert_eq!(conclude(&results, false), Ok(()));
        assert!(
            conclude(&results, true)
                .is_err_and(|text| text.contains("Failed: deny. Next: install"))
        );
    }

    #[test]
    fn advisories_that_could_not_be_fetched_never_fail() {
        assert_eq!(
            conclude(&[result("advisories", Verdict::DidNotRun)], true),
            Ok(())
        );
    }

    #[test]
    fn a_failure_says_what_to_do_next_and_how_to_run_that_suite_again() {
        let text = conclude(&[result("format", Verdict::Failed)], false);
        let expected =
            "Failed: format. Next: run `cargo fmt --all`; then `cargo xtask test --only format`.";
        assert_eq!(text, Err(expected.to_owned()));
    }

    #[test]
    fn every_suite_has_a_name_of_its_own_and_a_remedy() {
        for suite in &SUITES {
            assert_eq!(
                SUITES
                    .iter()
                    .filter(|other| other.name == suite.name)
                    .count(),
                1,
                "{} twice",
                suite.name
            );
            assert!(!suite.remedy.is_empty(), "{} has no remedy", suite.name);
        }
    }
}
