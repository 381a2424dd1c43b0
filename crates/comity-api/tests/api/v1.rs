//! The API for programs.

use axum::body::Body;
use axum::http::{StatusCode, header};
use comity_api::limits::{IMPORT_BYTES_MAX, JSON_BYTES_MAX};
use comity_engine::error::Whose;

use crate::fake::{ANNA, BERIT, CASE, Fake, STATEMENT};
use crate::talk::{Node, request, with_token};

/// Every address that takes work: a body that is right, the member of the answer, what the desk hears.
fn work() -> Vec<(&'static str, String, &'static str, &'static str)> {
    let case = |rest: &str| format!("{{\"case\": \"{CASE}\"{rest}}}");
    vec![
        (
            "/v1/requests",
            "{\"items\": [{\"url\": \"https://a.example/\"}]}".to_owned(),
            "drafted",
            "Request(",
        ),
        (
            "/v1/referrals",
            "{\"urgency\": \"urgent\"}".to_owned(),
            "drafted",
            "Refer(",
        ),
        (
            "/v1/reviews",
            format!("{{\"drafts\": [\"{CASE}\"], \"decision\": \"confirm\"}}"),
            "reviewed",
            "Review(",
        ),
        (
            "/v1/answers",
            case(", \"answer\": \"accepted\""),
            "signed",
            "Answer(",
        ),
        (
            "/v1/outcomes",
            case(
                ", \"items\": [{\"n\": 1, \"answer\": \"done\", \"measures\": [[\"content\", \"removed\"]]}]",
            ),
            "signed",
            "Outcome(",
        ),
        (
            "/v1/observations",
            case(", \"items\": [{\"n\": 1, \"result\": \"offline\"}]"),
            "signed",
            "Observe(",
        ),
        (
            "/v1/withdrawals",
            case(", \"code\": \"error\""),
            "signed",
            "Withdraw(",
        ),
        ("/v1/holds", case(", \"by\": \"court\""), "signed", "Hold("),
        (
            "/v1/releases",
            case(", \"by\": \"court\""),
            "signed",
            "Release(",
        ),
        (
            "/v1/questions",
            case(", \"asks\": [\"location\"]"),
            "signed",
            "Ask(",
        ),
        (
            "/v1/information",
            case(", \"text\": \"none\""),
            "signed",
            "Inform(",
        ),
        (
            "/v1/outside",
            format!("{{\"dossier\": \"{CASE}\", \"to\": \"police\"}}"),
            "noted",
            "Outside(",
        ),
        ("/v1/looks", case(", \"n\": 1"), "seen", "Look("),
        (
            "/v1/rosters",
            "{\"charters\": [\"00ff\"], \"rosters\": [\"0A\", \"0b\"]}".to_owned(),
            "roster",
            "Rosters(NewRosters { charters: [[0, 255]], rosters: [[10], [11]] })",
        ),
    ]
}

/// Every address that shows something: the member of the answer, what the desk hears.
fn shown() -> Vec<(String, &'static str, &'static str)> {
    let row = |path: &str, member, hears| (path.to_owned(), member, hears);
    vec![
        row(
            "/v1/cases",
            "cases",
            "Cases(CaseFilter { cursor: Cursor { after: None, limit: None }, direction: None, open: false })",
        ),
        row(
            "/v1/cases?after=7&limit=900&direction=out&open=true",
            "cases",
            "Cases(CaseFilter { cursor: Cursor { after: Some(7), limit: Some(200) }, direction: Some(Out), open: true })",
        ),
        (format!("/v1/cases/{CASE}"), "case", "Case("),
        row(
            "/v1/drafts?after=3&limit=0",
            "drafts",
            "Drafts(Cursor { after: Some(3), limit: Some(1) })",
        ),
        row("/v1/items", "items", "Items"),
        row(
            "/v1/outbox?limit=5",
            "outbox",
            "Outbox(Cursor { after: None, limit: Some(5) })",
        ),
        row("/v1/members", "members", "Members"),
        row("/v1/log", "log", "Log"),
        row("/v1/evidence", "contradictions", "Contradictions"),
        (
            format!("/v1/evidence/{STATEMENT}"),
            "contradiction",
            "Contradiction(",
        ),
        (format!("/v1/log/proofs/{STATEMENT}"), "proof", "Prove("),
        row(
            "/v1/reports/response-times",
            "response-times",
            "ResponseTimes",
        ),
        row("/v1/audits", "audit", "Audit"),
        row("/v1/overview", "overview", "Overview"),
    ]
}

