//! Every structure of the wire with random content, as `proptest` strategies.
//!
//! What comes out is within the limits, coherent, and names nothing real. Lists
//! are short, so that a statement stays small; that the limits themselves can be
//! reached is the business of the tests of limits.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use comity_wire::audit_exchange::{AuditRecord, AuditReply, AuditRequest, Page, Records};
use comity_wire::body::*;
use comity_wire::consistency::{ConsistencyProof, ConsistencyReceipt};
use comity_wire::cose::SignedRoot;
use comity_wire::exchange::*;
use comity_wire::ext::Extension;
use comity_wire::finding::{FindingNotice, FindingReply};
use comity_wire::ids::{CaseId, Hash, Kid, MemberId, Nonce, PublicKey};
use comity_wire::leaf::{Facts, FactsItem, FactsResult, Leaf, LogHead, Origin, RosterRef};
use comity_wire::limits::{DURATION_MS_MAX, INTEGER_MAX, ITEM_NUMBER_MAX, ROUND_MAX, TIME_MS_MAX};
use comity_wire::notice::{NextSequence, Restored, Sequences, SignedNotice};
use comity_wire::parts::*;
use comity_wire::receipt::{InclusionProof, Receipt, WireReceipt};
use comity_wire::refusal::{Refusal, Refused};
use comity_wire::registry::*;
use comity_wire::roster_exchange::{RosterReply, RosterRequest};
use comity_wire::statement::{Draft, Statement};
use comity_wire::witness_exchange::{WitnessReply, WitnessRequest};
use comity_wire::words::*;
use ed25519_dalek::SigningKey;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_bytes::ByteBuf;

/// A signing key that is the same in every run.
#[must_use]
pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// Defines a strategy for each structure: one line for each field.
macro_rules! structures {
    ($($(#[$doc:meta])* $visible:vis $function:ident -> $name:ident { $($field:ident: $strategy:expr),* $(,)? })*) => {
        $(
            $(#[$doc])*
            $visible fn $function() -> BoxedStrategy<$name> {
                prop_compose! {
                    fn fields()($($field in $strategy),*) -> $name {
                        $name { $($field),* }
                    }
                }
                fields().boxed()
            }
        )*
    };
}

// ---- Words

/// A text of a certain form, from a strategy that always hits the form.
fn of_form<T: std::fmt::Debug + Clone + 'static>(
    texts: impl Strategy<Value = String> + 'static,
    new: fn(&str) -> Option<T>,
) -> BoxedStrategy<T> {
    texts
        .prop_filter_map("not of this form", move |text| new(&text))
        .boxed()
}

/// A number up to `max`, often one whose encoding is about to get longer.
fn up_to(max: u64) -> BoxedStrategy<u64> {
    let edges: Vec<u64> = [
        0,
        1,
        23,
        24,
        255,
        256,
        65_535,
        65_536,
        u64::from(u32::MAX),
        1 << 32,
    ]
    .into_iter()
    .filter(|edge| *edge < max)
    .chain([max])
    .collect();
    prop_oneof![select(edges), 0..=max].boxed()
}

fn from_1_to(max: u64) -> BoxedStrategy<u64> {
    up_to(max - 1).prop_map(|number| number + 1).boxed()
}

fn time() -> BoxedStrategy<TimeMs> {
    prop_oneof![up_to(TIME_MS_MAX), 1_700_000_000_000_u64..1_800_000_000_000].boxed()
}

fn duration() -> BoxedStrategy<DurationMs> {
    up_to(DURATION_MS_MAX)
}

fn integer() -> BoxedStrategy<u64> {
    up_to(INTEGER_MAX)
}

fn item_number() -> BoxedStrategy<ItemNumber> {
    from_1_to(ITEM_NUMBER_MAX)
}

fn round() -> BoxedStrategy<Round> {
    from_1_to(ROUND_MAX)
}

fn bytes<const N: usize, T: std::fmt::Debug>(new: fn([u8; N]) -> T) -> impl Strategy<Value = T> {
    any::<[u8; N]>().prop_map(new)
}

/// A hash.
pub fn hash() -> BoxedStrategy<Hash> {
    bytes(Hash::new).boxed()
}

fn nonce() -> BoxedStrategy<Nonce> {
    bytes(Nonce::new).boxed()
}

fn case_id() -> BoxedStrategy<CaseId> {
    bytes(CaseId::new).boxed()
}

fn public_key() -> BoxedStrategy<PublicKey> {
    (0_u8..8)
        .prop_map(|seed| PublicKey::new(key(seed).verifying_key().to_bytes()))
        .boxed()
}

/// A member.
pub fn member() -> BoxedStrategy<MemberId> {
    let names = prop_oneof![
        select(vec![
            "north.example",
            "south.example",
            "video.example",
            "regulator.example",
            "0"
        ])
        .prop_map(str::to_owned),
        "[a-z0-9][a-z0-9.-]{0,53}\\.example",
    ];
    of_form(names, MemberId::new)
}

/// A code that no registry has.
fn new_code() -> BoxedStrategy<Code> {
    of_form("[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?", Code::new)
}

/// A code of an open registry, at times one that is not there yet.
fn open(known: &'static [&'static str]) -> BoxedStrategy<Code> {
    let known = of_form(select(known).prop_map(str::to_owned), Code::new);
    prop_oneof![4 => known, 1 => new_code()].boxed()
}

/// A value of a closed registry.
fn closed<T: std::fmt::Debug + Clone + 'static>(all: &'static [T]) -> BoxedStrategy<T> {
    select(all).boxed()
}

