//! What no vector can say: who is heard on which protocol, how a stream begins and ends, and that the target turns down
//! what the past of a case forbids. The statements of these probes are signed here, with the published keys.

use comity_wire::body::{Amendment, Body};
use comity_wire::ids::{Hash, Nonce};
use comity_wire::registry::KeyPurpose;
use comity_wire::roster_exchange::RosterRequest;
use comity_wire::statement::{Draft, Statement};
use comity_wire::words::Sorted;

use crate::plan::{Manner, Play, RightReply, RightResult, Speaker, Subject, Wire, request_of};
use crate::vectors::Expect;
use crate::world::World;

/// Every probe.
#[must_use]
pub fn all(world: &World) -> Vec<(Subject, Play)> {
    let mut probes = strangers(world);
    let Some(opening) = opening(world) else {
        return probes;
    };
    probes.extend(streams(world, &opening));
    probes.extend(transitions(world, &opening));
    probes
}

fn subject(name: &str, section: &str, shows: &str) -> Subject {
    Subject {
        name: format!("probe-{name}"),
        section: section.to_owned(),
        shows: shows.to_owned(),
        file: String::new(),
        diag: None,
    }
}

/// An accepted statement that opens a case with the target.
fn opening(world: &World) -> Option<Statement> {
    let mut accepted = world.vectors.vectors.iter().filter(|vector| {
        let context = &vector.context;
        vector.object == "statement"
            && matches!(vector.expect, Expect::Ok { .. })
            && context.story.is_none()
            && context.me.as_deref() == Some(world.target.member.as_str())
    });
    accepted.find_map(|vector| {
        let statement = world.open(&vector.bytes()?)?;
        let ours = world.plays(statement.issuer()) && world.takes(statement.bytes());
        ours.then_some(statement)
    })
}

fn strangers(world: &World) -> Vec<(Subject, Play)> {
    let hello = RosterRequest::Hello(world.roster_ref()).encode();
    let ask = |name: &str, shows: &str, from: Speaker, on: Wire, right: RightReply| {
        let play = Play::Message {
            from,
            on,
            bytes: hello.clone(),
            manner: Manner::Whole,
            right,
        };
        let section = if on == Wire::Hello { HELLO } else { ADMISSION };
        (subject(name, section, shows), play)
    };
    let mut probes: Vec<_> = [
        (
            "stranger-hello",
            "A stranger that says hello hears the target's roster and that it is not admitted.",
            Wire::Hello,
            RightReply::NotAdmitted,
        ),
        (
            "stranger-exchange",
            "A stranger that sends statements is answered unread: it is not admitted.",
            Wire::Exchange,
            RightReply::NotAdmitted,
        ),
        (
            "stranger-roster",
            "A stranger that asks for rosters on the members' protocol is answered unread.",
            Wire::Roster,
            RightReply::NotAdmitted,
        ),
        (
            "stranger-audit",
            "A stranger that asks for records is answered unread, where the protocol is spoken at all.",
            Wire::Audit,
            RightReply::NotAdmittedOrNotOffered,
        ),
        (
            "stranger-witness",
            "A stranger that asks for a cosignature is answered unread, where the protocol is spoken at all.",
            Wire::Witness,
            RightReply::NotAdmittedOrNotOffered,
        ),
    ]
    .into_iter()
    .map(|(name, shows, on, right)| ask(name, shows, Speaker::Stranger, on, right))
    .collect();
    if let Some(member) = world.anybody() {
        probes.push(ask(
            "member-hello",
            "A member that says hello hears the target's roster and no code.",
            Speaker::Member(member.clone()),
            Wire::Hello,
            RightReply::Word("hello".to_owned()),
        ));
    }
    probes
}

