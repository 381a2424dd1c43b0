//! `cargo run -p comity-spec --bin generate [-- --check]`: writes what is made
//! from the registries, or says which files differ.

use std::process::{Command, ExitCode, Stdio};

use comity_spec::generate::{Made, all};

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    match run(check) {
        Ok(stale) if stale.is_empty() => ExitCode::SUCCESS,
        Ok(stale) => {
            for path in stale {
                eprintln!(
                    "{path} differs from the registries. Run `cargo xtask spec` and commit the result."
                );
            }
            ExitCode::FAILURE
        }
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn run(check: bool) -> Result<Vec<String>, String> {
    let spec = comity_spec::root();
    let top = spec
        .parent()
        .ok_or("the specification has no parent folder")?;
    let mut stale = Vec::new();
    for Made { path, text } in all(&spec)? {
        let text = if path.extension().is_some_and(|end| end == "rs") {
            formatted(&text)?
        } else {
            text
        };
        let target = top.join(&path);
        if std::fs::read_to_string(&target).is_ok_and(|old| old == text) {
            continue;
        }
        if check {
            stale.push(path.display().to_string());
        } else {
            std::fs::write(&target, text)
                .map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(stale)
}

/// Generated Rust is formatted like the rest, so that `cargo fmt` agrees.
fn formatted(text: &str) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("rustfmt: {error}");
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        std::io::Write::write_all(&mut stdin, text.as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    if !output.status.success() {
        return Err("rustfmt could not read the generated text".into());
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}
