//! Finds the tools that the checks need, and installs what is missing: Rust's into `target/tools`, Go and strace by [`debian`],
//! and what the foreign members need by [`clients`].
//!
//! Versions and hashes are in `xtask/tools.txt` and nowhere else. First choice: that very version, wherever it is.
//! Then `pip install` of the prebuilt wheels, checked by hash. Then, with a note, another version that happens to be
//! here. Then `cargo install --locked`. Otherwise the tool is missing, and whoever needs it says `SKIPPED, needs X`.

use crate::process::{self, Outcome};
use crate::{clients, debian, go};
use std::collections::BTreeMap;
use std::env;

const PINNED: &str = include_str!("../tools.txt");
const PACKAGE_PREFIX: &str = "astral-dev-toolchain-";

/// What is here, and for the rest, why not.
pub(crate) struct Tools {
    missing: BTreeMap<String, String>,
}

impl Tools {
    /// Looks for all tools; installs what is missing if it `may_install`. What is large and comes from the system's
    /// packages is looked for only if `wanted` names it.
    pub(crate) fn ensure(may_install: bool, wanted: &[&str]) -> Self {
        let mut tools = Self {
            missing: BTreeMap::new(),
        };
        tools.component("rustfmt", "fmt", may_install);
        tools.component("clippy", "clippy", may_install);
        tools.pinned(may_install);
        if !cxx_compilers()
            .iter()
            .any(|name| process::is_here(name, &["--version"]))
        {
            let why = "a C++ compiler (c++, g++ or clang++; set CXX if it has another name)";
            tools.missing.insert("c++".to_owned(), why.to_owned());
        }
        if wanted.contains(&"go") {
            tools.go(may_install);
        }
        if wanted.contains(&"strace") {
            tools.strace(may_install);
        }
        for language in [clients::NODE, clients::PYTHON] {
            if wanted.contains(&language.name)
                && let Err(why) = language.ensure(may_install)
            {
                tools.missing.insert(language.name.to_owned(), why);
            }
        }
        tools
    }

    /// `Err` with what is needed, in words that fit after "SKIPPED, needs", if one of `names` is missing.
    pub(crate) fn need(&self, names: &[&str]) -> Result<(), String> {
        match names.iter().find_map(|name| self.missing.get(*name)) {
            Some(why) => Err(why.clone()),
            None => Ok(()),
        }
    }

    /// Part of the Rust toolchain: only rustup can add it.
    fn component(&mut self, name: &str, subcommand: &str, may_install: bool) {
        let here = || process::output(&mut process::cargo(&[subcommand, "--version"])).is_ok();
        if here() {
            return;
        }
        if may_install
            && process::run(&mut process::program("rustup", &["component", "add", name])).is_ok()
            && here()
        {
            return;
        }
        self.missing.insert(
            name.to_owned(),
            format!("{name} (rustup component add {name})"),
        );
    }

    fn go(&mut self, may_install: bool) {
        let Err(mut why) = go::find() else { return };
        if may_install {
            let installed = debian::install(go::PACKAGES);
            match installed.and_then(|()| go::find()) {
                Ok(()) => return,
                Err(reason) => why = format!("{why}; {reason}"),
            }
        }
        self.missing.insert("go".to_owned(), why);
    }

    fn strace(&mut self, may_install: bool) {
        let here = || process::is_here("strace", &["--version"]);
        if here() {
            return;
        }
        let mut why = "strace (apt-get install strace)".to_owned();
        if may_install {
            match debian::install(&["strace"]) {
                Ok(()) if here() => return,
                Ok(()) => {}
                Err(reason) => why = format!("{why}; {reason}"),
            }
        }
        self.missing.insert("strace".to_owned(), why);
    }

