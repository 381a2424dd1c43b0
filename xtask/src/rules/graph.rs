//! Who may depend on whom, read from `cargo metadata`.

use super::{Tested, assert_clean};
use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use std::collections::{BTreeMap, BTreeSet};

/// Which crates of the workspace a crate may use, besides its tests. Arrows point inwards, and what an allowed crate
/// may use is allowed too.
const DIRECTION: &[(&str, &[&str])] = &[
    ("comity-wire", &[]),
    ("comity-taxonomy", &["comity-wire"]),
    ("comity-trust", &["comity-wire"]),
    ("comity-case", &["comity-taxonomy", "comity-trust"]),
    ("comity-log", &["comity-wire"]),
    ("comity-store", &["comity-log"]),
    ("comity-net", &["comity-wire"]),
    ("comity-engine", &["comity-case", "comity-log"]),
    ("comity-api", &["comity-engine"]),
    ("comity", &["comity-api", "comity-store", "comity-net"]),
];

/// Used by people and tests: they may use everything, and no product crate may use them but in its tests.
const TOOLS: &[&str] = &["comity-testkit", "comity-spec", "xtask"];

/// Bytes, keys and times come in as arguments; decisions go out.
const PURE: &[&str] = &[
    "comity-wire",
    "comity-taxonomy",
    "comity-trust",
    "comity-case",
    "comity-log",
];

/// What would give a pure crate a runtime, a network, a disk, a clock or randomness of its own. `x*`: all that begin so.
const IMPURE: &[&str] = &[
    "actix*",
    "async-io",
    "async-std",
    "axum*",
    "chrono",
    "futures-timer",
    "getrandom",
    "hyper*",
    "if-watch",
    "libp2p*",
    "memmap*",
    "mio",
    "notify",
    "opentelemetry*",
    "polling",
    "quinn*",
    "rand",
    "redb",
    "reqwest",
    "rocksdb",
    "rusqlite",
    "rustls",
    "sled",
    "smol",
    "socket2",
    "tokio*",
    "tonic",
    "tower*",
    "ureq",
];

/// A library, and the one crate that may name it in its Cargo.toml.
const CONTAINED: &[(&str, &str)] = &[("serde_cbor", "comity-wire"), ("coset", "comity-wire")];

/// Two copies would be two sets of types for one key, and two implementations to trust.
const ONE_COPY: &[&str] = &["ed25519-dalek", "curve25519-dalek"];

#[derive(Debug, Default)]
struct Graph {
    /// Name and version, so that two copies are two nodes.
    nodes: BTreeSet<(String, String)>,
    edges: Vec<Edge>,
    workspace: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq)]
struct Edge {
    from: (String, String),
    to: (String, String),
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// In what we ship, or in the build of it.
    Product,
    /// Only in tests, benches and examples.
    Dev,
}

impl Graph {
    fn of_this_workspace() -> Result<Self, Box<dyn std::error::Error>> {
        let mut command = MetadataCommand::new();
        command
            .current_dir(crate::process::root())
            .other_options(["--locked".to_owned(), "--all-features".to_owned()]);
        let metadata = command.exec()?;
        let node = |package: &Package| (package.name.to_string(), package.version.to_string());
        let names: BTreeMap<_, _> = metadata
            .packages
            .iter()
            .map(|package| (package.id.clone(), node(package)))
            .collect();
        let mut graph = Self {
            nodes: names.values().cloned().collect(),
            edges: Vec::new(),
            workspace: metadata
                .workspace_packages()
                .iter()
                .map(|package| package.name.to_string())
                .collect(),
        };
        for resolved in metadata
            .resolve
            .as_ref()
            .ok_or("cargo metadata resolved nothing")?
            .nodes
            .iter()
        {
            for dep in &resolved.deps {
                let (Some(from), Some(to)) = (names.get(&resolved.id), names.get(&dep.pkg)) else {
                    continue;
                };
                for kind in &dep.dep_kinds {
                    let kind = if kind.kind == DependencyKind::Development {
                        Kind::Dev
                    } else {
                        Kind::Product
                    };
                    graph.edges.push(Edge {
                        from: from.clone(),
                        to: to.clone(),
                        kind,
                    });
                }
            }
        }
        Ok(graph)
    }

    fn workspace_edges(&self) -> impl Iterator<Item = &Edge> {
        self.edges
            .iter()
            .filter(|edge| self.workspace.contains(&edge.from.0))
    }

