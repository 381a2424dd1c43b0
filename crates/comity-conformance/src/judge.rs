//! The bytes that came back, held against the answer that is right.

use comity_log::checkpoint::{UnverifiedCheckpoint, VerifiedCheckpoint};
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::receipts;
use comity_wire::audit_exchange::AuditReply;
use comity_wire::body::Body;
use comity_wire::exchange::{ExchangeReply, ExchangeResult};
use comity_wire::ids::{Hash, MemberId, StatementId};
use comity_wire::leaf::Leaf;
use comity_wire::receipt::{Receipt, WireReceipt};
use comity_wire::refusal::Refusal;
use comity_wire::registry::{Answer as Given, audit_code, direction, exchange_code, record_kind};
use comity_wire::roster_exchange::RosterReply;
use comity_wire::statement::Statement;

use crate::plan::{RightReply, RightResult};
use crate::world::{World, id_of};

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing: the target closed the stream.
    Closed,
    /// The target does not speak the protocol.
    NotOffered,
    /// Nothing in time, or no connection: a code for people.
    Nothing(&'static str),
}

/// What a judgement comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged<T> {
    /// It is right.
    Right(T),
    /// The target asks to come back; after so many ms, if it says when.
    Later(Option<u64>),
    /// It is not: what was found, in words.
    Wrong(String),
}

/// A receipt that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The statement.
    pub statement: StatementId,
    /// The record.
    pub leaf: Leaf,
    /// The hash of the record.
    pub leaf_hash: Hash,
    /// The size of the tree that the receipt is under.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// Judges the answer to one statement. What the right answer is about a receipt comes back, for the ledger.
#[must_use]
pub fn statement(
    world: &World,
    from: &MemberId,
    bytes: &[u8],
    right: &RightResult,
    answer: &Answer,
) -> Judged<Option<Registered>> {
    let reply = match bytes_of(answer) {
        Ok(reply) => reply,
        Err(judged) => return judged,
    };
    let reply = match ExchangeReply::decode(reply, 1) {
        Ok(reply) => reply,
        Err(error) => return Judged::Wrong(format!("a reply that is none ({})", error.code())),
    };
    let ExchangeReply(roster, checkpoint, mut results) = reply;
    if roster != world.roster_ref() {
        return Judged::Wrong(format!("a reply under roster {} {}", roster.0, roster.1));
    }
    let Some(result) = results.pop() else {
        return Judged::Wrong("a reply without a result".to_owned());
    };
    if let ExchangeResult::Turned(code, retry_after) = &result
        && [exchange_code::BUSY, exchange_code::OVER_QUOTA].contains(&code.as_str())
    {
        return Judged::Later(*retry_after);
    }
    match (right, result) {
        (RightResult::Refusal(code), ExchangeResult::Refused(refusal)) => {
            match refusal_says(world, from, bytes, &refusal) {
                Ok(found) if found == *code => Judged::Right(None),
                Ok(found) => Judged::Wrong(format!("a signed refusal `{found}`")),
                Err(why) => Judged::Wrong(why),
            }
        }
        (RightResult::Code(code), ExchangeResult::Turned(found, _)) if found.as_str() == code => {
            Judged::Right(None)
        }
        (
            RightResult::Receipt
            | RightResult::SameLeaf
            | RightResult::TurnedDown(_)
            | RightResult::Legal,
            ExchangeResult::Registered(receipt),
        ) => match registered(world, from, bytes, checkpoint.as_deref(), receipt) {
            Ok(registered) => Judged::Right(Some(registered)),
            Err(why) => Judged::Wrong(why),
        },
        (_, other) => Judged::Wrong(in_words(world, from, bytes, &other)),
    }
}

fn bytes_of<T>(answer: &Answer) -> Result<&[u8], Judged<T>> {
    match answer {
        Answer::Bytes(bytes) => Ok(bytes),
        // Who is over its tokens is closed without a word: to come back is what a member would do.
        Answer::Closed => Err(Judged::Later(None)),
        Answer::NotOffered => Err(Judged::Wrong("the protocol is not offered".to_owned())),
        Answer::Nothing(code) => Err(Judged::Wrong(format!("no answer ({code})"))),
    }
}

