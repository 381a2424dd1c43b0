//! The console, as a browser asks for it.

use std::sync::Arc;

use axum::http::StatusCode;
use comity_engine::error::Whose;

use crate::fake::{ANNA, BERIT, CASE, DRAFT, Fake};
use crate::talk::Node;

const PAGES: [&str; 12] = [
    "/",
    "/inbox",
    "/outbox",
    "/drafts",
    "/reports",
    "/members",
    "/log",
    "/evidence",
    "/findings",
    "/response-times",
    "/audit",
    "/cases/00112233445566778899aabbccddeeff",
];

#[tokio::test]
async fn who_is_not_logged_in_is_sent_to_the_login_and_the_desk_hears_nothing() {
    let node = Node::new();
    let unknown = format!("comity-session-8640={}", "0".repeat(64));
    for cookie in [
        None,
        Some(unknown.as_str()),
        Some("comity-session-8640="),
        Some("="),
    ] {
        for path in PAGES.iter().chain(&["/response-times.svg"]) {
            let answer = node.page(path, cookie).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
            assert_eq!(answer.header("location"), "/login");
            assert!(answer.text.is_empty());
        }
        for path in [
            format!("/cases/{CASE}/items/1/look"),
            format!("/drafts/{DRAFT}/look"),
        ] {
            let answer = node.form(&path, cookie, "n=1").await;
            assert_eq!(answer.header("location"), "/login");
        }
    }
    assert!(node.desk.asked().is_empty());
}

