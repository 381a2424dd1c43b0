//! What members say is theirs: domains, prefixes, networks. [`crate::owns`] looks
//! things up in it.

use std::fmt;
use std::net::IpAddr;

use comity_wire::limited::{Limited, OverLimit, length, number};
use comity_wire::parts::Ip;
use comity_wire::words::{Keyed, Sorted};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::limits::{
    DOMAIN_BYTES_MAX, OWNED_PER_MEMBER_MAX, PREFIX_V4_BITS_MIN, PREFIX_V6_BITS_MIN,
};
use crate::rule::{Rule, holds};

/// What a member answers for. Fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owns {
    /// Autonomous systems.
    pub asns: Sorted<u64>,
    /// Domains, with everything below them.
    pub domains: Sorted<Domain>,
    /// Ranges of addresses.
    pub prefixes: Sorted<Prefix>,
}

/// A domain name in its ASCII form: lower-case labels, no dot at the end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Domain(Box<str>);

/// `[address, length]` of a range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Prefix(
    /// The first address.
    pub Ip,
    /// How many bits the range fixes.
    pub u64,
);

impl Domain {
    /// Wraps a text of the right form.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let mut labels = text.split('.');
        let fits = labels.clone().count() <= 127 && labels.all(is_label);
        fits.then(|| Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_label(label: &str) -> bool {
    let letter = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = label.as_bytes();
    let first = bytes
        .first()
        .is_some_and(|byte| letter(byte) || *byte == b'_');
    let last = bytes.len() == 1 || bytes.last().is_some_and(letter);
    let all = bytes
        .iter()
        .all(|byte| letter(byte) || matches!(byte, b'-' | b'_'));
    bytes.len() <= 63 && first && last && all
}

/// Whether the public registers names below it, so that nobody can own it: `com`,
/// `co.uk`. Suffixes under which a company lets its customers have names are not
/// meant: the company answers for those.
#[must_use]
pub fn is_public_suffix(domain: &Domain) -> bool {
    psl::suffix(domain.as_str().as_bytes())
        .is_some_and(|suffix| suffix.typ() != Some(psl::Type::Private) && suffix == domain.as_str())
}

/// What a governance checks before it signs, beside the rules that every verifier
/// checks. The list of public suffixes is not part of those, because it changes:
/// two members with lists of different age would not agree on the same roster.
///
/// # Errors
/// [`Rule::PublicSuffix`].
pub fn may_be_claimed(owns: &Owns) -> Result<(), Rule> {
    let claimed = owns.domains.iter().any(is_public_suffix);
    holds(!claimed, Rule::PublicSuffix)
}

impl Owns {
    /// The rules of its members.
    pub(crate) fn is_coherent(&self) -> Result<(), Rule> {
        for domain in &self.domains {
            holds(domain.as_str().contains('.'), Rule::NotADomain)?;
        }
        for prefix in &self.prefixes {
            holds(prefix.net().is_some(), Rule::PrefixForm)?;
        }
        Ok(())
    }
}

impl Prefix {
    /// A range.
    #[must_use]
    pub fn new(net: IpNet) -> Self {
        Self(Ip::new(net.network()), u64::from(net.prefix_len()))
    }

    /// The range, if it has the one form that there is for it.
    #[must_use]
    pub fn net(&self) -> Option<IpNet> {
        let address = self.0.address()?;
        let net = IpNet::new(address, u8::try_from(self.1).ok()?).ok()?;
        let mapped = matches!(address, IpAddr::V6(six) if six.to_ipv4_mapped().is_some());
        (net.network() == address && !mapped).then_some(net)
    }
}

impl Limited for Owns {
    fn within_limits(&self) -> Result<(), OverLimit> {
        let count = |found| length("OWNED_PER_MEMBER_MAX", found, 0, OWNED_PER_MEMBER_MAX);
        count(self.asns.len())?;
        for asn in &self.asns {
            number("4294967295", *asn, 0, 4_294_967_295)?;
        }
        count(self.domains.len())?;
        for domain in &self.domains {
            length("DOMAIN_BYTES_MAX", domain.0.len(), 1, DOMAIN_BYTES_MAX)?;
        }
        count(self.prefixes.len())?;
        self.prefixes.within_limits()
    }
}

impl Limited for Prefix {
    fn within_limits(&self) -> Result<(), OverLimit> {
        if self.0.address().is_some_and(|address| address.is_ipv4()) {
            number("PREFIX_V4_BITS_MIN", self.1, PREFIX_V4_BITS_MIN, 32)
        } else {
            number("PREFIX_V6_BITS_MIN", self.1, PREFIX_V6_BITS_MIN, 128)
        }
    }
}

impl Keyed for Domain {
    type Key<'a> = &'a Self;

    fn key(&self) -> &Self {
        self
    }
}

impl Keyed for Prefix {
    type Key<'a> = &'a Self;

    fn key(&self) -> &Self {
        self
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Domain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| de::Error::custom("not a domain"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_domain_has_one_form() {
        let check = |text: &str, expected: bool| {
            assert_eq!(Domain::new(text).is_some(), expected, "{text}");
        };
        let longest = "a".repeat(63);
        for good in [
            "platform.example",
            "_dmarc.a-b.example",
            "xn--bcher-kva.example",
            "a.b",
        ] {
            check(good, true);
        }
        check(&format!("{longest}.example"), true);
        check(&format!("a{longest}.example"), false);
        for bad in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "A.example",
            "bücher.example",
            "-a.example",
            "a-.example",
            "a b.example",
            "a/b.example",
            "*.example",
            "a:1",
        ] {
            check(bad, false);
        }
    }

    #[test]
    fn a_prefix_has_one_form() {
        let check = |address: &str, bits, expected: bool| {
            let prefix = Prefix(Ip::new(address.parse().unwrap()), bits);
            assert_eq!(prefix.net().is_some(), expected, "{address}/{bits}");
        };
        check("192.0.2.0", 24, true);
        check("192.0.2.1", 32, true);
        check("2001:db8::", 32, true);
        // Host bits.
        check("192.0.2.1", 24, false);
        check("2001:db8::1", 32, false);
        // Longer than the address.
        check("192.0.2.0", 33, false);
        check("2001:db8::", 129, false);
        check("192.0.2.0", 256 + 24, false);
        // IPv4 in IPv6.
        check("::ffff:192.0.2.0", 120, false);
    }

    #[test]
    fn suffixes_of_the_public_cannot_be_claimed_and_those_of_companies_can() {
        let check = |text: &str, expected: bool| {
            assert_eq!(
                is_public_suffix(&Domain::new(text).unwrap()),
                expected,
                "{text}"
            );
        };
        check("com", true);
        check("co.uk", true);
        check("example", true);
        check("example.com", false);
        check("example.co.uk", false);
        check("platform.example", false);
        // In the private part of the list: a host whose customers have names below.
        check("github.io", false);
    }
}
