//! Words of the command line and the configuration, read once into their types. The
//! same readers serve both, so that both refuse the same.

use std::net::IpAddr;

use comity_log::key::{KeyKind, VerifierKey, VerifierKeyError};
use comity_trust::member::Member;
use comity_trust::owned::{Domain, Prefix};
use comity_wire::ids::{Hash, Kid, MemberId, PublicKey};
use comity_wire::limited::Limited;
use comity_wire::words::{Code, Country, Language, Name, Reference, TimeMs};

use ureq::http::Uri;

use crate::clock;
use crate::limits::{PERSON_BYTES_MAX, WITNESS_URL_BYTES_MAX};

/// Declares readers of one type of word: what it must be, and of what length.
macro_rules! words {
    ($($(#[$doc:meta])* $reader:ident -> $word:ty, $what:literal;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// What the text must be.
            pub fn $reader(text: &str) -> Result<$word, String> {
                let word = <$word>::new(text).ok_or_else(|| format!("must be {}", $what))?;
                short_enough(&word)?;
                Ok(word)
            }
        )*
    };
}

words! {
    /// A code of a registry.
    code -> Code, "lower-case words joined by hyphens, such as 'law-enforcement'";
    /// A country.
    country -> Country, "a country of two capital letters (ISO 3166-1), such as 'SE'";
    /// A language.
    language -> Language, "a language tag (BCP 47), such as 'en' or 'pt-BR'";
    /// The name of an organisation.
    name -> Name, "one line of text";
    /// An address of a role, opening hours and the like.
    reference -> Reference, "one line of text";
}

fn short_enough(word: &impl Limited) -> Result<(), String> {
    word.within_limits().map_err(|over| {
        format!(
            "must be {} to {} bytes long, and is {}",
            over.min, over.max, over.found
        )
    })
}

/// The id of a member.
///
/// # Errors
/// What the text must be.
pub fn member_id(text: &str) -> Result<MemberId, String> {
    MemberId::new(text).ok_or_else(|| {
        "must be 1 to 63 of a-z, 0-9, '.' and '-', beginning with a letter or a digit; the domain name of the organisation is a good one".to_owned()
    })
}

/// A domain that somebody owns.
///
/// # Errors
/// What the text must be.
pub fn domain(text: &str) -> Result<Domain, String> {
    Domain::new(text)
        .filter(|domain| domain.as_str().contains('.'))
        .ok_or_else(|| {
            "must be a domain name in its ASCII form, lower-case, without a dot at the end"
                .to_owned()
        })
}

/// A range of addresses.
///
/// # Errors
/// What the text must be.
pub fn prefix(text: &str) -> Result<Prefix, String> {
    let net = text.parse().ok().map(Prefix::new);
    let prefix =
        net.ok_or("must be a range of addresses, such as 192.0.2.0/24 or 2001:db8::/32")?;
    if prefix.net().is_none_or(|net| net.to_string() != text) {
        return Err("has bits set beyond its length, or is not in its short form: write the first address of the range".to_owned());
    }
    prefix
        .within_limits()
        .map_err(|over| format!("must have a length of {} to {}", over.min, over.max))?;
    Ok(prefix)
}

/// The number of an autonomous system.
///
/// # Errors
/// What the text must be.
pub fn asn(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix("AS").unwrap_or(text);
    let number: Option<u32> = digits.parse().ok();
    number
        .map(u64::from)
        .ok_or_else(|| "must be the number of a network, such as 64496".to_owned())
}

/// An address of a node: where it listens, or where others dial it.
///
/// # Errors
/// What the text must be.
pub fn address(text: &str) -> Result<String, String> {
    let parts: Vec<_> = text.split('/').collect();
    let ["", kind, host, transport, port, rest @ ..] = parts.as_slice() else {
        return Err(NOT_AN_ADDRESS.to_owned());
    };
    let host_fits = match *kind {
        "ip4" => host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_ipv4()),
        "ip6" => host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_ipv6()),
        "dns" | "dns4" | "dns6" => Domain::new(host).is_some(),
        _ => false,
    };
    let transport_fits = matches!((*transport, rest), ("tcp", []) | ("udp", ["quic-v1"]));
    if host_fits && transport_fits && port.parse::<u16>().is_ok() {
        Ok(text.to_owned())
    } else {
        Err(NOT_AN_ADDRESS.to_owned())
    }
}

