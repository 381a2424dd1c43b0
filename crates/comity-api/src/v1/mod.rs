//! The API for programs, one file for each sort of question. JSON in and out; a token with every request.
//!
//! Work is `POST` with the whole of what is wanted in the body, the case included: ids of cases are in addresses only
//! where something is shown. Answers are the desk's own values. Lists go on with `after`, the number that the page
//! before gave as `next`.

mod audits;
#[allow(unused_qualifications, reason = "the macro of utoipa writes them")]
mod cases;
mod evidence;
mod findings;
mod health;
#[allow(unused_qualifications, reason = "the macro of utoipa writes them")]
mod imports;
#[allow(unused_qualifications, reason = "the macro of utoipa writes them")]
mod log;
mod looks;
mod members;
mod openapi;
mod openings;
mod outside;
mod overview;
#[allow(unused_qualifications, reason = "the macro of utoipa writes them")]
mod reports;
mod reviews;
mod rosters;
mod statements;

use axum::Json;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, get, post};
use comity_engine::desk::{Done, Person, Query, Shown, Work};

use crate::app::App;
use crate::limits::{IMPORT_BYTES_MAX, JSON_BYTES_MAX, ROSTERS_BYTES_MAX};
use crate::problem::Problem;

pub use openapi::openapi;

/// Where audits are: they may take longer.
pub(crate) const AUDITS: &str = "/v1/audits";

/// Where the health is: it is answered when nothing else is.
pub(crate) const HEALTH: &str = "/healthz";

/// Every address of the API.
pub(crate) fn router() -> Router<App> {
    routes()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| {
            router.route(path, methods)
        })
}

fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    let imports = post(imports::import).layer(DefaultBodyLimit::max(IMPORT_BYTES_MAX));
    let rosters = post(rosters::take).layer(DefaultBodyLimit::max(ROSTERS_BYTES_MAX));
    let json = |methods: MethodRouter<App>| methods.layer(DefaultBodyLimit::max(JSON_BYTES_MAX));
    vec![
        (HEALTH, get(health::healthy)),
        ("/v1/openapi.json", get(openapi::show)),
        // Work.
        ("/v1/imports", imports),
        ("/v1/requests", json(post(openings::request))),
        ("/v1/referrals", json(post(openings::refer))),
        ("/v1/reviews", json(post(reviews::review))),
        ("/v1/answers", json(post(statements::answer))),
        ("/v1/outcomes", json(post(statements::outcome))),
        ("/v1/observations", json(post(statements::observe))),
        ("/v1/withdrawals", json(post(statements::withdraw))),
        ("/v1/holds", json(post(statements::hold))),
        ("/v1/releases", json(post(statements::release))),
        ("/v1/questions", json(post(statements::ask))),
        ("/v1/information", json(post(statements::inform))),
        ("/v1/outside", json(post(outside::note))),
        ("/v1/looks", json(post(looks::look))),
        ("/v1/rosters", rosters),
        // What there is to see.
        ("/v1/cases", get(cases::list)),
        ("/v1/cases/{case}", get(cases::show)),
        ("/v1/drafts", get(cases::drafts)),
        ("/v1/items", get(cases::items)),
        ("/v1/outbox", get(cases::outbox)),
        ("/v1/members", get(members::show)),
        ("/v1/log", get(log::show)),
        ("/v1/log/proofs/{statement}", get(log::prove)),
        ("/v1/evidence", get(evidence::list)),
        ("/v1/evidence/{evidence}", get(evidence::show)),
        ("/v1/log/records", get(log::records)),
        (
            "/v1/findings",
            json(get(findings::list).post(findings::reply)),
        ),
        ("/v1/reports/response-times", get(reports::response_times)),
        ("/v1/reports/transparency", get(reports::transparency)),
        (AUDITS, get(audits::show).post(audits::audit)),
        ("/v1/overview", get(overview::show)),
    ]
}

async fn work(app: &App, person: Person, work: Work) -> Result<Json<Done>, Problem> {
    app.work(person, work).await.map(Json)
}

async fn query(app: &App, person: Person, query: Query) -> Result<Json<Shown>, Problem> {
    app.query(person, query).await.map(Json)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_address_is_described_and_nothing_else_is() {
        let described: BTreeSet<String> = openapi().paths.paths.keys().cloned().collect();
        let routed: BTreeSet<String> = routes()
            .into_iter()
            .map(|(path, _)| path.to_owned())
            .collect();
        assert_eq!(described, routed);
    }
}