    /// All that ends up in `name` when it is built for use, each with the crate that brings it in.
    fn product_tree(&self, name: &str) -> BTreeMap<&str, &str> {
        let mut tree = BTreeMap::new();
        let mut open: Vec<_> = self.nodes.iter().filter(|node| node.0 == name).collect();
        while let Some(node) = open.pop() {
            for edge in self
                .edges
                .iter()
                .filter(|edge| edge.kind == Kind::Product && edge.from == *node)
            {
                if tree
                    .insert(edge.to.0.as_str(), edge.from.0.as_str())
                    .is_none()
                {
                    open.push(&edge.to);
                }
            }
        }
        tree
    }
}

fn allowed(name: &str) -> BTreeSet<&'static str> {
    let direct = DIRECTION
        .iter()
        .find(|(from, _)| *from == name)
        .map_or(&[][..], |(_, to)| to);
    direct
        .iter()
        .flat_map(|to| allowed(to).into_iter().chain([*to]))
        .collect()
}

fn wrong_direction(graph: &Graph) -> Vec<String> {
    let mut findings = Vec::new();
    for name in &graph.workspace {
        if !TOOLS.contains(&name.as_str()) && !DIRECTION.iter().any(|(from, _)| from == name) {
            findings.push(format!("{name} is not in the table DIRECTION of xtask/src/rules/graph.rs: say there what it may use"));
        }
    }
    for edge in graph
        .workspace_edges()
        .filter(|edge| edge.kind == Kind::Product)
    {
        let (from, to) = (edge.from.0.as_str(), edge.to.0.as_str());
        if graph.workspace.contains(to)
            && !TOOLS.contains(&from)
            && !TOOLS.contains(&to)
            && !allowed(from).contains(to)
        {
            findings.push(format!(
                "{from} depends on {to}, against the direction of docs/ARCHITECTURE.md: move what it needs inwards, \
                 or take it as an argument"
            ));
        }
    }
    findings
}

fn tools_in_product(graph: &Graph) -> Vec<String> {
    let edges = graph
        .workspace_edges()
        .filter(|edge| edge.kind == Kind::Product);
    let wrong = edges.filter(|edge| {
        TOOLS.contains(&edge.to.0.as_str()) && !TOOLS.contains(&edge.from.0.as_str())
    });
    wrong
        .map(|edge| {
            format!(
                "{} depends on {}: move it to [dev-dependencies]",
                edge.from.0, edge.to.0
            )
        })
        .collect()
}

fn impure(graph: &Graph) -> Vec<String> {
    let mut findings = Vec::new();
    for pure in PURE {
        for (name, by) in graph.product_tree(pure) {
            if IMPURE.iter().any(|pattern| matches(pattern, name)) {
                findings.push(format!(
                    "{pure} is pure, but has {name} (through {by}): turn off the feature that brings it in, or move the \
                     code to a crate that may have it"
                ));
            }
        }
    }
    findings
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == name, |start| name.starts_with(start))
}

fn uncontained(graph: &Graph) -> Vec<String> {
    let mut findings = BTreeSet::new();
    for (library, owner) in CONTAINED {
        for edge in graph
            .workspace_edges()
            .filter(|edge| edge.to.0 == *library && edge.from.0 != *owner)
        {
            findings.insert(format!(
                "{} depends on {library}: only {owner} may; use its functions",
                edge.from.0
            ));
        }
    }
    findings.into_iter().collect()
}

fn copied(graph: &Graph) -> Vec<String> {
    let mut findings = Vec::new();
    for library in ONE_COPY {
        let versions: Vec<_> = graph
            .nodes
            .iter()
            .filter(|(name, _)| name == library)
            .map(|(_, version)| version.as_str())
            .collect();
        if versions.len() != 1 {
            findings.push(format!(
                "Cargo.lock has {} copies of {library} ({}), not one: `cargo tree -i {library}` says who asks for which",
                versions.len(),
                versions.join(", ")
            ));
        }
    }
    findings
}

#[test]
fn crates_depend_inwards_only() -> Tested {
    assert_clean(&wrong_direction(&Graph::of_this_workspace()?));
    Ok(())
}

#[test]
fn no_product_crate_depends_on_the_tools_but_in_its_tests() -> Tested {
    assert_clean(&tools_in_product(&Graph::of_this_workspace()?));
    Ok(())
}

#[test]
fn pure_crates_have_no_runtime_no_network_no_store_and_no_clock() -> Tested {
    assert_clean(&impure(&Graph::of_this_workspace()?));
    Ok(())
}

#[test]
fn serde_cbor_and_coset_are_dependencies_of_comity_wire_only() -> Tested {
    assert_clean(&uncontained(&Graph::of_this_workspace()?));
    Ok(())
}

