//! What travels between nodes.

use comity_wire::exchange::{
    ExchangeReply, ExchangeRequest, ExchangeResult, Offer, Redeliver, RedeliverReply,
    RedeliverRequest,
};
use comity_wire::leaf::Origin;
use comity_wire::refusal::{Refusal, Refused};
use comity_wire::registry::{Check, exchange_code};
use comity_wire::roster_exchange::{RosterReply, RosterRequest};
use serde_bytes::ByteBuf;

use super::world::World;
use super::{Context, File};
use crate::federation::code;
use crate::tree::{NULL, Node};

const PAYLOAD: (&str, &str) = ("bad-payload", "object-code");
const LIMIT: (&str, &str) = ("over-limit", "object-code");

fn tree(bytes: &[u8]) -> Node {
    Node::parse(bytes).unwrap_or(NULL)
}

fn asked(asked: usize) -> Context {
    Context {
        asked: Some(asked),
        ..Context::default()
    }
}

/// The array with another element.
fn with(bytes: &[u8], n: usize, value: Node) -> Vec<u8> {
    let mut parts = tree(bytes).items().to_vec();
    parts[n] = value;
    Node::Array(parts).encode()
}

pub(super) fn messages(world: &World) -> File {
    let mut file = File::new("exchange.json");
    request(world, &mut file);
    reply(world, &mut file);
    redelivery(world, &mut file);
    rosters(world, &mut file);
    file
}

fn request(world: &World, file: &mut File) {
    let none = Context::default;
    let roster = world
        .federation
        .history()
        .roster_ref()
        .expect("there is a roster");
    let receipt = world.log.receipt(1, 5);
    let statement = || ByteBuf::from(world.base.bytes());
    let offers = vec![
        Offer(statement(), None, Vec::new()),
        Offer(
            statement(),
            Some(receipt.wire().clone()),
            vec![ByteBuf::from(receipt.encode())],
        ),
    ];
    let bytes = ExchangeRequest(roster, offers).encode();
    let shows = "Two statements, the second with an earlier receipt and with evidence.";
    file.ok(
        "exchange-request",
        shows,
        "exchange-request",
        &bytes,
        none(),
        &[("statements", "2".to_owned())],
    );
    let offers = tree(&bytes).items()[1].items().to_vec();
    let mut offer = offers[0].items().to_vec();
    offer.pop();
    let mut no = |name: &str, shows: &str, bytes: &[u8], why| {
        file.no(name, shows, "exchange-request", bytes, none(), why)
    };
    no(
        "exchange-request-empty",
        "No statement.",
        &with(&bytes, 1, Vec::new().into()),
        LIMIT,
    );
    no(
        "exchange-request-257",
        "257 statements.",
        &with(
            &bytes,
            1,
            vec![Node::Array(vec![Node::Bytes(vec![0]), NULL, Vec::new().into()]); 257].into(),
        ),
        LIMIT,
    );
    no(
        "exchange-request-short",
        "A statement without its list of evidence.",
        &with(&bytes, 1, vec![offer.into()].into()),
        PAYLOAD,
    );
    no(
        "exchange-request-trailing",
        "A byte follows.",
        &[bytes.as_slice(), &[0]].concat(),
        PAYLOAD,
    );
    no(
        "exchange-request-16385-items",
        "More data items than any message needs: decoding costs memory for each.",
        &[[0x9a, 0x00, 0x00, 0x40, 0x00].as_slice(), &[0; 16_384]].concat(),
        LIMIT,
    );
    no(
        "exchange-request-too-long",
        "Over 4 MiB; nothing of it is read.",
        &vec![0; 4_194_305],
        ("oversize", "object-code"),
    );
    no(
        "exchange-request-too-deep",
        "17 arrays within one another.",
        &[vec![0x81; 17], vec![0]].concat(),
        ("too-deep", "object-code"),
    );
}