fn country() -> BoxedStrategy<Country> {
    of_form("[A-Z]{2}", Country::new)
}

fn language() -> BoxedStrategy<Language> {
    of_form("[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?", Language::new)
}

/// One line in any script, at most 4 bytes for each letter.
const LINE: &str =
    "[^\\p{Cc}]{1,30}|[a-zåßéñ ]{1,40}|[ひらがな漢字]{1,20}|[אבג] [؀-ۿ]{1,20}|[👩‍👧🏽]{1,6}";

fn name() -> BoxedStrategy<Name> {
    of_form(LINE, Name::new)
}

fn reference() -> BoxedStrategy<Reference> {
    of_form(LINE, Reference::new)
}

fn text() -> BoxedStrategy<Text> {
    let lines = vec(LINE, 1..4).prop_map(|lines| lines.join("\n"));
    of_form(lines, Text::new)
}

fn maybe<T: std::fmt::Debug + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<T>> {
    option::of(value).boxed()
}

/// A short list.
fn some<T: std::fmt::Debug + 'static>(
    entry: impl Strategy<Value = T> + 'static,
    min: usize,
) -> BoxedStrategy<Vec<T>> {
    vec(entry, min..min + 3).boxed()
}

/// A short sorted list.
fn sorted<T: Keyed + std::fmt::Debug + 'static>(
    entry: impl Strategy<Value = T> + 'static,
    min: usize,
) -> BoxedStrategy<Sorted<T>> {
    some(entry, min).prop_map(Sorted::new).boxed()
}

fn byte_buf(length: std::ops::Range<usize>) -> BoxedStrategy<ByteBuf> {
    vec(any::<u8>(), length).prop_map(ByteBuf::from).boxed()
}

fn extensions() -> BoxedStrategy<Sorted<Extension>> {
    let name = of_form("[a-z0-9][a-z0-9.-]{0,63}", ExtensionName::new);
    // Not critical: nobody knows them.
    let extension = (name, byte_buf(0..40)).prop_map(|(name, value)| Extension(name, false, value));
    sorted(extension, 1)
}

// ---- Parts

fn host() -> impl Strategy<Value = String> {
    "([a-z0-9-]{1,12}\\.)?(example|[a-z]{1,8}\\.invalid|example\\.(com|net|org))"
}

fn url() -> BoxedStrategy<LocatorText> {
    let path = "[a-zA-Z0-9/_.~%&=é漢-]{0,40}";
    let url = (host(), path).prop_map(|(host, path)| format!("https://{host}/{path}"));
    of_form(url, LocatorText::new)
}

fn onion() -> BoxedStrategy<LocatorText> {
    of_form(
        "http://[a-z2-7]{16}\\.onion\\.example/[a-z]{0,9}",
        LocatorText::new,
    )
}

