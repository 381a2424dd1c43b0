//! After the story: the four consoles, until Ctrl-C.

use std::sync::Arc;
use std::time::Duration;

use comity_api::{TokenTable, router, serve};
use comity_engine::desk::Person;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::found::World;
use crate::commands::run::Signals;
use crate::error::Failure;
use crate::keys::{hex_line, read_hex_secret};
use crate::output::Output;
use crate::person::{ADMIN, token_path};

/// Serves the consoles until Ctrl-C. From here on the virtual clock goes as fast as any other.
pub(super) async fn stay(world: &World, output: &Output) -> Result<(), Failure> {
    let (stop, _) = watch::channel(false);
    let mut consoles = JoinSet::new();
    let mut text = String::from(
        "\nLook around. Each member has a console on this machine; sign in with its token:\n",
    );
    for player in &world.players {
        let token = read_hex_secret(&token_path(&player.data_dir.join("tokens"), ADMIN))?;
        let token = hex_line(&token);
        let mut table = TokenTable::new();
        if let Some(person) = Person::new(ADMIN) {
            table.add(person, token.trim_ascii());
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(no_port)?;
        let address = listener.local_addr().map_err(no_port)?;
        let config = comity_api::Config {
            tokens: Arc::new(table),
            hosts: Vec::new(),
        };
        let routes = router(Arc::new(player.node.engine.clone()), config);
        let mut stopped = stop.subscribe();
        consoles.spawn(serve(listener, routes, async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        }));
        text += &format!(
            "  {:<18} http://{address}\n  {:<18} token {}\n",
            player.who.name(),
            "",
            token.trim_ascii()
        );
    }
    text += "\nStart a real node:\n  \
        comity federation init --help     begin a federation: keys and a charter\n  \
        comity member init --help         a member's keys and configuration\n  \
        comity run --help                 its node\n\
        README.md goes through it step by step. Ctrl-C ends the demo.\n";
    // Before anybody is told where to look: whoever reads that may stop it at once.
    let mut signals = Signals::listen()?;
    output.progress(&text);
    let clock = world.clock.clone();
    consoles.spawn(async move {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            clock.advance(u64::try_from(TICK.as_millis()).unwrap_or(0));
        }
    });
    signals.next().await;
    signals.leave_at_once_when_asked_again();
    stop.send_replace(true);
    consoles.shutdown().await;
    Ok(())
}

const TICK: Duration = Duration::from_secs(1);

fn no_port(error: std::io::Error) -> Failure {
    Failure::new(
        "no-port",
        format!("No port of loopback could be had: {error}."),
        "Check whether this machine allows listening on 127.0.0.1.",
    )
}