fn reply(world: &World, file: &mut File) {
    let federation = &world.federation;
    let roster = federation
        .history()
        .roster_ref()
        .expect("there is a roster");
    let refusal = Refusal::sign(
        world.key("platform"),
        &Refused {
            of: *world.base.id(),
            to: federation.member("north").id.clone(),
            code: code(Check::Matrix.code()),
            roster,
            retry_after: None,
        },
    );
    let results = vec![
        ExchangeResult::Registered(world.log.receipt(1, 5).wire().clone()),
        ExchangeResult::Refused(ByteBuf::from(refusal)),
        ExchangeResult::Turned(code(exchange_code::BUSY), Some(60_000)),
        ExchangeResult::Turned(code(Check::Key.code()), None),
    ];
    let checkpoint = world.log.checkpoint(5).to_string().into_boxed_str();
    let bytes = ExchangeReply(roster, Some(checkpoint), results).encode();
    let shows = "All three sorts of result.";
    file.ok(
        "exchange-reply",
        shows,
        "exchange-reply",
        &bytes,
        asked(4),
        &[("results", "4".to_owned())],
    );
    let busy = ExchangeReply(
        roster,
        None,
        vec![ExchangeResult::Turned(
            code(exchange_code::OVER_QUOTA),
            Some(1),
        )],
    )
    .encode();
    let shows = "Nothing was registered, so there is no checkpoint.";
    file.ok(
        "exchange-reply-busy",
        shows,
        "exchange-reply",
        &busy,
        asked(1),
        &[("results", "1".to_owned())],
    );
    let results = tree(&bytes).items()[2].items().to_vec();
    let one = |result: Vec<Node>| with(&busy, 2, vec![result.into()].into());
    let mut no = |name: &str, shows: &str, bytes: &[u8], asked_for, why| {
        file.no(name, shows, "exchange-reply", bytes, asked(asked_for), why);
    };
    no(
        "exchange-reply-fewer",
        "Fewer results than statements.",
        &with(&bytes, 2, results[..3].to_vec().into()),
        4,
        LIMIT,
    );
    no(
        "exchange-reply-more",
        "More results than statements.",
        &bytes,
        3,
        LIMIT,
    );
    no(
        "exchange-reply-result-3",
        "A sort of result that there is not.",
        &one(vec![3.into(), "busy".into()]),
        1,
        PAYLOAD,
    );
    no(
        "exchange-reply-short",
        "A result without its last place.",
        &one(vec![2.into(), "busy".into()]),
        1,
        PAYLOAD,
    );
    no(
        "exchange-reply-wait",
        "A time to wait of more than a hundred years.",
        &one(vec![2.into(), "busy".into(), 3_155_760_000_001.into()]),
        1,
        LIMIT,
    );
}

fn redelivery(world: &World, file: &mut File) {
    let none = Context::default;
    let federation = &world.federation;
    let roster = federation
        .history()
        .roster_ref()
        .expect("there is a roster");
    let origin = Origin {
        fed: *federation.fed(),
        member: federation.member("platform").id.clone(),
        n: 1,
    };
    let bytes = RedeliverRequest(Redeliver::Redeliver, origin, 3).encode();
    let shows = "The platform was restored and asks for what it has lost.";
    file.ok(
        "redeliver-request",
        shows,
        "redeliver-request",
        &bytes,
        none(),
        &[("from", "3".to_owned())],
    );
    let other = with(&bytes, 0, "deliver".into());
    file.no(
        "redeliver-request-word",
        "Another word.",
        "redeliver-request",
        &other,
        none(),
        PAYLOAD,
    );
    let foreign = with(&bytes, 1, "platform.example/1".into());
    file.no(
        "redeliver-request-origin",
        "No name of a log.",
        "redeliver-request",
        &foreign,
        none(),
        PAYLOAD,
    );
    let statement = ByteBuf::from(world.base.bytes());
    let rows = vec![
        (
            statement.clone(),
            Some(world.log.receipt(1, 5).wire().clone()),
        ),
        (statement, None),
    ];
    let bytes = RedeliverReply(roster, rows, Some(5)).encode();
    let shows =
        "A statement with the receipt that the restored member had given, and one of its own.";
    file.ok(
        "redeliver-reply",
        shows,
        "redeliver-reply",
        &bytes,
        none(),
        &[("statements", "2".to_owned())],
    );
    let over = with(&bytes, 2, 9_007_199_254_740_992.into());
    file.no(
        "redeliver-reply-next",
        "An index over 2^53 - 1.",
        "redeliver-reply",
        &over,
        none(),
        LIMIT,
    );
}