/// An address reserved for documentation.
pub fn ip() -> BoxedStrategy<Ip> {
    let network = select(vec![[192, 0, 2], [198, 51, 100], [203, 0, 113]]);
    let four =
        (network, any::<u8>()).prop_map(|([a, b, c], d)| IpAddr::V4(Ipv4Addr::new(a, b, c, d)));
    let six =
        any::<u16>().prop_map(|low| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, low)));
    prop_oneof![four, six].prop_map(Ip::new).boxed()
}

/// A locator of each sort.
pub fn locator() -> BoxedStrategy<Locator> {
    let id = || of_form(LINE, LocatorText::new);
    let hashes = (select(vec!["sha-256", "md5", "pdq"]), byte_buf(1..40))
        .prop_filter_map("a code", |(algorithm, value)| {
            Some((Code::new(algorithm)?, value))
        });
    prop_oneof![
        3 => url().prop_map(Locator::Url),
        1 => onion().prop_map(Locator::Onion),
        1 => (name(), id()).prop_map(Locator::Account),
        1 => (name(), id()).prop_map(Locator::ContentId),
        1 => vec(hashes, 1..4).prop_map(Locator::HashSet),
        1 => (ip(), maybe(up_to(65_535)), time()).prop_map(Locator::IpPortTime),
    ]
    .boxed()
}

structures! {
    /// An item.
    pub item -> Item {
        n: item_number(),
        scope: open(&scope::KNOWN),
        hosting: some(hosting(), 0),
        locator: locator(),
        assessments: some(assessment(), 0),
    }

    /// A fact of where an item was.
    pub hosting -> Hosting {
        at: time(),
        ip: maybe(ip()),
        asn: maybe(up_to(4_294_967_295)),
        name: maybe(name()),
        role: open(&hosting_role::KNOWN),
        source: new_code(),
        country: maybe(country()),
    }

    /// What one assessor found.
    pub assessment -> Assessment {
        at: time(),
        age: maybe(new_code()),
        code: reference(),
        unit: open(&unit::KNOWN),
        gender: maybe(new_code()),
        scheme: new_code(),
        context: some(new_code(), 0),
        assessor: member(),
        baseline: open(&baseline::KNOWN),
        severity: maybe(new_code()),
        standing: sorted((country(), open(&standing::KNOWN)), 0),
        depiction: open(&depiction::KNOWN),
        reviewers: up_to(16),
        confidence: open(&confidence::KNOWN),
        same_image: open(&same_image::KNOWN),
        scheme_version: reference(),
    }

    /// A legal ground.
    pub ground -> Ground {
        nature: open(&nature::KNOWN),
        article: maybe(reference()),
        redress: maybe(text()),
        authority: maybe(name()),
        order_ref: maybe(reference()),
        good_faith: any::<bool>(),
        instrument: new_code(),
        jurisdiction: country(),
    }

    /// In what capacity the report was made.
    pub requester -> Requester {
        attested: any::<bool>(),
        capacity: open(&requester_capacity::KNOWN),
    }

    /// Something that was done.
    pub measure -> Measure {
        until: maybe(time()),
        action: open(&measure_action::KNOWN),
        reason: maybe(open(&reason::KNOWN)),
        target: open(&measure_target::KNOWN),
        automated: any::<bool>(),
        territories: maybe(sorted(country(), 1)),
        effective_at: time(),
    }

    /// How to treat what is told.
    pub handling -> Handling {
        lang: language(),
        audience: open(&audience::KNOWN),
        sensitive: open(&sensitive::KNOWN),
        notify_uploader: prop_oneof![
            Just(NotifyUploader::Allowed),
            Just(NotifyUploader::Forbidden),
            time().prop_map(NotifyUploader::DelayUntil),
        ],
    }
}

// ---- Bodies