#[tokio::test]
async fn a_token_logs_in_and_leaving_ends_the_session() {
    let node = Node::new();
    let form = node.page("/login", None).await;
    assert!(form.text.contains("<label for=\"token\">Token</label>"));
    for token in ["", "x", &"c".repeat(64), &ANNA.to_uppercase()] {
        let answer = node.form("/login", None, &format!("token={token}")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.text.contains("role=\"alert\"") && answer.header("set-cookie").is_empty());
    }
    let answer = node
        .form("/login", None, &format!("token=%20{ANNA}%0a"))
        .await;
    let set = answer.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains(ANNA));
    let cookie = set.split(';').next().unwrap().to_owned();
    assert_eq!(node.page("/", Some(&cookie)).await.status, StatusCode::OK);
    assert_eq!(
        node.page("/login", Some(&cookie)).await.header("location"),
        "/"
    );

    let other = node.login(BERIT).await;
    let left = node.form("/logout", Some(&cookie), "").await;
    assert_eq!(left.header("location"), "/login");
    assert!(left.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(
        node.page("/", Some(&cookie)).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(node.page("/", Some(&other)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_form_of_another_site_does_nothing() {
    let node = Node::new();
    let cookie = node.login(ANNA).await;
    let looks = [
        format!("/cases/{CASE}/items/1/look"),
        format!("/drafts/{DRAFT}/look"),
        format!("/reports/{DRAFT}/look"),
    ];
    let before = node.desk.asked().len();
    let foreign: [&[(&str, &str)]; 6] = [
        &[],
        &[("origin", "null")],
        &[("origin", "http://attacker.example")],
        &[
            ("origin", "http://127.0.0.1:9999"),
            ("sec-fetch-site", "same-site"),
        ],
        &[("sec-fetch-site", "cross-site")],
        &[
            ("origin", "http://attacker.example"),
            ("sec-fetch-site", "same-origin"),
        ],
    ];
    for headers in foreign {
        for path in looks.iter().map(String::as_str).chain(["/logout"]) {
            let answer = node.form_from(path, Some(&cookie), "n=1", headers).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
            assert!(answer.text.contains("cross-site"));
        }
        let login = node
            .form_from("/login", None, &format!("token={ANNA}"), headers)
            .await;
        assert_eq!(login.status, StatusCode::FORBIDDEN);
        assert!(login.header("set-cookie").is_empty());
    }
    assert_eq!(node.desk.asked().len(), before);
    assert_eq!(node.page("/", Some(&cookie)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_page_is_whole_and_escaped_full_or_empty() {
    for desk in [Fake::full(), Arc::new(Fake::default())] {
        let full = desk.full;
        let node = Node::over(desk);
        let cookie = node.login(ANNA).await;
        for path in PAGES {
            let page = node.page(path, Some(&cookie)).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            let text = page.text;
            assert!(text.starts_with("<!doctype html>") && text.trim_end().ends_with("</html>"));
            assert_eq!(text.matches("<h1").count(), 1, "{path}");
            assert!(text.contains("aria-current=\"page\""), "{path}");
            for active in [
                "<script",
                "<img src=x",
                "<b>bold",
                "javascript:",
                " onclick",
                " style=",
                "http://",
                "https://",
            ] {
                let text = text.replace("http://www.w3.org/2000/svg", "");
                assert!(!text.contains(active), "{path}: {active}");
            }
            if !full
                && path != "/"
                && path != "/log"
                && path != "/outbox"
                && !path.starts_with("/cases")
            {
                assert!(text.contains("class=\"empty\""), "{path}");
            }
        }
    }
}

/// What a page says, with its markup taken out.
fn said(html: &str) -> String {
    let mut said = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => said.push(c),
            _ => {}
        }
    }
    said.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("&nbsp;", " ")
        .replace("&#39;", "'")
}

#[tokio::test]
async fn pages_say_in_words_where_things_stand() {
    let node = Node::new();
    let cookie = node.login(ANNA).await;
    let check = async |path: &str, sentences: &[&str]| {
        let text = said(&node.page(path, Some(&cookie)).await.text);
        for sentence in sentences {
            assert!(text.contains(sentence), "{path}: {sentence}: {text}");
        }
    };
    check(
        "/",
        &[
            "What needs attention",
            "12 open in the inbox",
            "1 given up",
            "3 cases overdue",
        ],
    )
    .await;
    check(
        "/inbox",
        &[
            "Overdue",
            "2026-05-26 20:26 UTC 2 d late",
            "2026-05-28 23:26 UTC in 3 h",
            "On hold",
            "Nothing: settled",
            "A child may be in danger now",
        ],
    )
    .await;
    check(
        "/outbox",
        &[
            "Tried, not delivered yet",
            "unreachable",
            "Not tried yet",
            "Given up: not delivered",
            "Not delivered yet",
        ],
    )
    .await;
    check(
        "/drafts",
        &[
            "Waits for a second person",
            "You may confirm it.",
            "Nobody yet",
            "Assessments contradict",
        ],
    )
    .await;
    check(
        &format!("/cases/{CASE}"),
        &[
            "Reported done, not confirmed",
            "Nobody else has confirmed it yet.",
            "Content removed, they say,",
            "registered it as record 17 of its log",
            "not that anybody answered",
            "Extension tomorrow.note, 300 bytes:",
            "by two&#60;/i&#62; and more",
            "Critical extension tomorrow.shift, 2 bytes: 00ff",
            "Signed, not delivered yet",
            "by their clock",
            "2 d late",
            "stood still for 5 h",
            "When it runs again",
            "Amendment, Withdrawal.",
        ],
    )
    .await;
    check(
        "/reports",
        &[
            "120 reports",
            "The hotline told the police",
            "For the hotline itself to act on",
        ],
    )
    .await;
    check(
        "/members",
        &[
            "Hotline South",
            "Not connected",
            "This is you",
            "2 messages",
            "In force",
        ],
    )
    .await;
    check("/log", &["1204 records"]).await;
    check(
        "/response-times",
        &[
            "From the public's report (claimed by the hotline)",
            "First answer by a person",
            "4 h",
            "26",
            "on hold for 5 h of it",
        ],
    )
    .await;
    check(
        "/audit",
        &[
            "platform.example",
            "Not all of it",
            "All of it",
            "for reply before it is published",
        ],
    )
    .await;
}

#[tokio::test]
async fn lists_go_on_where_they_ended() {
    let node = Node::new();
    let cookie = node.login(ANNA).await;
    let check = async |path: &str, link: &str, hears: &str| {
        let page = node.page(path, Some(&cookie)).await;
        assert!(page.text.contains(link), "{path}");
        let asked = node.desk.asked();
        assert!(
            asked.iter().any(|line| line.contains(hears)),
            "{path}: {asked:?}"
        );
    };
    check(
        "/inbox",
        "href=\"/inbox?after=41\"",
        "after: None, limit: Some(50) }, direction: Some(In), open: true",
    )
    .await;
    check(
        "/inbox?after=41&all=true",
        "href=\"/inbox?after=41&amp;all=true\"",
        "after: Some(41), limit: Some(50) }, direction: Some(In), open: false",
    )
    .await;
    check(
        "/outbox?all=true",
        "href=\"/outbox?after=41&amp;all=true\"",
        "direction: Some(Out), open: false",
    )
    .await;
    check(
        "/drafts?after=9",
        "href=\"/drafts?after=42\"",
        "Drafts(Cursor { after: Some(9), limit: Some(50) })",
    )
    .await;
}

#[tokio::test]
async fn a_problem_is_a_page_that_says_what_to_do() {
    let node = Node::new();
    let cookie = node.login(ANNA).await;
    let missing = node.page("/nothing", Some(&cookie)).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.text.contains("no-such-page") && missing.text.contains("<h1>"));
    for path in ["/cases/xyz", "/cases/00", "/cases/%ff"] {
        assert_eq!(
            node.page(path, Some(&cookie)).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    assert_eq!(
        node.page("/inbox?after=x", Some(&cookie)).await.status,
        StatusCode::BAD_REQUEST
    );

    node.desk.refuse(Whose::Operator, "journal-damaged");
    for path in PAGES {
        let page = node.page(path, Some(&cookie)).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        for words in [
            "It is not so.",
            "journal-damaged",
            "do something else",
            "The operator of this node",
        ] {
            assert!(page.text.contains(words), "{path}: {words}");
        }
    }
}

#[tokio::test]
async fn the_plot_stands_alone_and_says_so_when_there_is_nothing() {
    let node = Node::new();
    let cookie = node.login(ANNA).await;
    let plot = node.page("/response-times.svg", Some(&cookie)).await;
    assert_eq!(plot.header("content-type"), "image/svg+xml");
    assert!(
        plot.text
            .starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"")
    );
    assert!(plot.text.contains("<title") && plot.text.contains("half within 42 min"));
    let node = Node::over(Arc::new(Fake::default()));
    let cookie = node.login(ANNA).await;
    let plot = node.page("/response-times.svg", Some(&cookie)).await;
    assert!(plot.text.contains("Nothing has been measured yet."));
}

#[tokio::test]
async fn an_audit_that_nobody_has_made_is_no_problem() {
    let node = Node::new();
    let cookie = node.login(ANNA).await;
    let empty = Node::over(Arc::new(Fake {
        no_audit: true,
        ..Fake::default()
    }));
    let empty_cookie = empty.login(ANNA).await;
    assert!(
        !node
            .page("/audit", Some(&cookie))
            .await
            .text
            .contains("class=\"empty\"")
    );
    let page = empty.page("/audit", Some(&empty_cookie)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("comity audit"));
}
