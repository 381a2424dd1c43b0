//! Translating never invents: every scheme, every code, there and back.

use std::collections::BTreeSet;

use comity_taxonomy::{
    COMITY, Cell, Code, CodeRef, Facts, List, Relation, Scheme, Taxonomy, Term, UnknownCode,
};
use proptest::prelude::*;

/// What follows from a term, worked out here anew: the crate's own word for it would not be a witness.
fn closure(taxonomy: &Taxonomy, terms: impl IntoIterator<Item = Term>) -> BTreeSet<Term> {
    let mut found: BTreeSet<Term> = terms.into_iter().collect();
    loop {
        let concepts = taxonomy.facets.iter().flat_map(|facet| facet.concepts);
        let more: Vec<Term> = concepts
            .filter(|concept| found.contains(&concept.term))
            .flat_map(|concept| {
                concept
                    .broader
                    .into_iter()
                    .chain(concept.implies.iter().copied())
            })
            .filter(|term| !found.contains(term))
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// What a code says, read from its cells.
fn said_by(code: &CodeRef) -> impl Iterator<Item = Term> {
    let cells = code.code.cells.iter();
    cells
        .filter(|cell| matches!(cell.relation, Relation::Exact | Relation::Broader))
        .map(|cell| cell.to)
}

/// Every fact that was not there before, on any way from a code to another scheme and back.
fn inventions(taxonomy: &Taxonomy) -> (usize, Vec<String>) {
    let mut ways = 0;
    let mut found = Vec::new();
    let codes = || taxonomy.schemes.iter().flat_map(|scheme| scheme.codes());
    for from in codes() {
        let known = closure(taxonomy, said_by(&from));
        for to in taxonomy.schemes {
            for there in taxonomy.translate(&[from], to).unwrap().said {
                let back = taxonomy.translate(&[there.code], from.scheme).unwrap().said;
                for reached in std::iter::once(there).chain(back) {
                    ways += 1;
                    for term in said_by(&reached.code).filter(|term| !known.contains(term)) {
                        found.push(format!(
                            "{}/{from} by {}: {term}",
                            from.scheme.id, reached.code
                        ));
                    }
                }
            }
        }
    }
    (ways, found)
}

#[test]
fn no_way_there_and_back_adds_a_fact() {
    let (ways, found) = inventions(&COMITY);
    assert_eq!(found, Vec::<String>::new());
    assert!(ways > 300, "only {ways} ways: the walk proves little");
    println!("{ways} ways");
}

/// A crosswalk that is wrong: a sexual act is enough for a code that says infant.
static WRONG: [Scheme; 1] = [Scheme {
    id: "wrong",
    version: "1",
    title: "Wrong",
    publisher: "Nobody",
    source: "Nowhere",
    note: None,
    lists: &[List {
        id: "list",
        title: "List",
        many: false,
        source: "Nowhere",
        codes: &[
            Code {
                code: "W1",
                name: None,
                aliases: &[],
                version: "1",
                same: None,
                cells: &[cell("age", "infant"), cell("severity", "sexual-act")],
                when: &[&[Term {
                    facet: "severity",
                    id: "sexual-act",
                }]],
                none: None,
                note: None,
            },
            Code {
                code: "W2",
                name: None,
                aliases: &[],
                version: "1",
                same: None,
                cells: &[cell("severity", "penetration")],
                when: &[],
                none: None,
                note: None,
            },
        ],
    }],
}];

const fn cell(facet: &'static str, id: &'static str) -> Cell {
    Cell {
        to: Term { facet, id },
        relation: Relation::Broader,
        verified: false,
        source: "Nowhere",
    }
}

#[test]
fn the_walk_finds_a_crosswalk_that_adds_a_fact() {
    let wrong = Taxonomy {
        schemes: &WRONG,
        ..COMITY
    };
    let (_, found) = inventions(&wrong);
    assert!(
        found.iter().all(|way| way.contains("age/infant")) && !found.is_empty(),
        "{found:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// An assessment is any set of answers that do not exclude each other.
    #[test]
    fn no_assessment_gains_a_fact_in_another_scheme(picked in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8)) {
        let all: Vec<Term> = COMITY.concepts().map(|concept| concept.term).collect();
        let terms: Vec<Term> = picked.iter().map(|index| *index.get(&all)).collect();
        let Ok(facts) = Facts::of(&COMITY, terms.clone()) else {
            return Ok(());
        };
        let known = closure(&COMITY, terms);
        for to in COMITY.schemes {
            for said in COMITY.translate_facts(facts.clone(), to).said {
                for term in said_by(&said.code) {
                    prop_assert!(known.contains(&term), "{}/{} says {term}", to.id, said.code);
                }
            }
        }
    }

    #[test]
    fn no_walk_through_five_schemes_gains_a_fact(start in any::<proptest::sample::Index>(), steps in proptest::collection::vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>()), 5)) {
        let codes: Vec<CodeRef> = COMITY.schemes.iter().flat_map(|scheme| scheme.codes()).collect();
        let mut at = *start.get(&codes);
        let known = closure(&COMITY, said_by(&at));
        for (scheme, which) in steps {
            let said = COMITY.translate(&[at], scheme.get(COMITY.schemes)).unwrap().said;
            if said.is_empty() {
                continue;
            }
            at = which.get(&said).code;
            for term in said_by(&at) {
                prop_assert!(known.contains(&term), "{}/{at} says {term}", at.scheme.id);
            }
        }
    }
}

