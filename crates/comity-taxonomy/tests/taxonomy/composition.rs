//! The table of composition against sets: what it claims of two relations in a row is true of all sets.

use comity_taxonomy::Relation;

/// How the second set stands to the first; sets are the bits of a number, and never empty.
fn of(first: u8, second: u8) -> Relation {
    if first == second {
        Relation::Exact
    } else if first & second == first {
        Relation::Broader
    } else if first & second == second {
        Relation::Narrower
    } else if first & second != 0 {
        Relation::Related
    } else {
        Relation::None
    }
}

#[test]
fn what_the_table_claims_is_true_of_all_sets_of_four_things() {
    let sets = 1..16_u8;
    let mut claims = 0;
    for a in sets.clone() {
        for b in sets.clone() {
            for c in sets.clone() {
                let claimed = of(a, b).then(of(b, c));
                let found = of(a, c);
                let holds = match claimed {
                    Relation::None => true,
                    Relation::Related => a & c != 0,
                    other => found == other,
                };
                claims += u32::from(claimed != Relation::None);
                assert!(
                    holds,
                    "{a:04b} {b:04b} {c:04b}: {claimed}, and it is {found}"
                );
            }
        }
    }
    assert!(claims > 500, "only {claims}");
}

#[test]
fn nothing_asserts_after_a_step_that_does_not() {
    for first in Relation::ALL {
        for next in Relation::ALL {
            let both = first.asserts() && next.asserts();
            assert_eq!(first.then(next).asserts(), both, "{first} then {next}");
        }
    }
}

#[test]
fn the_way_back_is_the_inverse() {
    for first in Relation::ALL {
        assert_eq!(first.inverse().inverse(), first);
        for next in Relation::ALL {
            let back = next.inverse().then(first.inverse());
            assert_eq!(first.then(next).inverse(), back, "{first} then {next}");
        }
    }
}