fn in_words(world: &World, from: &MemberId, bytes: &[u8], result: &ExchangeResult) -> String {
    match result {
        ExchangeResult::Registered(_) => "a receipt".to_owned(),
        ExchangeResult::Refused(refusal) => match refusal_says(world, from, bytes, refusal) {
            Ok(code) => format!("a signed refusal `{code}`"),
            Err(why) => why,
        },
        ExchangeResult::Turned(code, _) => format!("the unsigned code `{}`", code.as_str()),
    }
}

/// The code of a refusal that is signed by the target, of these bytes and to this member.
fn refusal_says(
    world: &World,
    to: &MemberId,
    bytes: &[u8],
    refusal: &[u8],
) -> Result<String, String> {
    let wrong = |what: &str| Err(format!("a refusal {what}"));
    let refusal = match Refusal::read(refusal) {
        Ok(refusal) => refusal,
        Err(error) => return wrong(&format!("that is none ({})", error.code())),
    };
    let key = world
        .history
        .statement_key(&world.target.member, refusal.kid());
    let Some(key) = key else {
        return wrong("under a key that is no statement key of the target");
    };
    let Ok(refused) = refusal.verify(key.verifying()) else {
        return wrong("whose signature does not verify");
    };
    if refused.of != id_of(bytes) {
        return wrong("of other bytes than those that were sent");
    }
    if refused.to != *to {
        return wrong("to another member than the one who sent it");
    }
    if refused.roster != world.roster_ref() {
        return wrong("under another roster than the one in force");
    }
    Ok(refused.code.as_str().to_owned())
}

/// A receipt for these very bytes, from a log of the target's, under the signed head that came with it.
fn registered(
    world: &World,
    from: &MemberId,
    bytes: &[u8],
    checkpoint: Option<&str>,
    receipt: WireReceipt,
) -> Result<Registered, String> {
    let head = head(world, checkpoint)?;
    let receipt = Receipt::from_wire(receipt)
        .map_err(|error| format!("a receipt that is none ({})", error.code()))?;
    let key = log_key(world, &head)?;
    let verified = receipts::verify(&receipt, key.key())
        .map_err(|error| format!("a receipt that proves nothing ({})", error.code()))?;
    verified
        .is_under(&head)
        .map_err(|error| format!("a receipt under another head ({})", error.code()))?;
    let leaf = verified.leaf();
    let of_it = [
        (leaf.kind.as_str() == record_kind::RECEIVED, "kind"),
        (leaf.statement == Some(id_of(bytes)), "statement"),
        (leaf.counterpart.as_ref() == Some(from), "counterpart"),
        (
            leaf.direction
                .as_ref()
                .is_some_and(|way| way.as_str() == direction::IN),
            "direction",
        ),
        (leaf.seq.is_some(), "seq"),
        (leaf.roster == world.roster_ref(), "roster"),
    ];
    if let Some((_, what)) = of_it.into_iter().find(|(holds, _)| !holds) {
        return Err(format!("a receipt for a record with another `{what}`"));
    }
    if let Some(statement) = world.open(bytes) {
        let same =
            leaf.case == Some(*statement.case()) && leaf.statement_kind == Some(statement.kind());
        if !same {
            return Err("a receipt for a record of another case or kind".to_owned());
        }
    }
    Ok(Registered {
        statement: id_of(bytes),
        leaf: leaf.clone(),
        leaf_hash: *verified.leaf_hash(),
        size: head.head().size(),
        root: *head.head().root(),
    })
}

fn head(world: &World, text: Option<&str>) -> Result<VerifiedCheckpoint, String> {
    let text = text.ok_or("a receipt without a signed head")?;
    let unverified = UnverifiedCheckpoint::parse(text.as_bytes())
        .map_err(|error| format!("a checkpoint that is none ({})", error.code()))?;
    let origin = &unverified.claimed().origin;
    if origin.fed != *world.history.fed() || origin.member != world.target.member {
        return Err("a checkpoint of somebody else's log".to_owned());
    }
    let key = listed_key(world, origin)?;
    unverified
        .verify(&key)
        .map_err(|error| format!("a checkpoint that does not verify ({})", error.code()))
}

