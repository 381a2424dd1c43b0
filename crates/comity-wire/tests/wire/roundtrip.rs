//! What is generated encodes, decodes to the same, and is valid under its rule of
//! the CDDL.

use std::fmt::Debug;

use comity_testkit::{arbitrary, cddl};
use comity_wire::audit_exchange::{AuditReply, AuditRequest};
use comity_wire::body::Body;
use comity_wire::cbor;
use comity_wire::consistency::ConsistencyReceipt;
use comity_wire::exchange::{
    ExchangeReply, ExchangeRequest, ExchangeResult, RedeliverReply, RedeliverRequest,
};
use comity_wire::finding::{FindingAnswer, FindingNotice, FindingReply, FindingRequest};
use comity_wire::ids::Hash;
use comity_wire::leaf::{Facts, Leaf, RosterRef};
use comity_wire::limited::Limited as _;
use comity_wire::notice::{Restored, Sequences, SignedNotice};
use comity_wire::object::ObjectError;
use comity_wire::receipt::Receipt;
use comity_wire::refusal::Refusal;
use comity_wire::roster_exchange::{RosterReply, RosterRequest};
use comity_wire::statement::{Received, Statement};
use comity_wire::witness_exchange::{WitnessReply, WitnessRequest};
use comity_wire::words::Code;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_bytes::ByteBuf;

/// The value comes back from its bytes, and the bytes are valid under the rule.
fn check<T: Debug + PartialEq>(
    rule: &str,
    value: &T,
    bytes: &[u8],
    decode: impl Fn(&[u8]) -> Result<T, ObjectError>,
) -> TestCaseResult {
    let decoded = decode(bytes);
    prop_assert_eq!(decoded.as_ref(), Ok(value));
    cddl::validate(rule, bytes).map_err(TestCaseError::fail)
}

