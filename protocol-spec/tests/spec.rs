//! The specification agrees with itself: what is generated is up to date, every
//! rule parses, every code has its meaning and every limit its reason, and the
//! numbers of the CDDL are those of the limits.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use comity_spec::clocks;
use comity_spec::pages::{Tables, filled};
use comity_spec::registry::{Registry, read_all, read_concurrent};
use comity_testkit::cddl;

fn registries() -> Vec<Registry> {
    read_all(&comity_spec::root().join("registries")).unwrap()
}

fn registry(name: &str) -> Registry {
    let mut registries = registries().into_iter();
    registries.find(|registry| registry.name == name).unwrap()
}

/// The limits of the crates that the CDDL speaks of, by name.
fn limits() -> BTreeMap<String, u64> {
    let values = registry("limit").values;
    values
        .iter()
        .filter_map(|limit| Some((limit.id.clone(), limit.value?)))
        // Two crates may have a limit of one name; the first stands for both.
        .rev()
        .collect()
}

#[test]
fn generated_files_are_what_the_registries_make() {
    let check = Command::new(env!("CARGO_BIN_EXE_generate"))
        .arg("--check")
        .output()
        .unwrap();
    assert!(
        check.status.success(),
        "{}",
        String::from_utf8_lossy(&check.stderr)
    );
}

#[track_caller]
fn check_page(page: &str, expected: Result<&str, &str>) {
    let folder = comity_spec::root().join("registries");
    let registries = read_all(&folder).unwrap();
    let tables = Tables {
        registries: &registries,
        concurrent: &read_concurrent(&folder).unwrap(),
        taxonomy: &comity_spec::taxonomy::read(&comity_spec::root().join("taxonomy")).unwrap(),
        cddl: "; a comment\none = {\n  a: two,\n}\none-more = 3\ntwo<t> = [t]\n\n; end\n",
        clocks: &clocks::read(&comity_spec::root().join("clocks"), &registries).unwrap(),
    };
    let found = filled(page, &tables);
    assert_eq!(found.as_deref().map_err(String::as_str), expected, "{page}");
}

#[test]
fn a_table_in_a_page_is_made_anew_and_what_people_wrote_around_it_stays() {
    check_page("no table", Ok("no table"));
    check_page(
        "before <!-- BEGIN TABLE registry direction -->typed by hand<!-- END TABLE --> after",
        Ok("before <!-- BEGIN TABLE registry direction -->\n\
            | code | meaning |\n| --- | --- |\n\
            | `in` | From the counterpart. |\n| `out` | To the counterpart. |\n\
            <!-- END TABLE --> after"),
    );
    check_page(
        "<!-- BEGIN TABLE cddl one two --><!-- END TABLE -->",
        Ok(
            "<!-- BEGIN TABLE cddl one two -->\n```cddl\none = {\n  a: two,\n}\ntwo<t> = [t]\n```\n<!-- END TABLE -->",
        ),
    );
}

#[test]
fn a_table_that_nothing_makes_is_an_error_that_names_it() {
    check_page(
        "<!-- BEGIN TABLE fairy tale --><!-- END TABLE -->",
        Err("nothing makes a table `fairy tale`"),
    );
    check_page(
        "<!-- BEGIN TABLE registry none --><!-- END TABLE -->",
        Err("there is no registries/none.toml"),
    );
    check_page(
        "<!-- BEGIN TABLE limits nobody --><!-- END TABLE -->",
        Err("no limit has the owner `nobody`"),
    );
    check_page(
        "<!-- BEGIN TABLE cddl three --><!-- END TABLE -->",
        Err("comity.cddl has no rule `three`"),
    );
    check_page(
        "<!-- BEGIN TABLE concurrent -->",
        Err("the table `concurrent` has no end"),
    );
    check_page(
        "<!-- BEGIN TABLE concurrent --> <!-- BEGIN TABLE concurrent --> <!-- END TABLE -->",
        Err("the table `concurrent` has no end"),
    );
}

#[test]
fn every_rule_can_be_parsed() {
    let rules = cddl::rules();
    for rule in &rules {
        let error = cddl::validate(rule, &[0xf7]).unwrap_err();
        assert!(error.contains("got "), "{rule}: {error}");
    }
    let unique: BTreeSet<_> = rules.iter().collect();
    assert_eq!(unique.len(), rules.len(), "a rule stands twice");
    println!("{} rules", rules.len());
}