fn log_key(world: &World, head: &VerifiedCheckpoint) -> Result<VerifierKey, String> {
    listed_key(world, head.origin())
}

fn listed_key(world: &World, origin: &comity_wire::leaf::Origin) -> Result<VerifierKey, String> {
    let unlisted = || "a checkpoint of a log that the roster does not list".to_owned();
    let log = world.history.log(origin).ok_or_else(unlisted)?;
    let (known, _) = world
        .history
        .log_key(origin, &log.key)
        .ok_or_else(unlisted)?;
    VerifierKey::new(KeyName::from(origin), KeyKind::Log, *known.verifying())
        .map_err(|_| unlisted())
}

/// Judges the answer to a message.
#[must_use]
pub fn message(world: &World, right: &RightReply, answer: &Answer) -> Judged<()> {
    if let Some(judged) = closed(right, answer) {
        return judged;
    }
    let reply = match bytes_of(answer) {
        Ok(reply) => reply,
        Err(judged) => return judged,
    };
    match right {
        RightReply::Results(count) => match ExchangeReply::decode(reply, *count) {
            Ok(reply) if reply.2.iter().all(is_busy) => Judged::Later(None),
            Ok(_) => Judged::Right(()),
            Err(error) => Judged::Wrong(format!("no {count} results ({})", error.code())),
        },
        RightReply::BadExchange | RightReply::Closed => {
            match ExchangeReply::decode(reply, 1).map(|reply| reply.2) {
                Ok(results) => one_code(&results, exchange_code::BAD_EXCHANGE),
                Err(error) => Judged::Wrong(format!("a reply that is none ({})", error.code())),
            }
        }
        RightReply::Audit => match AuditReply::decode(reply) {
            Ok(AuditReply::Refused(_, code, retry_after)) if code.as_str() == audit_code::BUSY => {
                Judged::Later(retry_after)
            }
            Ok(AuditReply::Refused(_, code, _)) if code.as_str() == audit_code::BAD_REQUEST => {
                Judged::Wrong("a refusal `bad-request`".to_owned())
            }
            Ok(_) => Judged::Right(()),
            Err(error) => Judged::Wrong(format!("a reply that is none ({})", error.code())),
        },
        RightReply::BadRequest => match AuditReply::decode(reply) {
            Ok(AuditReply::Refused(_, code, _)) if code.as_str() == audit_code::BAD_REQUEST => {
                Judged::Right(())
            }
            Ok(AuditReply::Refused(_, code, retry_after)) if code.as_str() == audit_code::BUSY => {
                Judged::Later(retry_after)
            }
            Ok(AuditReply::Refused(_, code, _)) => {
                Judged::Wrong(format!("a refusal `{}`", code.as_str()))
            }
            Ok(AuditReply::Records(_)) => Judged::Wrong("records".to_owned()),
            Err(error) => Judged::Wrong(format!("a reply that is none ({})", error.code())),
        },
        RightReply::Word(_)
        | RightReply::Unknown
        | RightReply::NotAdmitted
        | RightReply::NotAdmittedOrNotOffered => about_rosters(world, right, reply),
    }
}

/// Where a stream that is closed without an answer is right.
fn closed(right: &RightReply, answer: &Answer) -> Option<Judged<()>> {
    match (right, answer) {
        (RightReply::Closed, Answer::Closed)
        | (RightReply::NotAdmittedOrNotOffered, Answer::NotOffered) => Some(Judged::Right(())),
        (RightReply::Closed, Answer::Nothing(code)) => {
            Some(Judged::Wrong(format!("the stream stayed open ({code})")))
        }
        _ => None,
    }
}

fn is_busy(result: &ExchangeResult) -> bool {
    matches!(result, ExchangeResult::Turned(code, _) if code.as_str() == exchange_code::BUSY)
}

