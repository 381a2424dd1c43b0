//! Makes Rust, CDDL and tables from the registries. Pure: text in, text out.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::clocks;
use crate::pages::{self, Tables};
use crate::registry::{Concurrent, Registry, Value, read_all, read_concurrent};
use crate::taxonomy;

const BEGIN: &str = "; BEGIN GENERATED";
const END: &str = "; END GENERATED";
const NOTE: &str =
    "// Made from protocol-spec/registries by `cargo xtask spec`. Do not edit by hand.\n";

/// A file and what it must hold.
#[derive(Debug)]
pub struct Made {
    /// Where, from the top of the repository.
    pub path: PathBuf,
    /// What.
    pub text: String,
}

/// Everything that is made from the registries.
///
/// # Errors
/// A sentence that names the file that cannot be read or does not parse.
pub fn all(spec: &Path) -> Result<Vec<Made>, String> {
    let folder = spec.join("registries");
    let registries = read_all(&folder)?;
    let concurrent = read_concurrent(&folder)?;
    let clocks = clocks::read(&spec.join("clocks"), &registries)?;
    let taxonomy = taxonomy::read(&spec.join("taxonomy"))?;
    let cddl = spec.join("comity.cddl");
    let old = std::fs::read_to_string(&cddl).map_err(|error| format!("comity.cddl: {error}"))?;
    let find = |name: &str| {
        registries
            .iter()
            .find(|registry| registry.name == name)
            .ok_or_else(|| format!("there is no registries/{name}.toml"))
    };
    let limits = find("limit")?;
    let transitions = find("transition")?;
    let wire: Vec<_> = registries
        .iter()
        .filter(|registry| !registry.rust.is_empty() && registry.name != "transition")
        .collect();

    let mut made = vec![
        file(
            "protocol-spec/comity.cddl",
            between_marks(&old, &cddl_choices(&registries))?,
        ),
        file(
            "protocol-spec/registries.md",
            tables(&registries, &concurrent),
        ),
        file("crates/comity-wire/src/registry.rs", rust_registries(&wire)),
        file(
            "crates/comity-case/src/registry.rs",
            rust_transitions(transitions),
        ),
        file(
            "crates/comity-case/src/concurrent.rs",
            rust_concurrent(&concurrent, find("kind")?),
        ),
        file(
            "crates/comity-clocks/src/published.rs",
            clocks::rust(&clocks),
        ),
        file(
            "crates/comity-taxonomy/src/data.rs",
            taxonomy::rust::data(&taxonomy),
        ),
        file(
            "crates/comity-taxonomy/src/relation.rs",
            taxonomy::rust::composition(&taxonomy.composition),
        ),
        file(
            "protocol-spec/taxonomy/comity.ttl",
            taxonomy::turtle::turtle(&taxonomy),
        ),
    ];
    for owner in ["wire", "trust", "case", "log", "audit"] {
        let path = format!("crates/comity-{owner}/src/limits.rs");
        made.push(file(&path, rust_limits(limits, owner)));
    }
    let new_cddl = made
        .iter()
        .find(|made| made.path.ends_with("comity.cddl"))
        .map_or(old.as_str(), |made| made.text.as_str());
    let top = spec
        .parent()
        .ok_or("the specification has no parent folder")?;
    let tables = Tables {
        registries: &registries,
        concurrent: &concurrent,
        taxonomy: &taxonomy,
        cddl: new_cddl,
        clocks: &clocks,
    };
    let pages = pages::all(top, &tables)?;
    made.extend(pages);
    Ok(made)
}

fn file(path: &str, text: String) -> Made {
    Made {
        path: PathBuf::from(path),
        text,
    }
}

// ---- CDDL

fn between_marks(old: &str, new: &str) -> Result<String, String> {
    let marks = || Some((old.split_once(BEGIN)?.0, old.split_once(END)?.1));
    let (before, after) = marks().ok_or("comity.cddl has lost its marks")?;
    Ok(format!("{before}{BEGIN}\n{new}{END}{after}"))
}

fn cddl_choices(registries: &[Registry]) -> String {
    let mut text = String::new();
    for registry in registries {
        let is_no_rule = [
            "check",
            "transition",
            "content-type",
            "answer-code",
            "exchange-code",
            "audit-code",
            "witness-code",
            "delivery-code",
            "protocol",
        ];
        if registry.rust.is_empty() || is_no_rule.contains(&registry.name.as_str()) {
            continue;
        }
        let ids: Vec<_> = registry
            .values
            .iter()
            .map(|value| format!("\"{}\"", value.id))
            .collect();
        if registry.closed {
            let _ = writeln!(text, "{} = {}", registry.name, ids.join(" / "));
        } else {
            let _ = writeln!(text, "{} = code ; open: {}", registry.name, ids.join(", "));
        }
    }
    text
}

