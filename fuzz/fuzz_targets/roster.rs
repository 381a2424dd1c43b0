//! Charters and rosters, signed by the governance: the payload may be anything.

#![no_main]

use comity_testkit::federation::{Federation, NOW_MS};
use comity_trust::charter::Charter;
use comity_trust::history::History;
use comity_trust::roster::{Roster, RosterConflict};
use comity_trust::signed::SignedPayload;
use comity_wire::registry::content_type;
use std::sync::LazyLock;

static FEDERATION: LazyLock<Federation> = LazyLock::new(Federation::new);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let sign = |kind| {
        let unsigned = SignedPayload::unsigned(bytes.to_vec());
        let keys = FEDERATION.governance().iter();
        keys.fold(unsigned, |signed, key| signed.signed_by(kind, key))
            .encode()
    };
    let _ = (
        Charter::decode(bytes),
        Roster::decode(bytes),
        RosterConflict::decode(bytes),
    );
    let _ = History::start(bytes);
    let _ = History::start(&sign(content_type::CHARTER));
    let mut history = FEDERATION.history().clone();
    let _ = history.add_charter(&sign(content_type::CHARTER));
    let _ = history.add_roster(&sign(content_type::ROSTER), NOW_MS);
    assert_eq!(
        history.fed(),
        FEDERATION.fed(),
        "a federation has one first charter"
    );
});