structures! {
    takedown_request -> TakedownRequest {
        text: maybe(text()),
        asked: some((open(&measure_target::KNOWN), open(&measure_action::KNOWN)), 1),
        basis: some(ground(), 1),
        items: sorted(item(), 1),
        clocks: some(new_code(), 0),
        urgency: open(&urgency::KNOWN),
        capacity: open(&capacity::KNOWN),
        reference: reference(),
        requester: requester(),
        assessed_at: time(),
        reported_at: maybe(time()),
        preserve_until: maybe(time()),
    }

    referral -> Referral {
        done: some(measure(), 0),
        text: maybe(text()),
        items: sorted(item(), 1),
        reason: open(&referral_reason::KNOWN),
        urgency: open(&urgency::KNOWN),
        clearance: open(&clearance::KNOWN),
        reference: reference(),
        assessed_at: time(),
        reported_at: time(),
    }

    transfer -> Transfer {
        of: hash(),
        text: maybe(text()),
        items: sorted(item(), 1),
        reason: open(&transfer_reason::KNOWN),
        urgency: open(&urgency::KNOWN),
    }

    /// May refuse without saying why: see `acknowledgement`.
    any_acknowledgement -> Acknowledgement {
        by: open(&by::KNOWN),
        code: maybe(open(&answer_code::KNOWN)),
        next: maybe(prop_oneof![name().prop_map(Next::Name), member().prop_map(Next::Member)]),
        text: maybe(text()),
        items: maybe(sorted(item_number(), 1)),
        names: maybe(sorted(hash(), 1)),
        answer: closed(&Answer::ALL),
        expected_by: maybe(time()),
    }

    outcome -> Outcome {
        text: maybe(text()),
        basis: closed(&Basis::ALL),
        items: sorted(outcome_item(), 1),
        complete: closed(&Complete::ALL),
    }

    amendment -> Amendment {
        text: maybe(text()),
        items: maybe(sorted(item(), 1)),
        hosting: maybe(some((item_number(), hosting()), 1)),
        urgency: maybe(open(&urgency::KNOWN)),
        handling: maybe(handling()),
        assessments: maybe(some((item_number(), assessment()), 1)),
    }

    withdrawal -> Withdrawal {
        code: open(&withdrawal_code::KNOWN),
        text: maybe(text()),
        basis: closed(&Basis::ALL),
        items: maybe(sorted(item_number(), 1)),
    }

    dispute -> Dispute {
        of: hash(),
        code: open(&dispute_code::KNOWN),
        text: maybe(text()),
        items: maybe(sorted((item_number(), round()), 1)),
    }

    resolution -> Resolution {
        of: hash(),
        code: maybe(new_code()),
        text: maybe(text()),
        result: open(&resolution_result::KNOWN),
    }

    information_request -> InformationRequest {
        asks: some(open(&information_ask::KNOWN), 1),
        text: maybe(text()),
        items: maybe(sorted(item_number(), 1)),
    }

    information -> Information {
        of: hash(),
        text: maybe(text()),
        hosting: maybe(some((item_number(), hosting()), 1)),
        assessments: maybe(some((item_number(), assessment()), 1)),
    }

    observation -> Observation {
        basis: closed(&Basis::ALL),
        items: sorted(observation_item(), 1),
    }

    hold -> Hold {
        by: open(&hold_authority::KNOWN),
        until: maybe(time()),
        result: maybe(open(&hold_result::KNOWN)),
        asked_at: time(),
        answered_at: maybe(time()),
    }

    erasure_notice -> ErasureNotice {
        what: prop_oneof![Just(Erased::Case), sorted(hash(), 1).prop_map(Erased::Statements)],
        ground: open(&erasure_ground::KNOWN),
    }
}

/// A refusal says why.
fn acknowledgement() -> BoxedStrategy<Acknowledgement> {
    (any_acknowledgement(), open(&answer_code::KNOWN))
        .prop_map(|(mut body, code)| {
            if body.answer == Answer::Refused {
                body.code.get_or_insert(code);
            }
            body
        })
        .boxed()
}

fn outcome_item() -> BoxedStrategy<OutcomeItem> {
    let answer = closed(&OutcomeAnswer::ALL);
    let reason = || open(&reason::KNOWN);
    let row = (item_number(), round(), answer, some(measure(), 0));
    let rest = (
        maybe(reason()),
        reason(),
        maybe(locator()),
        maybe(item_number()),
    );
    (row, rest)
        .prop_map(
            |((n, round, answer, measures), (why, why_reinstated, moved_to, child_n))| {
                let reinstated = answer == OutcomeAnswer::Reinstated;
                let why = why.or_else(|| reinstated.then_some(why_reinstated));
                OutcomeItem(n, round, answer, measures, why, moved_to, child_n)
            },
        )
        .boxed()
}