// ---- Tables for people

fn tables(registries: &[Registry], concurrent: &Concurrent) -> String {
    let mut text = String::from(
        "# Registries\n\nMade from `registries/*.toml` and `taxonomy/` by `cargo xtask spec`. A closed list has no other value in\n\
         version 1; an open one may grow, and a value that a reader does not know is kept and shown as it is.\n",
    );
    for registry in registries {
        let kind = match (registry.name.as_str(), registry.closed) {
            ("limit", _) => "",
            (_, true) => " (closed)",
            (_, false) => " (open)",
        };
        let _ = write!(
            text,
            "\n## {}: `{}`{kind}\n\n",
            registry.title, registry.name
        );
        table(&mut text, &registry.name, &registry.values);
    }
    let _ = write!(text, "\n## {}\n\n", concurrent.title);
    concurrent_table(&mut text, concurrent);
    text
}

/// The values of a registry, with the columns that it has.
pub(crate) fn table<'v>(
    text: &mut String,
    registry: &str,
    values: impl IntoIterator<Item = &'v Value>,
) {
    match registry {
        "limit" => limit_table(text, values),
        "check" => check_table(text, values),
        "kind" => kind_table(text, values),
        _ => plain_table(text, values),
    }
}

/// The rules of concurrent pairs, then the pairs.
pub(crate) fn concurrent_table(text: &mut String, concurrent: &Concurrent) {
    plain_table(text, &concurrent.rules);
    text.push_str("\n| one | other | rule | what it comes to |\n| --- | --- | --- | --- |\n");
    for pair in &concurrent.pairs {
        let _ = writeln!(
            text,
            "| `{}` | `{}` | {} | {} |",
            pair.a, pair.b, pair.rule, pair.effect
        );
    }
}

fn plain_table<'v>(text: &mut String, values: impl IntoIterator<Item = &'v Value>) {
    text.push_str("| code | meaning |\n| --- | --- |\n");
    for value in values {
        let _ = writeln!(text, "| `{}` | {} |", value.id, value.meaning);
    }
}

fn limit_table<'v>(text: &mut String, values: impl IntoIterator<Item = &'v Value>) {
    text.push_str("| limit | value | unit | reason |\n| --- | --- | --- | --- |\n");
    for value in values {
        let _ = writeln!(
            text,
            "| `{}` ({}) | {} | {} | {} |",
            value.id,
            or_empty(&value.owner),
            value.value.map_or_else(
                || or_empty(&value.same_as).to_owned(),
                |number| number.to_string()
            ),
            or_empty(&value.unit),
            or_empty(&value.reason)
        );
    }
}

fn check_table<'v>(text: &mut String, values: impl IntoIterator<Item = &'v Value>) {
    text.push_str(
        "| step | check | code | answer | same bytes later | passes when | next |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for (step, value) in values.into_iter().enumerate() {
        let _ = writeln!(
            text,
            "| {} | {} | `{}` | {} | {} | {} | {} |",
            step + 1,
            value.id,
            or_empty(&value.code),
            or_empty(&value.answer),
            if value.again == Some(true) {
                "may pass"
            } else {
                "never"
            },
            value.meaning,
            or_empty(&value.next)
        );
    }
}

fn kind_table<'v>(text: &mut String, values: impl IntoIterator<Item = &'v Value>) {
    text.push_str(
        "| kind | from | opens a case | asks for something new | can be refused | meaning |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for value in values {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} |",
            value.id,
            or_empty(&value.side),
            yes(value.opens),
            yes(value.asks),
            yes(value.refusable),
            value.meaning
        );
    }
}

fn yes(flag: Option<bool>) -> &'static str {
    if flag == Some(true) { "yes" } else { "no" }
}

