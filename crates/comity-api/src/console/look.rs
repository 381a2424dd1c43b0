//! The one page that shows a locator. That somebody looked is a record before the page is made.

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use comity_engine::desk::{Done, NewLook, Person, Work};
use comity_wire::words::ItemNumber;
use serde::Deserialize;

use super::list::short;
use super::origin::SameOrigin;
use super::page::{Frame, Page, frame, render};
use super::session::Visitor;
use crate::app::App;
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

pub(super) async fn at_item(
    State(app): State<App>,
    Visitor(person): Visitor,
    _: SameOrigin,
    path: Option<Path<(String, ItemNumber)>>,
) -> Page {
    let Some(Path((case, n))) = path else {
        return Err(Problem::no_such_page().into());
    };
    let back = format!("/cases/{case}");
    look(&app, person, case, n, "/inbox", back).await
}

pub(super) async fn at_draft(
    State(app): State<App>,
    Visitor(person): Visitor,
    _: SameOrigin,
    path: Option<Path<String>>,
    which: Result<Form<Which>, FormRejection>,
) -> Page {
    let Some(Path(draft)) = path else {
        return Err(Problem::no_such_page().into());
    };
    let Form(Which { n }) = which.map_err(|_| Problem::field("n", "the number of an item"))?;
    look(&app, person, draft, n, "/drafts", "/drafts".to_owned()).await
}

async fn look(
    app: &App,
    person: Person,
    case: String,
    n: ItemNumber,
    here: &'static str,
    back: String,
) -> Page {
    // Before anything is made of it: it is part of the page's links.
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if !(1..=64).contains(&case.len()) || !case.bytes().all(hex) {
        return Err(Problem::no_such_page().into());
    }
    let back_words = match here {
        "/drafts" => "Back to the drafts".to_owned(),
        _ => format!("Back to case {}", short(&case)),
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
