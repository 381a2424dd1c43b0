//! The tree of commands. Each group owns its arguments: `commands/<group>.rs`.

use clap::{Parser, Subcommand};

use crate::commands::{
    audit, clocks, completions, conformance, federation, findings, log, member, person, report,
    roster, run, taxonomy, work,
};

/// The arguments of the program.
#[derive(Debug, Parser)]
#[command(
    name = "comity",
    version,
    about = "A node of a Comity federation: signed takedown requests and referrals between hotlines, platforms and regulators",
    after_help = AFTER_HELP,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 110
)]
pub struct Cli {
    /// Write one JSON object to standard output, or on failure one to standard error:
    /// {"error":{"code","message","next"}}
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Begin a federation, sign its charter, look at charters and rosters
    #[command(
        after_help = "Example:\n  comity federation init --name \"Example federation\" --dir federation"
    )]
    Federation(federation::Args),
    /// Make a member's keys and configuration, and its entry for the roster
    #[command(
        after_help = "Example:\n  comity member init --id north.example --role hotline --country SE --dir north"
    )]
    Member(member::Args),
    /// Change who is a member, sign the next roster, look at the roster
    #[command(
        after_help = "Example:\n  comity roster add --federation federation north.example.member"
    )]
    Roster(roster::Args),
    /// Give a person of this member a token for the API and the console
    #[command(after_help = "Example:\n  comity person add analyst-2 --config comity.toml")]
    Person(person::Args),
    /// Play the whole job with four members in one process
    #[command(
        after_help = "Example:\n  comity demo --once --json --input reports.jsonl --data demo-data"
    )]
    Demo(crate::demo::Args),
    /// Run a member's node until Ctrl-C
    #[command(after_help = "\
Example:
  comity run --config comity.toml

Environment:
  COMITY_LOG                   levels of what is told on standard error, such as info or info,comity.net=debug
  COMITY_LOG_FORMAT            json: one object a line
  OTEL_EXPORTER_OTLP_ENDPOINT  http://… of a collector: traces, metrics and logs go there; not set: nothing does")]
    Run(run::Args),
    /// Work with a running node.
    #[command(flatten)]
    Work(work::Command),
    /// Check the log, prove what is in it, export it
    #[command(after_help = "Example:\n  comity log verify")]
    Log(log::Args),
    /// Report how long things took
    #[command(after_help = "Example:\n  comity report response-times")]
    Report(report::Args),
    /// Read other members' logs, as far as we may, and match them
    #[command(after_help = audit::EXAMPLE)]
    Audit(audit::Args),
    /// List what audits have found, ours and others', and reply to what is about us
    #[command(after_help = findings::EXAMPLE)]
    Findings(findings::Args),
    /// Show the legal clocks that a charter can put in force
    #[command(after_help = "Example:\n  comity clocks list")]
    Clocks(clocks::Args),
    /// Play the published test vectors against a node, ours or somebody else's
    #[command(after_help = conformance::EXAMPLE)]
    Conformance(conformance::Args),
    /// Look up the classification, and translate codes of other schemes
    #[command(after_help = "Example:\n  comity taxonomy translate --from ncmec --to iwf A1")]
    Taxonomy(taxonomy::Args),
    /// Print completions for a shell
    #[command(
        after_help = "Example:\n  comity completions bash > ~/.local/share/bash-completion/completions/comity"
    )]
    Completions(completions::Args),
}

const AFTER_HELP: &str = "\
Example:
  comity federation init --name \"Example federation\" --dir federation --sign-here
  comity member init --id north.example --role hotline --country SE --dir north --federation federation

Exit status:
  0  done
  1  not done; the error has a code, a sentence and the next step
  2  the arguments were not understood
  3  the node could not be reached
  4  what was to be verified does not verify";