fn one_code(results: &[ExchangeResult], right: &str) -> Judged<()> {
    match results {
        [ExchangeResult::Turned(code, _)] if code.as_str() == right => Judged::Right(()),
        [ExchangeResult::Turned(code, retry_after)]
            if [exchange_code::BUSY, exchange_code::OVER_QUOTA].contains(&code.as_str()) =>
        {
            Judged::Later(*retry_after)
        }
        [ExchangeResult::Turned(code, _)] => {
            Judged::Wrong(format!("the unsigned code `{}`", code.as_str()))
        }
        [ExchangeResult::Registered(_)] => Judged::Wrong("a receipt".to_owned()),
        _ => Judged::Wrong("a signed refusal".to_owned()),
    }
}

fn about_rosters(world: &World, right: &RightReply, reply: &[u8]) -> Judged<()> {
    let reply = match RosterReply::decode(reply) {
        Ok(reply) => reply,
        Err(error) => return Judged::Wrong(format!("a reply that is none ({})", error.code())),
    };
    let (word, roster, code) = match &reply {
        RosterReply::Hello(roster, code) => ("hello", Some(*roster), code.as_ref()),
        RosterReply::Chain(..) => ("chain", None, None),
        RosterReply::Part(..) => ("part", None, None),
        RosterReply::Unknown(roster) => ("unknown", Some(*roster), None),
    };
    if let Some(roster) = roster.filter(|roster| *roster != world.roster_ref()) {
        return Judged::Wrong(format!("`{word}` with roster {} {}", roster.0, roster.1));
    }
    let code = code.map(|code| code.as_str());
    let holds = match right {
        RightReply::Word(right) => {
            code.is_none() && (word == right || right == "part" && word == "unknown")
        }
        RightReply::Unknown => word == "unknown",
        _ => word == "hello" && code == Some(exchange_code::NOT_ADMITTED),
    };
    if holds {
        return Judged::Right(());
    }
    let code = code
        .map(|code| format!(" and `{code}`"))
        .unwrap_or_default();
    Judged::Wrong(format!("`{word}`{code}"))
}

/// A statement of the target's that was delivered to a member of the kit: the statements that it refuses, and why.
#[must_use]
pub fn turns_down(world: &World, statement: &Statement) -> Vec<(StatementId, String)> {
    if *statement.issuer() != world.target.member {
        return Vec::new();
    }
    let Body::Acknowledgement(body) = statement.body() else {
        return Vec::new();
    };
    let (Given::Refused, Some(code)) = (body.answer, &body.code) else {
        return Vec::new();
    };
    let names = body.names.iter().flatten();
    names.map(|id| (*id, code.as_str().to_owned())).collect()
}

impl RightResult {
    /// In words, for the report.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Receipt => "a receipt".to_owned(),
            Self::SameLeaf => "the receipt for the same record again".to_owned(),
            Self::Refusal(code) => format!("a signed refusal `{code}`"),
            Self::Code(code) => format!("the unsigned code `{code}`"),
            Self::TurnedDown(code) => {
                format!("a receipt, then an acknowledgement that refuses it with `{code}`")
            }
            Self::Legal => "a receipt, and no acknowledgement that refuses it".to_owned(),
        }
    }
}

impl RightReply {
    /// In words, for the report.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Results(count) => format!("{count} results"),
            Self::BadExchange => "one result: the unsigned code `bad-exchange`".to_owned(),
            Self::Word(word) => format!("`{word}`, with the roster of the chain"),
            Self::Unknown => "`unknown`, with the roster of the chain".to_owned(),
            Self::Audit => "records, or a refusal with another code than `bad-request`".to_owned(),
            Self::BadRequest => "a refusal `bad-request`".to_owned(),
            Self::NotAdmitted => "`hello` and `not-admitted`".to_owned(),
            Self::NotAdmittedOrNotOffered => {
                "`hello` and `not-admitted`, or a protocol that is not offered".to_owned()
            }
            Self::Closed => {
                "a stream that the target ends, without an answer or with `bad-exchange`".to_owned()
            }
        }
    }
}
