//! Packages of Debian and its kin, for tools that are neither Rust's nor on its registry.
//!
//! Only where nobody has to be asked: as root, or with a `sudo` that wants no password. The package lists are fetched
//! only if the first try fails, so that a machine with fresh lists, or with none to fetch, loses no time.

use crate::process::{self, Outcome};
use std::process::Command;

/// A mirror that is down must not stop the other suites for long.
const RETRIES_MAX: &str = "Acquire::Retries=2";
const CONNECT_SECONDS_MAX: &str = "Acquire::http::Timeout=30";
/// Another installation may be running.
const LOCK_SECONDS_MAX: &str = "DPkg::Lock::Timeout=120";

/// Installs these packages, or says why not, in words that fit after a semicolon.
pub(crate) fn install(packages: &[&str]) -> Outcome {
    let rights = rights(&process::is_here)?;
    println!("Installing with apt-get: {}", packages.join(", "));
    let install = |rights: &[&str]| process::output(&mut apt_get(rights, &installing(packages)));
    if install(rights).is_ok() {
        return Ok(());
    }
    process::output(&mut apt_get(rights, &["update"]))?;
    install(rights).map(|_| ())
}

/// What stands before `apt-get`: nothing for root.
fn rights(is_here: &dyn Fn(&str, &[&str]) -> bool) -> Outcome<&'static [&'static str]> {
    if !is_here("apt-get", &["--version"]) {
        return Err("there is no apt-get to install them with".to_owned());
    }
    if is_here("sh", &["-c", "test \"$(id -u)\" = 0"]) {
        return Ok(&[]);
    }
    // `-n`: fail rather than ask for a password that nobody may be there to type.
    if is_here("sudo", &["-n", "true"]) {
        return Ok(&["sudo", "-n"]);
    }
    Err("only root may install them".to_owned())
}

fn installing<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec!["install", "--yes", "--no-install-recommends"];
    words.extend(packages);
    words
}

fn apt_get(rights: &[&str], words: &[&str]) -> Command {
    // Through `env`, because sudo drops the variables that it does not know.
    let start = [
        rights,
        &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"],
    ]
    .concat();
    let (name, before) = start
        .split_first()
        .map_or(("apt-get", &[][..]), |(name, rest)| (*name, rest));
    let mut command = process::program(name, before);
    command.arg("-qq");
    for option in [RETRIES_MAX, CONNECT_SECONDS_MAX, LOCK_SECONDS_MAX] {
        command.args(["-o", option]);
    }
    command.args(words);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_installed_by_root_or_by_a_sudo_that_asks_nothing() {
        let check = |here: &[&str], expected: Result<&[&str], &str>| {
            let found = rights(&|name, _| here.contains(&name));
            assert_eq!(found, expected.map_err(str::to_owned), "{here:?}");
        };
        // `sh` stands for its one question: whether this is root.
        check(&["apt-get", "sh", "sudo"], Ok(&[]));
        check(&["apt-get", "sudo"], Ok(&["sudo", "-n"]));
        check(&["apt-get"], Err("only root may install them"));
        check(
            &["sh", "sudo"],
            Err("there is no apt-get to install them with"),
        );
    }

    #[test]
    fn the_command_asks_nothing_and_has_limits() {
        let check = |rights: &[&str], expected: &str| {
            let command = apt_get(rights, &installing(&["golang-go"]));
            let words: Vec<_> = std::iter::once(command.get_program())
                .chain(command.get_args())
                .map(|word| word.to_string_lossy().into_owned())
                .collect();
            assert_eq!(words.join(" "), expected);
        };
        let rest = "env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=2 -o Acquire::http::Timeout=30 \
                    -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends golang-go";
        check(&[], rest);
        check(&["sudo", "-n"], &format!("sudo -n {rest}"));
    }
}
