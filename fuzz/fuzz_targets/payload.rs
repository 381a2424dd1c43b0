//! A payload that a member has signed: behind the signature check, any bytes can
//! come from a member whose node was taken over.

#![no_main]

use comity_testkit::federation::{Federation, NOW_MS};
use comity_trust::authorise::{Checked, Context, check_statement};
use comity_wire::cose::{Protected, kid_of, sign};
use comity_wire::ids::{CaseId, Nonce};
use comity_wire::registry::Check;
use std::sync::LazyLock;

static FEDERATION: LazyLock<Federation> = LazyLock::new(Federation::new);

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    let north = FEDERATION.member("north");
    let protected = Protected::Statement {
        kid: kid_of(&north.statement),
        issuer: north.id.clone(),
        case: CaseId::derive(&north.id, &Nonce::new([0; 16])),
        issued_at_s: NOW_MS / 1000,
    };
    let bytes = sign(&north.statement, &protected, payload);
    let context = Context {
        history: FEDERATION.history(),
        me: &FEDERATION.member("platform").id,
        now_ms: NOW_MS,
        case: None,
        vouched: None,
    };
    match check_statement(&bytes, |_| false, &context) {
        Ok(Checked::Authorised(authorised)) => assert_eq!(authorised.statement().bytes(), bytes),
        Ok(_) => unreachable!("nothing is known"),
        Err(rejection) => {
            let outer = [Check::Outer, Check::Header, Check::Key, Check::Signature];
            assert!(!outer.contains(&rejection.check), "{rejection:?}");
        }
    }
});
