//! What the data promises to its readers.

use std::collections::BTreeSet;

use comity_taxonomy::{COMITY, Facts, facts};

#[test]
fn every_concept_has_a_label_in_every_language_and_a_definition() {
    let tags: Vec<_> = COMITY
        .languages
        .iter()
        .map(|language| language.tag)
        .collect();
    assert_eq!(tags, ["en", "fr", "es", "pt", "ar", "de", "nl", "sw"]);
    for concept in COMITY.concepts() {
        assert_eq!(concept.labels.len(), tags.len(), "{}", concept.term);
        assert!(
            concept.labels.iter().all(|label| !label.trim().is_empty()),
            "{}",
            concept.term
        );
        assert!(concept.definition.ends_with('.'), "{}", concept.term);
        assert!(!concept.source.is_empty(), "{}", concept.term);
    }
    println!("{} concepts", COMITY.concepts().count());
}

#[test]
fn what_is_written_from_right_to_left_is_in_that_script() {
    let arabic = |letter: char| ('\u{600}'..='\u{6ff}').contains(&letter);
    for (place, language) in COMITY.languages.iter().enumerate() {
        for concept in COMITY.concepts() {
            let has = concept.label(place).chars().any(arabic);
            assert_eq!(
                has, language.right_to_left,
                "{} in {}",
                concept.term, language.tag
            );
        }
    }
}

#[test]
fn within_a_facet_no_two_values_have_one_label() {
    for facet in COMITY.facets {
        for (place, language) in COMITY.languages.iter().enumerate() {
            let labels: BTreeSet<_> = facet
                .concepts
                .iter()
                .map(|concept| concept.label(place))
                .collect();
            assert_eq!(
                labels.len(),
                facet.concepts.len(),
                "{} in {}",
                facet.name,
                language.tag
            );
        }
    }
}

/// Quoted as codes of others; never our words.
const OUTDATED: [&str; 9] = [
    "pornograph",
    "child prostitut",
    "sex tourism",
    "hentai",
    "lolita",
    "sextortion",
    "self-generated",
    "underage",
    "erotic",
];

#[test]
fn outdated_terms_are_quotations_of_other_schemes_only() {
    let check = |place: String, text: &str| {
        let text = text.to_lowercase();
        let found = OUTDATED.iter().find(|term| text.contains(*term));
        assert_eq!(found, None, "{place}");
    };
    for concept in COMITY.concepts() {
        check(concept.term.to_string(), concept.term.id);
        check(concept.term.to_string(), concept.definition);
        check(concept.term.to_string(), concept.label(0));
        check(concept.term.to_string(), concept.note.unwrap_or_default());
    }
    // So that the list is known to find something.
    let quoted = COMITY.schemes.iter().flat_map(|scheme| scheme.codes());
    let quoted = quoted.filter(|code| {
        OUTDATED
            .iter()
            .any(|term| code.code.code.to_lowercase().contains(term))
    });
    assert!(quoted.count() >= 3);
}

#[test]
fn no_code_contradicts_itself_and_what_is_enough_for_it_says_all_that_follows_from_it() {
    for code in COMITY.schemes.iter().flat_map(|scheme| scheme.codes()) {
        let says = Facts::of_code(&COMITY, &code).unwrap();
        for set in facts::enough(&code) {
            let enough = Facts::of(&COMITY, set.iter().copied()).unwrap();
            assert!(
                enough.says_all(&COMITY, &says),
                "{}/{code}: {set:?}",
                code.scheme.id
            );
        }
    }
}

#[test]
fn every_cell_has_a_source_and_a_code_without_a_cell_has_a_reason() {
    let mut cells = 0;
    for code in COMITY.schemes.iter().flat_map(|scheme| scheme.codes()) {
        assert!(
            !code.code.version.is_empty() && code.code.cells.is_empty() == code.code.none.is_some(),
            "{code}"
        );
        cells += code.code.cells.len();
        assert!(
            code.code.cells.iter().all(|cell| !cell.source.is_empty()),
            "{code}"
        );
    }
    println!("{cells} cells");
}

#[test]
fn a_scheme_says_nothing_of_what_it_does_not_look_at() {
    let never = [
        ("iwf", "age"),
        ("iwf", "standing"),
        ("iwf", "baseline"),
        ("iwf", "same-image"),
        ("ncmec", "standing"),
        ("ncmec", "baseline"),
        ("copine", "age"),
        ("copine", "standing"),
        ("arachnid", "standing"),
        ("arachnid", "age"),
        ("atproto", "age"),
        ("atproto", "standing"),
        ("dsa", "age"),
        ("dsa", "severity"),
        ("interpol", "age"),
        ("xarf-csem", "standing"),
    ];
    for (scheme, facet) in never {
        for code in COMITY.scheme(scheme).unwrap().codes() {
            let says = Facts::of_code(&COMITY, &code).unwrap();
            let closure = says
                .terms()
                .flat_map(|term| facts::following(&COMITY, term));
            // What is illegal wherever there is a law follows from the baseline by definition.
            let found: Vec<_> = closure.filter(|term| term.facet == facet).collect();
            assert!(found.is_empty(), "{scheme} {code} says {found:?}");
        }
    }
}

#[test]
fn a_guess_is_no_fact() {
    let guesses = [
        ("ncmec", "possibleSelfProduction"),
        ("ncmec", "potentialMeme"),
        ("iccam", "IsUserGC"),
    ];
    for (scheme, code) in guesses {
        let code = COMITY.scheme(scheme).unwrap().find(code).unwrap();
        assert!(Facts::of_code(&COMITY, &code).unwrap().is_empty(), "{code}");
        assert!(facts::enough(&code).next().is_none(), "{code}");
    }
}
