//! Starts other programs, always at the root of the repository, and says which.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What went wrong, as a sentence for the person at the keyboard.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo builds.
pub(crate) fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// Where the check tools are installed that this machine does not have: nothing outside the repository is touched.
pub(crate) fn tools_dir() -> PathBuf {
    target_dir().join("tools")
}

/// True where a skipped check must count as a failed one.
pub(crate) fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// `cargo` with these arguments; it finds the tools of [`tools_dir`] first.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = program(
        env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")),
        args,
    );
    // Set by `cargo run` for xtask itself; they would leak into the build scripts of others.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Any program with these arguments, at the root of the repository.
pub(crate) fn program(name: impl Into<OsString>, args: &[&str]) -> Command {
    let mut command = Command::new(name.into());
    command
        .args(args)
        .current_dir(root())
        .env("PATH", path_with_tools());
    command
}

/// Shows the command, runs it with its output on the screen, and fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Outcome {
    println!("$ {}", shown(command));
    let status = command
        .status()
        .map_err(|error| format!("cannot start {}: {error}", shown(command)))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{}` ended with {status}", shown(command)))
    }
}

/// Runs it quietly and returns what it printed on its standard output.
pub(crate) fn output(command: &mut Command) -> Outcome<String> {
    let done = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot start {}: {error}", shown(command)))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(format!(
            "`{}` ended with {}: {}",
            shown(command),
            done.status,
            said.trim()
        ));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// Whether the program is here and succeeds with these arguments.
pub(crate) fn is_here(name: &str, args: &[&str]) -> bool {
    output(&mut program(name, args)).is_ok()
}

/// Runs it quietly and returns all that it printed, or why it did not start.
pub(crate) fn transcript(command: &mut Command) -> String {
    match command.stdin(Stdio::null()).output() {
        Ok(done) => String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned(),
        Err(error) => format!("cannot start {}: {error}", shown(command)),
    }
}

fn path_with_tools() -> OsString {
    let old = env::var_os("PATH").unwrap_or_default();
    let tools = std::iter::once(tools_dir().join("bin"));
    env::join_paths(tools.chain(env::split_paths(&old))).unwrap_or(old)
}

/// The command as one would type it: `cargo` without its path, our own settings in front.
fn shown(command: &Command) -> String {
    let mut words = Vec::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value
            && name != "PATH"
        {
            words.push(format!(
                "{}={}",
                name.to_string_lossy(),
                quoted(&value.to_string_lossy())
            ));
        }
    }
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    words.push(name.to_string_lossy().into_owned());
    words.extend(command.get_args().map(|arg| quoted(&arg.to_string_lossy())));
    words.join(" ")
}

fn quoted(word: &str) -> String {
    if word.contains(' ') {
        format!("'{word}'")
    } else {
        word.to_owned()
    }
}
