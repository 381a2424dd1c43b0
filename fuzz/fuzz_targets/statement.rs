//! A statement as a peer sends it: outer structure and header, before any key.

#![no_main]

use comity_testkit::federation::{Federation, NOW_MS};
use comity_trust::authorise::{Context, check_statement};
use comity_wire::registry::Check;
use std::sync::LazyLock;

static FEDERATION: LazyLock<Federation> = LazyLock::new(Federation::new);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let context = Context {
        history: FEDERATION.history(),
        me: &FEDERATION.member("platform").id,
        now_ms: NOW_MS,
        case: None,
        vouched: None,
    };
    let check = || check_statement(bytes, |_| false, &context);
    match check() {
        Ok(_) => assert!(check().is_ok()),
        Err(rejection) => {
            assert!(Check::ALL.contains(&rejection.check));
            assert_eq!(
                check().err(),
                Some(rejection),
                "two answers to the same bytes"
            );
        }
    }
});
