//! Which source file may name what.

use super::{Tested, assert_clean, files_below};
use crate::process::root;
use std::fs;

/// A library, and the one file that may name it. Its bugs, and the day we leave it, stay in there.
const CONTAINED: &[(&str, &str)] = &[
    ("serde_cbor", "crates/comity-wire/src/cbor.rs"),
    ("coset", "crates/comity-wire/src/cose.rs"),
    ("sled", "crates/comity-store/src/views.rs"),
];

/// What gives code a clock, a disk, a network or a process of its own.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "SystemTime",
    "Instant::",
    "Timestamp::now",
    "Zoned::now",
    "println!",
    "stdin()",
];

/// Source folders that may name none of these.
const PURE: &[&str] = &[
    "crates/comity-wire/src",
    "crates/comity-taxonomy/src",
    "crates/comity-clocks/src",
    "crates/comity-trust/src",
    "crates/comity-case/src",
    "crates/comity-log/src",
    "crates/comity-intake/src",
    "crates/comity-audit/src",
    "crates/comity-report/src",
    "crates/comity-conformance/src",
];

/// Path from the root, and content.
type Source = (String, String);

fn read_all() -> Result<Vec<Source>, Box<dyn std::error::Error>> {
    let mut sources = Vec::new();
    for path in files_below(&root(), ".rs")? {
        let name = path
            .strip_prefix(root())?
            .to_string_lossy()
            .replace('\\', "/");
        sources.push((name, fs::read_to_string(&path)?));
    }
    Ok(sources)
}

fn named_outside_its_file(sources: &[Source], libraries: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    let chosen = CONTAINED
        .iter()
        .filter(|(library, _)| libraries.contains(library));
    for (library, home) in chosen {
        for (file, text) in sources {
            let names = code_lines(text).any(|line| {
                line.contains(&format!("{library}::")) || line.contains(&format!("use {library}"))
            });
            if names && file != home && file.contains("/src/") && !file.starts_with("xtask/") {
                findings.push(format!(
                    "{file} names {library}: only {home} may; call what that file offers"
                ));
            }
        }
    }
    findings
}

fn impure(sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for (file, text) in sources
        .iter()
        .filter(|(file, _)| PURE.iter().any(|folder| file.starts_with(folder)))
    {
        for word in IMPURE {
            if product_lines(text).any(|line| line.contains(word)) {
                findings.push(format!("{file} names {word}, but its crate is pure: take the bytes or the time as an argument"));
            }
        }
    }
    findings
}

/// Lines without comments: a comment may explain what the code may not do.
fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or(line))
}

/// Code above the tests, which stand last in a file.
fn product_lines(text: &str) -> impl Iterator<Item = &str> {
    code_lines(text).take_while(|line| !line.trim_start().starts_with("#[cfg(test)]"))
}

#[test]
fn serde_cbor_is_named_only_in_cbor_rs_and_coset_only_in_cose_rs() -> Tested {
    assert_clean(&named_outside_its_file(
        &read_all()?,
        &["serde_cbor", "coset"],
    ));
    Ok(())
}

#[test]
fn sled_is_named_only_in_views_rs() -> Tested {
    assert_clean(&named_outside_its_file(&read_all()?, &["sled"]));
    Ok(())
}

#[test]
fn pure_crates_name_no_clock_no_files_and_no_network() -> Tested {
    assert_clean(&impure(&read_all()?));
    Ok(())
}

/// The rules themselves, shown what they forbid.
mod on_made_up_sources {
    use super::*;

    fn check(rule: impl Fn(&[Source]) -> Vec<String>, file: &str, text: &str, expected: bool) {
        let findings = rule(&[(file.to_owned(), text.to_owned())]);
        assert_eq!(
            !findings.is_empty(),
            expected,
            "{file}: {text:?} gives {findings:?}"
        );
    }

    #[test]
    fn a_second_file_that_names_serde_cbor_is_found() {
        let rule =
            |sources: &[Source]| named_outside_its_file(sources, &["serde_cbor", "coset", "sled"]);
        check(
            rule,
            "crates/comity-wire/src/cbor.rs",
            "serde_cbor::to_vec(x)",
            false,
        );
        check(
            rule,
            "crates/comity-wire/src/record.rs",
            "serde_cbor::to_vec(x)",
            true,
        );
        check(
            rule,
            "crates/comity-trust/src/roster.rs",
            "use coset::CoseSign1;",
            true,
        );
        check(
            rule,
            "crates/comity-wire/src/record.rs",
            "// not serde_cbor::to_vec",
            false,
        );
        check(
            rule,
            "crates/comity-store/src/views.rs",
            "sled::open(x)",
            false,
        );
        check(
            rule,
            "crates/comity-store/src/journal.rs",
            "sled::open(x)",
            true,
        );
    }

    #[test]
    fn a_clock_in_a_pure_crate_is_found_unless_it_is_in_a_test() {
        check(
            impure,
            "crates/comity-case/src/fold.rs",
            "let now = SystemTime::now();",
            true,
        );
        check(
            impure,
            "crates/comity-case/src/fold.rs",
            "#[cfg(test)]\nmod tests { use std::fs; }",
            false,
        );
        check(
            impure,
            "crates/comity-intake/src/csv.rs",
            "let at = jiff::Timestamp::now();",
            true,
        );
        check(
            impure,
            "crates/comity-testkit/src/lib.rs",
            "use std::fs;",
            false,
        );
    }
}
