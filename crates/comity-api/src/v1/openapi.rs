//! The API described for programs (OpenAPI 3.1).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::Json;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi};

use super::{
    audits, cases, evidence, findings, health, imports, log, looks, members, openings, outside,
    overview, reports, reviews, rosters, statements,
};
use crate::ask::Caller;
use crate::problem::Body;

/// The description of the API.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Described::openapi()
}

/// Describes the API.
#[utoipa::path(
    get, path = "/v1/openapi.json", tag = "node",
    responses((status = 200, description = "This description", body = Object), Refusals)
)]
pub(super) async fn show(_caller: Caller) -> Json<&'static utoipa::openapi::OpenApi> {
    static DESCRIBED: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(openapi);
    Json(&DESCRIBED)
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Comity node",
        description = "What people and programs ask of a node. Ids are lower-case hex, times are milliseconds since 1970 \
                       (UTC), codes are those of the registries. Signed is not delivered, delivered is not answered. A \
                       locator is in no answer but that of a look."
    ),
    paths(
        health::healthy, show,
        imports::import, openings::request, openings::refer, reviews::review,
        statements::answer, statements::outcome, statements::observe, statements::withdraw,
        statements::hold, statements::release, statements::ask, statements::inform,
        outside::note, looks::look, rosters::take,
        cases::list, cases::show, cases::drafts, cases::items, cases::outbox,
        members::show, log::show, log::prove, log::records, evidence::list, evidence::show, findings::list, findings::reply, reports::response_times, reports::transparency,
        audits::audit, audits::show, overview::show
    ),
    components(schemas(Body)),
    modifiers(&Token),
    security(("token" = [])),
    tags(
        (name = "work", description = "What people do"),
        (name = "see", description = "What there is to see"),
        (name = "log", description = "The log, proofs and audits"),
        (name = "node", description = "The node and its federation")
    )
)]
struct Described;

struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("64 hex digits: a file in the node's tokens folder"))
            .build();
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The ways in which every address can refuse.
pub(super) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [
            (
                "4XX",
                "Something in what was asked is not right; `code` and `next` say what",
            ),
            (
                "5XX",
                "The node, or another member, cannot do it now; `whose` says who has to move",
            ),
        ]
        .into_iter()
        .map(|(status, description)| {
            let content = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("ProblemDetails")))
                .build();
            let response = ResponseBuilder::new()
                .description(description)
                .content("application/problem+json", content)
                .build();
            (status.to_owned(), response.into())
        })
        .collect()
    }
}
