//! What a clock is.

use comity_wire::registry::Kind;
use comity_wire::words::TimeMs;
use jiff::civil::Date;

use crate::period::{Period, day_after, day_begins};
use crate::published::{AREAS, CLOCKS};

/// One clock of one law, as `protocol-spec/clocks` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Final: what it means never changes.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// The law.
    pub instrument: &'static Instrument,
    /// The article, where it has been read.
    pub article: Option<&'static str>,
    /// Something to be done by then, or something to be kept until then.
    pub sort: Sort,
    /// Whose place is compared with the area of the law.
    pub place: Place,
    /// With [`Place::Ground`]: only under these articles; empty: under any.
    pub articles: &'static [&'static str],
    /// Kinds of the statement that opens the case.
    pub kinds: &'static [Kind],
    /// With [`Place::Ground`]: natures of the ground (registry `nature`).
    pub natures: &'static [&'static str],
    /// Registry `capacity`; empty: all.
    pub capacities: &'static [&'static str],
    /// Registry `urgency`; empty: all.
    pub urgencies: &'static [&'static str],
    /// What starts it.
    pub start: Start,
    /// What ends it.
    pub end: End,
    /// How long it runs; `None`: without undue delay, or the time is not known.
    pub period: Option<Period>,
    /// What an open question of the recipient does to it.
    pub questions: Questions,
    /// Holds of these authorities make it stand still (registry `hold-authority`).
    pub holds: &'static [&'static str],
    /// What the law says and no node can compute.
    pub not_computed: &'static [&'static str],
    /// The first day on which a request can be under it.
    pub from: Date,
    /// The last one.
    pub to: Option<Date>,
    /// What it comes to, in plain words.
    pub says: &'static str,
    /// Where that was read.
    pub source: &'static str,
    /// How sure that is.
    pub mark: Mark,
}

/// A law with clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instrument {
    /// Its code, as a legal ground names it.
    pub code: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Where it is law: a country, or an area of `AREAS`.
    pub area: &'static str,
    /// The time zone whose calendar counts (IANA).
    pub zone: &'static str,
    /// Why that one.
    pub zone_reason: &'static str,
}

/// An area of law that is larger than a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its countries (ISO 3166-1 alpha-2).
    pub countries: &'static [&'static str],
}

/// What a clock is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// Something has to be done before it is due.
    Response,
    /// Something has to be kept until it is due. It is never late.
    Preservation,
}

/// Whose place decides whether the law applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// That of a legal ground of the request.
    Ground,
    /// That of the recipient, by the roster.
    Recipient,
}

/// What starts a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Start {
    /// The sender's first attempt to deliver. Being unreachable is no excuse.
    Offered,
    /// Registration at the recipient.
    Registered,
    /// The report of the public: the sender's claim. First round only.
    Reported,
    /// A measure of one of these actions took effect (registry `measure-action`).
    Measure(&'static [&'static str]),
    /// Something that is no statement of this protocol: not computed.
    Outside,
}

/// What ends a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// Registration at the recipient.
    Registered,
    /// The first answer, of whomever.
    Answer,
    /// The first answer of a person.
    HumanAnswer,
    /// The first final outcome of the round.
    Outcome,
    /// The other side has seen it offline.
    Confirmation,
    /// Its own due time: for what has to be kept.
    Due,
    /// Something that is no statement of this protocol: not computed.
    Outside,
}

/// What an open question of the recipient does to a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Questions {
    /// Nothing.
    Ignored,
    /// It stands still, and goes on with the answer.
    Pause,
    /// It stands still, and begins again with the answer.
    Restart,
}

/// How sure a clock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// The text of the law, or a copy of it, was read.
    Verified,
    /// A text about the law was read.
    Secondary,
}

impl Mark {
    /// As the data have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Secondary => "secondary",
        }
    }
}

impl Sort {
    /// As the data have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Preservation => "preservation",
        }
    }
}

impl Clock {
    /// The law and the article, for people.
    #[must_use]
    pub fn law(&self) -> String {
        let article = self.article.map(|article| format!(", {article}"));
        self.instrument.title.to_owned() + &article.unwrap_or_default()
    }

    /// Whether a request that was registered at this time is under it: from the beginning of its first day to
    /// the end of its last, in its own zone.
    #[must_use]
    pub fn is_law_at(&self, at: TimeMs) -> bool {
        let zone = self.instrument.zone;
        let from = day_begins(self.from, zone);
        let to = self.to.map(|to| day_after(to, zone));
        from.is_some_and(|from| from <= at) && to.is_none_or(|to| to.is_some_and(|to| at < to))
    }

    /// Whether it is law in a country, or in the area of this code.
    #[must_use]
    pub fn is_law_in(&self, place: &str) -> bool {
        let area = self.instrument.area;
        place == area || countries(area).contains(&place)
    }

    /// Whether a node can compute it.
    #[must_use]
    pub fn is_computed(&self) -> bool {
        self.start != Start::Outside
    }
}

/// The clock of this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Clock> {
    CLOCKS.iter().find(|clock| clock.id == id)
}

/// The countries of an area of law; none, if it is no area.
#[must_use]
pub fn countries(area: &str) -> &'static [&'static str] {
    AREAS
        .iter()
        .find(|known| known.code == area)
        .map_or(&[], |known| known.countries)
}