/// The key of a witness from outside.
///
/// # Errors
/// What the text must be.
pub fn witness_key(text: &str) -> Result<VerifierKey, String> {
    let only = "of type 0x04 (Ed25519, cosignature/v1): ask who runs the witness for that one";
    match text.parse::<VerifierKey>() {
        Ok(key) if key.kind() == KeyKind::Witness => Ok(key),
        Ok(_) => Err(format!(
            "is the key of a log; must be that of a witness, {only}"
        )),
        Err(VerifierKeyError::UnsupportedKind { byte: 0x06 }) => Err(format!(
            "is of type 0x06 (ML-DSA-44), which is not checked here; must be {only}"
        )),
        Err(VerifierKeyError::UnsupportedKind { byte }) => Err(format!(
            "is of type {byte:#04x}, which is not checked here; must be {only}"
        )),
        Err(error) => Err(format!(
            "must be a verifier key such as witness.example+1a2b3c4d+BASE64: {error}"
        )),
    }
}

/// The address of a witness from outside: what stands before `/add-checkpoint`, without a last `/`.
///
/// # Errors
/// What the text must be.
pub fn witness_url(text: &str) -> Result<String, String> {
    if text.len() > WITNESS_URL_BYTES_MAX {
        return Err(format!(
            "must be at most {WITNESS_URL_BYTES_MAX} bytes long"
        ));
    }
    let uri: Uri = text.parse().map_err(|_| NOT_A_WITNESS_URL.to_owned())?;
    if uri.scheme_str() == Some("https") {
        return Err("must begin with http://: the node speaks no TLS; put a proxy on this machine that speaks it to the witness, and name the proxy here".to_owned());
    }
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    // A name and a password in an address would be shown wherever the address is.
    let fits =
        uri.scheme_str() == Some("http") && !authority.is_empty() && !authority.contains('@');
    if !fits || uri.query().is_some() || text.contains(['#', '?', ' ', '\t']) {
        return Err(NOT_A_WITNESS_URL.to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

const NOT_A_WITNESS_URL: &str = "must be an address such as http://127.0.0.1:7072/witness: without user, query and fragment, and without /add-checkpoint";

const NOT_AN_ADDRESS: &str = "must look like /ip4/192.0.2.1/tcp/4001, /ip6/2001:db8::1/tcp/4001, /dns/node.member.example/tcp/4001 or /ip4/192.0.2.1/udp/4001/quic-v1";

/// Whether others can dial an address: it names one machine and one port.
#[must_use]
pub fn can_be_dialled(address: &str) -> bool {
    let mut parts = address.split('/').skip(2);
    let (host, _, port) = (parts.next(), parts.next(), parts.next());
    let any = host.and_then(|host| host.parse().ok());
    !any.is_some_and(|address: IpAddr| address.is_unspecified()) && port != Some("0")
}

/// The sign-in name of a person: a file name, and best a pseudonym.
///
/// # Errors
/// What the text must be. The text itself is not repeated.
pub fn person(text: &str) -> Result<String, String> {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let fits = bytes.len() <= PERSON_BYTES_MAX
        && bytes.first().is_some_and(|first| word(*first))
        && bytes.iter().all(|byte| word(*byte) || *byte == b'-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "must be 1 to {PERSON_BYTES_MAX} of a-z, 0-9 and '-', beginning with a letter or a digit"
        ))
    }
}

/// A hash in hex.
///
/// # Errors
/// What the text must be.
pub fn hash(text: &str) -> Result<Hash, String> {
    Hash::from_hex(text).ok_or_else(|| "must be 64 lower-case hex digits".to_owned())
}

/// The kid of a key in hex, as `roster show` prints it.
///
/// # Errors
/// What the text must be.
pub fn kid(text: &str) -> Result<Kid, String> {
    Kid::from_hex(text).ok_or_else(|| "must be 64 lower-case hex digits".to_owned())
}

/// A public key in hex, for which a signature means something.
///
/// # Errors
/// What the text must be.
pub fn public_key(text: &str) -> Result<PublicKey, String> {
    PublicKey::from_hex(text)
        .filter(|key| key.usable().is_some())
        .ok_or_else(|| "must be an Ed25519 public key in 64 lower-case hex digits".to_owned())
}

/// A time in RFC 3339.
///
/// # Errors
/// What the text must be.
pub fn time(text: &str) -> Result<TimeMs, String> {
    clock::parse(text).ok_or_else(|| "must be a time such as 2026-03-02T12:00:00Z".to_owned())
}

/// Whether the entry of a member is one that every verifier would take: the limits,
/// the rules of one entry, keys that mean something, nothing claimed that nobody owns.
///
/// # Errors
/// Code and sentence of the first thing that is wrong.
pub fn member_is_sound(member: &Member, fed: &Hash) -> Result<(), (&'static str, String)> {
    member
        .within_limits()
        .map_err(|over| ("over-limit", over.to_string()))?;
    member
        .is_coherent(fed)
        .and_then(|()| comity_trust::owned::may_be_claimed(&member.owns))
        .and_then(|()| {
            let mut keys = member.keys.iter();
            keys.try_for_each(|key| comity_trust::key::usable(&key.public).map(drop))
        })
        .map_err(|rule| {
            (
                rule.code(),
                format!("this does not hold: {}", rule.sentence()),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T>(reader: fn(&str) -> Result<T, String>, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(reader(text).is_ok(), "{text}");
        }
        for text in bad {
            assert!(reader(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_of_nodes_have_few_forms() {
        check(
            address,
            &[
                "/ip4/0.0.0.0/tcp/4001",
                "/ip6/2001:db8::1/tcp/4001",
                "/dns/node.member.example/tcp/4001",
                "/dns4/member.example/udp/4001/quic-v1",
            ],
            &[
                "",
                "192.0.2.1:4001",
                "/ip4/192.0.2.1",
                "/ip4/2001:db8::1/tcp/1",
                "/ip4/192.0.2.1/tcp/70000",
                "/ip4/192.0.2.1/udp/4001",
                "/ip4/192.0.2.1/tcp/4001/p2p/x",
                "/dns/UPPER.example/tcp/4001",
                "x/ip4/192.0.2.1/tcp/4001",
            ],
        );
    }

    #[test]
    fn an_address_of_every_interface_or_any_port_cannot_be_dialled() {
        assert!(can_be_dialled("/ip4/127.0.0.1/tcp/4001"));
        assert!(can_be_dialled("/dns/member.example/tcp/4001"));
        for address in [
            "/ip4/0.0.0.0/tcp/4001",
            "/ip6/::/tcp/4001",
            "/ip4/127.0.0.1/tcp/0",
        ] {
            assert!(!can_be_dialled(address), "{address}");
        }
    }

    #[test]
    fn what_is_owned_has_one_form() {
        check(
            prefix,
            &["192.0.2.0/24", "2001:db8::/32"],
            &[
                "192.0.2.1/24",
                "192.0.2.0",
                "0.0.0.0/0",
                "2001:DB8::/32",
                "::ffff:192.0.2.0/120",
            ],
        );
        check(
            domain,
            &["platform.example", "xn--bcher-kva.example"],
            &[
                "",
                "localhost",
                "Platform.example",
                "platform.example.",
                "b\u{fc}cher.example",
            ],
        );
        check(asn, &["64496", "AS64496"], &["", "-1", "4294967296", "as1"]);
    }

    #[test]
    fn a_persons_sign_in_name_is_a_safe_file_name() {
        check(
            person,
            &["a", "analyst-2", "7"],
            &[
                "",
                "-a",
                "A",
                "a.b",
                "../a",
                "a/b",
                "a b",
                "abcdefghijklmnopqrstuvwxyz0123456789",
            ],
        );
    }

    #[test]
    fn words_are_held_to_their_lengths() {
        check(
            name,
            &["Hotline North"],
            &["", "two\nlines", &"x".repeat(257)],
        );
        check(reference, &["Mo-Fr 08:00-18:00"], &["", &"x".repeat(129)]);
        check(code, &["hotline"], &["", "Hotline", &"x".repeat(65)]);
        check(time, &["2026-03-02T12:00:00Z"], &["", "2026-03-02", "now"]);
    }
}