fn scheme(id: &str) -> &'static Scheme {
    COMITY.scheme(id).unwrap()
}

/// The codes that may be written, those that must not be concluded, and those that are ruled out.
#[track_caller]
fn check(
    from: &str,
    codes: &[&str],
    to: &str,
    said: &[&str],
    not_said: &[&str],
    ruled_out: &[&str],
) {
    let codes: Vec<_> = codes
        .iter()
        .map(|code| scheme(from).find(code).unwrap())
        .collect();
    let found = COMITY.translate(&codes, scheme(to)).unwrap();
    let named = |code: &CodeRef| code.code.code.to_owned();
    let relations: Vec<_> = found
        .said
        .iter()
        .map(|one| format!("{} {}", one.relation, named(&one.code)))
        .collect();
    assert_eq!(relations, said, "said");
    assert_eq!(
        found
            .not_said
            .iter()
            .map(|one| named(&one.code))
            .collect::<Vec<_>>(),
        not_said,
        "not said"
    );
    assert_eq!(
        found
            .ruled_out
            .iter()
            .map(|one| named(&one.code))
            .collect::<Vec<_>>(),
        ruled_out,
        "ruled out"
    );
}

#[test]
fn letters_of_one_scheme_are_not_those_of_another() {
    check("ncmec", &["A1"], "iwf", &[], &["A", "B"], &["C"]);
    check("ncmec", &["A2"], "iwf", &["broader C"], &[], &["A", "B"]);
    check("ncmec", &["B2"], "interpol", &[], &[], &[]);
    check(
        "iwf",
        &["C"],
        "copine",
        &[],
        &["5", "6"],
        &["1", "2", "3", "7", "8", "9", "10"],
    );
    check("copine", &["9"], "iwf", &[], &["A", "B"], &["C"]);
    check("copine", &["10"], "iwf", &["broader A"], &[], &["B", "C"]);
}

#[test]
fn what_is_the_same_stays_the_same() {
    check(
        "xarf-csam",
        &["A1"],
        "ncmec",
        &["exact A1"],
        &["bestiality", "infant"],
        &["A2", "B1", "B2"],
    );
    check(
        "ncmec",
        &["B2"],
        "xarf-csam",
        &["exact B2"],
        &[],
        &["A1", "A2", "B1"],
    );
    check(
        "misp",
        &["copine-scale:level-7"],
        "copine",
        &["exact 7"],
        &["8", "9", "10"],
        &["1", "2", "3", "5", "6"],
    );
    check(
        "iccam",
        &["Baseline CSAM"],
        "interpol",
        &["exact baseline"],
        &["worst-of"],
        &[],
    );
    check(
        "iccam",
        &["Baseline CSAM"],
        "xarf-csam",
        &["exact baseline"],
        &[],
        &[],
    );
}