fn observation_item() -> BoxedStrategy<ObservationItem> {
    let result = closed(&ObservationResult::ALL);
    let method = open(&observation_method::KNOWN);
    (
        item_number(),
        round(),
        result,
        method,
        maybe(country()),
        time(),
    )
        .prop_map(|(n, round, result, method, vantage, at)| {
            ObservationItem(n, round, result, method, vantage, at)
        })
        .boxed()
}

/// A body of this kind.
pub fn body_of(kind: Kind) -> BoxedStrategy<Body> {
    match kind {
        Kind::TakedownRequest => takedown_request().prop_map(Body::TakedownRequest).boxed(),
        Kind::Referral => referral().prop_map(Body::Referral).boxed(),
        Kind::Transfer => transfer().prop_map(Body::Transfer).boxed(),
        Kind::Acknowledgement => acknowledgement().prop_map(Body::Acknowledgement).boxed(),
        Kind::Outcome => outcome().prop_map(Body::Outcome).boxed(),
        Kind::Amendment => amendment().prop_map(Body::Amendment).boxed(),
        Kind::Withdrawal => withdrawal().prop_map(Body::Withdrawal).boxed(),
        Kind::Dispute => dispute().prop_map(Body::Dispute).boxed(),
        Kind::Resolution => resolution().prop_map(Body::Resolution).boxed(),
        Kind::InformationRequest => information_request()
            .prop_map(Body::InformationRequest)
            .boxed(),
        Kind::Information => information().prop_map(Body::Information).boxed(),
        Kind::Observation => observation().prop_map(Body::Observation).boxed(),
        Kind::Hold => hold().prop_map(Body::Hold).boxed(),
        Kind::Release => hold().prop_map(Body::Release).boxed(),
        Kind::ErasureNotice => erasure_notice().prop_map(Body::ErasureNotice).boxed(),
    }
}

/// A body of any kind.
pub fn body() -> BoxedStrategy<Body> {
    closed(&Kind::ALL).prop_flat_map(body_of).boxed()
}

// ---- Statements

structures! {
    /// A draft whose case id is not the one of its nonce: see [`draft_of`].
    any_draft -> Draft {
        issuer: member(),
        case: case_id(),
        issued_at_s: up_to(TIME_MS_MAX / 1000),
        to: member(),
        fed: hash(),
        re: sorted(hash(), 0),
        refs: maybe(sorted(hash(), 1)),
        evidence: maybe(sorted(hash(), 1)),
        parent: maybe(hash()),
        nonce: nonce(),
        case_nonce: maybe(nonce()),
        handling: handling(),
        ext: maybe(extensions()),
        body: body(),
    }
}

/// A draft of this kind that opens a case as it should, if it does.
pub fn draft_of(kind: Kind) -> BoxedStrategy<Draft> {
    (any_draft(), body_of(kind), nonce())
        .prop_map(move |(mut draft, body, nonce)| {
            draft.body = body;
            draft.case_nonce = kind.opens().then_some(nonce);
            if kind.opens() {
                draft.case = CaseId::derive(&draft.issuer, &nonce);
                draft.re = Sorted::default();
            }
            draft
        })
        .boxed()
}

/// A draft of any kind.
pub fn draft() -> BoxedStrategy<Draft> {
    closed(&Kind::ALL).prop_flat_map(draft_of).boxed()
}

/// A statement, signed with `key(1)`.
pub fn statement() -> BoxedStrategy<Statement> {
    signed(draft())
}

/// A statement of this kind, signed with `key(1)`.
pub fn statement_of(kind: Kind) -> BoxedStrategy<Statement> {
    signed(draft_of(kind))
}

fn signed(draft: BoxedStrategy<Draft>) -> BoxedStrategy<Statement> {
    draft
        .prop_filter_map("does not fit", |draft| draft.sign(&key(1)).ok())
        .boxed()
}