fn streams(world: &World, opening: &Statement) -> Vec<(Subject, Play)> {
    let request = request_of(world.roster_ref(), opening.bytes());
    let (half, _) = request.split_at(request.len() / 2);
    let from = Speaker::Member(opening.issuer().clone());
    let exchange = |name, shows, bytes: Vec<u8>| {
        let play = Play::Message {
            from: from.clone(),
            on: Wire::Exchange,
            bytes,
            manner: Manner::Whole,
            right: RightReply::BadExchange,
        };
        (subject(name, EXCHANGE_REQUEST, shows), play)
    };
    vec![
        exchange(
            "stream-cut-off",
            "A request that ends in the middle is not read as far as it goes: one code for the whole.",
            half.to_vec(),
        ),
        exchange(
            "stream-two-requests",
            "Two requests on one stream are one request that cannot be read.",
            [request.as_slice(), request.as_slice()].concat(),
        ),
        (
            subject(
                "stream-left-open",
                ONE_STREAM,
                "A stream whose write side is never closed is ended by the target within the time of its protocol.",
            ),
            Play::Message {
                from,
                on: Wire::Hello,
                bytes: RosterRequest::Hello(world.roster_ref()).encode(),
                manner: Manner::LeftOpen,
                right: RightReply::Closed,
            },
        ),
    ]
}

fn transitions(world: &World, opening: &Statement) -> Vec<(Subject, Play)> {
    let amendment = |items| {
        Body::Amendment(Amendment {
            text: None,
            items,
            hosting: None,
            urgency: None,
            handling: None,
            assessments: None,
        })
    };
    let items = match opening.body() {
        Body::TakedownRequest(body) => Some(body.items.clone()),
        Body::Referral(body) => Some(body.items.clone()),
        Body::Transfer(body) => Some(body.items.clone()),
        _ => None,
    };
    let more = items.as_ref().map(|items| {
        let first = items.iter().take(1).cloned();
        Sorted::new(first.map(|mut item| {
            item.n = 100;
            item
        }))
    });
    let rows = [
        (
            "case-opened-twice",
            "A second statement that opens a case is registered, and turned down.",
            opening.body().clone(),
            RightResult::TurnedDown("already-open".to_owned()),
        ),
        (
            "case-item-exists",
            "An amendment that adds an item that is there already is registered, and turned down.",
            amendment(items),
            RightResult::TurnedDown("item-exists".to_owned()),
        ),
        (
            "case-amended-by-nothing",
            "An amendment that adds nothing is registered, and turned down.",
            amendment(None),
            RightResult::TurnedDown("empty".to_owned()),
        ),
        (
            "case-amended",
            "An amendment that adds an item is registered, and not turned down.",
            amendment(more),
            RightResult::Legal,
        ),
    ];
    let signed = rows.into_iter().filter_map(|(name, shows, body, right)| {
        let statement = follow(world, opening, name, body)?;
        let play = Play::Statement {
            before: vec![(opening.issuer().clone(), opening.bytes().to_vec())],
            from: opening.issuer().clone(),
            bytes: statement.bytes().to_vec(),
            right,
        };
        Some((subject(name, VERDICT, shows), play))
    });
    signed.collect()
}

/// A statement of the opener's that follows the opening one.
fn follow(world: &World, opening: &Statement, name: &str, body: Body) -> Option<Statement> {
    let key = world.key(opening.issuer().as_str(), KeyPurpose::Statement)?;
    let payload = opening.payload();
    let nonce = Hash::of(format!("comity-conformance/1 {name}").as_bytes());
    let draft = Draft {
        issuer: opening.issuer().clone(),
        case: *opening.case(),
        issued_at_s: opening.issued_at_s(),
        to: payload.to.clone(),
        fed: payload.fed,
        re: Sorted::new([*opening.id()]),
        refs: None,
        evidence: None,
        parent: None,
        nonce: Nonce::from_slice(nonce.as_bytes().get(..16)?)?,
        case_nonce: payload.case_nonce.filter(|_| body.kind().opens()),
        handling: payload.handling.clone(),
        ext: None,
        body,
    };
    draft.sign(&key).ok()
}

// Sections of the specification.

const VERDICT: &str = "5.9";
const ONE_STREAM: &str = "6.3";
const ADMISSION: &str = "6.4";
const EXCHANGE_REQUEST: &str = "6.6";
const HELLO: &str = "6.14";
