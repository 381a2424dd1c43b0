//! What people and spreadsheets are shown.

use comity_audit::{ResponseTimes, Row, csv, table};

fn times() -> ResponseTimes {
    ResponseTimes {
        rows: vec![
            Row {
                clock: "offered",
                step: "receipt",
                count: 2,
                open: 1,
                ended: 0,
                p50_ms: Some(350),
                p90_ms: Some(4_250),
                p95_ms: Some(4_250),
                p99_ms: Some(4_250),
                max_ms: Some(4_250),
                paused_ms: 0,
            },
            Row {
                clock: "reported",
                step: "outcome",
                count: 0,
                open: 12,
                ended: 3,
                p50_ms: None,
                p90_ms: None,
                p95_ms: None,
                p99_ms: None,
                max_ms: None,
                paused_ms: 60_000,
            },
        ],
    }
}

#[test]
fn the_table_has_a_line_for_each_row() {
    assert_eq!(
        table(&times()),
        "\
clock     step     count  open  ended     p50    p90    p95    p99    max     paused
offered   receipt      2     1      0  350 ms  4.2 s  4.2 s  4.2 s  4.2 s          -
reported  outcome      0    12      3       -      -      -      -      -  1 min 0 s
"
    );
    assert_eq!(table(&ResponseTimes::default()).lines().count(), 1);
}

#[test]
fn csv_is_in_milliseconds_and_empty_where_nothing_was_reached() {
    assert_eq!(
        csv(&times()),
        "clock,step,count,open,ended,p50_ms,p90_ms,p95_ms,p99_ms,max_ms,paused_ms\r\n\
         offered,receipt,2,1,0,350,4250,4250,4250,4250,0\r\n\
         reported,outcome,0,12,3,,,,,,60000\r\n"
    );
}

#[test]
fn json_has_the_same_names() {
    let json = serde_json::to_value(times()).unwrap();
    assert_eq!(json["rows"][0]["p50_ms"], 350);
    assert_eq!(json["rows"][1]["max_ms"], serde_json::Value::Null);
    assert_eq!(json["rows"][1]["step"], "outcome");
    assert_eq!(json["rows"][1].as_object().unwrap().len(), 11);
}