// ---- Records, receipts, refusals

/// Names a roster.
pub fn roster_ref() -> BoxedStrategy<RosterRef> {
    (integer(), hash())
        .prop_map(|(version, hash)| RosterRef(version, hash))
        .boxed()
}

fn origin() -> BoxedStrategy<Origin> {
    (hash(), member(), 1_u32..=999_999_999)
        .prop_map(|(fed, member, n)| Origin { fed, member, n })
        .boxed()
}

fn log_head() -> BoxedStrategy<LogHead> {
    (origin(), integer(), hash())
        .prop_map(|(origin, size, root)| LogHead(origin, size, root))
        .boxed()
}

structures! {
    /// A record.
    pub leaf -> Leaf {
        v: Just(Version),
        ext: maybe(extensions()),
        seq: maybe(integer()),
        case: maybe(case_id()),
        kind: open(&record_kind::KNOWN),
        salt: nonce(),
        time: time(),
        facts: maybe(hash()),
        index: integer(),
        roster: roster_ref(),
        direction: maybe(open(&direction::KNOWN)),
        statement: maybe(hash()),
        counterpart: maybe(member()),
        predecessor: maybe(log_head()),
        statement_kind: maybe(closed(&Kind::ALL)),
    }

    /// What a record commits to.
    pub facts -> Facts {
        by: maybe(open(&by::KNOWN)),
        re: maybe(sorted(hash(), 0)),
        code: maybe(new_code()),
        salt: nonce(),
        basis: maybe(closed(&Basis::ALL)),
        items: maybe(sorted(facts_item(), 1)),
        until: maybe(time()),
        answer: maybe(closed(&Answer::ALL)),
        clocks: maybe(some(new_code(), 0)),
        parent: maybe((nonce(), case_id(), hash())),
        claimed: maybe(time()),
        receipt: maybe(hash()),
        urgency: maybe(open(&urgency::KNOWN)),
        complete: maybe(closed(&Complete::ALL)),
        evidence: maybe(hash()),
        standing: maybe(sorted((country(), open(&standing::KNOWN)), 1)),
        reported_at: maybe(time()),
        jurisdictions: maybe(sorted(country(), 1)),
    }

    /// What a refusal says.
    pub refused -> Refused {
        of: hash(),
        to: member(),
        code: new_code(),
        roster: roster_ref(),
        retry_after: maybe(duration()),
    }

    /// The announcement of a restored log.
    pub restored -> Restored {
        v: Just(Version),
        fed: hash(),
        key: public_key(),
        time: time(),
        closed: log_head(),
        member: member(),
        opened: origin(),
        witness: public_key(),
        restored: integer(),
    }

    /// A finding for its subject.
    pub finding_notice -> FindingNotice {
        v: Just(Version),
        by: member(),
        id: hash(),
        of: member(),
        fed: hash(),
        case: maybe(case_id()),
        code: new_code(),
        head: maybe(log_head()),
        clock: maybe(new_code()),
        found: time(),
        index: maybe(integer()),
        until: time(),
        statement: maybe(hash()),
        counterpart: maybe(member()),
    }

    /// A reply to a finding.
    pub finding_reply -> FindingReply {
        v: Just(Version),
        of: hash(),
        code: new_code(),
        text: maybe(text()),
        time: time(),
    }
}

fn facts_item() -> BoxedStrategy<FactsItem> {
    let result = prop_oneof![
        closed(&OutcomeAnswer::ALL).prop_map(FactsResult::Outcome),
        closed(&ObservationResult::ALL).prop_map(FactsResult::Observation),
    ];
    (
        item_number(),
        round(),
        result,
        some(measure(), 0),
        maybe(time()),
    )
        .prop_map(|(n, round, result, measures, at)| FactsItem(n, round, result, measures, at))
        .boxed()
}

/// A proof of inclusion.
pub fn proof() -> BoxedStrategy<InclusionProof> {
    (from_1_to(INTEGER_MAX), any::<u64>(), some(hash(), 1))
        .prop_map(|(tree_size, place, path)| InclusionProof {
            tree_size,
            leaf_index: place % tree_size,
            path,
        })
        .boxed()
}

