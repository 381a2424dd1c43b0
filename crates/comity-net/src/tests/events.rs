use std::collections::BTreeSet;

/// Every file that may emit an event.
const SOURCES: [&str; 5] = [
    include_str!("../behaviour.rs"),
    include_str!("../handler.rs"),
    include_str!("../network.rs"),
    include_str!("../run.rs"),
    include_str!("../serve.rs"),
];

/// Level, name and fields of each call of `emit!`.
fn emitted() -> BTreeSet<String> {
    let calls = SOURCES
        .iter()
        .flat_map(|source| source.split("emit!(").skip(1));
    calls
        .map(|call| {
            let (call, _) = call.split_once(");").unwrap();
            let call = call.split_whitespace().collect::<Vec<_>>().join(" ");
            let mut parts = call.trim_end_matches(',').splitn(3, ',').map(str::trim);
            let level = parts.next().unwrap().to_lowercase();
            let name = parts.next().unwrap().trim_matches('"');
            let fields: Vec<&str> = parts
                .next()
                .unwrap()
                .split(", ")
                .map(|field| field.split_once(" = ").unwrap().0.trim())
                .collect();
            format!("{name} | {level} | {}", fields.join(", "))
        })
        .collect()
}

/// The same, from the table in the crate's documentation.
fn documented() -> BTreeSet<String> {
    include_str!("../lib.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `"))
        .flat_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let name = cells[0].trim_matches('`').to_owned();
            let fields = cells[2].replace('`', "");
            let levels: Vec<String> = cells[1].split(", ").map(str::to_owned).collect();
            levels
                .into_iter()
                .map(move |level| format!("{name} | {level} | {fields}"))
        })
        .collect()
}

#[test]
fn the_table_of_events_is_true() {
    assert!(emitted().len() >= 10, "{:?}", emitted());
    assert_eq!(emitted(), documented());
}

#[test]
fn no_other_file_emits_events() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut emitting = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && std::fs::read_to_string(path).unwrap().contains("emit!(") {
            emitting += 1;
        }
    }
    assert_eq!(emitting, SOURCES.len());
}
