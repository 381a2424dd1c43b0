//! What was sent never comes back: a locator is in the answer to a look, and in no other.

use axum::body::Body;
use axum::http::header;

use crate::fake::{ANNA, CANARY, CASE, DRAFT};
use crate::talk::{Node, request, with_token};

const SENT: &str = "https://sent-canary.example/secret";

#[tokio::test]
async fn no_error_says_what_was_sent() {
    let node = Node::new();
    let coded = "sent-canary.example%2Fsecret";
    let mut answers = vec![
        node.get(&format!("/v1/{coded}")).await,
        node.get(&format!("/v1/cases/{coded}")).await,
        node.get(&format!("/v1/cases?after={coded}")).await,
        node.get(&format!("/v1/cases?{coded}=1")).await,
        node.get(&format!("/v1/log/proofs/{coded}")).await,
        node.post(&format!("/v1/imports?file={coded}"), SENT).await,
        node.post("/v1/requests", SENT).await,
        node.post(
            "/v1/requests",
            &format!("{{\"items\": [{{\"url\": \"{SENT}\", \"x\": 1}}]}}"),
        )
        .await,
        node.post(
            "/v1/requests",
            &format!("{{\"items\": [{{\"{SENT}\": 1}}]}}"),
        )
        .await,
        node.post("/v1/requests", &format!("{{\"items\": \"{SENT}\"}}"))
            .await,
        node.post(
            "/v1/reviews",
            &format!("{{\"drafts\": [], \"decision\": \"{SENT}\"}}"),
        )
        .await,
        node.post("/v1/rosters", &format!("{{\"rosters\": [\"{SENT}\"]}}"))
            .await,
        node.page(&format!("/{coded}"), None).await,
        node.form("/login", None, &format!("token={coded}")).await,
    ];
    let cookie = node.login(ANNA).await;
    for path in [
        format!("/{coded}"),
        format!("/cases/{coded}"),
        format!("/inbox?after={coded}"),
        format!("/drafts?{coded}=1"),
    ] {
        answers.push(node.page(&path, Some(&cookie)).await);
    }
    for path in [
        format!("/drafts/{coded}/look"),
        format!("/cases/{CASE}/items/{coded}/look"),
    ] {
        answers.push(node.form(&path, Some(&cookie), &format!("n={coded}")).await);
    }
    for answer in answers {
        assert!(answer.status.is_client_error(), "{}", answer.text);
        assert!(!answer.text.contains("sent-canary"), "{}", answer.text);
        assert!(!format!("{:?}", answer.headers).contains("sent-canary"));
    }
}

#[tokio::test]
async fn a_locator_is_in_the_answer_to_a_look_only() {
    let node = Node::new();
    let cookie = node.login(ANNA).await;
    let mark = "canary-locator";
    for path in [
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
        &format!("/cases/{CASE}"),
    ] {
        assert!(
            !node.page(path, Some(&cookie)).await.text.contains(mark),
            "{path}"
        );
    }
    let seen = node
        .post("/v1/looks", &format!("{{\"case\": \"{CASE}\", \"n\": 1}}"))
        .await;
    assert_eq!(seen.json()["seen"]["defanged"], CANARY);
    for (path, form) in [
        (format!("/cases/{CASE}/items/2/look"), ""),
        (format!("/drafts/{DRAFT}/look"), "n=3"),
        (format!("/reports/{DRAFT}/look"), ""),
    ] {
        let page = node.form(&path, Some(&cookie), form).await;
        assert!(
            page.text
                .contains("hxxps://canary-locator[.]example/&#60;script&#62;"),
            "{path}"
        );
        assert!(page.text.contains("That you looked was recorded."));
        // It cannot be followed.
        assert!(!page.text.contains("href=\"hxxp") && !page.text.contains("href=\"http"));
    }
    let looks: Vec<String> = node
        .desk
        .asked()
        .into_iter()
        .filter(|line| line.contains("Look("))
        .collect();
    assert_eq!(
        looks,
        [
            format!("anna: Look(NewLook {{ case: \"{CASE}\", n: 1 }})"),
            format!("anna: Look(NewLook {{ case: \"{CASE}\", n: 2 }})"),
            format!("anna: Look(NewLook {{ case: \"{DRAFT}\", n: 3 }})"),
            format!("anna: Look(NewLook {{ case: \"{DRAFT}\", n: 1 }})"),
        ]
    );
}

#[tokio::test]
async fn a_look_cannot_be_had_by_getting() {
    let node = Node::new();
    let cookie = node.login(ANNA).await;
    for path in [
        format!("/cases/{CASE}/items/1/look"),
        format!("/drafts/{DRAFT}/look"),
    ] {
        assert_eq!(node.page(&path, Some(&cookie)).await.status.as_u16(), 405);
    }
    let get =
        with_token(request("GET", "/v1/looks")).header(header::CONTENT_TYPE, "application/json");
    assert_eq!(
        node.send(get.body(Body::empty()).unwrap())
            .await
            .status
            .as_u16(),
        405
    );
    assert!(!node.desk.asked().iter().any(|line| line.contains("Look(")));
}
