//! Whether the node answers at all.

/// Tells that the node answers. Needs no token and tells nothing else.
#[utoipa::path(
    get, path = "/healthz", tag = "node", security(()),
    responses((status = 200, description = "The node answers.", body = String, content_type = "text/plain"))
)]
pub(super) async fn healthy() -> &'static str {
    "ok\n"
}
