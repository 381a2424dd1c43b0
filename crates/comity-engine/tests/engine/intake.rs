//! Reports come in, each once.

use comity_engine::desk::{
    Cursor, Decision, Done, DraftRow, ImportSummary, Items, NewImport, Query, Shown, Work,
};
use comity_testkit::ports::World;
use comity_testkit::samples;

use crate::desk::{case_of, review};

fn import(file: &str, text: &str) -> Work {
    Work::Import(NewImport {
        file: file.to_owned(),
        bytes: text.as_bytes().to_vec(),
    })
}

async fn imported(world: &World, file: &str, text: &str) -> ImportSummary {
    match world.work("north", import(file, text)).await {
        Ok(Done::Imported(summary)) => summary,
        other => panic!("{other:?}"),
    }
}

async fn drafts(world: &World) -> Vec<DraftRow> {
    match world.query("north", Query::Drafts(Cursor::default())).await {
        Ok(Shown::Drafts(page)) => page.rows,
        other => panic!("{other:?}"),
    }
}

async fn items(world: &World) -> Items {
    match world.query("north", Query::Items).await {
        Ok(Shown::Items(items)) => items,
        other => panic!("{other:?}"),
    }
}

fn counted(items: &Items) -> u64 {
    items.states.iter().map(|(_, count)| count).sum()
}

const HEADER: &str = "hotlineReceivedDate,hotlineReference,urlString,hostingCountryCode,hostingIpAddress,hostingIsp,classification,ageCategorization,genderCategorization,action,assessedDate\r\n";

fn row(reference: &str, url: &str, class: &str) -> String {
    format!(
        "2026-02-14T13:32Z,{reference},{url},IE,192.0.2.201,Example Platform,{class},Pubescent,Female,ReportedToISP,2026-02-15T06:03:00Z\r\n"
    )
}

fn table(rows: &[String]) -> String {
    format!("{HEADER}{}", rows.concat())
}

