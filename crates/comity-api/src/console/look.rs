//! The one page that shows a locator. That somebody looked is a record before the page is made.

use askama::Template;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Form, Path, State};
use comity_engine::desk::{Done, NewLook, Person, Work};
use comity_wire::ids::CaseId;
use comity_wire::words::ItemNumber;
use serde::Deserialize;

use super::list::short;
use super::origin::SameOrigin;
use super::page::{Frame, Page, frame, render};
use super::session::Visitor;
use crate::app::App;
use crate::ask::Named;
use crate::problem::Problem;
use crate::words;

#[derive(Template)]
#[template(path = "look.html")]
struct LookPage {
    frame: Frame,
    n: ItemNumber,
    sort: String,
    defanged: String,
    back: String,
    back_words: String,
}

/// Which item of a draft.
#[derive(Deserialize)]
pub(super) struct Which {
    n: ItemNumber,
}

/// Where the reader came from.
enum Back {
    Case,
    Drafts,
    Reports,
}

pub(super) async fn at_item(
    State(app): State<App>,
    Visitor(person): Visitor,
    _: SameOrigin,
    path: Result<Path<(String, ItemNumber)>, PathRejection>,
) -> Page {
    let Path((case, n)) = path.map_err(|_| Problem::no_such_page())?;
    look(&app, person, case, n, Back::Case).await
}

pub(super) async fn at_draft(
    State(app): State<App>,
    Visitor(person): Visitor,
    _: SameOrigin,
    Named(draft): Named,
    which: Result<Form<Which>, FormRejection>,
) -> Page {
    let Form(Which { n }) = which.map_err(|_| Problem::field("n", "the number of an item"))?;
    look(&app, person, draft, n, Back::Drafts).await
}

/// A reported locator that is in no draft has no other.
pub(super) async fn at_report(
    State(app): State<App>,
    Visitor(person): Visitor,
    _: SameOrigin,
    Named(report): Named,
) -> Page {
    look(&app, person, report, 1, Back::Reports).await
}

async fn look(app: &App, person: Person, case: String, n: ItemNumber, back: Back) -> Page {
    // Before anything is made of it: it is part of the page's links.
    if CaseId::from_hex(&case).is_none() {
        return Err(Problem::no_such_page().into());
    }
    let (here, back, back_words) = match back {
        // Whether the case is in the inbox or in the outbox is not known here.
        Back::Case => (
            "",
            format!("/cases/{case}"),
            format!("Back to case {}", short(&case)),
        ),
        Back::Drafts => (
            "/drafts",
            "/drafts".to_owned(),
            "Back to the drafts".to_owned(),
        ),
        Back::Reports => (
            "/reports",
            "/reports".to_owned(),
            "Back to the reports".to_owned(),
        ),
    };
    let (frame, _) = frame(app, &person, here, "Locator").await?;
    let work = Work::Look(NewLook { case, n });
    let Done::Seen(seen) = app.work(person, work).await? else {
        return Err(Problem::mismatched().into());
    };
    render(&LookPage {
        frame,
        n,
        sort: words::sort(&seen.sort),
        defanged: seen.defanged,
        back,
        back_words,
    })
}
