//! Checks the counts, lengths and values of decoded structures against
//! [`crate::limits`]. A limit is checked after decoding, so that who exceeds one
//! learns which, and that the rest was understood.

use crate::body::{
    Acknowledgement, Amendment, Dispute, Erased, ErasureNotice, Hold, Information,
    InformationRequest, Next, Observation, Outcome, Referral, Resolution, TakedownRequest,
    Transfer, Withdrawal,
};
use crate::ext::Extensions;
use crate::limits;
use crate::parts::{
    Assessment, Ground, Handling, Hosting, Item, Locator, Measure, NotifyUploader, Requester,
};
use crate::words::{
    Code, Country, DurationMs, ExtensionName, ItemNumber, Language, LocatorText, Name, Reference,
    Round, Sorted, Text, TimeMs,
};

/// Which limit was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{limit}: {found} is not within {min} to {max}")]
pub struct OverLimit {
    /// The name of the constant.
    pub limit: &'static str,
    /// What was found, in the limit's unit.
    pub found: u64,
    /// The least that is allowed.
    pub min: u64,
    /// The most that is allowed.
    pub max: u64,
}

/// What has limits inside.
pub trait Limited {
    /// Checks every limit of the structure.
    ///
    /// # Errors
    /// The first limit that is exceeded, in the order of the fields.
    fn within_limits(&self) -> Result<(), OverLimit>;
}

/// Checks each part of a structure, in order.
macro_rules! each {
    ($($part:expr),* $(,)?) => {{
        $($part.within_limits()?;)*
        Ok(())
    }};
}

// ---- Numbers and lengths

/// Checks a number.
///
/// # Errors
/// [`OverLimit`] with the name given.
pub fn number(limit: &'static str, found: u64, min: u64, max: u64) -> Result<(), OverLimit> {
    if (min..=max).contains(&found) {
        Ok(())
    } else {
        Err(OverLimit {
            limit,
            found,
            min,
            max,
        })
    }
}

/// Checks a length in bytes, or a count.
///
/// # Errors
/// [`OverLimit`] with the name given.
pub fn length(limit: &'static str, found: usize, min: usize, max: usize) -> Result<(), OverLimit> {
    let wide = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    number(limit, wide(found), wide(min), wide(max))
}

/// Checks a time.
///
/// # Errors
/// [`OverLimit`].
pub fn time(at: TimeMs) -> Result<(), OverLimit> {
    number("TIME_MS_MAX", at, 0, limits::TIME_MS_MAX)
}

/// Checks a length of time.
///
/// # Errors
/// [`OverLimit`].
pub fn duration(length: DurationMs) -> Result<(), OverLimit> {
    number("DURATION_MS_MAX", length, 0, limits::DURATION_MS_MAX)
}

/// Checks a size or an index.
///
/// # Errors
/// [`OverLimit`].
pub fn integer(found: u64) -> Result<(), OverLimit> {
    number("INTEGER_MAX", found, 0, limits::INTEGER_MAX)
}

fn optional_time(at: Option<TimeMs>) -> Result<(), OverLimit> {
    at.map_or(Ok(()), time)
}

fn item_number(n: ItemNumber) -> Result<(), OverLimit> {
    number("ITEM_NUMBER_MAX", n, 1, limits::ITEM_NUMBER_MAX)
}

fn round_number(round: Round) -> Result<(), OverLimit> {
    number("ROUND_MAX", round, 1, limits::ROUND_MAX)
}

fn items(count: usize) -> Result<(), OverLimit> {
    length("ITEMS_MAX", count, 1, limits::ITEMS_MAX)
}

fn codes(codes: &[Code], min: usize) -> Result<(), OverLimit> {
    length("CODES_MAX", codes.len(), min, limits::CODES_MAX)?;
    codes.within_limits()
}

/// Texts, each with the limit of its type.
macro_rules! text_limits {
    ($($name:ty: $limit:ident, $min:literal;)*) => {
        $(impl Limited for $name {
            fn within_limits(&self) -> Result<(), OverLimit> {
                length(stringify!($limit), self.as_str().len(), $min, limits::$limit)
            }
        })*
    };
}

text_limits! {
    Code: CODE_BYTES_MAX, 1;
    ExtensionName: CODE_BYTES_MAX, 1;
    Language: CODE_BYTES_MAX, 1;
    Country: CODE_BYTES_MAX, 1;
    Name: NAME_BYTES_MAX, 1;
    Reference: REFERENCE_BYTES_MAX, 1;
    Text: TEXT_BYTES_MAX, 1;
    LocatorText: LOCATOR_BYTES_MAX, 1;
}

impl<T: Limited> Limited for Option<T> {
    fn within_limits(&self) -> Result<(), OverLimit> {
        self.as_ref().map_or(Ok(()), T::within_limits)
    }
}

