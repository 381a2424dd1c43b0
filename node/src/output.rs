//! What a command says: with `--json` one object on standard output, or one error
//! object on standard error; without, text for people.

use std::io::{Write as _, stderr, stdout};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::error::Failure;

/// Where results and notes go.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
}

impl Output {
    /// JSON for programs, or text for people.
    #[must_use]
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether programs read it.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// The result of the command: `value` for programs, `text` for people.
    pub fn result(&self, value: &Value, text: &str) {
        if self.json {
            self.raw(&format!("{value:#}"));
        } else {
            self.raw(text.trim_end());
        }
    }

    /// One text on standard output, as it is, and a line end.
    pub fn raw(&self, text: &str) {
        // Who closed the pipe has seen enough.
        let _ = writeln!(stdout(), "{text}");
    }

    /// Something to know beside the result: on standard error, for people only.
    pub fn note(&self, text: &str) {
        if !self.json {
            let _ = writeln!(stderr(), "{text}");
        }
    }

    /// How far a long command has come: on standard error, whoever reads.
    pub fn progress(&self, text: &str) {
        let _ = writeln!(stderr(), "{text}");
    }

    /// Says why the command failed, and gives the exit status.
    pub fn failure(&self, failure: &Failure) -> ExitCode {
        let said = if self.json {
            let Failure {
                code,
                message,
                next,
                ..
            } = failure;
            format!(
                "{:#}",
                json!({"error": {"code": code, "message": message, "next": next}})
            )
        } else {
            format!("error: {failure}")
        };
        let _ = writeln!(stderr(), "{said}");
        ExitCode::from(failure.exit.number())
    }
}
