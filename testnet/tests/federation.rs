//! A federation made with the program's own commands, as the other tests of this crate use it.
#![allow(clippy::unwrap_used, reason = "tests")]

use comity_testnet::federation::{FIRST_PERSON, Federation, SECOND_PERSON};

#[test]
fn members_join_and_leave_by_rosters_that_two_of_three_signed() {
    let dir = tempfile::tempdir().unwrap();
    let federation = Federation::found(dir.path()).unwrap();
    let north = federation.join("north", "hotline", "SE", "").unwrap();
    let owns = "--owns-domain platform.example";
    let platform = federation.join("platform", "platform", "IE", owns).unwrap();
    let shown = || federation.done("roster show --json").unwrap();

    federation.admit(&[&north, &platform]).unwrap();
    let listens = format!("/ip4/{}/tcp/{}", north.network.ip(), north.network.port());
    assert!(shown().contains(&listens), "{}", shown());
    assert!(shown().contains("platform.example"));

    federation.remove(&platform).unwrap();
    assert!(!shown().contains("platform.example"), "{}", shown());
    assert!(shown().contains(&listens));

    let refused = federation.remove(&platform).unwrap_err();
    assert_eq!(refused.code(), "refused", "{refused}");
    for person in [FIRST_PERSON, SECOND_PERSON] {
        assert!(north.client(person).is_ok());
    }
    assert_eq!(north.client("nobody").unwrap_err().code(), "file");
}