impl<T: Limited> Limited for [T] {
    fn within_limits(&self) -> Result<(), OverLimit> {
        self.iter().try_for_each(T::within_limits)
    }
}

impl<A: Limited, B: Limited> Limited for (A, B) {
    fn within_limits(&self) -> Result<(), OverLimit> {
        each!(self.0, self.1)
    }
}

impl Limited for Extensions {
    fn within_limits(&self) -> Result<(), OverLimit> {
        length("EXTENSIONS_MAX", self.len(), 1, limits::EXTENSIONS_MAX)?;
        self.iter().try_for_each(|extension| {
            extension.0.within_limits()?;
            length(
                "EXTENSION_BYTES_MAX",
                extension.2.len(),
                0,
                limits::EXTENSION_BYTES_MAX,
            )
        })
    }
}

// ---- Parts

impl Limited for Item {
    fn within_limits(&self) -> Result<(), OverLimit> {
        item_number(self.n)?;
        length("HOSTING_MAX", self.hosting.len(), 0, limits::HOSTING_MAX)?;
        length(
            "ASSESSMENTS_MAX",
            self.assessments.len(),
            0,
            limits::ASSESSMENTS_MAX,
        )?;
        each!(self.scope, self.hosting, self.locator, self.assessments)
    }
}

impl Limited for Locator {
    fn within_limits(&self) -> Result<(), OverLimit> {
        match self {
            Self::Url(url) | Self::Onion(url) => url.within_limits(),
            Self::Account(account) => account.within_limits(),
            Self::ContentId(content) => content.within_limits(),
            Self::HashSet(hashes) => {
                length("HASHES_MAX", hashes.len(), 1, limits::HASHES_MAX)?;
                hashes.iter().try_for_each(|(algorithm, value)| {
                    algorithm.within_limits()?;
                    length(
                        "HASH_VALUE_BYTES_MAX",
                        value.len(),
                        1,
                        limits::HASH_VALUE_BYTES_MAX,
                    )
                })
            }
            Self::IpPortTime((_, port, at)) => {
                number("65535", port.unwrap_or(0), 0, 65_535)?;
                time(*at)
            }
        }
    }
}

impl Limited for Hosting {
    fn within_limits(&self) -> Result<(), OverLimit> {
        time(self.at)?;
        number("4294967295", self.asn.unwrap_or(0), 0, 4_294_967_295)?;
        each!(self.name, self.role, self.source, self.country)
    }
}

impl Limited for Assessment {
    fn within_limits(&self) -> Result<(), OverLimit> {
        time(self.at)?;
        length("CONTEXTS_MAX", self.context.len(), 0, limits::CONTEXTS_MAX)?;
        length(
            "STANDINGS_MAX",
            self.standing.len(),
            0,
            limits::STANDINGS_MAX,
        )?;
        number(
            "REVIEWERS_MAX",
            self.reviewers,
            0,
            limits::REVIEWERS_MAX as u64,
        )?;
        each!(
            self.age,
            self.code,
            self.unit,
            self.gender,
            self.scheme,
            self.context
        )?;
        each!(self.baseline, self.severity, self.standing, self.depiction)?;
        each!(self.confidence, self.same_image, self.scheme_version)
    }
}

impl Limited for Ground {
    fn within_limits(&self) -> Result<(), OverLimit> {
        each!(
            self.nature,
            self.article,
            self.redress,
            self.authority,
            self.order_ref
        )?;
        each!(self.instrument, self.jurisdiction)
    }
}

impl Limited for Requester {
    fn within_limits(&self) -> Result<(), OverLimit> {
        self.capacity.within_limits()
    }
}

impl Limited for Measure {
    fn within_limits(&self) -> Result<(), OverLimit> {
        optional_time(self.until)?;
        time(self.effective_at)?;
        if let Some(territories) = &self.territories {
            length(
                "TERRITORIES_MAX",
                territories.len(),
                1,
                limits::TERRITORIES_MAX,
            )?;
        }
        each!(self.action, self.reason, self.target)
    }
}

impl Limited for Handling {
    fn within_limits(&self) -> Result<(), OverLimit> {
        if let NotifyUploader::DelayUntil(at) = self.notify_uploader {
            time(at)?;
        }
        each!(self.lang, self.audience, self.sensitive)
    }
}

/// Measures of one item or one request.
pub(crate) fn measures(measures: &[Measure]) -> Result<(), OverLimit> {
    length("MEASURES_MAX", measures.len(), 0, limits::MEASURES_MAX)?;
    measures.within_limits()
}

fn new_items(new: &[Item]) -> Result<(), OverLimit> {
    items(new.len())?;
    new.within_limits()
}

fn item_numbers(numbers: Option<&Sorted<ItemNumber>>) -> Result<(), OverLimit> {
    let Some(numbers) = numbers else {
        return Ok(());
    };
    items(numbers.len())?;
    numbers.iter().try_for_each(|n| item_number(*n))
}