fn or_empty(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

// ---- Rust

fn rust_registries(registries: &[&Registry]) -> String {
    let mut text = format!(
        "//! The lists of codes of the specification: closed ones as enums, open ones as constants.\n\
         {NOTE}\nuse serde::{{Deserialize, Serialize}};\n"
    );
    for registry in registries {
        if registry.closed {
            rust_enum(&mut text, registry);
        } else {
            rust_constants(&mut text, registry);
        }
    }
    text
}

fn rust_enum(text: &mut String, registry: &Registry) {
    let name = &registry.rust;
    let derive = if registry.name == "check" || registry.name == "transition" {
        ""
    } else {
        ", Serialize, Deserialize"
    };
    let _ = write!(
        text,
        "\n/// {}.\n#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash{derive})]\n",
        registry.title
    );
    if !derive.is_empty() {
        text.push_str("#[serde(rename_all = \"kebab-case\")]\n");
    }
    let _ = writeln!(text, "pub enum {name} {{");
    for value in &registry.values {
        let _ = writeln!(text, "    /// {}\n    {},", value.meaning, camel(&value.id));
    }
    let _ = writeln!(
        text,
        "}}\n\nimpl {name} {{\n    /// Every value, in the order of the specification."
    );
    let all: Vec<_> = registry
        .values
        .iter()
        .map(|value| format!("Self::{}", camel(&value.id)))
        .collect();
    let _ = writeln!(
        text,
        "    pub const ALL: [Self; {}] = [{}];\n",
        all.len(),
        all.join(", ")
    );
    arms(
        text,
        registry,
        "as_str",
        "The name on the wire and in every table",
        "&'static str",
        |value| format!("\"{}\"", value.id),
    );
    let _ = write!(
        text,
        "\n    /// The value of this name, if there is one.\n    #[must_use]\n    \
         pub fn from_name(name: &str) -> Option<Self> {{\n        \
         Self::ALL.into_iter().find(|value| value.as_str() == name)\n    }}\n"
    );
    match registry.name.as_str() {
        "kind" => {
            flag(
                text,
                registry,
                "opens",
                "Whether it opens a case",
                |value| value.opens,
            );
            flag(
                text,
                registry,
                "asks",
                "Whether it asks for something new, so that it is not taken under a roster that is past its grace",
                |value| value.asks,
            );
            flag(
                text,
                registry,
                "is_refusable",
                "Whether an acknowledgement may turn it down although its causal past allows it",
                |value| value.refusable,
            );
            text.push('\n');
            arms(
                text,
                registry,
                "side",
                "Which side of a case may send it",
                "Side",
                |value| format!("Side::{}", camel(value.side.as_deref().unwrap_or("either"))),
            );
        }
        "outcome-answer" => flag(
            text,
            registry,
            "is_final",
            "Whether it ends its round",
            |value| value.r#final,
        ),
        "check" => {
            text.push('\n');
            arms(
                text,
                registry,
                "code",
                "The one code of the answer when it fails",
                "&'static str",
                |value| format!("\"{}\"", or_empty(&value.code)),
            );
            flag(
                text,
                registry,
                "is_signed",
                "Whether the answer is a signed refusal; if not, it is an unsigned code",
                |value| Some(value.answer.as_deref() == Some("signed")),
            );
            flag(
                text,
                registry,
                "may_pass_later",
                "Whether the same bytes may succeed later",
                |value| value.again,
            );
            text.push('\n');
            arms(
                text,
                registry,
                "next",
                "Whose move it is, and what to do",
                "&'static str",
                |value| format!("{:?}", or_empty(&value.next)),
            );
        }
        _ => {}
    }
    text.push_str("}\n");
    let _ = write!(
        text,
        "\nimpl std::fmt::Display for {name} {{\n    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{\n        \
         f.write_str(self.as_str())\n    }}\n}}\n"
    );
    if registry.name == "kind" {
        text.push_str(
            "\n/// A side of a case.\n#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\npub enum Side {\n    \
             /// Who opened the case.\n    Opener,\n    /// To whom.\n    Recipient,\n    /// Both.\n    Either,\n}\n",
        );
    }
}

/// One `match` over all values, arms of equal result merged.
fn arms(
    text: &mut String,
    registry: &Registry,
    name: &str,
    doc: &str,
    returns: &str,
    result: impl Fn(&Value) -> String,
) {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for value in &registry.values {
        let pattern = format!("Self::{}", camel(&value.id));
        let result = result(value);
        match groups.iter_mut().find(|(known, _)| *known == result) {
            Some((_, patterns)) => patterns.push(pattern),
            None => groups.push((result, vec![pattern])),
        }
    }
    let _ = writeln!(
        text,
        "    /// {doc}.\n    #[must_use]\n    pub const fn {name}(self) -> {returns} {{\n        match self {{"
    );
    for (result, patterns) in groups {
        let _ = writeln!(text, "            {} => {result},", patterns.join(" | "));
    }
    text.push_str("        }\n    }\n");
}

fn flag(
    text: &mut String,
    registry: &Registry,
    name: &str,
    doc: &str,
    holds: impl Fn(&Value) -> Option<bool>,
) {
    let patterns: Vec<_> = registry
        .values
        .iter()
        .filter(|value| holds(value) == Some(true))
        .map(|value| format!("Self::{}", camel(&value.id)))
        .collect();
    let _ = write!(
        text,
        "\n    /// {doc}.\n    #[must_use]\n    pub const fn {name}(self) -> bool {{\n        matches!(self, {})\n    }}\n",
        patterns.join(" | ")
    );
}

fn rust_constants(text: &mut String, registry: &Registry) {
    let _ = write!(
        text,
        "\n/// {}. Open: others may come.\npub mod {} {{\n",
        registry.title, registry.rust
    );
    let mut names = Vec::new();
    for value in &registry.values {
        let name = value.r#const.clone().unwrap_or_else(|| upper(&value.id));
        let _ = writeln!(
            text,
            "    /// {}\n    pub const {name}: &str = \"{}\";",
            value.meaning, value.id
        );
        names.push(name);
    }
    let _ = writeln!(
        text,
        "    /// Every value that version 1 knows.\n    pub const KNOWN: [&str; {}] = [{}];\n}}",
        names.len(),
        names.join(", ")
    );
}

fn rust_transitions(registry: &Registry) -> String {
    let mut text = format!("//! What the causal past of a statement can forbid.\n{NOTE}");
    rust_enum(&mut text, registry);
    text
}

fn rust_limits(registry: &Registry, owner: &str) -> String {
    let mut text = format!("//! Every limit of this crate: value, unit, reason.\n{NOTE}");
    for value in registry
        .values
        .iter()
        .filter(|value| value.owner.as_deref() == Some(owner))
    {
        let rust_type = value
            .r#type
            .as_deref()
            .unwrap_or(match value.unit.as_deref() {
                Some("bytes" | "levels" | "count") => "usize",
                _ => "u64",
            });
        let amount = match &value.same_as {
            Some(other) => format!("comity_wire::limits::{other}"),
            None => grouped(value.value.unwrap_or_default()),
        };
        let _ = write!(
            text,
            "\n/// In {}. {}\npub const {}: {rust_type} = {amount};\n",
            or_empty(&value.unit),
            or_empty(&value.reason),
            value.id,
        );
    }
    text
}

fn rust_concurrent(concurrent: &Concurrent, kinds: &Registry) -> String {
    let mut text = format!(
        "//! What two concurrent statements come to, for every pair of kinds.\n{NOTE}\nuse comity_wire::registry::Kind;\n"
    );
    text.push_str(
        "\n/// How a pair of concurrent statements is settled.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\npub enum Rule {\n",
    );
    for rule in &concurrent.rules {
        let _ = writeln!(text, "    /// {}\n    {},", rule.meaning, camel(&rule.id));
    }
    text.push_str("}\n");
    let order: Vec<_> = kinds.values.iter().map(|value| value.id.as_str()).collect();
    let _ = write!(
        text,
        "\n/// One row for each unordered pair of kinds, in the order of the registry.\npub const PAIRS: [(Kind, Kind, Rule); {}] = [\n",
        concurrent.pairs.len()
    );
    let mut pairs: Vec<_> = concurrent.pairs.iter().collect();
    let place = |kind: &str| order.iter().position(|known| *known == kind);
    pairs.sort_by_key(|pair| (place(&pair.a), place(&pair.b)));
    for pair in pairs {
        let _ = writeln!(
            text,
            "    (Kind::{}, Kind::{}, Rule::{}),",
            camel(&pair.a),
            camel(&pair.b),
            camel(&pair.rule)
        );
    }
    text.push_str(
        "];\n\n/// The rule for two kinds, in either order.\n#[must_use]\npub fn rule(one: Kind, other: Kind) -> Option<Rule> {\n    \
         PAIRS\n        .iter()\n        .find(|(a, b, _)| (*a, *b) == (one, other) || (*b, *a) == (one, other))\n        \
         .map(|(_, _, rule)| *rule)\n}\n",
    );
    text
}

pub(crate) fn camel(id: &str) -> String {
    id.split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
                .unwrap_or_default()
        })
        .collect()
}

fn upper(id: &str) -> String {
    id.replace('-', "_").to_ascii_uppercase()
}

pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}
