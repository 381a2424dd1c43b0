//! Why a line was not taken.
//!
//! Who made the file is at fault in every case, and can mend it: the message says
//! how. Neither code nor message ever holds what stood in the file, because it may
//! be a locator, a name or free text.

use comity_wire::limits::LOCATOR_BYTES_MAX;

use crate::limits::{INPUT_BYTES_MAX, LINE_BYTES_MAX, RECORD_LINES_MAX, YEAR_MAX, YEAR_MIN};

/// A line that was not taken. The others of its file were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Where it begins: a physical line of the file, from 1.
    pub line: u64,
    /// The field or column, in the words of the format.
    pub field: Option<&'static str>,
    /// The code of [`Fault`], which does not change from version to version.
    pub code: &'static str,
    /// A sentence with what to do. Never what stood in the file.
    pub message: String,
}

impl Rejected {
    pub(crate) fn new(line: u64, refused: Refused) -> Self {
        Self {
            line,
            field: refused.field,
            code: refused.fault.code(),
            message: refused.fault.to_string(),
        }
    }
}

/// A fault, and the field that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) field: Option<&'static str>,
    pub(crate) fault: Fault,
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self { field: None, fault }
    }
}

/// What is wrong with a file, a line or a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    // ---- The file
    /// More than [`INPUT_BYTES_MAX`].
    #[error("The file is longer than {INPUT_BYTES_MAX} bytes and was not read; split it.")]
    FileTooLong,
    /// Two bytes for each letter, as spreadsheets write "Unicode text".
    #[error("The file is in UTF-16 and was not read; save it as UTF-8.")]
    Utf16,
    /// A column without which no row can be read.
    #[error("The table lacks this column and was not read; export it with all columns.")]
    MissingColumn,
    /// A column that stands twice: which one holds is not known.
    #[error("The table has this column twice and was not read; delete one of them.")]
    DuplicateColumn,

    // ---- The line
    /// More than [`LINE_BYTES_MAX`], or than `RECORD_BYTES_MAX` in a table.
    #[error(
        "The line is longer than {LINE_BYTES_MAX} bytes, or the row too long; leave out attachments and long texts."
    )]
    LineTooLong,
    /// Bytes that are no text.
    #[error("The line is not UTF-8; save the file as UTF-8.")]
    NotUtf8,
    /// Not JSON.
    #[error("The line is not JSON; each line must be one whole report.")]
    NotJson,
    /// JSON, and no object.
    #[error(
        "The line is no JSON object; each line must be one whole report, without a list around it."
    )]
    NotAnObject,
    /// A key that stands twice: which one holds is not known.
    #[error("The report has a key twice; keep one of them.")]
    DuplicateKey,
    /// A row that does not have the columns of the first row.
    #[error(
        "The row has more or fewer columns than the first row; put fields with commas in quotes."
    )]
    ColumnCount,
    /// A quote that is not closed.
    #[error(
        "A quote begins here and is not closed within {RECORD_LINES_MAX} lines; close it, or double it."
    )]
    UnclosedQuote,
    /// Letters after the quote that closes a field.
    #[error("Letters follow the quote that ends a field; double the quotes inside fields.")]
    StrayQuote,
    /// The same report stands on an earlier line.
    #[error("The same report stands on line {line} already; nothing needs to be done.")]
    Repeated {
        /// The earlier line.
        line: u64,
    },
    /// What identifies the report was used for another one.
    #[error(
        "The report on line {line} has the same identifier and says otherwise; correct one of the two."
    )]
    IdentifierReused {
        /// The earlier line.
        line: u64,
    },

    // ---- The field
    /// Absent or empty.
    #[error("The field is missing or empty; a report cannot be taken without it.")]
    MissingField,
    /// A number, a list … where a text has to be.
    #[error("The field must be a text.")]
    NotAText,
    /// Longer than the protocol carries.
    #[error(
        "The field is longer than the protocol carries (locators: {LOCATOR_BYTES_MAX} bytes); shorten it."
    )]
    TooLong,
    /// Line breaks, tabs, escapes …
    #[error("The field holds a control character such as a line break; remove it.")]
    ControlCharacter,
    /// Not version 4.
    #[error("Only XARF of version 4 is read; convert the report.")]
    XarfVersion,
    /// Another category.
    #[error("Only reports of the category content are read; leave the others out.")]
    Category,
    /// Another type.
    #[error("Only reports of the types csam and csem are read; leave the others out.")]
    Type,
    /// Not a UUID.
    #[error("The field must be a UUID.")]
    ReportId,
    /// Not a time.
    #[error("The field is no time; write it as 2026-03-04T15:07:00Z or with an offset.")]
    Time,
    /// A time of no known zone.
    #[error("The time has no zone; add Z or an offset such as +01:00.")]
    TimeWithoutZone,
    /// A time that can only stand for "no date".
    #[error("The time is not within the years {YEAR_MIN} to {YEAR_MAX}; give the true one.")]
    TimeOutOfRange,
    /// Not a URL.
    #[error("The field is no whole URL; write it out, beginning with https:// or http://.")]
    NotAUrl,
    /// A URL of another sort, or a defanged one.
    #[error("Only http, https and ftp are read; write the URL out, not defanged.")]
    Scheme,
    /// Meant to be an IP address, and none.
    #[error("The field is no IP address; correct it or leave it empty.")]
    Address,
    /// Not the number of a network.
    #[error("The field must be a number from 1 to 4294967295.")]
    Asn,
    /// No country of ISO 3166-1.
    #[error("The field must be a country code of two letters, ISO 3166-1 (GB, not UK).")]
    Country,
    /// A classification that the scheme does not have.
    #[error("The classification is not one of the scheme; correct it.")]
    Classification,
    /// An exploitation type that XARF does not have.
    #[error("The exploitation type is not one of XARF 4; correct it.")]
    ExploitationType,
    /// An action that the scheme does not have.
    #[error("The action is not one of the scheme; correct it or leave it empty.")]
    Action,
    /// An age that is no code.
    #[error("The age is not a code of letters, digits and hyphens; correct it or leave it empty.")]
    Age,
    /// Not a code.
    #[error("The value must be words with hyphens, as in the registry of the field.")]
    Word,
    /// Code and fields exclude each other.
    #[error("The code and the other fields exclude each other; correct one of them.")]
    Contradiction,
    /// Not from 0 to 1.
    #[error("The field must be a number from 0 to 1.")]
    Confidence,
}

