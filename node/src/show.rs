//! Charter, roster and member: text for people, JSON for programs. Numbers of the
//! formats stay what they are; times stand beside them as text.

use std::fmt::Write as _;

use comity_trust::charter::Charter;
use comity_trust::key::{Ended, Key};
use comity_trust::member::{Log, LogState, Member};
use comity_trust::roster::Roster;
use comity_wire::ids::{Hash, Kid};
use comity_wire::words::{Code, DurationMs};
use serde_json::{Value, json};

use crate::clock::{DAY_MS, text_of};
use crate::commands::clocks;
use crate::times;

/// A charter for programs.
#[must_use]
pub fn charter_json(charter: &Charter, hash: &Hash) -> Value {
    let keys = charter
        .keys
        .iter()
        .map(|key| json!({"kid": Kid::of(key).to_string(), "public": key.to_string()}));
    let clocks = charter
        .clocks
        .iter()
        .map(|(clock, own)| {
            let known = comity_clocks::find(clock.as_str());
            json!({"clock": clock.as_str(), "own_ms": own, "name": known.map(|known| known.name), "known": known.is_some()})
        });
    let matrix = charter
        .matrix
        .iter()
        .map(|(from, kind, to)| json!([from.as_str(), kind.as_str(), to.as_str()]));
    let mandates = charter.mandates.iter().map(|mandate| {
        json!({
            "regulator": mandate.regulator.as_str(),
            "roles": texts(mandate.roles.iter().map(|role| role.as_str())),
            "jurisdictions": texts(mandate.jurisdictions.iter().map(|country| country.as_str())),
            "cites": mandate.cites.as_str(),
        })
    });
    let contacts = charter
        .contacts
        .iter()
        .map(|(role, address)| json!([role.as_str(), address.as_str()]));
    let roles = charter
        .quorum
        .roles
        .iter()
        .map(|(role, members)| json!([role.as_str(), members]));
    json!({
        "hash": hash.to_string(),
        "name": charter.name.as_str(),
        "version": charter.version,
        "issued_ms": charter.issued,
        "issued": text_of(charter.issued),
        "threshold": charter.k,
        "keys": keys.collect::<Vec<_>>(),
        "grace_ms": charter.grace,
        "clocks": clocks.collect::<Vec<_>>(),
        "quorum": {
            "members": charter.quorum.members,
            "different_roles": charter.quorum.different_roles,
            "roles": roles.collect::<Vec<_>>(),
        },
        "orphans": charter.orphans.as_ref().map(|id| id.as_str()),
        "mandates": mandates.collect::<Vec<_>>(),
        "contacts": contacts.collect::<Vec<_>>(),
        "small_cell": charter.small_cell,
        "human_answer_ms": charter.human_answer,
        "first_roster": charter.first_roster,
        "previous": charter.previous.map(|hash| hash.to_string()),
        "matrix": matrix.collect::<Vec<_>>(),
    })
}

