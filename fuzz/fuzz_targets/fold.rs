//! A case: statements in any order, legal and not. Six bytes make one statement;
//! the seventh says how much of the past it knows, the eighth when it arrives.

#![no_main]

use comity_case::{Case, Entry, Party, State, moves};
use comity_testkit::bodies::{Saying, request};
use comity_wire::ids::{Hash, StatementId};
use comity_wire::words::Sorted;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut said = vec![entry(&[], Party::Opener, 0, request([1, 2]))];
    for chunk in bytes.chunks_exact(8).take(40) {
        let &[sort, n, round, at, pick, flag, knows, _] = chunk else {
            unreachable!()
        };
        let ids: Vec<StatementId> = said.iter().map(|entry| entry.id).collect();
        let saying = Saying {
            sort,
            n: u64::from(n % 5) + 1,
            round: u64::from(round % 3) + 1,
            at: u64::from(at) * 16,
            pick: usize::from(pick),
            flag: flag & 1 == 1,
        };
        let party = if flag & 2 == 2 {
            Party::Opener
        } else {
            Party::Recipient
        };
        // One or two of the latest statements, chosen by the byte.
        let back = |steps: u8| ids[ids.len() - 1 - usize::from(steps) % ids.len()];
        let re = [back(knows & 3), back(knows >> 2 & 7)];
        said.push(entry(&re, party, said.len(), saying.body(&ids)));
    }

    let in_order = fold(&said);
    let mut other = said.clone();
    other.sort_by_key(|entry| {
        (
            bytes.get(entry.id.as_bytes()[0] as usize % (bytes.len() + 1)),
            entry.id,
        )
    });
    let out_of_order = fold(&other);
    assert_eq!(
        State::of(&in_order),
        State::of(&out_of_order),
        "the order of arrival shows"
    );
    assert!(out_of_order.parked().next().is_none());
    for folded in in_order.history() {
        let same = out_of_order
            .get(&folded.entry.id)
            .map(|other| &other.verdict);
        assert_eq!(same, Some(&folded.verdict));
    }
    for party in [Party::Opener, Party::Recipient] {
        assert_eq!(moves(&in_order, party), moves(&out_of_order, party));
    }
});

fn entry(re: &[StatementId], party: Party, place: usize, body: comity_wire::body::Body) -> Entry {
    Entry {
        id: Hash::of(&place.to_be_bytes()),
        party,
        re: Sorted::new(re.iter().copied()),
        issued_at: 1_000,
        body: body.into(),
    }
}

fn fold(entries: &[Entry]) -> Case {
    let mut case = Case::new();
    for entry in entries {
        case.insert(entry.clone());
    }
    case
}
