//! The program `comity`, as a file.
//!
//! `cargo xtask test` names it in [`PROGRAM`]: there, the whole workspace is built at once. Without that, cargo builds
//! it here, with whatever changed since.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::Trouble;

/// The environment variable that names the built program.
pub const PROGRAM: &str = "COMITY_BIN";

static FOUND: OnceLock<PathBuf> = OnceLock::new();

/// Where it is. Built at most once in each process that asks.
///
/// # Errors
/// [`PROGRAM`] names no file; the node does not build.
pub fn comity() -> Result<PathBuf, Trouble> {
    if let Some(found) = FOUND.get() {
        return Ok(found.clone());
    }
    let found = match env::var_os(PROGRAM) {
        Some(named) => existing(PathBuf::from(named))?,
        None => build()?,
    };
    Ok(FOUND.get_or_init(|| found).clone())
}

/// It, with these arguments, to be started by [`Process`](crate::process::Process). Settings of whoever runs the tests
/// do not reach it: no telemetry leaves a test.
///
/// # Errors
/// As [`comity`].
pub fn command(args: &[&str]) -> Result<Command, Trouble> {
    let mut command = Command::new(comity()?);
    command.args(args);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("OTEL_") || text.starts_with("COMITY_") || text == "RUST_LOG" {
            command.env_remove(&name);
        }
    }
    Ok(command)
}

fn existing(path: PathBuf) -> Result<PathBuf, Trouble> {
    if path.is_file() {
        Ok(path)
    } else {
        Err(Trouble::Variable {
            variable: PROGRAM,
            remedy: "name the built program, or unset it to have cargo build it",
        })
    }
}

fn build() -> Result<PathBuf, Trouble> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let done = Command::new(&cargo)
        // Of the whole workspace and not by package: then features are those of the tests, and nothing is built twice.
        .args(["build", "--quiet", "--workspace", "--bin", "comity"])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(here.parent().unwrap_or(here))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Trouble::Program {
            program: cargo.to_string_lossy().into_owned(),
            error,
        })?;
    let built = done
        .status
        .success()
        .then(|| executable(&String::from_utf8_lossy(&done.stdout)));
    built.flatten().ok_or_else(|| Trouble::Build {
        said: String::from_utf8_lossy(&done.stderr).into_owned(),
    })
}

/// What cargo says, one JSON object a line, about the program `comity`.
fn executable(messages: &str) -> Option<PathBuf> {
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut executables = messages.filter_map(|message| {
        let name = message.pointer("/target/name")?.as_str()?;
        let path = message.get("executable")?.as_str()?;
        (name == "comity").then(|| PathBuf::from(path))
    });
    executables.next()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_path_is_read_from_what_cargo_says() {
        let library =
            r#"{"reason":"compiler-artifact","target":{"name":"comity_wire"},"executable":null}"#;
        let other = r#"{"reason":"compiler-artifact","target":{"name":"other"},"executable":"/target/debug/other"}"#;
        let node = r#"{"reason":"compiler-artifact","target":{"name":"comity"},"executable":"/target/debug/comity"}"#;
        let check = |lines: &[&str], expected: Option<&str>| {
            assert_eq!(executable(&lines.join("\n")), expected.map(PathBuf::from));
        };
        check(&[library, other, node], Some("/target/debug/comity"));
        check(&[library, other], None);
        check(&["not JSON", node], Some("/target/debug/comity"));
    }

    #[test]
    fn a_program_that_is_named_must_be_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("comity");
        assert_eq!(existing(path.clone()).unwrap_err().code(), "variable");
        std::fs::write(&path, "").unwrap();
        assert_eq!(existing(path.clone()).unwrap(), path);
    }
}
