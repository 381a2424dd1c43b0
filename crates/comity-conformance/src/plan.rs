//! Each vector: what is sent, as whom, after what, and the answer that is right; or why it cannot be played.
//!
//! The order matters, for a node remembers: first what it must refuse, while it knows nothing; then what it must take;
//! then what needs that to be there; at last the rosters, and of the good ones only one, for it changes everything.

use comity_wire::exchange::{ExchangeRequest, Offer};
use comity_wire::ids::MemberId;
use comity_wire::leaf::RosterRef;
use comity_wire::limits::{
    EXCHANGE_REQUEST_BYTES_MAX, SMALL_REQUEST_BYTES_MAX, WITNESS_REQUEST_BYTES_MAX,
};
use comity_wire::registry::{Check, protocol, role};
use comity_wire::statement::{Received, Statement};
use serde_bytes::ByteBuf;

use crate::probe;
use crate::vectors::{Context, Expect, Vector, unhex};
use crate::world::World;

/// What a step of a run is about: a vector, or a probe of the kit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// The section of the specification.
    pub section: String,
    /// What it shows.
    pub shows: String,
    /// The file that it stands in; empty for a probe.
    pub file: String,
    /// Its bytes in diagnostic notation, if there are any.
    pub diag: Option<String>,
}

/// What is to be done, in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// What is played.
    pub steps: Vec<Step>,
    /// What cannot be played, and why.
    pub not_played: Vec<(Subject, String)>,
}

/// One thing that is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it is about.
    pub subject: Subject,
    /// What is done.
    pub play: Play,
    stage: Stage,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Play {
    /// A statement is sent.
    Statement {
        /// Statements that must be registered before: by whom, and the bytes.
        before: Vec<(MemberId, Vec<u8>)>,
        /// As whom.
        from: MemberId,
        /// The statement.
        bytes: Vec<u8>,
        /// The answer that is right.
        right: RightResult,
    },
    /// A message is sent on one of the protocols.
    Message {
        /// As whom.
        from: Speaker,
        /// On which protocol.
        on: Wire,
        /// The message.
        bytes: Vec<u8>,
        /// How.
        manner: Manner,
        /// The answer that is right.
        right: RightReply,
    },
    /// A roster is offered as newer than the target's.
    Roster {
        /// The signed roster.
        bytes: Vec<u8>,
        /// What the target must show afterwards.
        after: RosterRef,
    },
}

/// As whom the kit speaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Speaker {
    /// A member.
    Member(MemberId),
    /// A key that is in no roster.
    Stranger,
}

/// The protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// `/comity/exchange/1`
    Exchange,
    /// `/comity/witness/1`
    Witness,
    /// `/comity/audit/1`
    Audit,
    /// `/comity/roster/1`
    Roster,
    /// `/comity/hello/1`
    Hello,
}

/// How a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Written, and the write side closed.
    Whole,
    /// Longer than any request of that protocol may be.
    TooLong,
    /// Written, and the write side left open.
    LeftOpen,
}

/// The right answer to a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RightResult {
    /// A receipt.
    Receipt,
    /// Sent twice: the receipt for the same leaf.
    SameLeaf,
    /// A signed refusal with this code.
    Refusal(String),
    /// This code, unsigned.
    Code(String),
    /// A receipt; and then an acknowledgement that refuses it, with this code of the registry `transition`.
    TurnedDown(String),
    /// A receipt, and no acknowledgement that refuses it.
    Legal,
}

/// The right answer to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RightReply {
    /// As many results, whatever each says.
    Results(usize),
    /// One result: `bad-exchange`, unsigned.
    BadExchange,
    /// A reply about rosters that begins with this word; `part` may be `unknown`.
    Word(String),
    /// `unknown`, with the target's roster.
    Unknown,
    /// Records, or a refusal with another code than `bad-request`.
    Audit,
    /// A refusal with `bad-request`.
    BadRequest,
    /// The hello that says `not-admitted`.
    NotAdmitted,
    /// The same, or that the target does not speak this protocol.
    NotAdmittedOrNotOffered,
    /// The stream is closed without an answer, or with the answer to what cannot be read.
    Closed,
}

