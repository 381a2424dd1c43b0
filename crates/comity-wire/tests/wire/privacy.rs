//! What is planted in locators and texts is never shown: not by `Debug`, not by an
//! error, neither as text nor as bytes.

use std::fmt::Debug;
use std::net::IpAddr;

use comity_testkit::arbitrary::{self, key};
use comity_testkit::mutate::statement_layers;
use comity_testkit::tree::Node;
use comity_wire::audit_exchange::{AuditRecord, AuditReply, Page};
use comity_wire::body::Body;
use comity_wire::exchange::{ExchangeReply, ExchangeRequest, Offer, RedeliverReply};
use comity_wire::leaf::RosterRef;
use comity_wire::parts::{Ip, Item, Locator};
use comity_wire::registry::Kind;
use comity_wire::statement::{Payload, Received};
use comity_wire::witness_exchange::WitnessRequest;
use comity_wire::words::{Code, LocatorText, Name, Text};
use comity_wire::{cbor, ids::Hash};
use proptest::prelude::*;
use serde_bytes::ByteBuf;

use crate::objects::one;

const CANARY: &str = "canary-7f3a";
const ADDRESS: [u8; 4] = [203, 0, 113, 177];

/// The canary as text, as bytes in decimal and in hex; the address likewise.
fn traces() -> Vec<String> {
    let decimal = |bytes: &[u8]| {
        let numbers: Vec<_> = bytes.iter().map(u8::to_string).collect();
        numbers.join(", ")
    };
    let hex = data_encoding::HEXLOWER.encode(CANARY.as_bytes());
    vec![
        CANARY.to_owned(),
        decimal(CANARY.as_bytes()),
        hex,
        IpAddr::from(ADDRESS).to_string(),
        decimal(&ADDRESS),
        "cb0071b1".to_owned(),
    ]
}

fn assert_hidden(what: &str, shown: &str) {
    let flat = shown
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace(", ]", "]");
    for trace in traces() {
        assert!(
            !shown.contains(&trace) && !flat.contains(&trace),
            "{what} shows `{trace}`"
        );
    }
}

fn check(what: &str, value: &impl Debug) {
    assert_hidden(what, &format!("{value:?}"));
    assert_hidden(what, &format!("{value:#?}"));
}

fn planted_locators() -> Vec<Locator> {
    let text = || LocatorText::new(&format!("https://{CANARY}.example/")).unwrap();
    let name = || Name::new("video.example").unwrap();
    let bytes = ByteBuf::from(CANARY.as_bytes());
    vec![
        Locator::Url(text()),
        Locator::Onion(text()),
        Locator::Account((name(), text())),
        Locator::ContentId((name(), text())),
        Locator::HashSet(vec![(Code::new("md5").unwrap(), bytes)]),
        Locator::IpPortTime((Ip::new(ADDRESS.into()), Some(443), 0)),
    ]
}

/// A body with the canary in every free text, locator and address that it has.
fn planted(kind: Kind, locator: &Locator) -> Body {
    fn item(item: &Item, locator: &Locator) -> Item {
        let mut item = item.clone();
        item.locator = locator.clone();
        item.hosting.push(one(arbitrary::hosting()));
        item.hosting
            .iter_mut()
            .for_each(|row| row.ip = Some(Ip::new(ADDRESS.into())));
        item
    }
    let text = Some(Text::new(&format!("a\n{CANARY}")).unwrap());
    let items = |items: &[Item]| {
        comity_wire::words::Sorted::new(items.iter().map(|one| item(one, locator)))
    };
    let mut body = one(arbitrary::body_of(kind));
    match &mut body {
        Body::TakedownRequest(body) => {
            body.items = items(&body.items);
            body.basis
                .iter_mut()
                .for_each(|ground| ground.redress.clone_from(&text));
            body.text = text;
        }
        Body::Referral(body) => (body.items, body.text) = (items(&body.items), text),
        Body::Transfer(body) => (body.items, body.text) = (items(&body.items), text),
        Body::Amendment(body) => {
            body.items = Some(items(&[one(arbitrary::item())]));
            body.text = text;
        }
        Body::Outcome(body) => {
            let mut row = body.items[0].clone();
            row.5 = Some(locator.clone());
            (body.items, body.text) = (comity_wire::words::Sorted::new([row]), text);
        }
        Body::Acknowledgement(body) => body.text = text,
        Body::Withdrawal(body) => body.text = text,
        Body::Dispute(body) => body.text = text,
        Body::Resolution(body) => body.text = text,
        Body::InformationRequest(body) => body.text = text,
        Body::Information(body) => body.text = text,
        Body::Observation(_) | Body::Hold(_) | Body::Release(_) | Body::ErasureNotice(_) => {}
    }
    body
}

