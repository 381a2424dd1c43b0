//! `comity conformance`: the published vectors, played against somebody else's node over the wire.
//!
//! ```text
//! play     each step of the plan: sent, waited for, judged
//! kit      the members whom the kit plays: their connections, and what the target sends to them
//! show     the report
//! serve    our own node as a target
//! ```
//! What can be played and which answer is right is the business of `comity-conformance`.

mod kit;
mod play;
mod serve;
mod show;

use std::time::Duration;

use clap::{Args as ClapArgs, ValueEnum};
use comity_conformance::plan::{Profile, Selection};
use comity_conformance::vectors::Vectors;
use comity_conformance::world::{CHAIN, TARGET, World};

use super::run::runtime;
use crate::error::{Exit, Failure};
use crate::limits::CONFORMANCE_REQUEST_SECONDS_DEFAULT;
use crate::output::Output;

pub(crate) const EXAMPLE: &str = "\
The target plays one member of the federation of the test vectors, with the keys that are published there: platform.example, \
the chain `first`, and a clock that shows 2026-03-02T12:00:00Z. The kit plays the other members and a stranger. Give it a target \
that has just been started: a node remembers. What the kit can and cannot see: protocol-spec/18-conformance.md.

Example:
  comity conformance --serve --listen /ip4/127.0.0.1/tcp/4101
  comity conformance --peer /ip4/127.0.0.1/tcp/4101
  comity conformance --peer /ip4/127.0.0.1/tcp/4101 --section 3 --json";

/// Play the published test vectors against a node
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Where the target listens, as a multiaddress
    #[arg(
        long,
        value_name = "MULTIADDR",
        required_unless_present = "serve",
        conflicts_with = "serve"
    )]
    peer: Option<String>,
    /// Be a target: run our own node as a member of the vectors' federation, until Ctrl-C
    #[arg(long)]
    serve: bool,
    /// Where to listen as a target; can be given again
    #[arg(
        long,
        value_name = "MULTIADDR",
        requires = "serve",
        default_value = "/ip4/127.0.0.1/tcp/0"
    )]
    listen: Vec<String>,
    /// The member that the target plays
    #[arg(long = "as", value_name = "MEMBER", default_value = TARGET)]
    member: String,
    /// The chain of charters and rosters that the target has
    #[arg(long, value_name = "NAME", default_value = CHAIN)]
    chain: String,
    /// What the target's clock shows, in ms since 1970 [default: the clock of the vectors]
    #[arg(long, value_name = "MS")]
    now_ms: Option<u64>,
    /// Play only the vector or probe of this name; can be given again
    #[arg(long, value_name = "NAME", conflicts_with = "serve")]
    only: Vec<String>,
    /// Play only this section of the specification, such as 3 or 3.4; can be given again
    #[arg(long, value_name = "NUMBER", conflicts_with = "serve")]
    section: Vec<String>,
    /// What is asked of the target
    #[arg(long, value_enum, conflicts_with = "serve", default_value_t)]
    profile: Asked,
    /// How long to wait for an answer, in seconds
    #[arg(long, value_name = "SECONDS", conflicts_with = "serve", default_value_t = CONFORMANCE_REQUEST_SECONDS_DEFAULT, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
}

/// What is asked of a target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Asked {
    /// Everything that a node does
    #[default]
    Full,
    /// What a small program does that sends and receives
    Minimal,
}

/// Plays the vectors, or is a target.
///
/// # Errors
/// The target cannot be reached or is not set up as it should be, or an answer was wrong.
pub fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let vectors = Vectors::published()
        .map_err(|error| Failure::new("vectors-unreadable", error.to_string(), REPORT_IT))?;
    let world = World::new(vectors, &args.member, &args.chain, args.now_ms).map_err(|error| {
        Failure::new(
            error.code(),
            format!("{error}."),
            "Choose with --chain and --as what protocol-spec/vectors/federation.json has.",
        )
        .exits(Exit::Usage)
    })?;
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        match &args.peer {
            Some(peer) => against(args, peer, world, output).await,
            None => serve::serve(world, args.listen.clone(), output).await,
        }
    });
    runtime.shutdown_background();
    ended
}

async fn against(args: &Args, peer: &str, world: World, output: &Output) -> Result<(), Failure> {
    let selection = Selection {
        profile: match args.profile {
            Asked::Full => Profile::Full,
            Asked::Minimal => Profile::Minimal,
        },
        only: args.only.clone(),
        sections: args.section.clone(),
    };
    let timeout = Duration::from_secs(args.timeout);
    let played = play::play(world, &selection, peer, timeout, output).await?;
    let all = played.report.all();
    if all.total == 0 {
        return Err(Failure::new(
            "nothing-selected",
            "There is no vector or probe of that name or section.",
            "Look for names and sections in protocol-spec/vectors.",
        )
        .exits(Exit::Usage));
    }
    output.result(&show::json(&played), &show::text(&played));
    if all.failed == 0 {
        return Ok(());
    }
    Err(Failure::new(
        "not-conforming",
        format!("{} of {} answers were not right.", all.failed, all.run),
        "Each is in the report, with what would have been right; its section of the specification says why.",
    )
    .exits(Exit::NotVerified))
}

const REPORT_IT: &str = "Report this as a fault of the program.";