/// In which part of a run a step comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// What the target must refuse while it knows nothing.
    Refused,
    /// What it must take.
    Taken,
    /// What needs something to be there.
    After,
    /// Rosters that it must not take.
    BadRoster,
    /// One that it must take.
    GoodRoster,
}

/// What is asked of a target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Profile {
    /// Everything that a node does.
    #[default]
    Full,
    /// What a small program does that sends and receives: no fold, no audits, and it follows no rosters.
    Minimal,
}

/// Which part of the vectors is wanted.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// What is asked of the target.
    pub profile: Profile,
    /// Only these names; empty: all.
    pub only: Vec<String>,
    /// Only these sections, such as `3` or `3.4`; empty: all.
    pub sections: Vec<String>,
}

impl Selection {
    /// Whether it is wanted.
    #[must_use]
    pub fn wants(&self, subject: &Subject) -> bool {
        let named = self.only.is_empty() || self.only.contains(&subject.name);
        let mut sections = self.sections.iter();
        named && (self.sections.is_empty() || sections.any(|one| is_within(&subject.section, one)))
    }
}

/// Whether a section, such as `3.4 The header`, is another one, such as `3`, or stands within it.
fn is_within(section: &str, other: &str) -> bool {
    let number = section.split_whitespace().next().unwrap_or_default();
    let number = number.trim_end_matches('.');
    let other = other.trim_end_matches('.');
    number
        .strip_prefix(other)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Plans a run.
#[must_use]
pub fn plan(world: &World, selection: &Selection) -> Plan {
    let mut plan = Plan::default();
    for vector in &world.vectors.vectors {
        let subject = Subject::of(vector);
        if !selection.wants(&subject) {
            continue;
        }
        plan.add(selection.profile, subject, play(world, vector));
    }
    for (subject, play) in probe::all(world) {
        if selection.wants(&subject) {
            plan.add(selection.profile, subject, Ok((Stage::After, play)));
        }
    }
    plan.steps.sort_by_key(|step| step.stage);
    leave_one_good_roster(&mut plan);
    plan
}

impl Plan {
    fn add(&mut self, profile: Profile, subject: Subject, planned: Planned) {
        match planned {
            Ok((_, play)) if profile == Profile::Minimal && play.is_for_full_nodes() => {
                self.not_played.push((subject, NOT_MINIMAL.to_owned()));
            }
            Ok((stage, play)) => self.steps.push(Step {
                subject,
                play,
                stage,
            }),
            Err(why) => self.not_played.push((subject, why)),
        }
    }
}

impl Play {
    /// Whether a minimal member need not do it.
    fn is_for_full_nodes(&self) -> bool {
        match self {
            Self::Roster { .. } => true,
            Self::Statement { right, .. } => {
                matches!(right, RightResult::TurnedDown(_) | RightResult::Legal)
            }
            Self::Message {
                on: Wire::Roster,
                right: RightReply::Word(word),
                ..
            } => word != "hello",
            Self::Message {
                from: Speaker::Member(_),
                on,
                ..
            } => *on == Wire::Audit,
            Self::Message { .. } => false,
        }
    }
}

/// The first good roster that is taken makes another world.
fn leave_one_good_roster(plan: &mut Plan) {
    let good = plan
        .steps
        .iter()
        .position(|step| step.stage == Stage::GoodRoster);
    let Some(first) = good else { return };
    for step in plan.steps.split_off(first.saturating_add(1)) {
        plan.not_played.push((step.subject, OWN_RUN.to_owned()));
    }
}

impl Subject {
    fn of(vector: &Vector) -> Self {
        Self {
            name: vector.name.clone(),
            section: vector.section.clone(),
            shows: vector.shows.clone(),
            file: vector.file.clone(),
            diag: vector.diag.clone(),
        }
    }
}

type Planned = Result<(Stage, Play), String>;

fn play(world: &World, vector: &Vector) -> Planned {
    if let Expect::Other(_) = vector.expect {
        return Err("this version of the kit cannot read what is expected".to_owned());
    }
    let bytes = vector.bytes().ok_or("it has no bytes that could be sent")?;
    match vector.object.as_str() {
        "statement" => statement(world, vector, bytes),
        "exchange-request" | "redeliver-request" | "roster-request" | "audit-request" => {
            request(world, vector, bytes)
        }
        "witness-request" | "finding-request" => Err(
            "what is right depends on the logs that the target knows, and on what it keeps"
                .to_owned(),
        ),
        "signed-roster" => roster(world, vector, bytes),
        "signed-charter" => Err(
            "nothing that travels tells whether a charter was taken; a roster under it does"
                .to_owned(),
        ),
        "exchange-reply" | "redeliver-reply" | "roster-reply" | "audit-reply" | "witness-reply"
        | "finding-answer" | "receipt" | "refusal" => Err(
            "who asks reads it, and nothing that travels tells what the target made of it"
                .to_owned(),
        ),
        "leaf"
        | "facts"
        | "checkpoint"
        | "sequences"
        | "restored"
        | "finding-notice"
        | "signed-finding-reply"
        | "fork-evidence"
        | "roster-conflict"
        | "inclusion"
        | "consistency"
        | "consistency-receipt"
        | "evidence"
        | "parent-opening" => {
            Err("it travels inside other objects only, and who reads it says nothing".to_owned())
        }
        "concurrent" => Err("nothing that travels tells the state that a case comes to".to_owned()),
        other => Err(format!(
            "the kit cannot play an object `{other}` over the wire"
        )),
    }
}

// ---- Statements

fn statement(world: &World, vector: &Vector, bytes: Vec<u8>) -> Planned {
    let context = &vector.context;
    if let Some(story) = &context.story {
        return transition(world, vector, story, bytes);
    }
    is_for_this_target(world, context)?;
    let right = right_result(vector)?;
    let from = sender(world, vector, &bytes)?;
    let (stage, before) = if context.recorded == Some(true) {
        if !world.takes(&bytes) {
            return Err(FROM_BEFORE.to_owned());
        }
        (Stage::After, vec![(from.clone(), bytes.clone())])
    } else if let Some((opener, recipient)) = &context.parties {
        (Stage::After, case_before(world, &bytes, opener, recipient)?)
    } else if right == RightResult::Receipt {
        (Stage::Taken, Vec::new())
    } else {
        (Stage::Refused, Vec::new())
    };
    Ok((
        stage,
        Play::Statement {
            before,
            from,
            bytes,
            right,
        },
    ))
}

fn is_for_this_target(world: &World, context: &Context) -> Result<(), String> {
    let target = &world.target;
    let chain = context.chain.as_deref().unwrap_or(&target.chain);
    if context
        .now_ms
        .is_some_and(|now| world.is_before_its_chain(chain, now))
    {
        return Err(
            "a roster of its chain is younger than its clock, so no node can be there at that time"
                .to_owned(),
        );
    }
    let mut needs = Vec::new();
    if let Some(me) = context
        .me
        .as_deref()
        .filter(|me| *me != target.member.as_str())
    {
        needs.push(format!("--as {me}"));
    }
    if let Some(chain) = context
        .chain
        .as_deref()
        .filter(|chain| *chain != target.chain)
    {
        needs.push(format!("--chain {chain}"));
    }
    if let Some(now) = context.now_ms.filter(|now| *now != target.now_ms) {
        needs.push(format!("--now-ms {now}"));
    }
    if needs.is_empty() {
        return Ok(());
    }
    Err(format!("it needs another target: {}", needs.join(" ")))
}

fn right_result(vector: &Vector) -> Result<RightResult, String> {
    let (code, check) = match &vector.expect {
        Expect::Ok { .. } => return Ok(RightResult::Receipt),
        Expect::Refused { code, check } => (code.clone(), check),
        Expect::Other(_) => return Err(UNREADABLE.to_owned()),
    };
    match Check::from_name(check) {
        Some(Check::Known) => Ok(RightResult::SameLeaf),
        Some(check) if check.is_signed() => Ok(RightResult::Refusal(code)),
        Some(_) => Ok(RightResult::Code(code)),
        None => Err(UNREADABLE.to_owned()),
    }
}

/// As whom a statement is sent: its issuer, or anybody if nobody can be held to it.
fn sender(world: &World, vector: &Vector, bytes: &[u8]) -> Result<MemberId, String> {
    let anybody = || {
        let member = world.anybody().cloned();
        member.ok_or_else(|| "the kit plays no member of that chain".to_owned())
    };
    let Ok(received) = Received::read(bytes) else {
        return anybody();
    };
    if world.plays(received.issuer()) {
        return Ok(received.issuer().clone());
    }
    let unsigned = match &vector.expect {
        Expect::Refused { check, .. } => {
            Check::from_name(check).is_some_and(|check| check <= Check::Signature)
        }
        _ => false,
    };
    if unsigned {
        return anybody();
    }
    if *received.issuer() == world.target.member {
        return Err(
            "it is the target's own: who receives its own statement did not come by the wire"
                .to_owned(),
        );
    }
    Err(
        "its issuer is no member in that chain, so the gate of the target turns it away unread"
            .to_owned(),
    )
}

/// What must be registered for the target to know the case of a statement.
fn case_before(
    world: &World,
    bytes: &[u8],
    opener: &str,
    recipient: &str,
) -> Result<Vec<(MemberId, Vec<u8>)>, String> {
    let Some(statement) = world.open(bytes) else {
        // It fails before anybody asks for its case.
        return Ok(Vec::new());
    };
    let opening = world.opening(statement.case());
    let is_it = |opening: &&Statement| {
        opening.issuer().as_str() == opener && opening.payload().to.as_str() == recipient
    };
    let opening = opening.filter(is_it);
    let opening = opening.ok_or("the vectors have no statement that opens its case")?;
    if !world.plays(opening.issuer()) || opening.payload().to != world.target.member {
        return Err("the target itself would have to open the case".to_owned());
    }
    if opening.bytes() == bytes {
        return Ok(Vec::new());
    }
    if !world.takes(opening.bytes()) {
        return Err(FROM_BEFORE.to_owned());
    }
    Ok(vec![(opening.issuer().clone(), opening.bytes().to_vec())])
}

fn transition(world: &World, vector: &Vector, story: &str, bytes: Vec<u8>) -> Planned {
    let story = world.vectors.federation.stories.get(story);
    let story = story.ok_or("the vectors have no such story")?;
    let mut before = Vec::new();
    for said in &story.said {
        let said = said.as_str().and_then(unhex);
        let said = said.ok_or("its story is too long to be told")?;
        before.push((from_kit_to_target(world, &said)?, said));
    }
    let this = (from_kit_to_target(world, &bytes)?, bytes);
    let opens = world
        .open(&this.1)
        .is_some_and(|statement| statement.kind().opens());
    if before.is_empty() && !opens {
        return Err(
            "the target does not know the case, and says so before it asks what is legal"
                .to_owned(),
        );
    }
    let (_, first) = before.first().unwrap_or(&this);
    if !world.takes(first) {
        return Err(FROM_BEFORE.to_owned());
    }
    let (from, bytes) = this;
    let right = match &vector.expect {
        Expect::Ok { .. } => RightResult::Legal,
        Expect::Refused { code, .. } => RightResult::TurnedDown(code.clone()),
        Expect::Other(_) => return Err(UNREADABLE.to_owned()),
    };
    Ok((
        Stage::After,
        Play::Statement {
            before,
            from,
            bytes,
            right,
        },
    ))
}

fn from_kit_to_target(world: &World, bytes: &[u8]) -> Result<MemberId, String> {
    let statement = world.open(bytes).ok_or("its story cannot be read")?;
    if *statement.issuer() == world.target.member {
        return Err("the target itself would have to say a part of its story".to_owned());
    }
    if !world.plays(statement.issuer()) || statement.payload().to != world.target.member {
        return Err("it is not between the target and a member whom the kit plays".to_owned());
    }
    Ok(statement.issuer().clone())
}

// ---- Messages

fn request(world: &World, vector: &Vector, bytes: Vec<u8>) -> Planned {
    let on = match vector.object.as_str() {
        "roster-request" => Wire::Roster,
        "audit-request" => Wire::Audit,
        _ => Wire::Exchange,
    };
    let accepted = match &vector.expect {
        Expect::Ok { ok } => Some(ok),
        _ => None,
    };
    let manner = if bytes.len() > on.request_bytes_max() {
        Manner::TooLong
    } else {
        Manner::Whole
    };
    let number = |name: &str| -> Option<usize> { accepted?.get(name)?.as_str()?.parse().ok() };
    let right = match (vector.object.as_str(), accepted) {
        _ if manner == Manner::TooLong => RightReply::Closed,
        ("redeliver-request", Some(_)) => {
            return Err("what is right depends on the logs that the target has closed".to_owned());
        }
        (_, None) => on.right_to_unreadable(),
        ("roster-request", Some(ok)) => {
            let word = ok.get("word").and_then(|word| word.as_str());
            RightReply::Word(word.ok_or(UNREADABLE)?.replace("since", "chain"))
        }
        ("audit-request", Some(_)) => RightReply::Audit,
        (_, Some(_)) => RightReply::Results(number("statements").ok_or(UNREADABLE)?),
    };
    let stage = match accepted {
        Some(_) => Stage::Taken,
        None => Stage::Refused,
    };
    let from = if on == Wire::Audit {
        auditor(world)
    } else {
        world.anybody()
    };
    let from = from.ok_or("the kit plays no member of that chain")?;
    Ok((
        stage,
        Play::Message {
            from: Speaker::Member(from.clone()),
            on,
            bytes,
            manner,
            right,
        },
    ))
}

fn auditor(world: &World) -> Option<&MemberId> {
    let is_regulator = |id: &&MemberId| {
        let member = world.history.member(id);
        member.is_some_and(|member| {
            member
                .roles
                .iter()
                .any(|code| code.as_str() == role::REGULATOR)
        })
    };
    world
        .members
        .iter()
        .find(is_regulator)
        .or_else(|| world.anybody())
}

impl Wire {
    /// The name of the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exchange => protocol::EXCHANGE,
            Self::Witness => protocol::WITNESS,
            Self::Audit => protocol::AUDIT,
            Self::Roster => protocol::ROSTER,
            Self::Hello => protocol::HELLO,
        }
    }

    const fn right_to_unreadable(self) -> RightReply {
        match self {
            Self::Roster | Self::Hello => RightReply::Unknown,
            Self::Audit | Self::Witness => RightReply::BadRequest,
            Self::Exchange => RightReply::BadExchange,
        }
    }

    /// In bytes. What a stream of this protocol may carry to the target.
    const fn request_bytes_max(self) -> usize {
        match self {
            Self::Exchange => EXCHANGE_REQUEST_BYTES_MAX,
            Self::Witness => WITNESS_REQUEST_BYTES_MAX,
            Self::Audit | Self::Roster | Self::Hello => SMALL_REQUEST_BYTES_MAX,
        }
    }
}

