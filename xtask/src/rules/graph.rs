//! Who may depend on whom, read from `cargo metadata`.

use super::{Tested, assert_clean};
use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use std::collections::{BTreeMap, BTreeSet};

/// Which crates of the workspace a crate may use, besides its tests. Arrows point inwards, and what an allowed crate
/// may use is allowed too.
const DIRECTION: &[(&str, &[&str])] = &[
    ("comity-wire", &[]),
    ("comity-taxonomy", &["comity-wire"]),
    ("comity-clocks", &["comity-wire"]),
    ("comity-trust", &["comity-wire"]),
    (
        "comity-case",
        &["comity-clocks", "comity-taxonomy", "comity-trust"],
    ),
    ("comity-log", &["comity-wire"]),
    ("comity-intake", &["comity-taxonomy", "comity-trust"]),
    (
        "comity-audit",
        &["comity-clocks", "comity-log", "comity-trust"],
    ),
    ("comity-report", &["comity-audit", "comity-clocks"]),
    ("comity-conformance", &["comity-log", "comity-trust"]),
    ("comity-store", &["comity-log"]),
    ("comity-net", &["comity-wire"]),
    (
        "comity-engine",
        &[
            "comity-case",
            "comity-log",
            "comity-report",
            "comity-intake",
        ],
    ),
    ("comity-api", &["comity-engine"]),
    (
        "comity",
        &[
            "comity-api",
            "comity-conformance",
            "comity-store",
            "comity-net",
        ],
    ),
];

/// Used by people and tests: they may use everything, and no product crate may use them but in its tests.
const TOOLS: &[&str] = &["comity-testkit", "comity-testnet", "comity-spec", "xtask"];