#[test]
fn illegal_in_one_country_is_not_the_baseline() {
    check(
        "iccam",
        &["National CSAM"],
        "interpol",
        &[],
        &["baseline", "worst-of"],
        &[],
    );
    check(
        "interpol",
        &["worst-of"],
        "iccam",
        &["broader Baseline CSAM"],
        &["National CSAM"],
        &["Ignore", "NotIllegal", "IsVirtual"],
    );
}

#[test]
fn several_codes_of_one_thing_are_taken_together() {
    let age = scheme("iccam").find("age/Pubescent").unwrap();
    let act = scheme("iwf").find("A").unwrap();
    let found = COMITY.translate(&[age, act], scheme("ncmec")).unwrap();
    let needs: Vec<_> = found
        .not_said
        .iter()
        .filter(|one| one.code.code.code == "B1")
        .map(|one| one.needs.clone())
        .collect();
    assert!(found.said.is_empty());
    // The youngest child and the gravest act may be of two images.
    assert_eq!(
        needs,
        [vec![Term {
            facet: "same-image",
            id: "yes"
        }]]
    );
    let other = scheme("iwf").find("C").unwrap();
    let refused = COMITY
        .translate(&[act, other], scheme("ncmec"))
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "severity/grave-act and severity/no-act exclude each other"
    );
}

#[test]
fn harm_that_is_not_illegal_can_be_said_and_what_other_schemes_lose_of_it_is_shown() {
    let harmful = COMITY.find("harmful-not-illegal").unwrap().term;
    let facts = Facts::of(&COMITY, [harmful]).unwrap();
    let found = COMITY.translate_facts(facts, scheme("iccam"));
    let said: Vec<_> = found
        .said
        .iter()
        .map(|one| (one.relation, one.code.code.code))
        .collect();
    assert_eq!(
        said,
        [
            (Relation::Broader, "Ignore"),
            (Relation::Broader, "NotIllegal")
        ]
    );
    assert_eq!(found.lost, [harmful]);
}

#[test]
fn an_answer_is_explained_in_words() {
    let a1 = scheme("ncmec").find("a1").unwrap();
    let found = COMITY.translate(&[a1], scheme("iwf")).unwrap();
    let text = found.explained(&COMITY, &[a1]);
    for part in [
        "NCMEC CyberTipline (version 2022-06), industry-classification/A1",
        "says Before puberty (age/pre-pubescent) [verified:",
        "In IWF categories: no code can be written.",
        "category/A: it would say more. Missing: Gravest sexual act (severity/grave-act).",
        "category/C: it says Sexual content without an act (severity/no-act); known is Sexual act (severity/sexual-act).",
        "Lost: Before puberty (age/pre-pubescent); One image (same-image/yes); Sexual act (severity/sexual-act).",
    ] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

#[test]
fn a_code_is_found_as_it_is_written_or_not_at_all() {
    let iccam = scheme("iccam");
    let found = |text: &str| iccam.find(text).map(|code| code.to_string());
    assert_eq!(
        found("baseline csam"),
        Ok("classification/Baseline CSAM".into())
    );
    assert_eq!(found("age/1"), Ok("age/Not categorised".into()));
    assert_eq!(
        found("reason/21"),
        Ok("reason/AgeOverNationalThreshold".into())
    );
    assert_eq!(found("A1"), Err(UnknownCode::Unknown { scheme: "iccam" }));
    assert_eq!(
        found("not determined"),
        Err(UnknownCode::Ambiguous {
            scheme: "iccam",
            lists: vec!["gender", "commerciality"]
        })
    );
}
