//! What both sides of a case must have alike.

use serde_json::{Value, json};

use super::desk::Desk;

/// Every case of both members, the same at both. Returns how many there are.
#[track_caller]
pub(crate) fn both_sides_agree(opener: &Desk, recipient: &Desk) -> usize {
    let ours = opener.rows("/v1/cases?direction=out").unwrap();
    let theirs = recipient.rows("/v1/cases?direction=in").unwrap();
    assert_eq!(
        ids(&ours),
        ids(&theirs),
        "cases that one side does not have"
    );
    for case in ids(&ours) {
        let path = format!("/v1/cases/{case}");
        let [ours, theirs] = [opener, recipient].map(|desk| said(&desk.get(&path).unwrap()));
        assert_eq!(ours, theirs, "{case}");
    }
    ours.len()
}

fn ids(rows: &[Value]) -> Vec<String> {
    let mut ids: Vec<String> = rows
        .iter()
        .map(|row| row["case"].as_str().unwrap().to_owned())
        .collect();
    ids.sort_unstable();
    ids
}

/// Statements in the order of the fold, each with who said it; items with their states and what was done.
fn said(shown: &Value) -> Value {
    let case = &shown["case"];
    let timeline = case["timeline"].as_array().unwrap().iter().map(|event| {
        assert!(
            ["delivered", "received"].contains(&event["standing"].as_str().unwrap()),
            "{event}"
        );
        json!([event["statement"], event["from"], event["kind"]])
    });
    let items = case["items"].as_array().unwrap().iter().map(|item| {
        let names = [
            "n",
            "state",
            "round",
            "measures",
            "assessments",
            "countries",
        ];
        json!(names.map(|name| item[name].clone()))
    });
    json!([timeline.collect::<Vec<_>>(), items.collect::<Vec<_>>()])
}