#[test]
fn no_stage_of_a_statement_shows_what_it_says() {
    for kind in Kind::ALL {
        for locator in planted_locators() {
            let mut draft = one(arbitrary::draft_of(kind));
            draft.body = planted(kind, &locator);
            check("body", &draft.body);
            check("draft", &draft);
            let statement = draft.sign(&key(1)).unwrap();
            let received = Received::read(statement.bytes()).unwrap();
            check("received", &received);
            let signed = received.verify(&key(1).verifying_key()).unwrap();
            check("signed", &signed);
            check("statement", &signed.open().unwrap());
            let payload: Payload = statement.payload().clone();
            check("payload", &payload);
            let bytes = || ByteBuf::from(statement.bytes());
            let roster = RosterRef(1, Hash::of(b""));
            let offer = Offer(bytes(), None, vec![bytes()]);
            check("request", &ExchangeRequest(roster, vec![offer]));
            check(
                "redelivery",
                &RedeliverReply(roster, vec![(bytes(), None)], None),
            );
            let reply = ExchangeReply(roster, None, Vec::new());
            check("reply", &reply);
            let record = AuditRecord(bytes(), Some(bytes()), Vec::new());
            check(
                "audit",
                &AuditReply::Records(Page {
                    roster,
                    checkpoint: "".into(),
                    records: vec![record],
                    sequences: Some(bytes()),
                    next: None,
                }),
            );
            check("evidence", &WitnessRequest::Evidence(bytes()));
        }
    }
}

#[test]
fn an_extension_hides_its_value() {
    let value = ByteBuf::from(CANARY.as_bytes());
    let name = comity_wire::words::ExtensionName::new("x").unwrap();
    check(
        "extension",
        &comity_wire::ext::Extension(name, false, value),
    );
}

/// Puts the canary in place of each text and each key of a tree.
fn plant(node: &Node, places: &mut Vec<Node>, rebuild: &dyn Fn(Node) -> Node) {
    match node {
        Node::Text(_) => {
            places.push(rebuild(Node::from(CANARY)));
            places.push(rebuild(Node::Text(format!("{CANARY}\n"))));
        }
        Node::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                plant(item, places, &|other| {
                    let mut items = items.clone();
                    items[n] = other;
                    rebuild(Node::Array(items))
                });
            }
        }
        Node::Map(entries) => {
            for (n, (key, value)) in entries.iter().enumerate() {
                let with = |entry| {
                    let mut entries = entries.clone();
                    entries[n] = entry;
                    rebuild(Node::Map(entries))
                };
                plant(key, places, &|other| with((other, value.clone())));
                plant(value, places, &|other| with((key.clone(), other)));
            }
            let more = [(Node::from(CANARY), Node::from(CANARY))];
            places.push(rebuild(
                Node::Map([entries.as_slice(), &more].concat()).sorted(),
            ));
        }
        Node::Bytes(_) => places.push(rebuild(Node::Bytes(CANARY.as_bytes().to_vec()))),
        _ => places.push(rebuild(Node::from(CANARY))),
    }
}

#[test]
fn no_rejection_repeats_what_it_rejects() {
    let mut rejected = 0;
    for kind in Kind::ALL {
        let statement = one(arbitrary::statement_of(kind));
        let [_, header, payload, body] = statement_layers(statement.bytes(), &key(1));
        for layer in [header, payload, body] {
            let mut places = Vec::new();
            plant(&Node::parse(&layer.bytes).unwrap(), &mut places, &|node| {
                node
            });
            for node in places {
                let bytes = layer.around(node.encode());
                let opened = Received::read(&bytes)
                    .and_then(|received| received.verify(&key(1).verifying_key()))
                    .and_then(|signed| signed.open());
                if let Err(rejection) = opened {
                    assert_hidden(
                        "rejection",
                        &format!("{rejection} {rejection:?} {}", rejection.detail),
                    );
                    rejected += 1;
                }
            }
        }
    }
    println!("{rejected} rejections without the canary");
    assert!(rejected > 1000);
}

#[test]
fn no_other_error_repeats_what_it_refuses() {
    let mut refused = 0;
    for bytes in [
        one(arbitrary::leaf()).encode(),
        one(arbitrary::facts()).encode(),
        one(arbitrary::roster_request()).encode(),
        one(arbitrary::redeliver_request()).encode(),
        one(arbitrary::audit_request()).encode(),
        one(arbitrary::witness_request()).encode(),
    ] {
        let mut places = Vec::new();
        plant(&Node::parse(&bytes).unwrap(), &mut places, &|node| node);
        for node in places {
            let bytes = node.encode();
            let errors = [
                comity_wire::leaf::Leaf::decode(&bytes).err(),
                comity_wire::leaf::Facts::decode(&bytes).err(),
                comity_wire::roster_exchange::RosterRequest::decode(&bytes).err(),
                comity_wire::exchange::RedeliverRequest::decode(&bytes).err(),
                comity_wire::audit_exchange::AuditRequest::decode(&bytes).err(),
                WitnessRequest::decode(&bytes).err(),
            ];
            for error in errors.into_iter().flatten() {
                assert_hidden("error", &format!("{error} {error:?}"));
                refused += 1;
            }
            if let Err(error) = cbor::decode::<Payload>(&bytes) {
                assert_hidden("error", &format!("{error} {error:?}"));
            }
        }
    }
    println!("{refused} errors without the canary");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// No locator of any form shows a part of itself.
    #[test]
    fn a_locator_shows_its_sort_only(locator in arbitrary::locator()) {
        let shown = format!("{locator:?}");
        let sorts = ["Url", "Onion", "Account", "ContentId", "HashSet", "IpPortTime"];
        let is_hidden = sorts.iter().any(|sort| shown == format!("{sort}(hidden)"));
        prop_assert!(is_hidden, "{}", shown);
    }
}
