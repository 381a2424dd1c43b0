//! The console with planted data, to look at while its pages are made: `cargo run -p comity-api --example console`.
//! Add `empty` to see the pages of a node on which nothing has happened yet.

#![allow(clippy::unwrap_used, reason = "a tool for who works on the pages")]

use std::sync::Arc;

#[path = "../tests/api/fake.rs"]
mod fake;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let full = std::env::args().all(|arg| arg != "empty");
    let desk = Arc::new(fake::Fake {
        full,
        ..fake::Fake::default()
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8640").await?;
    println!(
        "http://{}/ with the token {}",
        listener.local_addr()?,
        fake::ANNA
    );
    let router = comity_api::router(desk, fake::config());
    comity_api::serve(listener, router, std::future::pending()).await
}
