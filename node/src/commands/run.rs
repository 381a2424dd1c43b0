//! `comity run`: a member's node, until it is told to stop.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args as ClapArgs;
use comity_api::{TokenTable, Tokens, router, serve};
use comity_engine::Policy;
use comity_engine::clock::SystemClock;
use comity_engine::desk::Person;
use comity_wire::leaf::Origin;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::config::{Config, Relay};
use crate::error::Failure;
use crate::federation_dir::FederationDir;
use crate::keys::{self, Keys};
use crate::output::Output;
use crate::ports::HttpWitness;
use crate::public::Listener;
use crate::running::{Node, Parts};
use crate::telemetry::Telemetry;
use crate::{clock, person, telemetry};

/// Run a member's node.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The configuration of the node
    #[arg(
        long,
        value_name = "FILE",
        default_value = "comity.toml",
        env = "COMITY_CONFIG"
    )]
    config: PathBuf,
}

/// Runs the node until Ctrl-C or SIGTERM. A second one ends it at once.
///
/// # Errors
/// Why it could not start, or why it stopped by itself.
pub fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let config = Config::load(&args.config)?;
    let keys = Keys::load(&config)?;
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let telemetry = telemetry::start(&config.id)?;
        let ended = serve_member(&config, &keys, &telemetry, output).await;
        telemetry.stop();
        ended
    });
    runtime.shutdown_background();
    ended
}

async fn serve_member(
    config: &Config,
    keys: &Keys,
    telemetry: &Telemetry,
    output: &Output,
) -> Result<(), Failure> {
    let chain = FederationDir::new(&config.federation).load(clock::now_ms())?;
    let origin = Origin {
        fed: *chain.history.fed(),
        member: config.id.clone(),
        n: config.log.number,
    };
    let parts = Parts {
        member: config.id.clone(),
        origin,
        keys,
        keys_dir: config.keys_dir.clone(),
        data_dir: &config.data_dir,
        head_copy: config.log.head_copy.clone(),
        asks_for_its_head: true,
        listen: config.network.listen.clone(),
        external: config.network.external.clone(),
        witnesses: HttpWitness::all(&config.log.witnesses),
        policy: Policy {
            review: config.work.review.iter().copied().collect(),
            relay: config.work.relay == Relay::Automatic,
        },
        clock: Arc::new(SystemClock),
        charters: chain.history.charters_from(1).map(<[u8]>::to_vec).collect(),
        rosters: chain.history.rosters_from(1).map(<[u8]>::to_vec).collect(),
    };
    let node = Node::start(parts).await?;
    telemetry.watch(&node.network);
    let (api, api_address) = api(config, &node).await?;
    let public = match config.log.http {
        Some(address) => {
            let log_dir = config.data_dir.join("log");
            Some(Listener::open(address, node.engine.clone(), config.log.number, log_dir).await?)
        }
        None => None,
    };
    let listening = node.network.listening().await;
    // Before anybody is told that the node is ready: whoever waits for that may stop it at once.
    let mut signals = Signals::listen()?;
    let says = json!({
        "event": "ready",
        "member": config.id.as_str(),
        "api": format!("http://{api_address}"),
        "log": public.as_ref().map(|public| format!("http://{}", public.address)),
        "listening": listening,
        "roster": chain.history.roster_ref().map(|roster| roster.0),
    });
    let words = format!(
        "ready: {} listens for members at {} and for you at http://{api_address}\n\
         Sign in there with the token in {}. Ctrl-C stops the node.",
        config.id,
        listening.join(", "),
        person::token_path(&config.tokens_dir, person::ADMIN).display(),
    );
    output.result(&says, &words);
    tracing::info!(
        target: "comity.node",
        event = "node-ready",
        member = config.id.as_str(),
        version = env!("CARGO_PKG_VERSION"),
    );
    let failed = tokio::select! {
        () = signals.next() => false,
        () = node.ended() => {
            tracing::error!(target: "comity.node", event = "journal-failed");
            output.note("The node has failed and stops; nothing that was acknowledged is lost. The error below says what to do.");
            true
        }
    };
    tracing::info!(target: "comity.node", event = "node-stopping");
    signals.leave_at_once_when_asked_again();
    api.stop.send_replace(true);
    let _ = api.task.await;
    if let Some(public) = public {
        public.close().await;
    }
    node.stop().await?;
    if failed {
        return Err(Failure::new(
            "node-task-died",
            "A part of the node that delivers or follows the roster has ended by a fault of the program.",
            "Start the node again, and report this with the lines above.",
        ));
    }
    output.note("stopped: everything that was acknowledged is on the disk.");
    Ok(())
}

struct Api {
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

async fn api(config: &Config, node: &Node) -> Result<(Api, std::net::SocketAddr), Failure> {
    let address = config.api.listen;
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::new(
            "api-address-taken",
            format!("the API cannot listen at {address}: {error}."),
            "Choose another `api.listen` in the configuration, or stop what has the port.",
        )
    })?;
    let address = listener.local_addr().unwrap_or(address);
    let tokens = TokenFiles(config.tokens_dir.clone());
    // A token that cannot be read is said now, and not when somebody signs in.
    tokens.read()?;
    let tokens = Arc::new(tokens);
    let mut hosts = config.api.hosts.clone();
    if config.api.allow_remote {
        hosts.push(address.ip().to_string());
    }
    let desk = Arc::new(node.engine.clone());
    let routes = router(desk, comity_api::Config { tokens, hosts });
    let (stop, mut stopped) = watch::channel(false);
    let shutdown = async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let task = tokio::spawn(serve(listener, routes, shutdown));
    Ok((Api { stop, task }, address))
}

/// The tokens of the people who work here, as the folder has them now: who is added can sign in at once, and who is
/// removed is out at once.
struct TokenFiles(PathBuf);

impl TokenFiles {
    fn read(&self) -> Result<TokenTable, Failure> {
        let mut table = TokenTable::new();
        for name in person::list(&self.0)? {
            let token = keys::read_hex_secret(&person::token_path(&self.0, &name))?;
            if let Some(person) = Person::new(&name) {
                table.add(person, keys::hex_line(&token).trim_ascii());
            }
        }
        Ok(table)
    }
}

impl Tokens for TokenFiles {
    fn person_of(&self, token: &str) -> Option<Person> {
        match self.read() {
            Ok(table) => table.person_of(token),
            Err(failure) => {
                tracing::error!(target: "comity.node", event = "tokens-unreadable", code = failure.code);
                None
            }
        }
    }
}

/// A runtime for a node.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new(
                "no-runtime",
                format!("the runtime does not start: {error}."),
                "Check the limits of this machine on threads and files.",
            )
        })
}

/// Ctrl-C and SIGTERM. From [`Signals::listen`] on none is lost, however soon it comes.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Begins to listen. Until then a signal ends the program at once.
    ///
    /// # Errors
    /// The operating system gives no signals.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let failed = |error| {
            Failure::new(
                "no-signals",
                format!("signals cannot be heard: {error}."),
                "Start the node again.",
            )
        };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Whoever asks a second time does not want to wait. Nothing acknowledged is lost by it.
    pub(crate) fn leave_at_once_when_asked_again(mut self) {
        tokio::spawn(async move {
            self.next().await;
            std::process::exit(130);
        });
    }
}