impl Fault {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::FileTooLong => "file-too-long",
            Self::Utf16 => "utf-16",
            Self::MissingColumn => "missing-column",
            Self::DuplicateColumn => "duplicate-column",
            Self::LineTooLong => "line-too-long",
            Self::NotUtf8 => "not-utf8",
            Self::NotJson => "not-json",
            Self::NotAnObject => "not-an-object",
            Self::DuplicateKey => "duplicate-key",
            Self::ColumnCount => "column-count",
            Self::UnclosedQuote => "unclosed-quote",
            Self::StrayQuote => "stray-quote",
            Self::Repeated { .. } => "repeated",
            Self::IdentifierReused { .. } => "identifier-reused",
            Self::MissingField => "missing-field",
            Self::NotAText => "not-a-text",
            Self::TooLong => "too-long",
            Self::ControlCharacter => "control-character",
            Self::XarfVersion => "xarf-version",
            Self::Category => "not-content",
            Self::Type => "unknown-type",
            Self::ReportId => "bad-report-id",
            Self::Time => "bad-time",
            Self::TimeWithoutZone => "time-without-zone",
            Self::TimeOutOfRange => "time-out-of-range",
            Self::NotAUrl => "not-a-url",
            Self::Scheme => "unknown-scheme",
            Self::Address => "bad-address",
            Self::Asn => "bad-asn",
            Self::Country => "unknown-country",
            Self::Classification => "unknown-classification",
            Self::ExploitationType => "unknown-exploitation-type",
            Self::Action => "unknown-action",
            Self::Age => "bad-age",
            Self::Word => "bad-word",
            Self::Contradiction => "contradiction",
            Self::Confidence => "bad-confidence",
        }
    }

    /// The same, in a field.
    pub(crate) const fn in_field(self, field: &'static str) -> Refused {
        Refused {
            field: Some(field),
            fault: self,
        }
    }
}
