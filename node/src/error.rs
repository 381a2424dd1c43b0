//! Why a command failed: a stable code, a plain sentence, the next step and whose it
//! is, and the exit status.

use std::fmt;
use std::path::Path;

use comity_trust::chain_error::ChainError;

/// The exit status of the program. `--help` shows the same table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: not done; the error says why.
    Failed,
    /// 2: the arguments were not understood.
    Usage,
    /// 3: the node could not be reached.
    NotReachable,
    /// 4: what was to be verified does not verify.
    NotVerified,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotReachable => 3,
            Self::NotVerified => 4,
        }
    }
}

/// Why a command failed. It never holds a locator, a person's name, free text of a
/// case, or a part of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Stable, lower-case words with hyphens.
    pub code: &'static str,
    /// What is wrong, in one plain sentence or two.
    pub message: String,
    /// What to do now, and who does it.
    pub next: String,
    /// The exit status.
    pub exit: Exit,
}

impl Failure {
    /// A failure that ends with status 1.
    pub fn new(code: &'static str, message: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            next: next.into(),
            exit: Exit::Failed,
        }
    }

    /// The same with another status.
    #[must_use]
    pub fn exits(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// A file or folder could not be read or written.
    #[must_use]
    pub fn of_file(what: &str, path: &Path, error: &std::io::Error) -> Self {
        let (code, next) = match error.kind() {
            std::io::ErrorKind::NotFound => (
                "file-not-found",
                "Check the path; relative ones start where you are, those in a configuration file where that file is.",
            ),
            std::io::ErrorKind::PermissionDenied => (
                "file-not-allowed",
                "Run the command as the user who owns the file, or correct its owner and mode.",
            ),
            std::io::ErrorKind::AlreadyExists => (
                "file-exists",
                "Nothing is ever overwritten: move the old file away, or choose another place.",
            ),
            std::io::ErrorKind::StorageFull => {
                ("disk-full", "Make room on the disk, then try again.")
            }
            _ => ("file-error", "Check the disk and the path, then try again."),
        };
        let message = format!("{}: {what}: {error}.", path.display());
        Self::new(code, message, next)
    }

    /// A charter or a roster was not taken.
    #[must_use]
    pub fn of_chain(what: &str, error: &ChainError, next: impl Into<String>) -> Self {
        let why = error.to_string();
        let message = format!("{what}: {}.", why.trim_end_matches('.'));
        Self::new(error.code(), message, next).exits(Exit::NotVerified)
    }
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})\nNext: {}", self.message, self.code, self.next)
    }
}
