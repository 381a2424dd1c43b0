//! A member whose node does what a test tells it to.

use comity_engine::ports::{Protocol, Stored};
use comity_testkit::federation::MemberKeys;
use comity_testkit::ports::World;
use comity_wire::body::Body;
use comity_wire::exchange::{ExchangeReply, ExchangeRequest, ExchangeResult, Offer};
use comity_wire::ids::{CaseId, StatementId};
use comity_wire::refusal::Refusal;
use comity_wire::statement::Statement;
use comity_wire::words::TimeMs;

pub(crate) fn offer(statement: &Statement) -> Offer {
    Offer(statement.bytes().to_vec().into(), None, Vec::new())
}

pub(crate) fn roster(world: &World) -> comity_wire::leaf::RosterRef {
    world.federation.history().roster_ref().unwrap()
}

/// Offers as the node of `from` would.
pub(crate) async fn offers(
    world: &World,
    from: &str,
    to: &str,
    offers: Vec<Offer>,
) -> Vec<ExchangeResult> {
    let asked = offers.len();
    let request = ExchangeRequest(roster(world), offers).encode();
    let (from, to) = (world.key(from), world.key(to));
    let reply = world.hub.ask(from, to, Protocol::Exchange, request).await;
    ExchangeReply::decode(&reply.unwrap(), asked).unwrap().2
}

pub(crate) async fn one(world: &World, from: &str, to: &str, statement: &Statement) -> String {
    let results = offers(world, from, to, vec![offer(statement)]).await;
    outcome(&results[0])
}

/// `registered INDEX`, `refused CODE`, `turned CODE`.
pub(crate) fn outcome(result: &ExchangeResult) -> String {
    match result {
        ExchangeResult::Registered(receipt) => {
            let leaf = comity_wire::leaf::Leaf::decode(&receipt.0).unwrap();
            format!("registered {}", leaf.index)
        }
        ExchangeResult::Refused(bytes) => {
            let refusal = Refusal::read(bytes).unwrap();
            let keys = ["platform", "south", "north"].map(MemberKeys::new);
            let mut keys = keys.iter().map(|keys| keys.statement.verifying_key());
            let refused = keys.find_map(|key| refusal.verify(&key).ok());
            format!("refused {}", refused.expect("it is signed").code)
        }
        ExchangeResult::Turned(code, _) => format!("turned {code}"),
    }
}

/// An opening statement, dated now.
pub(crate) fn opening(world: &World, from: &str, to: &str, body: Body) -> Statement {
    dated(world, from, to, body, world.now())
}

pub(crate) fn dated(world: &World, from: &str, to: &str, body: Body, at: TimeMs) -> Statement {
    let mut draft = world.federation.draft(from, to, body);
    draft.issued_at_s = at / 1000;
    world.federation.sign(draft)
}

/// A statement of an open case, dated now.
pub(crate) fn within(
    world: &World,
    from: &str,
    to: &str,
    case: &CaseId,
    re: &[StatementId],
    body: Body,
) -> Statement {
    let re = re.iter().copied();
    let mut draft = world.federation.reply(from, to, *case, re, body);
    draft.issued_at_s = world.now() / 1000;
    world.federation.sign(draft)
}

/// Frames of a journal, of one kind.
pub(crate) fn frames(world: &World, name: &str, kind: u8) -> Vec<Stored> {
    let mut frames = world.node(name).disk.frames();
    frames.retain(|frame| frame.kind == kind);
    frames
}
