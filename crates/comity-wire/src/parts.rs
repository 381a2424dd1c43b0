//! The parts that statements share: items, where they are, how they were
//! assessed, what was done. Fields stand in canonical order.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_bytes::ByteBuf;

use crate::ids::MemberId;
use crate::words::{
    Code, Country, ItemNumber, Keyed, Language, LocatorText, Name, Reference, Sorted, Text, TimeMs,
};

/// One locator with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its number in the case, from 1.
    pub n: ItemNumber,
    /// How far the request reaches (registry `scope`).
    pub scope: Code,
    /// Dated facts of where it is.
    pub hosting: Vec<Hosting>,
    /// What was reported.
    pub locator: Locator,
    /// What assessors found, side by side.
    pub assessments: Vec<Assessment>,
}

impl Keyed for Item {
    type Key<'a> = ItemNumber;

    fn key(&self) -> ItemNumber {
        self.n
    }
}

/// Where reported content is. `Debug` shows the sort only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Locator {
    /// A URL, as it was reported.
    Url(LocatorText),
    /// A URL of an onion service.
    Onion(LocatorText),
    /// `[service, id]` of an account.
    Account((Name, LocatorText)),
    /// `[service, id]` of a piece of content.
    ContentId((Name, LocatorText)),
    /// `[algorithm, value]` for each hash of one file.
    HashSet(Vec<(Code, ByteBuf)>),
    /// `[address, port, time]` of a peer.
    IpPortTime((Ip, Option<u64>, TimeMs)),
}

impl fmt::Debug for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Url(_) => "Url(hidden)",
            Self::Onion(_) => "Onion(hidden)",
            Self::Account(_) => "Account(hidden)",
            Self::ContentId(_) => "ContentId(hidden)",
            Self::HashSet(_) => "HashSet(hidden)",
            Self::IpPortTime(_) => "IpPortTime(hidden)",
        })
    }
}

/// An IP address: 4 or 16 bytes. Hides itself in `Debug`, as a locator may be one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ip(ByteBuf);

impl Ip {
    /// Wraps an address.
    #[must_use]
    pub fn new(address: std::net::IpAddr) -> Self {
        Self(ByteBuf::from(match address {
            std::net::IpAddr::V4(address) => address.octets().to_vec(),
            std::net::IpAddr::V6(address) => address.octets().to_vec(),
        }))
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> Option<std::net::IpAddr> {
        let bytes = self.0.as_slice();
        if let Ok(four) = <[u8; 4]>::try_from(bytes) {
            return Some(four.into());
        }
        <[u8; 16]>::try_from(bytes).ok().map(Into::into)
    }
}

impl fmt::Debug for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ip(hidden, {} bytes)", self.0.len())
    }
}

impl Serialize for Ip {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Ip {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = ByteBuf::deserialize(deserializer)?;
        match bytes.len() {
            4 | 16 => Ok(Self(bytes)),
            _ => Err(de::Error::custom("neither 4 nor 16 bytes")),
        }
    }
}

/// A dated fact of where an item was. Content moves; facts do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hosting {
    /// When it was found.
    pub at: TimeMs,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<Ip>,
    /// The autonomous system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asn: Option<u64>,
    /// The name of the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// What the organisation does for the content (registry `hosting-role`).
    pub role: Code,
    /// Where the fact is from.
    pub source: Code,
    /// The country of the machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
}

/// What one assessor found. Nobody overwrites another's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// When.
    pub at: TimeMs,
    /// Apparent age band of the youngest child.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<Code>,
    /// The code of the assessor's own scheme, verbatim.
    pub code: Reference,
    /// What was assessed (registry `unit`).
    pub unit: Code,
    /// Off by default: most purposes do not need it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<Code>,
    /// The scheme of `code`.
    pub scheme: Code,
    /// How it came about, and in what setting.
    pub context: Vec<Code>,
    /// The organisation that assessed.
    pub assessor: MemberId,
    /// Whether the international baseline is met (registry `baseline`).
    pub baseline: Code,
    /// The most severe act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Code>,
    /// Standing for each jurisdiction that was looked at (registry `standing`).
    pub standing: Sorted<(Country, Code)>,
    /// How it was made (registry `depiction`).
    pub depiction: Code,
    /// How many people looked.
    pub reviewers: u64,
    /// How sure the assessor is (registry `confidence`).
    pub confidence: Code,
    /// Whether age and severity are of one image (registry `same-image`).
    pub same_image: Code,
    /// The version of the scheme.
    pub scheme_version: Reference,
}

/// A legal ground of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ground {
    /// Notice, order, terms … (registry `nature`).
    pub nature: Code,
    /// The article of the instrument.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<Reference>,
    /// How the person concerned can seek redress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redress: Option<Text>,
    /// The authority that ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<Name>,
    /// The authority's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_ref: Option<Reference>,
    /// The sender states that it believes what it says.
    pub good_faith: bool,
    /// The law, by its code.
    pub instrument: Code,
    /// Where the law applies.
    pub jurisdiction: Country,
}

/// In what capacity the report was made. Never an identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requester {
    /// Whether the sender has checked the capacity.
    pub attested: bool,
    /// Registry `requester-capacity`.
    pub capacity: Code,
}

/// Something that was done. Several hold at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<TimeMs>,
    /// Registry `measure-action`.
    pub action: Code,
    /// Registry `reason`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Code>,
    /// Registry `measure-target`.
    pub target: Code,
    /// Whether a program decided without a person.
    pub automated: bool,
    /// Where it holds; absent: everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub territories: Option<Sorted<Country>>,
    /// From when.
    pub effective_at: TimeMs,
}

/// How the recipient must treat what it was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handling {
    /// The language of the texts.
    pub lang: Language,
    /// Who may see it at the recipient (registry `audience`).
    pub audience: Code,
    /// Why it needs more care (registry `sensitive`).
    pub sensitive: Code,
    /// Whether the uploader may be told.
    pub notify_uploader: NotifyUploader,
}

/// Whether the person who uploaded may be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotifyUploader {
    /// At once.
    Allowed,
    /// Never.
    Forbidden,
    /// From this time on.
    DelayUntil(TimeMs),
}