const URL: &str = "https://gallery.example/thread/1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn importing_a_file_again_changes_nothing_and_every_report_is_in_one_state() {
    let world = World::of(&["north", "platform", "south"]);
    for sample in samples::files() {
        let before = items(&world).await.reports;
        let first = imported(&world, sample.name, &sample.text).await;
        assert!(first.accepted > 0);
        assert_eq!(
            first.read,
            first.accepted + first.known + u64::try_from(first.rejected.len()).unwrap()
        );
        let size = world.size("north");
        let (rows, all) = (drafts(&world).await, items(&world).await);
        assert_eq!(all.reports, before + first.accepted);
        assert_eq!(counted(&all), all.reports);
        let again = imported(&world, sample.name, &sample.text).await;
        assert_eq!(
            (again.accepted, again.known),
            (0, first.accepted + first.known)
        );
        assert_eq!(again.rejected, first.rejected);
        assert_eq!(drafts(&world).await, rows);
        assert_eq!(items(&world).await, all);
        assert_eq!(world.size("north"), size);
    }
    let waiting: Vec<_> = drafts(&world)
        .await
        .into_iter()
        .filter(|row| row.to.is_some())
        .collect();
    assert!(waiting.len() > 10);
    for row in waiting {
        assert!(!row.confirmable);
        world.confirm("north", &row.draft).await.unwrap();
    }
    world.rest(&["north"]).await;
    let all = items(&world).await;
    assert_eq!(counted(&all), all.reports);
    assert!(
        all.states
            .iter()
            .any(|(state, count)| state == "requested" && *count > 10),
        "{all:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_lines_are_listed_with_line_and_code_and_the_good_ones_are_taken() {
    let world = World::of(&["north"]);
    let good = row("1", URL, "Baseline CSAM");
    let text = table(&[
        good.clone(),
        row("2", "not a locator", "Baseline CSAM"),
        row("3", "https://gallery.example/thread/3", "No Such Class"),
        "one,field\r\n".to_owned(),
        row("4", "https://gallery.example/thread/4", "Baseline CSAM"),
    ]);
    let summary = imported(&world, "reports.csv", &text).await;
    assert_eq!((summary.read, summary.accepted), (5, 2), "{summary:?}");
    let lines: Vec<_> = summary.rejected.iter().map(|line| line.line).collect();
    assert_eq!(lines, [3, 4, 5]);
    for line in &summary.rejected {
        assert_eq!(line.file, "reports.csv");
        assert!(
            !line.code.is_empty() && !line.message.contains("not a locator"),
            "{line:?}"
        );
    }
    assert_eq!(drafts(&world).await.len(), 2);
    let nothing = imported(&world, "nothing.csv", "").await;
    assert_eq!(nothing.accepted, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_reports_of_one_locator_join_and_a_contradiction_goes_back_to_review() {
    let world = World::of(&["north", "platform"]);
    let same = table(&[
        row("1", URL, "Baseline CSAM"),
        row("2", URL, "Baseline CSAM"),
    ]);
    let summary = imported(&world, "same.csv", &same).await;
    assert_eq!(
        (summary.accepted, summary.joined, summary.conflicts),
        (2, 1, 0)
    );
    assert_eq!(drafts(&world).await.len(), 1);
    assert_eq!(items(&world).await.states, [("draft-review".to_owned(), 2)]);

    let third = imported(&world, "third.csv", &table(&[row("3", URL, "Ignore")])).await;
    assert_eq!((third.joined, third.conflicts), (1, 1));
    let rows = drafts(&world).await;
    assert_eq!((rows.len(), rows[0].state.as_str()), (1, "conflict"));
    assert_eq!(
        items(&world).await.states,
        [("draft-conflict".to_owned(), 3)]
    );

    // Once it is sent, the other side is told, after a second person has looked.
    world.confirm("north", &rows[0].draft).await.unwrap();
    world.rest(&["north"]).await;
    let fourth = imported(&world, "fourth.csv", &table(&[row("4", URL, "Ignore")])).await;
    assert_eq!((fourth.joined, fourth.conflicts), (1, 1));
    let rows = drafts(&world).await;
    assert_eq!((rows.len(), rows[0].kind.as_str()), (1, "amendment"));
    world.confirm("north", &rows[0].draft).await.unwrap();
    world.rest(&["north"]).await;
    let case = world.cases("platform").await.pop().unwrap().case;
    let shown = world.case("platform", &case_of(&case)).await.unwrap();
    assert_eq!(shown.timeline.len(), 2);
    assert_eq!(shown.items[0].assessments.len(), 2);
    assert_eq!(counted(&items(&world).await), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_left_alone_comes_back_when_a_second_report_contradicts() {
    let world = World::of(&["north"]);
    // Left alone by the report itself: there is no draft, so it shows as one without a recipient.
    imported(&world, "a.csv", &table(&[row("1", URL, "Ignore")])).await;
    assert!(drafts(&world).await.is_empty());
    imported(&world, "b.csv", &table(&[row("2", URL, "Baseline CSAM")])).await;
    let rows = drafts(&world).await;
    assert_eq!((rows.len(), rows[0].state.as_str()), (1, "conflict"));
    assert_eq!(items(&world).await.states, [("conflict".to_owned(), 2)]);

    // Left alone by the reviewer.
    let other = "https://gallery.example/thread/2";
    imported(&world, "c.csv", &table(&[row("3", other, "Baseline CSAM")])).await;
    let draft = drafts(&world)
        .await
        .into_iter()
        .find(|row| row.to.is_some())
        .unwrap();
    world
        .work("north", review(&draft.draft, Decision::NoAction))
        .await
        .unwrap();
    assert_eq!(drafts(&world).await.len(), 1);
    imported(&world, "d.csv", &table(&[row("4", other, "Ignore")])).await;
    let rows = drafts(&world).await;
    let again = rows
        .iter()
        .find(|row| row.draft == draft.draft)
        .expect("it waits again");
    assert_eq!(again.state, "conflict");
    let all = items(&world).await;
    assert!(
        all.states.contains(&("draft-conflict".to_owned(), 2)),
        "{all:?}"
    );
    assert_eq!(counted(&all), 4);
}