/// A receipt, signed with `key(2)` over a root that says nothing.
pub fn receipt() -> BoxedStrategy<Receipt> {
    (leaf(), proof(), hash())
        .prop_filter_map("a leaf that fits", |(mut leaf, proof, root)| {
            leaf.index = proof.leaf_index;
            Receipt::new(
                &SignedRoot::new(&key(2), root.as_bytes()),
                &leaf.encode(),
                &proof,
            )
            .ok()
        })
        .boxed()
}

/// A consistency receipt, signed with `key(2)` over a root that says nothing.
pub fn consistency_receipt() -> BoxedStrategy<ConsistencyReceipt> {
    (proof(), hash())
        .prop_map(|(inclusion, root)| {
            let root = SignedRoot::new(&key(2), root.as_bytes());
            let proof = ConsistencyProof {
                old_size: inclusion.leaf_index,
                new_size: inclusion.tree_size,
                path: inclusion.path,
            };
            ConsistencyReceipt::new(&root, &proof)
        })
        .prop_filter_map("a path that can be encoded", Result::ok)
        .boxed()
}

fn wire_receipt() -> BoxedStrategy<WireReceipt> {
    receipt().prop_map(|receipt| receipt.wire().clone()).boxed()
}

/// A refusal, signed with `key(1)`.
pub fn refusal() -> BoxedStrategy<Vec<u8>> {
    refused()
        .prop_map(|refused| Refusal::sign(&key(1), &refused))
        .boxed()
}

/// The sequence numbers of a log.
pub fn sequences() -> BoxedStrategy<Sequences> {
    let next = (member(), integer()).prop_map(|(member, next)| NextSequence(member, next));
    (origin(), integer(), hash(), sorted(next, 0))
        .prop_map(|(origin, size, root, next)| Sequences(origin, size, root, next))
        .boxed()
}

/// Signed sequence numbers.
pub fn signed_sequences() -> BoxedStrategy<Vec<u8>> {
    sequences()
        .prop_map(|content| SignedNotice::sign(&key(1), &content))
        .boxed()
}

/// A signed announcement of a restored log.
pub fn signed_restored() -> BoxedStrategy<Vec<u8>> {
    restored()
        .prop_map(|content| SignedNotice::sign(&key(1), &content))
        .boxed()
}

// ---- Exchanges

/// A batch of statements.
pub fn exchange_request() -> BoxedStrategy<ExchangeRequest> {
    let offer = (statement(), maybe(wire_receipt()), some(byte_buf(1..40), 0)).prop_map(
        |(statement, earlier, evidence)| Offer(ByteBuf::from(statement.bytes()), earlier, evidence),
    );
    (roster_ref(), some(offer, 1))
        .prop_map(|(roster, offers)| ExchangeRequest(roster, offers))
        .boxed()
}

/// What became of a batch.
pub fn exchange_reply() -> BoxedStrategy<ExchangeReply> {
    let result = prop_oneof![
        wire_receipt().prop_map(ExchangeResult::Registered),
        refusal().prop_map(|refusal| ExchangeResult::Refused(ByteBuf::from(refusal))),
        (open(&exchange_code::KNOWN), maybe(duration()))
            .prop_map(|(code, after)| ExchangeResult::Turned(code, after)),
    ];
    (roster_ref(), maybe(checkpoint()), some(result, 1))
        .prop_map(|(roster, checkpoint, results)| ExchangeReply(roster, checkpoint, results))
        .boxed()
}

/// A request of a restored member.
pub fn redeliver_request() -> BoxedStrategy<RedeliverRequest> {
    (origin(), integer())
        .prop_map(|(origin, from)| RedeliverRequest(Redeliver::Redeliver, origin, from))
        .boxed()
}

/// What a restored member gets.
pub fn redeliver_reply() -> BoxedStrategy<RedeliverReply> {
    let row = (statement(), maybe(wire_receipt()))
        .prop_map(|(statement, receipt)| (ByteBuf::from(statement.bytes()), receipt));
    (roster_ref(), some(row, 0), maybe(integer()))
        .prop_map(|(roster, rows, next)| RedeliverReply(roster, rows, next))
        .boxed()
}

