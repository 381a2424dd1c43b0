//! Why the store refuses, with whose fault it is and what to do next.

use std::io;
use std::path::PathBuf;

use comity_log::edge::AppendError;
use comity_log::fault::Fault;
use comity_log::tree::TreeError;
use thiserror::Error;

/// Everything that can go wrong here. No message holds content, keys or what was to be stored.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The operating system refused.
    #[error("could not {step} {}: {source}", file.display())]
    Io {
        /// What was tried.
        step: &'static str,
        /// On which file or directory.
        file: PathBuf,
        /// Its answer.
        source: io::Error,
    },
    /// Another process has this directory open.
    #[error("{} is in use by another process", dir.display())]
    Locked {
        /// The data directory.
        dir: PathBuf,
    },
    /// A write or a sync failed before: what the disk holds is not known.
    #[error("the journal has stopped after an error of the disk")]
    Stopped,
    /// Too little room to be sure that a batch fits.
    #[error("{free_bytes} bytes are free, {needed_bytes} are needed")]
    DiskLow {
        /// Free.
        free_bytes: u64,
        /// Needed before anything more is taken.
        needed_bytes: u64,
    },
    /// Bytes below the head record are not those that were written.
    #[error("{} is damaged at byte {offset}: {what}", file.display())]
    JournalDamaged {
        /// The segment.
        file: PathBuf,
        /// Where.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// What was just written came back different.
    #[error("{} gave back other bytes than were written at byte {offset}", file.display())]
    ReadBackDiffers {
        /// The segment.
        file: PathBuf,
        /// Where the write began.
        offset: u64,
    },
    /// Neither copy in a file of the head record can be read.
    #[error("{} is damaged", file.display())]
    HeadDamaged {
        /// The file.
        file: PathBuf,
    },
    /// There is a journal, but not its head record.
    #[error("{} is missing, but the journal has segments", file.display())]
    HeadMissing {
        /// The file.
        file: PathBuf,
    },
    /// The head record is not what this process wrote last.
    #[error("{} was changed by somebody else", file.display())]
    HeadConflict {
        /// The file.
        file: PathBuf,
    },
    /// The published checkpoint is of a longer tree, or of another one: the directory was put back in time.
    #[error("the published checkpoint is not of this journal, which has {size} records")]
    HeadBehindCheckpoint {
        /// Records under the head record.
        size: u64,
    },
    /// The copy of the head that lies apart is of a longer tree, or of another one.
    #[error(
        "the journal has {size} records, and the copy of the head has seen {copied}: an old copy of the data directory was put back"
    )]
    HeadBehindCopy {
        /// Records under the head record.
        size: u64,
        /// Records under the copied head.
        copied: u64,
    },
    /// The copy of the head is no signed head of a log of this member.
    #[error("{} is no signed head of this log", file.display())]
    HeadCopyUnreadable {
        /// The file.
        file: PathBuf,
    },
    /// The copy of the head is not what this process wrote last.
    #[error("{} was changed by somebody else", file.display())]
    HeadCopyConflict {
        /// The file.
        file: PathBuf,
    },
    /// A log ends at a head that it has had or that follows, and the next one has the next number.
    #[error("the log cannot end so: {what}")]
    CannotClose {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The journal is that of another log.
    #[error("the journal is that of another log")]
    OriginIsAnother,
    /// A file of a later version of this program, or of none.
    #[error("{} has a format that this version does not know", file.display())]
    FormatUnknown {
        /// The file.
        file: PathBuf,
    },
    /// The storage key does not open the epoch keys.
    #[error("the storage key is not the one of this journal")]
    StorageKeyWrong,
    /// Not a line of 64 hexadecimal digits.
    #[error("{} does not hold a storage key", file.display())]
    StorageKeyFormat {
        /// The file.
        file: PathBuf,
    },
    /// A file of what was cosigned has a wrong checksum.
    #[error("{} is damaged", file.display())]
    WitnessStateDamaged {
        /// The file.
        file: PathBuf,
    },
    /// Others than the owner may read it.
    #[error("{} can be read by others than its owner", file.display())]
    StorageKeyExposed {
        /// The file.
        file: PathBuf,
    },
    /// An epoch key file that frames need.
    #[error("{} is missing", file.display())]
    EpochKeyMissing {
        /// The file.
        file: PathBuf,
    },
    /// An epoch key file with a wrong checksum.
    #[error("{} is damaged", file.display())]
    EpochKeyDamaged {
        /// The file.
        file: PathBuf,
    },
    /// What is kept of another member's log is not what was written.
    #[error("{} is damaged, or was written under another key", file.display())]
    AuditDamaged {
        /// The file.
        file: PathBuf,
    },
    /// The batch has as much as one commit may have.
    #[error("the batch is full")]
    BatchFull,
    /// A body over the limit.
    #[error("a body of {bytes} bytes is over the limit")]
    BodyTooLong {
        /// Its length.
        bytes: usize,
    },
    /// A leaf over the limit.
    #[error("a leaf of {bytes} bytes is over the limit")]
    LeafTooLong {
        /// Its length.
        bytes: usize,
    },
    /// A kind that the store keeps for itself.
    #[error("kind {kind} is the store's own")]
    KindReserved {
        /// The kind.
        kind: u8,
    },
    /// No frame can be there.
    #[error("the journal has no frame there")]
    PositionUnknown,
    /// No such record.
    #[error("the log has no record {index}")]
    RecordUnknown {
        /// The index asked for.
        index: u64,
    },
    /// The leaves cannot be appended.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The tiles do not have the root of the head.
    #[error(transparent)]
    Tree(Box<TreeError<io::Error>>),
    /// The checkpoint is not one of this log at its head or before.
    #[error("the checkpoint is not of this log")]
    CheckpointIsAnother,
    /// The directory to export to has something in it.
    #[error("{} is not empty", dir.display())]
    ExportNotEmpty {
        /// The directory.
        dir: PathBuf,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    NoRandom,
    /// Numbers over what the formats hold.
    #[error("the journal is full")]
    JournalFull,
    /// sled failed or panicked.
    #[error("the views are damaged")]
    ViewsDamaged,
    /// A value of a view over the limit.
    #[error("a value of {bytes} bytes is over the limit of a view")]
    ViewValueTooLong {
        /// Its length.
        bytes: usize,
    },
    /// A key of a view over the limit.
    #[error("a key of {bytes} bytes is over the limit of a view")]
    ViewKeyTooLong {
        /// Its length.
        bytes: usize,
    },
}

impl StoreError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "store-io",
            Self::Locked { .. } => "store-locked",
            Self::Stopped => "store-stopped",
            Self::DiskLow { .. } => "disk-low",
            Self::JournalDamaged { .. } => "journal-damaged",
            Self::ReadBackDiffers { .. } => "read-back-differs",
            Self::HeadDamaged { .. } => "head-damaged",
            Self::HeadMissing { .. } => "head-missing",
            Self::HeadConflict { .. } => "head-conflict",
            Self::HeadBehindCheckpoint { .. } => "head-behind-checkpoint",
            Self::HeadBehindCopy { .. } => "head-behind-copy",
            Self::HeadCopyUnreadable { .. } => "head-copy-unreadable",
            Self::HeadCopyConflict { .. } => "head-copy-conflict",
            Self::CannotClose { .. } => "cannot-close",
            Self::OriginIsAnother => "store-origin-is-another",
            Self::FormatUnknown { .. } => "store-format-unknown",
            Self::StorageKeyWrong => "storage-key-wrong",
            Self::StorageKeyFormat { .. } => "storage-key-format",
            Self::StorageKeyExposed { .. } => "storage-key-exposed",
            Self::WitnessStateDamaged { .. } => "witness-state-damaged",
            Self::EpochKeyMissing { .. } => "epoch-key-missing",
            Self::EpochKeyDamaged { .. } => "epoch-key-damaged",
            Self::AuditDamaged { .. } => "audit-damaged",
            Self::BatchFull => "batch-full",
            Self::BodyTooLong { .. } => "body-too-long",
            Self::LeafTooLong { .. } => "leaf-too-long",
            Self::KindReserved { .. } => "kind-reserved",
            Self::PositionUnknown => "position-unknown",
            Self::RecordUnknown { .. } => "record-unknown",
            Self::Append(error) => error.code(),
            Self::Tree(error) => error.code(),
            Self::CheckpointIsAnother => "checkpoint-is-another",
            Self::ExportNotEmpty { .. } => "export-not-empty",
            Self::NoRandom => "no-random",
            Self::JournalFull => "journal-full",
            Self::ViewsDamaged => "views-damaged",
            Self::ViewValueTooLong { .. } => "view-value-too-long",
            Self::ViewKeyTooLong { .. } => "view-key-too-long",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Locked { .. }
            | Self::DiskLow { .. }
            | Self::HeadConflict { .. }
            | Self::HeadBehindCheckpoint { .. }
            | Self::HeadBehindCopy { .. }
            | Self::HeadCopyUnreadable { .. }
            | Self::HeadCopyConflict { .. }
            | Self::OriginIsAnother
            | Self::FormatUnknown { .. }
            | Self::StorageKeyWrong
            | Self::StorageKeyFormat { .. }
            | Self::StorageKeyExposed { .. }
            | Self::EpochKeyMissing { .. }
            | Self::ExportNotEmpty { .. } => Fault::Operator,
            Self::Io { .. }
            | Self::Stopped
            | Self::JournalDamaged { .. }
            | Self::ReadBackDiffers { .. }
            | Self::HeadDamaged { .. }
            | Self::HeadMissing { .. }
            | Self::EpochKeyDamaged { .. }
            | Self::AuditDamaged { .. }
            | Self::WitnessStateDamaged { .. }
            | Self::Tree(_)
            | Self::NoRandom
            | Self::ViewsDamaged => Fault::Machine,
            Self::BatchFull
            | Self::BodyTooLong { .. }
            | Self::LeafTooLong { .. }
            | Self::KindReserved { .. }
            | Self::PositionUnknown
            | Self::RecordUnknown { .. }
            | Self::Append(_)
            | Self::CannotClose { .. }
            | Self::CheckpointIsAnother
            | Self::JournalFull
            | Self::ViewValueTooLong { .. }
            | Self::ViewKeyTooLong { .. } => Fault::Us,
        }
    }

    /// What to do next, as a sentence.
    #[must_use]
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Io { .. } => "Check the disk and the permissions, then start the node again.",
            Self::Locked { .. } => "Stop the other process, or ask it over its API.",
            Self::Stopped | Self::ReadBackDiffers { .. } => {
                "Check the disk, then start the node again: nothing that was acknowledged is lost."
            }
            Self::DiskLow { .. } => "Make room on the disk; the node goes on by itself.",
            Self::JournalDamaged { .. }
            | Self::HeadDamaged { .. }
            | Self::HeadMissing { .. }
            | Self::EpochKeyMissing { .. }
            | Self::EpochKeyDamaged { .. } => {
                "Do not change the directory; put a backup in its place and run `comity log restore`."
            }
            Self::AuditDamaged { .. } => {
                "Remove the folder `audits` of the data directory: the next audit pulls it again, from the beginning."
            }
            Self::HeadConflict { .. } => {
                "Find out what wrote to the data directory, stop it, then start the node again."
            }
            Self::HeadBehindCheckpoint { .. } | Self::HeadBehindCopy { .. } => {
                "Run `comity log restore`: it says what is lost and begins a new log. If a newer copy exists, put that back first."
            }
            Self::HeadCopyUnreadable { .. } => {
                "Put the right file back. Only if it is lost and the data is known to be the newest, remove it: it is written anew."
            }
            Self::HeadCopyConflict { .. } => {
                "Find out what else writes this file (two nodes with one log?), stop it, then start the node again."
            }
            Self::OriginIsAnother => {
                "Give the data directory of the log whose number the configuration names; if a restore was under way, run `comity log restore` again."
            }
            Self::FormatUnknown { .. } => {
                "Use the version of the program that wrote it, or a later one."
            }
            Self::StorageKeyWrong => "Give the storage key that was made with this data directory.",
            Self::StorageKeyFormat { .. } => "Give a file with one line of 64 hexadecimal digits.",
            Self::StorageKeyExposed { .. } => "Make it readable by its owner only (chmod 600).",
            Self::WitnessStateDamaged { .. } => {
                "Check the disk. What was cosigned of that log is not known any more, so this key must cosign it no more: have the governance list a new witness key, and then remove the file."
            }
            Self::BatchFull => "Commit, then stage again.",
            Self::Tree(_) => {
                "Stop the node and run `comity log fsck --repair`: the tiles are made again from the journal. Then start it."
            }
            Self::ExportNotEmpty { .. } => "Name a directory that does not exist yet.",
            Self::NoRandom => "Check the operating system.",
            Self::ViewsDamaged => "Start the node again: the views are made anew from the journal.",
            Self::BodyTooLong { .. }
            | Self::LeafTooLong { .. }
            | Self::KindReserved { .. }
            | Self::PositionUnknown
            | Self::RecordUnknown { .. }
            | Self::Append(_)
            | Self::CannotClose { .. }
            | Self::CheckpointIsAnother
            | Self::JournalFull
            | Self::ViewValueTooLong { .. }
            | Self::ViewKeyTooLong { .. } => "Report this as a defect of the program.",
        }
    }
}

impl From<TreeError<io::Error>> for StoreError {
    fn from(error: TreeError<io::Error>) -> Self {
        Self::Tree(Box::new(error))
    }
}

/// Says what was tried, and on which file.
pub(crate) fn io_error(
    step: &'static str,
    file: &std::path::Path,
) -> impl FnOnce(io::Error) -> StoreError {
    let file = file.to_owned();
    move |source| StoreError::Io { step, file, source }
}
