//! Work with a running node: what goes in, what is decided, what is said within a case, what there is to see.
//!
//! ```text
//! openings     import, request, refer, outside     reports in, drafts out
//! review       review, drafts                      a second person's word
//! see          inbox, outbox, case, items, members, look
//! statements   answer, outcome, observe, withdraw, hold, release, ask, inform
//! rosters      roster publish
//!
//! rows         what stands on the command line for one item
//! said         what came of it, in words
//! ```
//! Nothing is decided here: arguments become the body of one request to the node, and its answer is shown.

mod openings;
mod review;
pub(crate) mod rosters;
pub(crate) mod rows;
mod said;
pub(crate) mod see;
mod statements;

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use clap::Subcommand;

use crate::error::Failure;
use crate::output::Output;

/// Work with a running node.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take in files of reports (XARF JSON lines or the hotline CSV)
    #[command(after_help = openings::IMPORT_EXAMPLE)]
    Import(openings::Import),
    /// Draft a takedown request by hand
    #[command(after_help = openings::REQUEST_EXAMPLE)]
    Request(Box<openings::Opening>),
    /// Draft a referral to another hotline by hand
    #[command(after_help = openings::REFER_EXAMPLE)]
    Refer(Box<openings::Opening>),
    /// Note what was done outside the federation: host, police or help service told
    #[command(after_help = openings::OUTSIDE_EXAMPLE)]
    Outside(openings::Outside),
    /// List the drafts that wait, with why
    #[command(after_help = review::DRAFTS_EXAMPLE)]
    Drafts(review::Drafts),
    /// Confirm drafts as the second person, send them back, or close them; alone: list them
    #[command(after_help = review::REVIEW_EXAMPLE)]
    Review(review::Review),
    /// List the cases that others opened with us
    #[command(after_help = see::INBOX_EXAMPLE)]
    Inbox(see::Cases),
    /// List the cases that we opened, and what is not delivered yet
    #[command(after_help = see::OUTBOX_EXAMPLE)]
    Outbox(see::Outbox),
    /// Show a case
    #[command(after_help = see::CASE_EXAMPLE)]
    Case(see::Case),
    /// Count the reported locators by state, and list those to act on ourselves
    #[command(after_help = see::ITEMS_EXAMPLE)]
    Items(see::Items),
    /// List the members of the federation and whether they are connected
    #[command(after_help = see::MEMBERS_EXAMPLE)]
    Members(see::Members),
    /// Show a locator, so that it cannot be followed. Each look is recorded
    #[command(after_help = see::LOOK_EXAMPLE)]
    Look(see::Look),
    /// Answer a request or referral
    #[command(after_help = statements::ANSWER_EXAMPLE)]
    Answer(statements::Answer),
    /// Report what was done, item by item
    #[command(after_help = statements::OUTCOME_EXAMPLE)]
    Outcome(statements::Outcome),
    /// Report what was seen, item by item. The node itself never looks
    #[command(after_help = statements::OBSERVE_EXAMPLE)]
    Observe(statements::Observe),
    /// Take a request back, for all of its items or for some
    #[command(after_help = statements::WITHDRAW_EXAMPLE)]
    Withdraw(statements::Withdraw),
    /// Say that an authority asked to wait
    #[command(after_help = statements::HOLD_EXAMPLE)]
    Hold(statements::Hold),
    /// End our holds for an authority
    #[command(after_help = statements::RELEASE_EXAMPLE)]
    Release(statements::Release),
    /// Ask the other side for what is missing
    #[command(after_help = statements::ASK_EXAMPLE)]
    Ask(statements::Ask),
    /// Answer a question of the other side
    #[command(after_help = statements::INFORM_EXAMPLE)]
    Inform(statements::Inform),
}

/// Does it.
///
/// # Errors
/// Why it was not done.
pub fn run(command: Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::Import(args) => openings::import(&args, output),
        Command::Request(args) => openings::request(&args, output),
        Command::Refer(args) => openings::refer(&args, output),
        Command::Outside(args) => openings::outside(&args, output),
        Command::Drafts(args) => review::drafts(&args, output),
        Command::Review(args) => review::review(&args, output),
        Command::Inbox(args) => see::inbox(&args, output),
        Command::Outbox(args) => see::outbox(&args, output),
        Command::Case(args) => see::case(&args, output),
        Command::Items(args) => see::items(&args, output),
        Command::Members(args) => see::members(&args, output),
        Command::Look(args) => see::look(&args, output),
        Command::Answer(args) => statements::answer(&args, output),
        Command::Outcome(args) => statements::outcome(&args, output),
        Command::Observe(args) => statements::observe(&args, output),
        Command::Withdraw(args) => statements::withdraw(&args, output),
        Command::Hold(args) => statements::hold(&args, output),
        Command::Release(args) => statements::release(&args, output),
        Command::Ask(args) => statements::ask(&args, output),
        Command::Inform(args) => statements::inform(&args, output),
    }
}

/// A locator or free text on its way to the node. `Debug` hides it.
#[derive(Clone)]
pub(crate) struct Hidden(pub(crate) String);

impl FromStr for Hidden {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hidden")
    }
}

/// The text, if one was given.
pub(crate) fn text_of(hidden: Option<&Hidden>) -> Option<&str> {
    hidden.map(|Hidden(text)| text.as_str())
}