/// A charter for people.
#[must_use]
pub fn charter_text(charter: &Charter, hash: &Hash) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing into memory does not fail.
        let _ = writeln!(text, "  {name:<18} {value}");
    };
    line("name", charter.name.as_str());
    line("hash", &hash.to_string());
    line("issued", &text_of(charter.issued));
    line(
        "governed by",
        &format!("{} of {} keys", charter.k, charter.keys.len()),
    );
    for key in &charter.keys {
        line("", &Kid::of(key).to_string());
    }
    line(
        "roster runs out",
        &format!(
            "members go on for {} days, then only answer",
            charter.grace / DAY_MS
        ),
    );
    line(
        "orphans go to",
        charter.orphans.as_ref().map_or("nobody", |id| id.as_str()),
    );
    let clocks: Vec<String> = charter
        .clocks
        .iter()
        .map(|(clock, own)| clock_text(clock, *own))
        .collect();
    if clocks.is_empty() {
        line("legal clocks", "none");
    }
    for (n, clock) in clocks.iter().enumerate() {
        line(if n == 0 { "legal clocks" } else { "" }, clock);
    }
    line(
        "audit quorum",
        &format!(
            "{} cosignatures{}{}",
            charter.quorum.members,
            if charter.quorum.different_roles {
                " of different roles"
            } else {
                ""
            },
            charter
                .quorum
                .roles
                .iter()
                .fold(String::new(), |all, (role, members)| format!(
                    "{all}, at least {members} of {role}"
                )),
        ),
    );
    for mandate in &charter.mandates {
        let roles: Vec<_> = mandate.roles.iter().map(|role| role.as_str()).collect();
        let countries: Vec<_> = mandate
            .jurisdictions
            .iter()
            .map(|country| country.as_str())
            .collect();
        line(
            "mandate",
            &format!(
                "{} audits {} in {} ({})",
                mandate.regulator.as_str(),
                roles.join(", "),
                countries.join(", "),
                mandate.cites.as_str()
            ),
        );
    }
    line(
        "small cells",
        &format!("below {} are not published", charter.small_cell),
    );
    line(
        "imminent risk",
        &format!(
            "a person answers within {} minutes",
            charter.human_answer / 60_000
        ),
    );
    for (role, address) in &charter.contacts {
        line("contact", &format!("{role}: {}", address.as_str()));
    }
    for (from, kind, to) in charter.matrix.iter().filter(|(_, kind, _)| kind.opens()) {
        line("may open", &format!("{from} -> {to}: {kind}"));
    }
    text
}

/// A roster for programs.
#[must_use]
pub fn roster_json(roster: &Roster, hash: &Hash) -> Value {
    json!({
        "hash": hash.to_string(),
        "version": roster.version,
        "fed": roster.fed.to_string(),
        "charter": roster.charter.to_string(),
        "previous": roster.previous.to_string(),
        "issued_ms": roster.issued,
        "issued": text_of(roster.issued),
        "expires_ms": roster.expires,
        "expires": text_of(roster.expires),
        "resolves": roster.resolves.map(|(one, other)| [one.to_string(), other.to_string()]),
        "members": roster.members.iter().map(member_json).collect::<Vec<_>>(),
    })
}

/// A roster for people. `with_keys` lists the keys of each member too.
#[must_use]
pub fn roster_text(roster: &Roster, hash: &Hash, with_keys: bool) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "  hash               {hash}");
    let _ = writeln!(text, "  issued             {}", text_of(roster.issued));
    let _ = writeln!(text, "  expires            {}", text_of(roster.expires));
    let _ = writeln!(text, "  members            {}", roster.members.len());
    for member in &roster.members {
        let _ = write!(text, "\n{}", member_text(member, with_keys));
    }
    text
}

/// A member for programs.
#[must_use]
pub fn member_json(member: &Member) -> Value {
    let names = member
        .names
        .iter()
        .map(|(language, name)| json!([language.as_str(), name.as_str()]));
    let nodes = member.nodes.iter().map(|node| {
        json!({
            "key": node.key.to_string(),
            "addresses": texts(node.addresses.iter().map(|address| address.as_str())),
        })
    });
    json!({
        "id": member.id.as_str(),
        "names": names.collect::<Vec<_>>(),
        "roles": texts(member.roles.iter().map(|role| role.as_str())),
        "jurisdictions": texts(member.jurisdictions.iter().map(|country| country.as_str())),
        "languages": texts(member.languages.iter().map(|language| language.as_str())),
        "capacities": texts(member.capacities.iter().map(|capacity| capacity.as_str())),
        "contact": {
            "address": member.contact.address.as_str(),
            "hours": member.contact.hours.as_str(),
            "time_zone": member.contact.time_zone.as_str(),
            "out_of_hours": member.contact.out_of_hours.as_ref().map(|address| address.as_str()),
        },
        "owns": {
            "domains": texts(member.owns.domains.iter().map(|domain| domain.as_str())),
            "prefixes": member.owns.prefixes.iter().filter_map(|prefix| Some(prefix.net()?.to_string())).collect::<Vec<_>>(),
            "asns": member.owns.asns.to_vec(),
        },
        "transfer_basis": member.transfer_basis.as_ref().map(|basis| basis.as_str()),
        "keys": member.keys.iter().map(key_json).collect::<Vec<_>>(),
        "logs": member.logs.iter().map(log_json).collect::<Vec<_>>(),
        "nodes": nodes.collect::<Vec<_>>(),
    })
}

