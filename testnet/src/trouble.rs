//! What can go wrong while a test sets up what it wants to look at.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why something could not be done. The message is for the person who reads a failed test, so it says what was seen.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Trouble {
    /// A file or folder.
    #[error("cannot use {}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A program that does not start, or whose end cannot be waited for.
    #[error("cannot run {program}: {error}")]
    Program {
        /// Its name.
        program: String,
        /// Why.
        error: io::Error,
    },
    /// `cargo build` of the node failed.
    #[error("the node does not build: run `cargo build -p comity --bin comity`\n{said}")]
    Build {
        /// What cargo said.
        said: String,
    },
    /// A command of the node that should have succeeded.
    #[error("`comity {command}` refused: {said}")]
    Refused {
        /// Its arguments.
        command: String,
        /// What it said.
        said: String,
    },
    /// An environment variable names a program that is not there, or is not set.
    #[error("{variable} must name a program: {remedy}")]
    Variable {
        /// Which.
        variable: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The process ended before it printed the line.
    #[error("{program} ended before it printed {wanted:?}; it printed:\n{printed}")]
    EndedBefore {
        /// Its name.
        program: String,
        /// The beginning of the line.
        wanted: String,
        /// All that it printed, both streams, in order of arrival.
        printed: String,
    },
    /// The process is still running, and quiet.
    #[error("{program}: {wanted:?} did not come within {seconds} s; it printed:\n{printed}")]
    Quiet {
        /// Its name.
        program: String,
        /// The beginning of the line, or what else was waited for.
        wanted: String,
        /// The limit.
        seconds: u64,
        /// All that it printed, both streams, in order of arrival.
        printed: String,
    },
    /// No answer from the HTTP API.
    #[error("no answer to {method} {path}: {reason}")]
    NoAnswer {
        /// The method.
        method: &'static str,
        /// The path, without query.
        path: String,
        /// Why.
        reason: String,
    },
    /// An address that is not on this machine: a test talks to nobody else.
    #[error("{address} is not a loopback address")]
    NotLoopback {
        /// Which.
        address: std::net::SocketAddr,
    },
    /// A log that cannot be made.
    #[error("a log of {size} records cannot be made: {reason}")]
    Log {
        /// Records asked for.
        size: u64,
        /// Why.
        reason: String,
    },
    /// A foreign member that printed something else than one line of JSON for an answer.
    #[error("the client's answer to {asked} is not understood: {reason}\n{printed}")]
    Answer {
        /// What it was told to do.
        asked: String,
        /// Why.
        reason: String,
        /// What it printed.
        printed: String,
    },
    /// A verifier that printed something else than one line of JSON.
    #[error("the verifier's answer is not understood: {reason}\n{printed}")]
    Verdict {
        /// Why.
        reason: String,
        /// What it printed.
        printed: String,
    },
}

impl Trouble {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Program { .. } => "program",
            Self::Build { .. } => "build",
            Self::Refused { .. } => "refused",
            Self::Variable { .. } => "variable",
            Self::EndedBefore { .. } => "ended-before",
            Self::Quiet { .. } => "quiet",
            Self::NoAnswer { .. } => "no-answer",
            Self::NotLoopback { .. } => "not-loopback",
            Self::Log { .. } => "log",
            Self::Answer { .. } => "answer",
            Self::Verdict { .. } => "verdict",
        }
    }
}

pub(crate) fn file(path: &Path, error: io::Error) -> Trouble {
    Trouble::File {
        path: path.to_owned(),
        error,
    }
}
