//! The verifier that is not ours: `testnet/interop/go/verify.go`, on the library that checks Go's own modules.
//!
//! `cargo xtask test --only interop` installs Go where it may, builds the verifier and names it in
//! [`PROGRAM`].

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Trouble;

/// The environment variable that names the built verifier.
pub const PROGRAM: &str = "COMITY_LOG_VERIFIER";

/// What it says of a folder.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Everything holds. The object has `origin`, `size`, `root`, `records`, `inclusion_proofs`,
    /// `consistent_with_sizes` and `files`.
    Accepted(Value),
    /// The code of the first check that does not hold.
    Refused(String),
}

/// Runs it on a tlog-tiles folder: what [`Log::write`](crate::tiles::Log::write) makes and a node exports.
///
/// # Errors
/// No verifier is named; it does not start, or does not answer with one line of JSON.
pub fn verify(folder: &Path) -> Result<Verdict, Trouble> {
    let program = env::var_os(PROGRAM).ok_or(Trouble::Variable {
        variable: PROGRAM,
        remedy: "run `cargo xtask test --only interop`, which builds it",
    })?;
    let done = Command::new(&program)
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Trouble::Program {
            program: program.to_string_lossy().into_owned(),
            error,
        })?;
    understood(done.status.code(), &String::from_utf8_lossy(&done.stdout))
}

/// Exit code and verdict must agree: whoever calls it from a shell sees only the first.
fn understood(exit: Option<i32>, printed: &str) -> Result<Verdict, Trouble> {
    let wrong = |reason: String| Trouble::Verdict {
        reason,
        printed: printed.to_owned(),
    };
    let line = printed.trim_end();
    let answer: Value = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
    let code = answer.get("code").and_then(Value::as_str);
    match (exit, answer.get("ok").and_then(Value::as_bool), code) {
        (Some(0), Some(true), None) => Ok(Verdict::Accepted(answer)),
        (Some(1), Some(false), Some(code)) => Ok(Verdict::Refused(code.to_owned())),
        _ => Err(wrong(format!("it ended with {exit:?}"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_line_and_the_exit_code_must_agree() {
        let check = |exit, printed: &str, expected: Option<Verdict>| {
            let found = understood(exit, printed);
            assert_eq!(found.ok(), expected, "{exit:?} {printed:?}");
        };
        let accepted = r#"{"ok":true,"size":3}"#;
        let refused = r#"{"ok":false,"code":"record","size":3}"#;
        let value = serde_json::from_str(accepted).unwrap();
        check(Some(0), accepted, Some(Verdict::Accepted(value)));
        let code = Verdict::Refused("record".to_owned());
        check(Some(1), &format!("{refused}\n"), Some(code));
        check(Some(1), accepted, None);
        check(Some(0), refused, None);
        check(None, refused, None);
        check(Some(1), r#"{"ok":false}"#, None);
        check(Some(0), "", None);
        check(Some(0), &format!("{accepted}\n{accepted}"), None);
    }
}