fn rosters(world: &World, file: &mut File) {
    let none = Context::default;
    let roster = world
        .federation
        .history()
        .roster_ref()
        .expect("there is a roster");
    let requests = [
        ("hello", RosterRequest::Hello(roster)),
        ("since", RosterRequest::Since(1)),
        ("part", RosterRequest::Part(1, 65_536)),
    ];
    for (word, request) in requests {
        let name = format!("roster-request-{word}");
        let shows = format!("A request that begins with `{word}`.");
        file.ok(
            &name,
            &shows,
            "roster-request",
            &request.encode(),
            none(),
            &[("word", word.to_owned())],
        );
    }
    let history = world.chain("second");
    let chain = |signed: &[u8]| ByteBuf::from(signed);
    let rosters: Vec<_> = history.rosters_from(1).map(chain).collect();
    let replies = [
        (
            "hello",
            RosterReply::Hello(roster, Some(code(exchange_code::NOT_ADMITTED))),
        ),
        (
            "chain",
            RosterReply::Chain(
                history.charters_from(1).map(chain).collect(),
                rosters.clone(),
                false,
            ),
        ),
        (
            "part",
            RosterReply::Part(
                1,
                u64::try_from(rosters[0].len()).unwrap_or_default(),
                ByteBuf::from(&rosters[0][..100]),
            ),
        ),
        ("unknown", RosterReply::Unknown(roster)),
    ];
    for (word, reply) in replies {
        let name = format!("roster-reply-{word}");
        let shows = format!("A reply that begins with `{word}`.");
        file.ok(
            &name,
            &shows,
            "roster-reply",
            &reply.encode(),
            none(),
            &[("word", word.to_owned())],
        );
    }
    let request = |parts: Vec<Node>| Node::Array(parts).encode();
    let refused = [
        (
            "roster-request-word",
            "A word that there is not.",
            request(vec!["gossip".into(), 1.into()]),
            PAYLOAD,
        ),
        (
            "roster-request-short",
            "A place is missing.",
            request(vec!["part".into(), 1.into()]),
            PAYLOAD,
        ),
        (
            "roster-request-more",
            "A place too many.",
            request(vec!["since".into(), 1.into(), 2.into()]),
            PAYLOAD,
        ),
        (
            "roster-request-over",
            "A version over 2^53 - 1.",
            request(vec!["since".into(), 9_007_199_254_740_992.into()]),
            LIMIT,
        ),
    ];
    for (name, shows, bytes, why) in refused {
        file.no(name, shows, "roster-request", &bytes, none(), why);
    }
    let part = request(vec![
        "part".into(),
        1.into(),
        1.into(),
        Node::Bytes(vec![0; 65_537]),
    ]);
    file.no(
        "roster-reply-part-long",
        "A piece that is a byte too long.",
        "roster-reply",
        &part,
        none(),
        LIMIT,
    );
    let chain = request(vec![
        "chain".into(),
        Vec::new().into(),
        vec![Node::Bytes(vec![1]); 65].into(),
        false.into(),
    ]);
    file.no(
        "roster-reply-65",
        "65 rosters in one reply.",
        "roster-reply",
        &chain,
        none(),
        LIMIT,
    );
}