fn read(bytes: &[u8]) -> Statement {
    let received = Received::read(bytes).unwrap();
    let signed = received.verify(&arbitrary::key(1).verifying_key()).unwrap();
    signed.open().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_body(body in arbitrary::body()) {
        let bytes = body.encode();
        prop_assert_eq!(Body::decode(body.kind(), &bytes), Ok(body.clone()));
        prop_assert_eq!(body.is_coherent(), Ok(()));
        prop_assert_eq!(body.within_limits(), Ok(()));
        cddl::validate(body.kind().as_str(), &bytes).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn a_statement(draft in arbitrary::draft()) {
        let statement = draft.clone().sign(&arbitrary::key(1)).unwrap();
        prop_assert_eq!(&read(statement.bytes()), &statement);
        prop_assert_eq!(*statement.id(), Hash::of(statement.bytes()));
        prop_assert_eq!(statement.kid(), &arbitrary::kid());
        prop_assert_eq!(statement.issuer(), &draft.issuer);
        prop_assert_eq!(statement.case(), &draft.case);
        prop_assert_eq!(statement.issued_at_s(), draft.issued_at_s);
        prop_assert_eq!(statement.body(), &draft.body);
        let payload = statement.payload();
        prop_assert_eq!(&payload.re, &draft.re);
        prop_assert_eq!(&payload.to, &draft.to);
        prop_assert_eq!(&payload.ext, &draft.ext);
        prop_assert_eq!(&payload.fed, &draft.fed);
        prop_assert_eq!(&payload.refs, &draft.refs);
        prop_assert_eq!(&payload.nonce, &draft.nonce);
        prop_assert_eq!(&payload.parent, &draft.parent);
        prop_assert_eq!(&payload.evidence, &draft.evidence);
        prop_assert_eq!(&payload.handling, &draft.handling);
        prop_assert_eq!(&payload.case_nonce, &draft.case_nonce);
        cddl::validate("statement", statement.bytes()).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn a_leaf(leaf in arbitrary::leaf()) {
        check("leaf", &leaf, &leaf.encode(), Leaf::decode)?;
    }

    #[test]
    fn facts(facts in arbitrary::facts()) {
        check("facts", &facts, &facts.encode(), Facts::decode)?;
        prop_assert_eq!(facts.hash(), Hash::of(&facts.encode()));
    }

    #[test]
    fn a_receipt(receipt in arbitrary::receipt()) {
        check("receipt", &receipt, &receipt.encode(), Receipt::read)?;
        prop_assert_eq!(Receipt::from_wire(receipt.wire().clone()), Ok(receipt));
    }

    #[test]
    fn a_consistency_receipt(receipt in arbitrary::consistency_receipt()) {
        check("consistency-receipt", &receipt, &receipt.encode(), ConsistencyReceipt::read)?;
    }

    #[test]
    fn a_refusal(refused in arbitrary::refused()) {
        let key = arbitrary::key(1);
        let bytes = Refusal::sign(&key, &refused);
        let refusal = Refusal::read(&bytes).unwrap();
        prop_assert_eq!(refusal.verify(&key.verifying_key()), Ok(&refused));
        prop_assert_eq!(refusal.bytes(), &bytes);
        cddl::validate("refusal", &bytes).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn sequences(content in arbitrary::sequences()) {
        let key = arbitrary::key(1);
        let bytes = SignedNotice::sign(&key, &content);
        let notice = SignedNotice::<Sequences>::read(&bytes).unwrap();
        prop_assert_eq!(notice.verify(&key.verifying_key()), Ok(&content));
        cddl::validate("sequences", &bytes).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn restored(content in arbitrary::restored()) {
        let key = arbitrary::key(1);
        let bytes = SignedNotice::sign(&key, &content);
        let notice = SignedNotice::<Restored>::read(&bytes).unwrap();
        prop_assert_eq!(notice.verify(&key.verifying_key()), Ok(&content));
        cddl::validate("restored", &bytes).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn a_finding(content in arbitrary::finding_notice()) {
        let key = arbitrary::key(1);
        let bytes = SignedNotice::sign(&key, &content);
        let notice = SignedNotice::<FindingNotice>::read(&bytes).unwrap();
        prop_assert_eq!(notice.verify(&key.verifying_key()), Ok(&content));
        cddl::validate("finding-notice", &bytes).map_err(TestCaseError::fail)?;
        let request = FindingRequest::Finding(ByteBuf::from(bytes.clone()));
        check("finding-request", &request, &request.encode(), FindingRequest::decode)?;
        let answer = FindingAnswer::Noted(Hash::of(&bytes));
        check("finding-answer", &answer, &answer.encode(), FindingAnswer::decode)?;
    }

    #[test]
    fn a_reply_to_a_finding(content in arbitrary::finding_reply()) {
        let key = arbitrary::key(1);
        let bytes = SignedNotice::sign(&key, &content);
        let notice = SignedNotice::<FindingReply>::read(&bytes).unwrap();
        prop_assert_eq!(notice.verify(&key.verifying_key()), Ok(&content));
        prop_assert!(SignedNotice::<FindingNotice>::read(&bytes).is_err());
        cddl::validate("signed-finding-reply", &bytes).map_err(TestCaseError::fail)?;
        let request = FindingRequest::Reply(ByteBuf::from(bytes));
        check("finding-request", &request, &request.encode(), FindingRequest::decode)?;
    }

    #[test]
    fn an_exchange_request(request in arbitrary::exchange_request()) {
        check("exchange-request", &request, &request.encode(), ExchangeRequest::decode)?;
    }

    #[test]
    fn an_exchange_reply(reply in arbitrary::exchange_reply()) {
        let asked = reply.2.len();
        check("exchange-reply", &reply, &reply.encode(), |bytes| ExchangeReply::decode(bytes, asked))?;
        // One answer to a request that could not be read stands for all: see below.
        if !matches!(reply.2.as_slice(), [ExchangeResult::Turned(code, None)] if code.as_str() == "bad-exchange") {
            let other_length = ExchangeReply::decode(&reply.encode(), asked + 1).unwrap_err();
            prop_assert_eq!(other_length.code(), "over-limit");
        }
    }

    #[test]
    fn one_answer_to_a_request_that_could_not_be_read_is_the_answer_to_each_statement(asked in 2_usize..=256) {
        let roster = RosterRef(1, Hash::of(b"roster"));
        let turned = |code| ExchangeResult::Turned(Code::new(code).unwrap(), None);
        let reply = |code| ExchangeReply(roster, None, vec![turned(code)]).encode();
        let read = ExchangeReply::decode(&reply("bad-exchange"), asked).unwrap();
        prop_assert_eq!(read.2, vec![turned("bad-exchange"); asked]);
        let another = ExchangeReply::decode(&reply("busy"), asked).unwrap_err();
        prop_assert_eq!(another.code(), "over-limit");
    }

    #[test]
    fn a_redelivery(request in arbitrary::redeliver_request(), reply in arbitrary::redeliver_reply()) {
        check("redeliver-request", &request, &request.encode(), RedeliverRequest::decode)?;
        check("redeliver-reply", &reply, &reply.encode(), RedeliverReply::decode)?;
    }

    #[test]
    fn a_roster_exchange(request in arbitrary::roster_request(), reply in arbitrary::roster_reply()) {
        check("roster-request", &request, &request.encode(), RosterRequest::decode)?;
        check("roster-reply", &reply, &reply.encode(), RosterReply::decode)?;
    }

    #[test]
    fn an_audit(request in arbitrary::audit_request(), reply in arbitrary::audit_reply()) {
        check("audit-request", &request, &request.encode(), AuditRequest::decode)?;
        check("audit-reply", &reply, &reply.encode(), AuditReply::decode)?;
    }

    #[test]
    fn a_witness(request in arbitrary::witness_request(), reply in arbitrary::witness_reply()) {
        check("witness-request", &request, &request.encode(), WitnessRequest::decode)?;
        check("witness-reply", &reply, &reply.encode(), WitnessReply::decode)?;
    }

    #[test]
    fn parts(
        item in arbitrary::item(),
        ground in arbitrary::ground(),
        measure in arbitrary::measure(),
        handling in arbitrary::handling(),
        requester in arbitrary::requester(),
    ) {
        let fail = |error: String| TestCaseError::fail(error);
        for (rule, bytes) in [
            ("item", cbor::encode(&item)),
            ("ground", cbor::encode(&ground)),
            ("measure", cbor::encode(&measure)),
            ("handling", cbor::encode(&handling)),
            ("requester", cbor::encode(&requester)),
        ] {
            cddl::validate(rule, &bytes).map_err(fail)?;
        }
        prop_assert_eq!(cbor::decode(&cbor::encode(&item)), Ok(item));
        prop_assert_eq!(cbor::decode(&cbor::encode(&ground)), Ok(ground));
        prop_assert_eq!(cbor::decode(&cbor::encode(&measure)), Ok(measure));
        prop_assert_eq!(cbor::decode(&cbor::encode(&handling)), Ok(handling));
        prop_assert_eq!(cbor::decode(&cbor::encode(&requester)), Ok(requester));
    }
}