#[test]
fn there_is_one_copy_of_the_signature_library() -> Tested {
    assert_clean(&copied(&Graph::of_this_workspace()?));
    Ok(())
}

/// The rules themselves, shown what they forbid.
mod on_made_up_graphs {
    use super::*;

    fn graph(edges: &[(&str, &str, Kind)]) -> Graph {
        let node = |name: &str| match name.split_once('@') {
            Some((name, version)) => (name.to_owned(), version.to_owned()),
            None => (name.to_owned(), "1.0.0".to_owned()),
        };
        let mut graph = Graph::default();
        for (from, to, kind) in edges {
            graph.nodes.extend([node(from), node(to)]);
            graph.edges.push(Edge {
                from: node(from),
                to: node(to),
                kind: *kind,
            });
        }
        let ours = |name: &&String| name.starts_with("comity") || *name == "xtask";
        graph.workspace = graph
            .nodes
            .iter()
            .map(|(name, _)| name)
            .filter(ours)
            .cloned()
            .collect();
        graph
    }

    /// The rule finds exactly one thing, and its message has this in it; or nothing, for `None`.
    fn check(
        rule: fn(&Graph) -> Vec<String>,
        edges: &[(&str, &str, Kind)],
        expected: Option<&str>,
    ) {
        let findings = rule(&graph(edges));
        match expected {
            None => assert_clean(&findings),
            Some(words) => {
                assert!(
                    matches!(&findings[..], [one] if one.contains(words)),
                    "{words:?} expected, got {findings:?}"
                );
            }
        }
    }

    use Kind::{Dev, Product};

    #[test]
    fn an_edge_outwards_is_found() {
        check(
            wrong_direction,
            &[("comity-trust", "comity-wire", Product)],
            None,
        );
        check(
            wrong_direction,
            &[("comity-engine", "comity-wire", Product)],
            None,
        );
        check(
            wrong_direction,
            &[("comity-wire", "comity-trust", Product)],
            Some("comity-wire depends on comity-trust"),
        );
        check(
            wrong_direction,
            &[("comity-log", "comity-case", Product)],
            Some("comity-log depends on comity-case"),
        );
        check(
            wrong_direction,
            &[("comity-net", "comity-store", Product)],
            Some("comity-net depends on comity-store"),
        );
        check(
            wrong_direction,
            &[("comity-case", "comity-trust", Dev)],
            None,
        );
    }

    #[test]
    fn a_crate_that_the_table_does_not_know_is_found() {
        check(
            wrong_direction,
            &[("comity-new", "serde", Product)],
            Some("comity-new is not in the table"),
        );
    }

    #[test]
    fn a_product_crate_on_the_testkit_is_found_unless_it_is_for_tests() {
        check(
            tools_in_product,
            &[("comity-wire", "comity-testkit", Dev)],
            None,
        );
        check(
            tools_in_product,
            &[("comity-testkit", "comity-spec", Product)],
            None,
        );
        check(
            tools_in_product,
            &[("comity-wire", "comity-testkit", Product)],
            Some("move it to [dev-dependencies]"),
        );
    }

    #[test]
    fn a_runtime_deep_in_the_tree_of_a_pure_crate_is_found() {
        let deep = [
            ("comity-log", "tiles", Product),
            ("tiles", "tokio-util", Product),
        ];
        check(
            impure,
            &deep,
            Some("comity-log is pure, but has tokio-util (through tiles)"),
        );
        check(
            impure,
            &[
                ("comity-log", "tiles", Product),
                ("tiles", "tokio-util", Dev),
            ],
            None,
        );
        check(impure, &[("comity-net", "tokio", Product)], None);
    }

    #[test]
    fn a_second_user_of_a_contained_library_is_found() {
        check(uncontained, &[("comity-wire", "serde_cbor", Product)], None);
        check(
            uncontained,
            &[("comity-trust", "serde_cbor", Dev)],
            Some("comity-trust depends on serde_cbor"),
        );
        check(
            uncontained,
            &[("comity-log", "coset", Product)],
            Some("comity-log depends on coset"),
        );
    }

    #[test]
    fn a_second_copy_of_the_signature_library_is_found() {
        let one = [
            ("comity-wire", "ed25519-dalek@3.0.0", Product),
            ("ed25519-dalek@3.0.0", "curve25519-dalek@5.0.0", Product),
        ];
        check(copied, &one, None);
        let two = [
            &one[..],
            &[("comity-trust", "ed25519-dalek@2.1.1", Product)],
        ]
        .concat();
        check(
            copied,
            &two,
            Some("2 copies of ed25519-dalek (2.1.1, 3.0.0)"),
        );
    }
}
