//! Locators of others: what was reported, whose host it is on, and what it is equal to.
//!
//! ```text
//! text -> trimmed, one line -> kept as it is            the locator of the item
//!                           -> parsed as browsers do    host (for routing), canonical (for equality)
//! ```
//!
//! A URL is parsed by the rules of the WHATWG, because it is a browser that the
//! content was seen in: `http://platform.example\@elsewhere.example` is at the
//! first, `https://platform.example@elsewhere.example` at the second.

use std::fmt;
use std::net::IpAddr;

use comity_wire::limits::{LOCATOR_BYTES_MAX, NAME_BYTES_MAX, REFERENCE_BYTES_MAX};
use comity_wire::parts::Locator;
use comity_wire::words::{LocatorText, Name, Reference};
use url::Url;

use crate::fault::Fault;

/// The host of a locator. `Debug` shows the sort only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name in its ASCII form: lower case, `xn--`, no dot at the end.
    Domain(String),
    /// An address. An IPv4 address in IPv6 is the IPv4 address.
    Address(IpAddr),
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Domain(_) => "Domain(hidden)",
            Self::Address(_) => "Address(hidden)",
        })
    }
}

/// A locator that was read.
pub(crate) struct Place {
    pub(crate) locator: Locator,
    pub(crate) host: Host,
    pub(crate) canonical: String,
}

/// Reads a URL.
pub(crate) fn place(text: &str) -> Result<Place, Fault> {
    let kept = LocatorText::new(text).ok_or(Fault::ControlCharacter)?;
    if text.len() > LOCATOR_BYTES_MAX {
        return Err(Fault::TooLong);
    }
    let mut url = Url::parse(text).map_err(|_| Fault::NotAUrl)?;
    if !matches!(url.scheme(), "http" | "https" | "ftp") {
        return Err(Fault::Scheme);
    }
    let host = match url.host().ok_or(Fault::NotAUrl)? {
        url::Host::Ipv4(address) => Host::Address(address.into()),
        url::Host::Ipv6(address) => Host::Address(IpAddr::from(address).to_canonical()),
        url::Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name).to_owned();
            // Both names are the same host, and one canonical text is one item.
            url.set_host(Some(&name)).map_err(|_| Fault::NotAUrl)?;
            Host::Domain(name)
        }
    };
    let onion = matches!(&host, Host::Domain(name) if name.ends_with(".onion"));
    Ok(Place {
        locator: if onion {
            Locator::Onion(kept)
        } else {
            Locator::Url(kept)
        },
        host,
        canonical: url.into(),
    })
}

/// Reads an address.
pub(crate) fn address(text: &str) -> Result<IpAddr, Fault> {
    text.parse().map_err(|_| Fault::Address)
}

/// Reads the source of a XARF report: an address, or a name or other identifier,
/// which the locator tells better. What looks like an address has to be one.
pub(crate) fn source_address(text: &str) -> Result<Option<IpAddr>, Fault> {
    let dotted = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    let in_colons = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let meant = text.bytes().all(dotted) || (text.contains(':') && text.bytes().all(in_colons));
    match address(text) {
        Ok(address) => Ok(Some(address)),
        Err(_) if meant => Err(Fault::Address),
        Err(_) => Ok(None),
    }
}

/// Reads the name of an organisation.
pub(crate) fn name(text: &str) -> Result<Name, Fault> {
    if text.len() > NAME_BYTES_MAX {
        return Err(Fault::TooLong);
    }
    Name::new(text).ok_or(Fault::ControlCharacter)
}

