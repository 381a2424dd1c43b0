//! The HTTP API of a node and its console. Both stand on [`comity_engine::desk::Desk`] and see nothing else of the node.
//!
//! ```text
//! gate      every request: security headers, Host, how many at once, how long
//!   -> v1       programs: bearer token -> JSON -> Desk -> JSON, or a problem (RFC 9457)
//!   -> console  people: login -> session cookie -> Desk -> a page without scripts
//! ```
//!
//! `public` stands apart: the log and the witness for everybody, on a listener of its own.
//!
//! **Invariant:** a locator leaves this crate in one answer only, that to a look, and never enters a URL, an error or
//! a log line. The console changes nothing but for a look, which the node records.

mod app;
mod ask;
mod console;
mod gate;
pub mod limits;
mod problem;
mod public;
mod serve;
mod tokens;
mod v1;
mod when;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use comity_engine::desk::Desk;

pub use public::{LogFile, Public, public_router};
pub use serve::{serve, serve_public};
pub use tokens::{TokenTable, Tokens};
pub use v1::openapi;

/// What the API has to know besides the desk.
#[derive(Clone)]
pub struct Config {
    /// Whose token a token is.
    pub tokens: Arc<dyn Tokens>,
    /// Names, without ports, under which this node may be addressed besides loopback. A request for any other name is
    /// turned away: a page on somebody's own host name could otherwise be pointed at this node (DNS rebinding).
    pub hosts: Vec<String>,
}

/// The routes of the API and of the console over one desk.
pub fn router(desk: Arc<dyn Desk>, config: Config) -> Router {
    let app = app::App::new(desk, config);
    Router::new()
        .merge(v1::router())
        .merge(console::router())
        .fallback(console::not_found)
        .method_not_allowed_fallback(gate::method_not_allowed)
        .layer(from_fn_with_state(app.clone(), gate::bounded))
        .layer(from_fn_with_state(app.clone(), gate::host))
        .layer(from_fn(gate::headers))
        .layer(from_fn(gate::trace))
        .with_state(app)
}
