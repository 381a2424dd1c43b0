//! What every page has: the frame around it, and what is shown in its place when something goes wrong.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use comity_engine::desk::{Overview, Person, Query, Shown};

use crate::app::App;
use crate::problem::Problem;
use crate::when::Now;

/// The pages of the navigation, in its order: address, name.
pub(crate) const PLACES: [(&str, &str); 9] = [
    ("/", "Overview"),
    ("/inbox", "Inbox"),
    ("/outbox", "Outbox"),
    ("/drafts", "Drafts"),
    ("/reports", "Reports"),
    ("/members", "Members"),
    ("/log", "Log"),
    ("/response-times", "Response times"),
    ("/audit", "Audit"),
];

/// What is around a page.
pub(crate) struct Frame {
    /// The title of the page.
    pub(crate) title: &'static str,
    /// Which place of the navigation it belongs to.
    pub(crate) here: &'static str,
    /// This member.
    pub(crate) me: String,
    /// The time at which the page was made.
    pub(crate) now: Now,
    /// How many alarms there are.
    pub(crate) alarms: usize,
    /// What contradicts itself, and is not settled: above every page.
    pub(crate) contradictions: Vec<String>,
}

impl Frame {
    /// The navigation: address, name, whether it is here.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        PLACES
            .iter()
            .map(|(address, name)| (*address, *name, *address == self.here))
    }
}

/// Asks for one thing and takes no other for it.
macro_rules! shown {
    ($app:expr, $person:expr, $query:expr, $kind:ident) => {
        match $app.query($person.clone(), $query).await? {
            comity_engine::desk::Shown::$kind(shown) => shown,
            _ => return Err($crate::problem::Problem::mismatched().into()),
        }
    };
}
pub(crate) use shown;

/// The frame of a page, and the counts that it was made from.
pub(crate) async fn frame(
    app: &App,
    person: &Person,
    here: &'static str,
    title: &'static str,
) -> Result<(Frame, Overview), Problem> {
    let Shown::Overview(overview) = app.query(person.clone(), Query::Overview).await? else {
        return Err(Problem::mismatched());
    };
    let frame = Frame {
        title,
        here,
        me: overview.me.clone(),
        now: Now(overview.now),
        alarms: overview.alarms.len(),
        contradictions: overview
            .contradictions
            .iter()
            .filter(|row| row.open)
            .map(|row| row.words.clone())
            .collect(),
    };
    Ok((frame, overview))
}

/// What a handler of the console gives.
pub(crate) type Page = Result<Response, Failure>;

/// Makes the page.
pub(crate) fn render(template: &impl Template) -> Page {
    match template.render() {
        Ok(page) => Ok(Html(page).into_response()),
        Err(_) => Err(Problem::us("page-not-made", "the page could not be made").into()),
    }
}

/// Why there is no page.
pub(crate) enum Failure {
    /// Nobody is logged in.
    LoggedOut,
    /// Something else.
    Problem(Problem),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::LoggedOut => Redirect::to("/login").into_response(),
            Self::Problem(problem) => {
                let page = ProblemPage {
                    title: problem.title(),
                    wrong: problem.status != StatusCode::NOT_FOUND,
                    whose: match problem.whose_word() {
                        "operator" => "The operator of this node has to act.",
                        "peer" => "The other member has to act.",
                        "us" => "The mistake is in the program.",
                        _ => "You can put this right yourself.",
                    },
                    problem: &problem,
                };
                match page.render() {
                    Ok(page) => (problem.status, Html(page)).into_response(),
                    Err(_) => problem.into_response(),
                }
            }
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    title: String,
    wrong: bool,
    whose: &'static str,
    problem: &'a Problem,
}