#[test]
fn every_code_has_a_form_and_a_meaning() {
    let mut count = 0;
    for registry in registries() {
        for value in &registry.values {
            let place = format!("{}: {}", registry.name, value.id);
            match registry.name.as_str() {
                "limit" => continue,
                "content-type" => assert!(value.id.starts_with("application/comity-"), "{place}"),
                "protocol" => assert!(value.id.starts_with("/comity/"), "{place}"),
                _ => cddl::validate("code", &text(&value.id)).unwrap(),
            }
            assert!(value.meaning.ends_with('.'), "{place}: {:?}", value.meaning);
            count += 1;
        }
    }
    for check in registry("check").values {
        cddl::validate("code", &text(&check.code.unwrap())).unwrap();
        assert!(check.next.unwrap().ends_with('.'), "{}", check.id);
    }
    println!("{count} codes");
}

fn text(text: &str) -> Vec<u8> {
    comity_testkit::tree::Node::from(text).encode()
}

#[test]
fn every_limit_has_a_unit_a_reason_and_an_owner() {
    let limits = registry("limit").values;
    for limit in &limits {
        let has = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        assert!(has(&limit.unit) && has(&limit.owner), "{}", limit.id);
        assert!(
            limit.reason.as_ref().unwrap().ends_with('.'),
            "{}",
            limit.id
        );
        assert!(
            limit.value.is_some() != limit.same_as.is_some(),
            "{}",
            limit.id
        );
        let source = Path::new("crates")
            .join(format!("comity-{}", limit.owner.as_ref().unwrap()))
            .join("src/limits.rs");
        let file = std::fs::read_to_string(comity_spec::root().join("..").join(source)).unwrap();
        assert!(
            file.contains(&format!("pub const {}:", limit.id)),
            "{}",
            limit.id
        );
    }
    println!("{} limits", limits.len());
}

#[test]
fn every_pair_of_kinds_stands_in_the_table_once() {
    let kinds: Vec<String> = registry("kind")
        .values
        .into_iter()
        .map(|kind| kind.id)
        .collect();
    let concurrent = read_concurrent(&comity_spec::root().join("registries")).unwrap();
    let rules: BTreeSet<_> = concurrent
        .rules
        .iter()
        .map(|rule| rule.id.as_str())
        .collect();
    let mut pairs = BTreeSet::new();
    for pair in &concurrent.pairs {
        assert!(
            kinds.contains(&pair.a) && kinds.contains(&pair.b),
            "{} {}",
            pair.a,
            pair.b
        );
        assert!(rules.contains(pair.rule.as_str()), "{}", pair.rule);
        assert!(pair.effect.ends_with('.'), "{}", pair.effect);
        let unordered = (
            pair.a.clone().min(pair.b.clone()),
            pair.a.clone().max(pair.b.clone()),
        );
        assert!(pairs.insert(unordered), "{} {} twice", pair.a, pair.b);
    }
    assert_eq!(pairs.len(), kinds.len() * (kinds.len() + 1) / 2);
}

#[test]
fn numbers_of_the_cddl_are_the_limits() {
    let limits = limits();
    let mut rest: String = cddl::TEXT
        .lines()
        .map(|line| line.split(';').next().unwrap_or_default().to_owned() + "\n")
        .collect();
    for (fragment, names) in FRAGMENTS {
        let mut expected = fragment.to_owned();
        for name in names.split(' ') {
            let (name, divisor) = name
                .strip_suffix("/1000")
                .map_or((name, 1), |name| (name, 1000));
            let value = name.parse().ok().or_else(|| limits.get(name).copied());
            let value = value.unwrap_or_else(|| panic!("no limit {name}"));
            expected = expected.replacen("{}", &(value / divisor).to_string(), 1);
        }
        assert!(
            rest.contains(&expected),
            "the CDDL does not say `{expected}` ({names})"
        );
        rest = rest.replace(&expected, "");
    }
    let left: Vec<_> = rest.lines().filter(|line| has_bound(line)).collect();
    assert!(left.is_empty(), "bounds without a limit: {left:#?}");
    // A code ends with a letter or digit, so that its pattern says 64 in two ways.
    let code = *limits.get("CODE_BYTES_MAX").unwrap();
    assert!(cddl::TEXT.contains(&format!(
        "[a-z0-9]{{1,{code}}}|[a-z0-9][a-z0-9-]{{0,{}}}[a-z0-9]",
        code - 2
    )));
}

