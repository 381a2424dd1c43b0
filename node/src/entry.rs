//! What a member says about itself, as a roster lists it: configuration and public
//! keys in, [`Member`] out.

use comity_trust::key::Key;
use comity_trust::member::{Contact, Log, LogState, Member, Node};
use comity_trust::owned::Owns;
use comity_wire::cose::kid_of;
use comity_wire::ids::{Hash, PublicKey};
use comity_wire::leaf::Origin;
use comity_wire::registry::KeyPurpose;
use comity_wire::words::{Reference, Sorted, TimeMs};

use crate::config::Config;
use crate::error::Failure;
use crate::keys::Keys;
use crate::parse::member_is_sound;

/// The entry of a member with one node. Its keys begin at `from`; if a roster lists
/// one already, `roster add` keeps the beginning that stands there. A log after the
/// first one is listed alone: what closed before it, the roster has.
///
/// # Errors
/// What no roster would take: the code of the rule or limit.
pub fn of(config: &Config, keys: &Keys, fed: &Hash, from: TimeMs) -> Result<Member, Failure> {
    let profile = &config.member;
    let listed = KeyPurpose::ALL.map(|purpose| {
        let public = PublicKey::new(keys.of(purpose).verifying_key().to_bytes());
        Key::new(public, purpose, from)
    });
    let language = profile.languages.iter().take(1).cloned();
    let member = Member {
        id: config.id.clone(),
        ext: None,
        keys: Sorted::new(listed),
        logs: vec![Log {
            key: kid_of(&keys.log),
            state: LogState::Open,
            origin: Origin {
                fed: *fed,
                member: config.id.clone(),
                n: config.log.number,
            },
        }],
        owns: Owns {
            asns: Sorted::new(profile.owns.asns.iter().copied().map(u64::from)),
            domains: Sorted::new(profile.owns.domains.iter().cloned()),
            prefixes: Sorted::new(profile.owns.prefixes.iter().cloned()),
        },
        names: language.map(|tag| (tag, profile.name.clone())).collect(),
        nodes: Sorted::new([Node {
            key: kid_of(&keys.transport),
            addresses: config
                .network
                .dialled_at()
                .filter_map(|address| Reference::new(address))
                .collect(),
        }]),
        roles: Sorted::new(profile.roles.iter().cloned()),
        contact: Contact {
            hours: profile.contact.hours.clone(),
            address: profile.contact.address.clone(),
            time_zone: profile.contact.time_zone.clone(),
            out_of_hours: profile.contact.out_of_hours.clone(),
        },
        languages: profile.languages.clone(),
        capacities: profile.capacities.clone(),
        jurisdictions: Sorted::new(profile.countries.iter().cloned()),
        transfer_basis: profile.transfer_basis.clone(),
        trusted_flagger: None,
    };
    sound(&member, fed).map_err(|(code, why)| {
        Failure::new(
            code,
            format!(
                "{}: no roster would take this entry: {why}",
                config.path.display()
            ),
            "Correct [member] and [network] in the configuration, then export again.",
        )
    })?;
    Ok(member)
}

/// A log after the first stands alone here, and is judged as if it were the first.
fn sound(member: &Member, fed: &Hash) -> Result<(), (&'static str, String)> {
    let mut judged = member.clone();
    for (log, n) in judged.logs.iter_mut().zip(1..) {
        log.origin.n = n;
    }
    member_is_sound(&judged, fed)
}

/// Whether an entry that was exported is one that can be merged into a roster.
///
/// # Errors
/// Code and sentence of the first thing that is wrong.
pub fn is_mergeable(member: &Member, fed: &Hash) -> Result<(), (&'static str, String)> {
    sound(member, fed)
}