/// What a peer asks about rosters.
pub fn roster_request() -> BoxedStrategy<RosterRequest> {
    prop_oneof![
        roster_ref().prop_map(RosterRequest::Hello),
        integer().prop_map(RosterRequest::Since),
        (integer(), integer()).prop_map(|(version, offset)| RosterRequest::Part(version, offset)),
    ]
    .boxed()
}

/// What a peer says about rosters. Chains are empty: what stands in them is not
/// a structure of `comity-wire`.
pub fn roster_reply() -> BoxedStrategy<RosterReply> {
    prop_oneof![
        (roster_ref(), maybe(open(&exchange_code::KNOWN)))
            .prop_map(|(roster, code)| RosterReply::Hello(roster, code)),
        any::<bool>().prop_map(|more| RosterReply::Chain(Vec::new(), Vec::new(), more)),
        (integer(), integer(), byte_buf(0..100))
            .prop_map(|(version, size, bytes)| RosterReply::Part(version, size, bytes)),
        roster_ref().prop_map(RosterReply::Unknown),
    ]
    .boxed()
}

/// What an auditor asks for.
pub fn audit_request() -> BoxedStrategy<AuditRequest> {
    (origin(), integer(), maybe(integer()), maybe(reference()))
        .prop_map(|(origin, from, size, mandate)| {
            AuditRequest(Records::Records, origin, from, size, mandate)
        })
        .boxed()
}

/// What an auditor gets. The paths lead nowhere.
pub fn audit_reply() -> BoxedStrategy<AuditReply> {
    let record = (leaf(), maybe(facts()), some(hash(), 0)).prop_map(|(leaf, facts, path)| {
        let facts = facts.map(|facts| ByteBuf::from(facts.encode()));
        AuditRecord(ByteBuf::from(leaf.encode()), facts, path)
    });
    let sequences = signed_sequences().prop_map(ByteBuf::from);
    let page = (
        roster_ref(),
        checkpoint(),
        some(record, 0),
        maybe(sequences),
        maybe(integer()),
    )
        .prop_map(|(roster, checkpoint, records, sequences, next)| Page {
            roster,
            checkpoint,
            records,
            sequences,
            next,
        });
    prop_oneof![
        3 => page.prop_map(AuditReply::Records),
        1 => (roster_ref(), open(&audit_code::KNOWN), maybe(duration()))
            .prop_map(|(roster, code, after)| AuditReply::Refused(roster, code, after)),
    ]
    .boxed()
}

/// What a witness is asked.
pub fn witness_request() -> BoxedStrategy<WitnessRequest> {
    prop_oneof![
        checkpoint().prop_map(WitnessRequest::AddCheckpoint),
        (origin(), maybe(integer())).prop_map(|(origin, from)| WitnessRequest::Head(origin, from)),
        byte_buf(1..100).prop_map(WitnessRequest::Evidence),
    ]
    .boxed()
}

/// What a witness answers. The paths lead nowhere.
pub fn witness_reply() -> BoxedStrategy<WitnessReply> {
    prop_oneof![
        (200_u64..=599, checkpoint()).prop_map(|(status, text)| WitnessReply::Answer(status, text)),
        (maybe(checkpoint()), maybe(some(hash(), 0)))
            .prop_map(|(checkpoint, path)| WitnessReply::Head(checkpoint, path)),
        hash().prop_map(WitnessReply::Taken),
        (roster_ref(), open(&witness_code::KNOWN), maybe(duration()))
            .prop_map(|(roster, code, after)| WitnessReply::Refused(roster, code, after)),
    ]
    .boxed()
}

/// A text like a checkpoint, without its signature.
fn checkpoint() -> BoxedStrategy<Box<str>> {
    "[0-9a-f]{64}/north\\.example/1\n[0-9]{1,9}\n[A-Za-z0-9+/]{43}=\n"
        .prop_map(String::into_boxed_str)
        .boxed()
}

/// The id of the key that [`statement`] is signed with.
#[must_use]
pub fn kid() -> Kid {
    comity_wire::cose::kid_of(&key(1))
}
