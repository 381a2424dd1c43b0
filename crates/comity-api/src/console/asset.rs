//! The style and the icon, from memory.

use axum::http::header;
use axum::response::IntoResponse;

pub(super) async fn style() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        include_str!("../../templates/console.css"),
    )
}

pub(super) async fn icon() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "image/svg+xml")],
        include_str!("../../templates/icon.svg"),
    )
}