/// One statement, as it travels.
#[must_use]
pub fn request_of(roster: RosterRef, statement: &[u8]) -> Vec<u8> {
    let offer = Offer(ByteBuf::from(statement), None, Vec::new());
    ExchangeRequest(roster, vec![offer]).encode()
}

// ---- Rosters

fn roster(world: &World, vector: &Vector, bytes: Vec<u8>) -> Planned {
    is_for_this_target(world, &vector.context)?;
    let before = world.roster_ref();
    let mut history = world.history.clone();
    let after = match &vector.expect {
        Expect::Ok { .. } => {
            let taken = history.add_roster(&bytes, world.target.now_ms);
            taken.map_err(|_| "the kit would not take it itself")?;
            history.roster_ref().unwrap_or(before)
        }
        _ => before,
    };
    let stage = if after == before {
        Stage::BadRoster
    } else {
        Stage::GoodRoster
    };
    Ok((stage, Play::Roster { bytes, after }))
}

const FROM_BEFORE: &str = "the target would have to have what comes before it from an earlier time: this one would not take it any more";

const NOT_MINIMAL: &str = "it is not asked of a minimal member";

const UNREADABLE: &str = "this version of the kit cannot read what is expected";

const OWN_RUN: &str = "it needs a run of its own, because the target takes another roster in this one: start the target anew, --only NAME";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_within_itself_and_within_its_chapter() {
        let check = |section, other, expected| {
            assert_eq!(is_within(section, other), expected, "{section} in {other}");
        };
        check("3.4 The header", "3", true);
        check("3.4", "3.4", true);
        check("3. Statement", "3", true);
        check("13.1", "1", false);
        check("3.41", "3.4", false);
        check("", "3", false);
    }
}