#[tokio::test]
async fn every_piece_of_work_reaches_the_desk_as_it_was_sent() {
    for (path, body, member, hears) in work() {
        let node = Node::new();
        let answer = node.post(path, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        let json = answer.json();
        assert!(json == member || !json[member].is_null(), "{path}: {json}");
        let asked = node.desk.asked();
        assert!(
            asked[0].starts_with(&format!("anna: {hears}")),
            "{path}: {asked:?}"
        );
        assert_eq!(asked.len(), 1);
    }
}

#[tokio::test]
async fn every_question_reaches_the_desk_as_it_was_asked() {
    for (path, member, hears) in shown() {
        let node = Node::new();
        let answer = node.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        assert!(!answer.json()[member].is_null(), "{path}");
        let asked = node.desk.asked();
        assert!(
            asked[0].starts_with(&format!("anna: {hears}")),
            "{path}: {asked:?}"
        );
    }
    let node = Node::new();
    let answer = node.post("/v1/audits", "").await;
    assert!(!answer.json()["audit"].is_null());
    assert_eq!(node.desk.asked(), ["anna: audit"]);
}

#[tokio::test]
async fn an_import_is_the_file_as_it_is() {
    let node = Node::new();
    let send = |path: &str, kind: Option<&str>, bytes: Vec<u8>| {
        let mut request = with_token(request("POST", path));
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        node.send(request.body(Body::from(bytes)).unwrap())
    };
    for kind in [
        None,
        Some("application/octet-stream"),
        Some("text/csv; charset=utf-8"),
    ] {
        let answer = send("/v1/imports?file=may.csv", kind, b"a,b\n\xff".to_vec()).await;
        assert_eq!(answer.json()["imported"]["read"], 5, "{}", answer.text);
    }
    let check = async |path: &str, kind: Option<&str>, bytes: usize, status: u16, code: &str| {
        let answer = send(path, kind, vec![b'x'; bytes]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (status, code)
        );
    };
    check("/v1/imports", None, 1, 400, "bad-query").await;
    check("/v1/imports?file=", None, 1, 400, "bad-field").await;
    check("/v1/imports?file=a%2Fb.csv", None, 1, 400, "bad-field").await;
    check("/v1/imports?file=a&other=b", None, 1, 400, "bad-query").await;
    check(
        "/v1/imports?file=a",
        Some("multipart/form-data"),
        1,
        415,
        "content-type",
    )
    .await;
    check(
        "/v1/imports?file=a",
        None,
        IMPORT_BYTES_MAX + 1,
        413,
        "body-too-large",
    )
    .await;
}

#[tokio::test]
async fn without_a_known_token_nothing_reaches_the_desk() {
    let node = Node::new();
    let mut requests: Vec<(&str, String)> = shown().into_iter().map(|row| ("GET", row.0)).collect();
    requests.extend(work().into_iter().map(|row| ("POST", row.0.to_owned())));
    requests.push(("POST", "/v1/audits".to_owned()));
    requests.push(("POST", "/v1/imports?file=a".to_owned()));
    requests.push(("GET", "/v1/openapi.json".to_owned()));
    let cookie = node.login(ANNA).await;
    for (method, path) in &requests {
        let check = async |name: &str, value: &str, code: &str| {
            let mut request =
                request(method, path).header(header::CONTENT_TYPE, "application/json");
            if !name.is_empty() {
                request = request.header(name, value);
            }
            let answer = node.send(request.body(Body::from("{}")).unwrap()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path} {value}");
            assert_eq!(answer.problem(), code, "{path} {value}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        };
        check("", "", "token-missing").await;
        check("authorization", ANNA, "token-missing").await;
        check("authorization", &format!("Basic {ANNA}"), "token-missing").await;
        check("authorization", "Bearer ", "token-unknown").await;
        check(
            "authorization",
            &format!("Bearer {}", "c".repeat(64)),
            "token-unknown",
        )
        .await;
        check(
            "authorization",
            &format!("Bearer {}", &ANNA[..63]),
            "token-unknown",
        )
        .await;
        // A browser that is logged in is not a program.
        check("cookie", &cookie, "token-missing").await;
    }
    assert!(node.desk.asked().is_empty());
}

#[tokio::test]
async fn a_token_is_one_persons() {
    let node = Node::new();
    let request =
        request("GET", "/v1/items").header(header::AUTHORIZATION, format!("bearer {BERIT}"));
    let answer = node.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(node.desk.asked(), ["berit: Items"]);
}

#[tokio::test]
async fn what_is_not_right_is_refused_before_the_desk() {
    let node = Node::new();
    let check = |answer: crate::talk::Answer, status: u16, code: &str| {
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (status, code),
            "{}",
            answer.text
        );
        assert_eq!(answer.json()["whose"], "asker");
    };
    check(node.get("/v1/cases?limit=x").await, 400, "bad-query");
    check(node.get("/v1/cases?direction=up").await, 400, "bad-query");
    check(node.get("/v1/drafts?open=true").await, 400, "bad-query");
    check(node.get("/v1/cases/00").await, 400, "bad-field");
    check(node.get("/v1/cases/%ff").await, 404, "no-such-page");
    check(node.get("/v1/log/proofs/00").await, 400, "bad-field");
    check(node.get("/v1/evidence/00").await, 400, "bad-field");
    check(node.get("/v1/nothing").await, 404, "no-such-page");
    check(node.get("/v1/requests").await, 405, "method-not-allowed");
    check(
        node.post("/v1/members", "{}").await,
        405,
        "method-not-allowed",
    );
    check(node.post("/v1/answers", "").await, 400, "bad-json");
    check(node.post("/v1/answers", "{}").await, 400, "bad-json");
    check(
        node.post("/v1/looks", "{\"case\": \"00\", \"n\": 1, \"x\": 1}")
            .await,
        400,
        "bad-json",
    );
    check(
        node.post("/v1/rosters", "{\"rosters\": [\"0\"]}").await,
        400,
        "bad-field",
    );
    check(
        node.post("/v1/rosters", "{\"charters\": [\"zz\"]}").await,
        400,
        "bad-field",
    );
    let large = format!("\"{}\"", "x".repeat(JSON_BYTES_MAX));
    check(
        node.post("/v1/requests", &large).await,
        413,
        "body-too-large",
    );
    let typed = with_token(request("POST", "/v1/looks")).header(header::CONTENT_TYPE, "text/plain");
    check(
        node.send(typed.body(Body::from("{}")).unwrap()).await,
        415,
        "content-type",
    );
    let untyped = with_token(request("POST", "/v1/looks"));
    check(
        node.send(untyped.body(Body::from("{}")).unwrap()).await,
        415,
        "content-type",
    );
    assert!(node.desk.asked().is_empty());
}

#[tokio::test]
async fn a_refusal_of_the_desk_keeps_its_code_and_says_whose_move_it_is() {
    let check = async |whose, code, status: u16, word: &str| {
        let node = Node::new();
        node.desk.refuse(whose, code);
        for answer in [
            node.get("/v1/items").await,
            node.post("/v1/looks", "{\"case\": \"00\", \"n\": 1}").await,
            node.post("/v1/audits", "").await,
        ] {
            assert_eq!(
                (answer.status.as_u16(), answer.problem().as_str()),
                (status, code)
            );
            let json = answer.json();
            assert_eq!(json["whose"], word);
            assert_eq!(json["detail"], "it is not so");
            assert_eq!(json["next"], "do something else");
            assert_eq!(
                answer.header("retry-after"),
                if code == "busy" { "1" } else { "" }
            );
        }
    };
    check(Whose::Asker, "unknown-case", 404, "asker").await;
    check(Whose::Asker, "own-draft", 403, "asker").await;
    check(Whose::Asker, "item-withdrawn", 409, "asker").await;
    check(Whose::Asker, "no-recipient", 422, "asker").await;
    check(Whose::Operator, "busy", 503, "operator").await;
    check(Whose::Operator, "disk-full", 503, "operator").await;
    check(Whose::Peer, "receipt-wrong", 502, "peer").await;
    check(Whose::Us, "impossible", 500, "us").await;
}

#[tokio::test]
async fn the_health_needs_no_token_and_tells_nothing_else() {
    let node = Node::over(std::sync::Arc::new(Fake::default()));
    let answer = node.page("/healthz", None).await;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (StatusCode::OK, "ok\n")
    );
    assert!(node.desk.asked().is_empty());
}

#[tokio::test]
async fn the_description_has_every_method_of_every_address_and_no_other() {
    let node = Node::new();
    let described = node.get("/v1/openapi.json").await.json();
    assert_eq!(described["openapi"], "3.1.0");
    let paths = described["paths"].as_object().unwrap();
    assert!(paths.len() > 25);
    for (path, methods) in paths {
        let path = path
            .replace("{case}", CASE)
            .replace("{statement}", STATEMENT);
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let answer = node
                .send(request(method, &path).body(Body::empty()).unwrap())
                .await;
            let there = answer.status != StatusCode::METHOD_NOT_ALLOWED;
            let described = !methods[method.to_lowercase()].is_null();
            assert_eq!(there, described, "{method} {path}");
        }
    }
    // Whatever is referred to is there.
    let text = described.to_string();
    let schemas = described["components"]["schemas"].as_object().unwrap();
    for part in text.split("#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}