/// Reads an identifier.
pub(crate) fn reference(text: &str) -> Result<Reference, Fault> {
    if text.len() > REFERENCE_BYTES_MAX {
        return Err(Fault::TooLong);
    }
    Reference::new(text).ok_or(Fault::ControlCharacter)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn domain(name: &str) -> Host {
        Host::Domain(name.into())
    }

    #[test]
    fn the_host_is_the_one_that_a_browser_goes_to() {
        let check = |text: &str, expected: Host| {
            assert!(place(text).unwrap().host == expected, "{text}");
        };
        let ip = |text: &str| Host::Address(text.parse().unwrap());
        check("https://Platform.EXAMPLE./a", domain("platform.example"));
        check("https://bücher.example/a", domain("xn--bcher-kva.example"));
        check(
            "https://xn--bcher-kva.example",
            domain("xn--bcher-kva.example"),
        );
        check("https://%70latform.example/a", domain("platform.example"));
        check("http://platform.example:8080/a", domain("platform.example"));
        check(
            "https://platform.example@other.example/",
            domain("other.example"),
        );
        check("https://user:word@other.example/", domain("other.example"));
        check(
            "http://platform.example\\@other.example/",
            domain("platform.example"),
        );
        check(
            "https://platform.example#@other.example/",
            domain("platform.example"),
        );
        check("http://192.0.2.44:8080/a", ip("192.0.2.44"));
        check("http://3221226028/a", ip("192.0.2.44"));
        check("http://0xc0.0.2.44/a", ip("192.0.2.44"));
        check("https://[2001:DB8::7]:8443/a", ip("2001:db8::7"));
        check("https://[::ffff:192.0.2.44]/a", ip("192.0.2.44"));
        check("ftp://files.example/a", domain("files.example"));
    }

    #[test]
    fn a_locator_stays_as_it_was_reported_and_is_equal_by_its_canonical_form() {
        let check = |one: &str, other: &str, equal: bool| {
            let (one, other) = (place(one).unwrap(), place(other).unwrap());
            assert_eq!(one.canonical == other.canonical, equal);
        };
        let reported = "HTTPS://BÜCHER.example:443/a%20b?x=%c3%a9#post-3";
        let kept = place(reported).unwrap().locator;
        assert!(kept == Locator::Url(LocatorText::new(reported).unwrap()));
        check(
            reported,
            "https://xn--bcher-kva.example/a%20b?x=%c3%a9#post-3",
            true,
        );
        check("https://a.example", "https://A.example./", true);
        check("https://a.example/x/../y", "https://a.example/y", true);
        check("https://a.example/y#1", "https://a.example/y#2", false);
        check("https://a.example/y", "http://a.example/y", false);
        check("https://a.example/Y", "https://a.example/y", false);
    }

    #[test]
    fn an_onion_service_is_one() {
        let found = place("http://abcdefghij.onion/a").unwrap();
        assert!(matches!(found.locator, Locator::Onion(_)));
        let found = place("http://onion.example/a").unwrap();
        assert!(matches!(found.locator, Locator::Url(_)));
    }

    #[test]
    fn what_is_no_url_is_refused() {
        let check = |text: &str, expected: Fault| {
            assert_eq!(place(text).err(), Some(expected), "{text}");
        };
        check("", Fault::NotAUrl);
        check("a.example/b", Fault::NotAUrl);
        check("https://", Fault::NotAUrl);
        check("https://a b.example/", Fault::NotAUrl);
        check("http://256.256.256.256/", Fault::NotAUrl);
        check("https://[2001:db8::7/", Fault::NotAUrl);
        check("https://./", Fault::NotAUrl);
        check("hxxps://a.example/", Fault::Scheme);
        check("javascript:0", Fault::Scheme);
        check("https://a.example/\u{1b}[0m", Fault::ControlCharacter);
        check("https://a.example/a\tb", Fault::ControlCharacter);
        check(
            &format!("https://a.example/{}", "a".repeat(4_096)),
            Fault::TooLong,
        );
    }

    #[test]
    fn a_source_that_is_no_address_is_left_out_and_a_broken_one_refused() {
        assert_eq!(source_address("192.0.2.1"), Ok("192.0.2.1".parse().ok()));
        assert_eq!(
            source_address("2001:db8::1"),
            Ok("2001:db8::1".parse().ok())
        );
        for other in ["files.example", "user@a.example", "a1"] {
            assert_eq!(source_address(other), Ok(None), "{other}");
        }
        for broken in [
            "999.0.2.1",
            "192.0.2",
            "2001:db8::g:",
            "192.0.2.1:80",
            "1:2",
        ] {
            let expected = if broken.contains('g') {
                Ok(None)
            } else {
                Err(Fault::Address)
            };
            assert_eq!(source_address(broken), expected, "{broken}");
        }
    }

    #[test]
    fn a_host_hides_itself() {
        let shown = format!(
            "{:?} {:?}",
            domain("planted"),
            Host::Address([192, 0, 2, 1].into())
        );
        assert_eq!(shown, "Domain(hidden) Address(hidden)");
    }
}
