//! Node and Python, and below `target/interop` what the two foreign members need: `testnet/interop/{js,python}`.
//!
//! ```text
//! program here?  -> if not, Debian's package
//! stamp right?   -> if not, what the lock files pin, by hash, with npm and pip
//! ```
//! A stamp holds the version of the program and the lock files word for word: nothing is fetched as long as they stay.
//! Of what is fetched, nothing runs before the clients do.

use crate::debian;
use crate::process::{self, Outcome};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// A language that a client is written in.
pub(crate) struct Language {
    /// As a suite needs it.
    pub(crate) name: &'static str,
    /// In words that fit after "SKIPPED, needs".
    wanted: &'static str,
    /// What Debian calls it.
    packages: &'static [&'static str],
    /// Ends with 0 if it is here and new enough, and prints its version.
    probe: (&'static str, &'static [&'static str]),
    /// Below `testnet/interop` and below `target/interop`.
    folder: &'static str,
    /// In that folder: what pins everything, and what the installer reads.
    locks: &'static [&'static str],
    install: fn(&Path) -> Outcome,
}

pub(crate) const NODE: Language = Language {
    name: "node",
    wanted: "Node 20 or later with npm",
    packages: &["nodejs", "npm"],
    probe: (
        "node",
        &[
            "--eval",
            "console.log(process.version); process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)",
        ],
    ),
    folder: "js",
    locks: &["package.json", "package-lock.json"],
    install: npm,
};

pub(crate) const PYTHON: Language = Language {
    name: "python",
    wanted: "Python 3.11 or later with venv",
    packages: &["python3", "python3-venv"],
    probe: (
        "python3",
        &[
            "-c",
            "import ensurepip, sys, venv; print(sys.version); sys.exit(sys.version_info < (3, 11))",
        ],
    ),
    folder: "python",
    locks: &["build.txt", "requirements.txt"],
    install: pip,
};

impl Language {
    /// Everything is here, now: `Err` with what is needed, in words that fit after "SKIPPED, needs".
    pub(crate) fn ensure(&self, may_install: bool) -> Outcome {
        let mut version = self.version();
        if version.is_err() && may_install {
            version = debian::install(self.packages).and_then(|()| self.version());
        }
        let wanted = self.wanted;
        let packages = self.packages.join(" ");
        let version =
            version.map_err(|why| format!("{wanted} (apt-get install {packages}): {why}"))?;
        let stamp = self.stamp(&version)?;
        let target = self.target();
        let installed = fs::read_to_string(target.join(STAMP));
        if installed.is_ok_and(|installed| installed == stamp) {
            return Ok(());
        }
        let locks = self.locks.join(", ");
        if !may_install {
            return Err(format!(
                "what testnet/interop/{}/{{{locks}}} pin, installed",
                self.folder
            ));
        }
        self.fetch(&target, &stamp)
            .map_err(|why| format!("what {locks} pin: {why}"))
    }

    fn fetch(&self, target: &Path, stamp: &str) -> Outcome {
        let begin = Instant::now();
        self.copy_locks(target)
            .map_err(|error| format!("cannot fill {}: {error}", target.display()))?;
        (self.install)(target)?;
        fs::write(target.join(STAMP), stamp)
            .map_err(|error| format!("cannot write into {}: {error}", target.display()))?;
        println!(
            "{}: {} MiB in {}, {:.1} s",
            self.name,
            bytes_below(target) >> 20,
            target.display(),
            begin.elapsed().as_secs_f64()
        );
        Ok(())
    }

    /// Into an empty folder: what an older lock file brought must not stay.
    fn copy_locks(&self, target: &Path) -> io::Result<()> {
        if target.exists() {
            fs::remove_dir_all(target)?;
        }
        fs::create_dir_all(target)?;
        for lock in self.locks {
            fs::copy(self.source().join(lock), target.join(lock))?;
        }
        Ok(())
    }

    fn version(&self) -> Outcome<String> {
        let (name, args) = self.probe;
        process::output(&mut process::program(name, args))
    }

    fn stamp(&self, version: &str) -> Outcome<String> {
        self.locks
            .iter()
            .try_fold(version.to_owned(), |stamp, lock| {
                let path = self.source().join(lock);
                let text = fs::read_to_string(&path);
                let text =
                    text.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
                Ok(stamp + &text)
            })
    }

    fn source(&self) -> PathBuf {
        process::root().join("testnet/interop").join(self.folder)
    }

    fn target(&self) -> PathBuf {
        process::target_dir().join("interop").join(self.folder)
    }
}

/// Tells tests where the languages are.
pub(crate) fn export(command: &mut Command) {
    let python = PYTHON.target().join("venv/bin/python");
    command
        .env("COMITY_NODE", NODE.probe.0)
        .env("COMITY_PYTHON", python);
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = entries.map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_below(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    bytes.sum()
}

/// What is in the folder when all of it is installed.
const STAMP: &str = "installed";

/// Node looks for packages beside the program that imports them and in the folders above, nowhere else: hence the link.
fn npm(target: &Path) -> Outcome {
    let args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    process::run(process::program("npm", &args).current_dir(target))?;
    let link = NODE.source().join("node_modules");
    if link.is_symlink() {
        fs::remove_file(&link)
            .map_err(|error| format!("cannot remove {}: {error}", link.display()))?;
    }
    std::os::unix::fs::symlink(target.join("node_modules"), &link)
        .map_err(|error| format!("cannot make {}: {error}", link.display()))
}

/// What has no wheel is built with the pinned setuptools. No dependencies are resolved: the lock file has all of them,
/// and `overrides.in` says where it differs from what a package asks for.
fn pip(target: &Path) -> Outcome {
    let venv = target.join("venv");
    process::run(process::program("python3", &["-m", "venv"]).arg(&venv))?;
    for (list, more) in [
        ("build.txt", [].as_slice()),
        (
            "requirements.txt",
            &["--no-build-isolation", "--no-binary=varint,python-baseconv"],
        ),
    ] {
        let mut command = process::program(
            venv.join("bin/python"),
            &["-m", "pip", "install", "--quiet"],
        );
        command.args([
            "--disable-pip-version-check",
            "--no-deps",
            "--require-hashes",
            "--only-binary=:all:",
        ]);
        command.args(more).arg("--requirement").arg(list);
        process::run(command.current_dir(target))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn lock_files_name_versions_and_hashes_and_no_registry() {
        for language in [NODE, PYTHON] {
            for lock in language
                .locks
                .iter()
                .filter(|lock| **lock != "package.json")
            {
                let text = fs::read_to_string(language.source().join(lock)).unwrap();
                for part in ["\"resolved\"", "-url", "--find-links", "://registry."] {
                    assert!(!text.contains(part), "{lock} has {part}");
                }
                let entries = text.lines().filter(|line| {
                    line.starts_with("    \"node_modules/")
                        || (!line.starts_with([' ', '#']) && line.contains("=="))
                });
                let entries = entries.count();
                let hashes = ["\"integrity\": \"sha512-", "--hash=sha256:"];
                let hashed: usize = hashes.map(|hash| text.matches(hash).count()).iter().sum();
                assert!(
                    entries > 0 && hashed >= entries,
                    "{lock}: {hashed} of {entries}"
                );
            }
        }
    }

    #[test]
    fn another_version_or_another_lock_file_is_installed_anew() {
        let stamp = |version| PYTHON.stamp(version).unwrap();
        assert_ne!(stamp("3.11.2"), stamp("3.11.3"));
        assert!(stamp("3.11.2").contains("libp2p=="));
    }
}