    fn pinned(&mut self, may_install: bool) {
        let mut absent: Vec<_> = pins()
            .into_iter()
            .filter(|pin| installed(&pin.tool) != Some(pin.version.clone()))
            .collect();
        if absent.is_empty() {
            return;
        }
        if may_install {
            let names: Vec<_> = absent
                .iter()
                .map(|pin| format!("{} {}", pin.tool, pin.version))
                .collect();
            println!(
                "Installing into {}: {}",
                process::tools_dir().display(),
                names.join(", ")
            );
            if let Err(reason) = pip_install() {
                println!(
                    "Not with pip ({reason}); building from source instead, which takes some minutes."
                );
                for pin in absent.iter().filter(|pin| installed(&pin.tool).is_none()) {
                    if let Err(reason) = cargo_install(pin) {
                        println!("{reason}");
                    }
                }
            }
            absent.retain(|pin| installed(&pin.tool) != Some(pin.version.clone()));
        }
        for pin in absent {
            match installed(&pin.tool) {
                Some(other) => println!(
                    "Note: {} {other} is used; {} is what the project pins.",
                    pin.tool, pin.version
                ),
                None => {
                    let why = format!(
                        "{} {} (cargo install --locked {} --version {})",
                        pin.tool, pin.version, pin.tool, pin.version
                    );
                    self.missing.insert(pin.tool, why);
                }
            }
        }
    }
}

/// A line of `tools.txt`.
struct Pin {
    tool: String,
    version: String,
}

fn pins() -> Vec<Pin> {
    let lines = PINNED
        .lines()
        .filter_map(|line| line.strip_prefix(PACKAGE_PREFIX)?.split_once("=="));
    lines
        .map(|(tool, rest)| Pin {
            tool: tool.to_owned(),
            version: rest.trim_end_matches(['\\', ' ']).to_owned(),
        })
        .collect()
}

/// The version that would run now; `None` if there is none.
fn installed(tool: &str) -> Option<String> {
    // Not `cargo-x --version`: a subcommand is started as `cargo x`, and some answer only then.
    let said = process::output(&mut process::program(tool, &["--version"])).ok()?;
    said.split_whitespace()
        .find(|word| is_version(word))
        .map(str::to_owned)
}

fn is_version(word: &str) -> bool {
    word.split('.').count() == 3 && word.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// All of `tools.txt` in one call: with `--target`, a second call would replace what the first one installed.
fn pip_install() -> Outcome {
    let target = process::tools_dir();
    if target.exists() {
        std::fs::remove_dir_all(&target)
            .map_err(|error| format!("cannot empty {}: {error}", target.display()))?;
    }
    let list = process::root().join("xtask/tools.txt");
    process::run(
        process::program(
            "python3",
            &[
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ],
        )
        .args([
            "--no-deps".as_ref(),
            "--only-binary=:all:".as_ref(),
            "--require-hashes".as_ref(),
            "--target".as_ref(),
            target.as_os_str(),
            "--requirement".as_ref(),
            list.as_os_str(),
        ])
        .env("PIP_ROOT_USER_ACTION", "ignore"),
    )
}

fn cargo_install(pin: &Pin) -> Outcome {
    process::run(
        process::cargo(&[
            "install",
            "--locked",
            &pin.tool,
            "--version",
            &pin.version,
            "--root",
        ])
        .arg(process::tools_dir()),
    )
}

fn cxx_compilers() -> Vec<String> {
    let own = env::var("CXX").ok();
    own.into_iter()
        .chain(["c++", "g++", "clang++"].map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_tools_txt_is_understood() {
        let found: Vec<_> = pins().into_iter().map(|pin| pin.tool).collect();
        assert_eq!(
            found,
            ["cargo-nextest", "cargo-deny", "cargo-shear", "cargo-fuzz"]
        );
        for pin in pins() {
            assert!(
                is_version(&pin.version),
                "{} has no plain version in tools.txt: {:?}",
                pin.tool,
                pin.version
            );
        }
    }

    #[test]
    fn a_missing_tool_is_named_with_the_way_to_get_it() {
        let tools = Tools {
            missing: BTreeMap::from([("cargo-deny".to_owned(), "cargo-deny (get it)".to_owned())]),
        };
        assert_eq!(tools.need(&["rustfmt"]), Ok(()));
        assert_eq!(
            tools.need(&["rustfmt", "cargo-deny"]),
            Err("cargo-deny (get it)".to_owned())
        );
    }
}