/// A member for people.
#[must_use]
pub fn member_text(member: &Member, with_keys: bool) -> String {
    let roles: Vec<_> = member.roles.iter().map(|role| role.as_str()).collect();
    let countries: Vec<_> = member
        .jurisdictions
        .iter()
        .map(|country| country.as_str())
        .collect();
    let mut text = format!(
        "  {}   {}   {}\n",
        member.id.as_str(),
        roles.join(", "),
        countries.join(", ")
    );
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "    {name:<14} {value}");
    };
    for (language, name) in &member.names {
        line(
            "name",
            &format!("{} ({})", name.as_str(), language.as_str()),
        );
    }
    line(
        "contact",
        &format!(
            "{}, {} {}",
            member.contact.address.as_str(),
            member.contact.hours.as_str(),
            member.contact.time_zone.as_str()
        ),
    );
    if let Some(address) = &member.contact.out_of_hours {
        line("out of hours", address.as_str());
    }
    for domain in &member.owns.domains {
        line("owns", domain.as_str());
    }
    for net in member
        .owns
        .prefixes
        .iter()
        .filter_map(comity_trust::owned::Prefix::net)
    {
        line("owns", &net.to_string());
    }
    for asn in &member.owns.asns {
        line("owns", &format!("AS{asn}"));
    }
    for node in &member.nodes {
        let addresses: Vec<_> = node
            .addresses
            .iter()
            .map(|address| address.as_str())
            .collect();
        line("reached at", &or_none(&addresses));
    }
    for log in &member.logs {
        let state = match log.state {
            LogState::Open => "open".to_owned(),
            LogState::Closed((size, _)) => format!("closed at size {size}"),
        };
        line("log", &format!("{}, {state}", log.origin.n));
    }
    if with_keys {
        for key in &member.keys {
            line("key", &key_text(key));
        }
    }
    text
}

fn key_text(key: &Key) -> String {
    let mut text = format!("{} {} from {}", key.kid, key.purpose, text_of(key.from));
    if let Some(until) = key.until {
        let _ = write!(text, " until {}", text_of(until));
    }
    match key.ended {
        Some(Ended::Superseded) => text.push_str(", superseded"),
        Some(Ended::CompromisedSince(since)) => {
            let _ = write!(text, ", COMPROMISED since {}", text_of(since));
        }
        None => {}
    }
    text
}

fn key_json(key: &Key) -> Value {
    let ended = match key.ended {
        None => Value::Null,
        Some(Ended::Superseded) => json!("superseded"),
        Some(Ended::CompromisedSince(since)) => json!({"compromised-since": since}),
    };
    json!({
        "kid": key.kid.to_string(),
        "public": key.public.to_string(),
        "purpose": key.purpose.as_str(),
        "from_ms": key.from,
        "until_ms": key.until,
        "ended": ended,
    })
}

fn log_json(log: &Log) -> Value {
    let closed = match log.state {
        LogState::Open => Value::Null,
        LogState::Closed((size, root)) => json!({"size": size, "root": root.to_string()}),
    };
    json!({"origin": log.origin.to_string(), "key": log.key.to_string(), "closed": closed})
}

fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    texts.collect()
}

/// A clock in force, and what this version knows of it.
fn clock_text(clock: &Code, own: Option<DurationMs>) -> String {
    let id = clock.as_str();
    match (comity_clocks::find(id), own) {
        (Some(known), None) => format!("{id}: {} ({})", clocks::length_of(known), known.name),
        (Some(known), Some(own)) => format!(
            "{id}: {} by this charter, published: {} ({})",
            times::length(own),
            clocks::length_of(known),
            known.name
        ),
        (None, Some(own)) => format!(
            "{id}: {}, a clock of the federation's own",
            times::length(own)
        ),
        (None, None) => format!("{id}: unknown to this version, so no deadline is computed"),
    }
}

fn or_none(texts: &[&str]) -> String {
    if texts.is_empty() {
        "none".to_owned()
    } else {
        texts.join(", ")
    }
}
