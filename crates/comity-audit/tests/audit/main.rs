//! Audits of logs that are built by hand: what may be read, what is proven, what
//! does not fit together, and how long answers took.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

mod fixture;
mod lies;
mod matching;
mod rights;
mod streaming;
mod times;
mod verifying;
mod witnessing;

use std::collections::BTreeMap;

use comity_audit::Found;

#[test]
fn what_can_be_found_is_in_the_registry_with_its_sentence() {
    let registries =
        comity_spec::registry::read_all(&comity_spec::root().join("registries")).unwrap();
    let registry = registries
        .into_iter()
        .find(|registry| registry.name == "finding")
        .unwrap();
    let listed: BTreeMap<_, _> = registry
        .values
        .into_iter()
        .map(|value| (value.id, value.meaning))
        .collect();
    let found: BTreeMap<_, _> = Found::ALL
        .iter()
        .map(|found| (found.code().to_owned(), found.sentence().to_owned()))
        .collect();
    assert_eq!(found, listed);
}