/// Bytes, keys and times come in as arguments; decisions go out.
const PURE: &[&str] = &[
    "comity-wire",
    "comity-taxonomy",
    "comity-clocks",
    "comity-trust",
    "comity-case",
    "comity-log",
    "comity-intake",
    "comity-audit",
    "comity-report",
    "comity-conformance",
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

/// A library, and the one crate that may name it in its Cargo.toml, be it for its tests. `x*`: all that begin so.
const CONTAINED: &[(&str, &str)] = &[
    ("serde_cbor", "comity-wire"),
    ("coset", "comity-wire"),
    ("libp2p*", "comity-net"),
    ("sled", "comity-store"),
    ("axum*", "comity-api"),
    ("askama*", "comity-api"),
    ("opentelemetry*", "comity"),
    ("tracing-opentelemetry", "comity"),
];

/// Two copies would be two sets of types for one key, and two implementations to trust.
const ONE_COPY: &[&str] = &["ed25519-dalek", "curve25519-dalek"];

/// A copy that does not count, as long as nobody but this crate asks for it: library, who asks, why it may.
const OTHER_COPIES: &[(&str, &str, &str)] = &[(
    "curve25519-dalek",
    "snow",
    "X25519 in the Noise handshake of libp2p: no signature is made or checked with it, and no type of it leaves snow",
)];

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

    /// What is really built. `cargo metadata` also counts features that only a dependency asks for which is optional
    /// and off; a feature that a pure crate turned off would come back that way. No tests in it, so all is `Product`.
    fn as_built() -> Result<Self, Box<dyn std::error::Error>> {
        let args = "tree --workspace --all-features --target all --edges normal,build --prefix depth --locked";
        let args: Vec<_> = args.split(' ').collect();
        Ok(Self::of_tree(&crate::process::output(
            &mut crate::process::cargo(&args),
        )?))
    }

    /// Lines of `<depth><name> v<version> …`: each is a dependency of the nearest line above that is less deep.
    fn of_tree(text: &str) -> Self {
        let mut graph = Self::default();
        let mut path: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            let digits = line.chars().take_while(char::is_ascii_digit).count();
            let (depth, rest) = line.split_at(digits);
            let mut words = rest.split_whitespace();
            let (Ok(depth), Some(name), Some(version)) =
                (depth.parse::<usize>(), words.next(), words.next())
            else {
                continue;
            };
            let node = (name.to_owned(), version.trim_start_matches('v').to_owned());
            path.truncate(depth);
            if let Some(from) = path.last() {
                graph.edges.push(Edge {
                    from: from.clone(),
                    to: node.clone(),
                    kind: Kind::Product,
                });
            } else {
                graph.workspace.insert(node.0.clone());
            }
            graph.nodes.insert(node.clone());
            path.push(node);
        }
        graph
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

fn uncontained(graph: &Graph, contained: &[(&str, &str)]) -> Vec<String> {
    let mut findings = BTreeSet::new();
    for (library, owner) in contained {
        for edge in graph
            .workspace_edges()
            .filter(|edge| matches(library, &edge.to.0) && edge.from.0 != *owner)
        {
            findings.insert(format!(
                "{} depends on {}: only {owner} may; use its functions",
                edge.from.0, edge.to.0
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
            .filter(|node| node.0 == *library && !is_excepted(graph, node))
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

/// Whether only those ask for this copy who may have one of their own.
fn is_excepted(graph: &Graph, copy: &(String, String)) -> bool {
    let mut askers = graph
        .edges
        .iter()
        .filter(|edge| edge.to == *copy)
        .peekable();
    askers.peek().is_some()
        && askers.all(|edge| {
            OTHER_COPIES
                .iter()
                .any(|(library, asker, _)| *library == copy.0 && *asker == edge.from.0)
        })
}

/// An exception for what is no longer in the tree would wait for something else to slip through.
fn idle_exceptions(graph: &Graph) -> Vec<String> {
    let idle = OTHER_COPIES.iter().filter(|(library, asker, _)| {
        !graph
            .edges
            .iter()
            .any(|edge| edge.to.0 == *library && edge.from.0 == *asker)
    });
    idle.map(|(library, asker, _)| {
        format!("{asker} no longer asks for {library}: take the line out of OTHER_COPIES")
    })
    .collect()
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
    let graph = Graph::as_built()?;
    for pure in PURE.iter().filter(|name| **name != "comity-taxonomy") {
        let known = graph.nodes.iter().any(|(name, _)| name == pure);
        assert!(
            known,
            "cargo tree does not show {pure}: has its output another form?"
        );
    }
    assert_clean(&impure(&graph));
    Ok(())
}

#[test]
fn serde_cbor_and_coset_are_dependencies_of_comity_wire_only() -> Tested {
    let owned_by_wire = |(_, owner): &&(&str, &str)| *owner == "comity-wire";
    let of_wire: Vec<_> = CONTAINED.iter().filter(owned_by_wire).copied().collect();
    assert_clean(&uncontained(&Graph::of_this_workspace()?, &of_wire));
    Ok(())
}

#[test]
fn network_views_web_and_telemetry_libraries_have_one_crate_each_that_may_name_them() -> Tested {
    assert_clean(&uncontained(&Graph::of_this_workspace()?, CONTAINED));
    Ok(())
}

#[test]
fn there_is_one_copy_of_the_signature_library() -> Tested {
    let graph = Graph::of_this_workspace()?;
    assert_clean(&copied(&graph));
    assert_clean(&idle_exceptions(&graph));
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
        rule: impl Fn(&Graph) -> Vec<String>,
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
    fn what_is_built_is_read_from_the_tree_that_cargo_prints() {
        let text = "0comity-log v0.1.0 (/comity)\n1tiles v1.0.0\n2tokio v1.2.3 (*)\n1hash v2.0.0 (proc-macro)\n\n\
                    0comity-net v0.1.0 (/comity)\n1mio v1.0.0\n";
        let graph = Graph::of_tree(text);
        let edges: Vec<_> = graph
            .edges
            .iter()
            .map(|edge| (edge.from.0.as_str(), edge.to.0.as_str()))
            .collect();
        assert_eq!(
            edges,
            [
                ("comity-log", "tiles"),
                ("tiles", "tokio"),
                ("comity-log", "hash"),
                ("comity-net", "mio")
            ]
        );
        assert!(
            graph
                .nodes
                .contains(&("tokio".to_owned(), "1.2.3".to_owned()))
        );
        assert!(matches!(&impure(&graph)[..], [one] if one.contains("tokio (through tiles)")));
    }

    #[test]
    fn a_second_user_of_a_contained_library_is_found() {
        let rule = |graph: &Graph| uncontained(graph, CONTAINED);
        check(rule, &[("comity-wire", "serde_cbor", Product)], None);
        check(
            rule,
            &[("comity-trust", "serde_cbor", Dev)],
            Some("comity-trust depends on serde_cbor"),
        );
        check(
            rule,
            &[("comity-log", "coset", Product)],
            Some("comity-log depends on coset"),
        );
        check(rule, &[("comity-net", "libp2p", Product)], None);
        for (from, library) in [
            ("comity-engine", "libp2p-identity"),
            ("comity-testnet", "libp2p"),
            ("comity-engine", "sled"),
            ("comity", "axum"),
            ("comity", "askama"),
            ("comity-net", "opentelemetry_sdk"),
            ("comity-api", "tracing-opentelemetry"),
        ] {
            let expected = format!("{from} depends on {library}");
            check(rule, &[(from, library, Product)], Some(&expected));
        }
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

    #[test]
    fn a_copy_for_the_handshake_does_not_count_unless_somebody_else_asks_for_it_too() {
        let ours = [
            ("comity-wire", "ed25519-dalek@3.0.0", Product),
            ("ed25519-dalek@3.0.0", "curve25519-dalek@5.0.0", Product),
        ];
        let of_snow = ("snow", "curve25519-dalek@4.1.3", Product);
        let by = |asker| (asker, "curve25519-dalek@4.1.3", Product);
        check(copied, &[&ours[..], &[of_snow]].concat(), None);
        let found = Some("2 copies of curve25519-dalek (4.1.3, 5.0.0)");
        for asker in ["comity-net", "x25519-dalek", "ed25519-dalek@3.0.0"] {
            check(copied, &[&ours[..], &[of_snow, by(asker)]].concat(), found);
            check(copied, &[&ours[..], &[by(asker)]].concat(), found);
        }
        let signs = ("snow", "ed25519-dalek@2.1.1", Product);
        check(
            copied,
            &[&ours[..], &[signs]].concat(),
            Some("2 copies of ed25519-dalek (2.1.1, 3.0.0)"),
        );
    }

    #[test]
    fn an_exception_that_nothing_needs_any_more_is_found() {
        let used = [("snow", "curve25519-dalek@4.1.3", Product)];
        check(idle_exceptions, &used, None);
        let unused = [("snow", "x25519-dalek@3.0.0", Product)];
        check(
            idle_exceptions,
            &unused,
            Some("snow no longer asks for curve25519-dalek"),
        );
    }

    #[test]
    fn intake_and_audit_are_pure_and_the_engine_may_use_them() {
        for pure in ["comity-intake", "comity-audit"] {
            check(impure, &[(pure, "getrandom", Product)], Some(pure));
            check(wrong_direction, &[("comity-engine", pure, Product)], None);
            check(wrong_direction, &[("comity", pure, Product)], None);
            check(
                wrong_direction,
                &[(pure, "comity-engine", Product)],
                Some("depends on comity-engine"),
            );
        }
    }
}