/// `*9`, `1*9`, `.le 9`, `(1..9)`, `1..9`; a fixed `.size 9` is no bound.
fn has_bound(line: &str) -> bool {
    let line = line.split('"').step_by(2).collect::<String>();
    let digit_after = |mark: &str| {
        line.split(mark).skip(1).any(|after| {
            after
                .trim_start()
                .starts_with(|next: char| next.is_ascii_digit())
        })
    };
    digit_after("*") || digit_after(".le") || digit_after("..")
}

/// Where the CDDL says limits, and which; a number where it is none: the number
/// of ports or of autonomous systems, or what a form of its own bounds. `/1000`: in
/// seconds.
const FRAGMENTS: [(&str, &str); 93] = [
    ("time-ms     = uint .le {}", "TIME_MS_MAX"),
    ("time-s      = uint .le {}", "TIME_MS_MAX/1000"),
    ("duration-ms = uint .le {}", "DURATION_MS_MAX"),
    ("count       = uint .le {}", "INTEGER_MAX"),
    ("(tstr .size (2..{})) .and (tstr .regexp", "CODE_BYTES_MAX"),
    ("free-text   = (tstr .size (1..{}))", "TEXT_BYTES_MAX"),
    ("name        = (tstr .size (1..{}))", "NAME_BYTES_MAX"),
    ("reference   = (tstr .size (1..{}))", "REFERENCE_BYTES_MAX"),
    ("item-number = 1..{}", "ITEM_NUMBER_MAX"),
    ("round       = 1..{}", "ROUND_MAX"),
    ("ext = [1*{} [ext-name, critical: bool,", "EXTENSIONS_MAX"),
    ("value: bstr .size (0..{})", "EXTENSION_BYTES_MAX"),
    ("re: [*{} statement-id]", "HEADS_MAX"),
    ("refs: [1*{} statement-id]", "REFS_MAX"),
    ("evidence: [1*{} hash]", "EVIDENCE_MAX"),
    ("hosting: [*{} hosting]", "HOSTING_MAX"),
    ("assessments: [*{} assessment]", "ASSESSMENTS_MAX"),
    ("\"hash-set\": [1*{} [algorithm: code,", "HASHES_MAX"),
    ("value: bstr .size (1..{})", "HASH_VALUE_BYTES_MAX"),
    ("port: (0..{}) / null", "65535"),
    ("locator-text = (tstr .size (1..{}))", "LOCATOR_BYTES_MAX"),
    ("asn: 0..{}", "4294967295"),
    ("context: [*{} context]", "CONTEXTS_MAX"),
    ("standing: [*{} [country, standing]]", "STANDINGS_MAX"),
    ("reviewers: 0..{}", "REVIEWERS_MAX"),
    ("territories: [1*{} country]", "TERRITORIES_MAX"),
    (
        "asked: [1*{} [measure-target, measure-action]]",
        "CODES_MAX",
    ),
    ("basis: [1*{} ground]", "GROUNDS_MAX"),
    ("items: [1*{} item]", "ITEMS_MAX"),
    ("clocks: [*{} code]", "CLOCKS_MAX"),
    ("done: [*{} measure]", "MEASURES_MAX"),
    ("items: [1*{} item-number]", "ITEMS_MAX"),
    ("names: [1*{} statement-id]", "REFS_MAX"),
    ("items: [1*{} outcome-item]", "ITEMS_MAX"),
    ("measures: [*{} measure]", "MEASURES_MAX"),
    ("hosting: [1*{} [item-number, hosting]]", "ITEMS_MAX"),
    ("assessments: [1*{} [item-number, assessment]]", "ITEMS_MAX"),
    ("items: [1*{} [item-number, round]]", "ITEMS_MAX"),
    ("asks: [1*{} information-ask]", "CODES_MAX"),
    ("items: [1*{} observation-item]", "ITEMS_MAX"),
    ("\"statements\": [1*{} statement-id]", "REFS_MAX"),
    ("items: [1*{} facts-item]", "ITEMS_MAX"),
    ("standing: [1*{} [country, standing]]", "STANDINGS_MAX"),
    ("jurisdictions: [1*{} country]", "TERRITORIES_MAX"),
    ("leaf_index: count, path: [1*{} hash]", "PATH_MAX"),
    ("new_size: count, path: [1*{} hash]", "PATH_MAX"),
    (
        "roster-ref,\n  [1*{} [\n    statement:",
        "EXCHANGE_STATEMENTS_MAX",
    ),
    (
        "evidence: [*{} bstr .size (1..{})]",
        "EVIDENCE_MAX EVIDENCE_BYTES_MAX",
    ),
    ("[1*{} exchange-result]", "EXCHANGE_STATEMENTS_MAX"),
    ("checkpoint = tstr .size (1..{})", "CHECKPOINT_BYTES_MAX"),
    (
        "[*{} [statement: bstr .cbor statement, receipt / null]]",
        "EXCHANGE_STATEMENTS_MAX",
    ),
    ("[*{} [counterpart: member-id, next: count]]", "MEMBERS_MAX"),
    ("[1*{} [kid, signature]]", "SIGNATURES_MAX"),
    ("version-number = 1..{}", "INTEGER_MAX"),
    ("k: 1..{}", "SIGNATURES_MAX"),
    ("keys: [1*{} public-key]", "SIGNATURES_MAX"),
    (
        "clocks: [*{} [code, duration-ms / null]]",
        "CHARTER_CLOCKS_MAX",
    ),
    ("matrix: [1*{} [from: role,", "MATRIX_ROWS_MAX"),
    ("contacts: [*{} [code, reference]]", "CONTACTS_MAX"),
    ("mandates: [*{} mandate]", "MANDATES_MAX"),
    ("small_cell: 1..{}", "SMALL_CELL_MAX"),
    ("roles: [*{} [role, 1..{}]]", "CODES_MAX QUORUM_MEMBERS_MAX"),
    ("members: 0..{}", "QUORUM_MEMBERS_MAX"),
    ("roles: [1*{} role]", "CODES_MAX"),
    ("members: [1*{} member]", "MEMBERS_MAX"),
    ("keys: [1*{} key]", "KEYS_PER_MEMBER_MAX"),
    ("logs: [1*{} log]", "LOGS_PER_MEMBER_MAX"),
    ("names: [1*{} [language, name]]", "MEMBER_NAMES_MAX"),
    ("nodes: [*{} node]", "NODES_PER_MEMBER_MAX"),
    ("roles: [1*{} role]", "ROLES_PER_MEMBER_MAX"),
    ("languages: [1*{} language]", "LANGUAGES_PER_MEMBER_MAX"),
    ("capacities: [*{} capacity]", "CODES_MAX"),
    (
        "trusted_flagger: [1*{} [instrument: code,",
        "TRUSTED_FLAGGER_MAX",
    ),
    ("asns: [*{} (0..{})]", "OWNED_PER_MEMBER_MAX 4294967295"),
    ("domains: [*{} domain]", "OWNED_PER_MEMBER_MAX"),
    ("prefixes: [*{} prefix]", "OWNED_PER_MEMBER_MAX"),
    (
        "[bstr .size 4, length: {}..32] / [bstr .size 16, length: {}..128]",
        "PREFIX_V4_BITS_MIN PREFIX_V6_BITS_MIN",
    ),
    ("addresses: [*{} reference]", "ADDRESSES_PER_NODE_MAX"),
    ("[*{} bstr .cbor signed-charter]", "ROSTER_CHAIN_MAX"),
    ("[*{} bstr .cbor signed-roster]", "ROSTER_CHAIN_MAX"),
    ("count, bstr .size (0..{})", "ROSTER_PART_BYTES_MAX"),
    ("old_root: hash, path: [1*{} hash]", "PROOF_HASHES_MAX"),
    ("[leaf: bstr .size (1..{})", "LEAF_BYTES_MAX"),
    ("path: [*{} hash], checkpoint", "PROOF_HASHES_MAX"),
    ("[*{} audit-record]", "AUDIT_RECORDS_MAX"),
    ("path: [*{} hash]", "PATH_MAX"),
    ("[\"finding\", bstr .size (1..{})", "FINDING_BYTES_MAX"),
    (
        "[\"finding-reply\", bstr .size (1..{})",
        "FINDING_BYTES_MAX",
    ),
    (
        "\"add-checkpoint\", tstr .size (1..{})",
        "WITNESS_ASK_BYTES_MAX",
    ),
    (
        "\"evidence\", bstr .size (1..{})",
        "WITNESS_EVIDENCE_BYTES_MAX",
    ),
    ("200..599, tstr .size (0..{})", "WITNESS_ANSWER_BYTES_MAX"),
    ("path: [*{} hash] / null", "CONSISTENCY_PATH_MAX"),
    (
        "cosigned-checkpoint = tstr .size (1..{})",
        "COSIGNED_BYTES_MAX",
    ),
];