/// Rows about items that were there already.
fn rows<T: Limited>(rows: Option<&[(ItemNumber, T)]>) -> Result<(), OverLimit> {
    let Some(rows) = rows else { return Ok(()) };
    items(rows.len())?;
    rows.iter().try_for_each(|(n, row)| {
        item_number(*n)?;
        row.within_limits()
    })
}

// ---- Bodies

impl Limited for TakedownRequest {
    fn within_limits(&self) -> Result<(), OverLimit> {
        length("CODES_MAX", self.asked.len(), 1, limits::CODES_MAX)?;
        length("GROUNDS_MAX", self.basis.len(), 1, limits::GROUNDS_MAX)?;
        length("CLOCKS_MAX", self.clocks.len(), 0, limits::CLOCKS_MAX)?;
        new_items(&self.items)?;
        time(self.assessed_at)?;
        optional_time(self.reported_at)?;
        optional_time(self.preserve_until)?;
        each!(
            self.text,
            self.asked,
            self.basis,
            self.clocks,
            self.urgency,
            self.capacity
        )?;
        each!(self.reference, self.requester)
    }
}

impl Limited for Referral {
    fn within_limits(&self) -> Result<(), OverLimit> {
        measures(&self.done)?;
        new_items(&self.items)?;
        time(self.assessed_at)?;
        time(self.reported_at)?;
        each!(
            self.text,
            self.reason,
            self.urgency,
            self.clearance,
            self.reference
        )
    }
}

impl Limited for Transfer {
    fn within_limits(&self) -> Result<(), OverLimit> {
        new_items(&self.items)?;
        each!(self.text, self.reason, self.urgency)
    }
}

impl Limited for Acknowledgement {
    fn within_limits(&self) -> Result<(), OverLimit> {
        item_numbers(self.items.as_ref())?;
        if let Some(names) = &self.names {
            length("REFS_MAX", names.len(), 1, limits::REFS_MAX)?;
        }
        if let Some(Next::Name(name)) = &self.next {
            name.within_limits()?;
        }
        optional_time(self.expected_by)?;
        each!(self.by, self.code, self.text)
    }
}

impl Limited for Outcome {
    fn within_limits(&self) -> Result<(), OverLimit> {
        items(self.items.len())?;
        for row in &self.items {
            item_number(row.0)?;
            round_number(row.1)?;
            measures(&row.3)?;
            row.6.map_or(Ok(()), item_number)?;
            each!(row.4, row.5)?;
        }
        self.text.within_limits()
    }
}

impl Limited for Amendment {
    fn within_limits(&self) -> Result<(), OverLimit> {
        self.items.as_ref().map_or(Ok(()), |new| new_items(new))?;
        rows(self.hosting.as_deref())?;
        rows(self.assessments.as_deref())?;
        each!(self.text, self.urgency, self.handling)
    }
}

impl Limited for Withdrawal {
    fn within_limits(&self) -> Result<(), OverLimit> {
        item_numbers(self.items.as_ref())?;
        each!(self.code, self.text)
    }
}

impl Limited for Dispute {
    fn within_limits(&self) -> Result<(), OverLimit> {
        if let Some(disputed) = &self.items {
            items(disputed.len())?;
            for (n, round) in disputed {
                item_number(*n)?;
                round_number(*round)?;
            }
        }
        each!(self.code, self.text)
    }
}

impl Limited for Resolution {
    fn within_limits(&self) -> Result<(), OverLimit> {
        each!(self.code, self.text, self.result)
    }
}

impl Limited for InformationRequest {
    fn within_limits(&self) -> Result<(), OverLimit> {
        codes(&self.asks, 1)?;
        item_numbers(self.items.as_ref())?;
        self.text.within_limits()
    }
}

impl Limited for Information {
    fn within_limits(&self) -> Result<(), OverLimit> {
        rows(self.hosting.as_deref())?;
        rows(self.assessments.as_deref())?;
        self.text.within_limits()
    }
}

impl Limited for Observation {
    fn within_limits(&self) -> Result<(), OverLimit> {
        items(self.items.len())?;
        self.items.iter().try_for_each(|row| {
            item_number(row.0)?;
            round_number(row.1)?;
            time(row.5)?;
            row.3.within_limits()
        })
    }
}

impl Limited for Hold {
    fn within_limits(&self) -> Result<(), OverLimit> {
        time(self.asked_at)?;
        optional_time(self.until)?;
        optional_time(self.answered_at)?;
        each!(self.by, self.result)
    }
}

impl Limited for ErasureNotice {
    fn within_limits(&self) -> Result<(), OverLimit> {
        if let Erased::Statements(statements) = &self.what {
            length("REFS_MAX", statements.len(), 1, limits::REFS_MAX)?;
        }
        self.ground.within_limits()
    }
}
