//! `comity person`: who of this member may use the API and the console.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use crate::config::Config;
use crate::error::Failure;
use crate::files::{self, NewFiles};
use crate::output::Output;
use crate::{parse, person};

/// What to do with people.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Give a person a token. A second person has to confirm what the first one drafts
    #[command(after_help = "Example:\n  comity person add analyst-2 --config comity.toml")]
    Add {
        /// The sign-in name: best a pseudonym, for it is a file name
        #[arg(value_parser = parse::person)]
        name: String,
        #[command(flatten)]
        config: ConfigPath,
    },
    /// List who has a token
    #[command(after_help = "Example:\n  comity person list --config comity.toml")]
    List {
        #[command(flatten)]
        config: ConfigPath,
    },
    /// Take a person's token away
    #[command(after_help = "Example:\n  comity person remove analyst-2 --config comity.toml")]
    Remove {
        /// The sign-in name
        #[arg(value_parser = parse::person)]
        name: String,
        #[command(flatten)]
        config: ConfigPath,
    },
}

/// Which configuration.
#[derive(Debug, clap::Args)]
pub struct ConfigPath {
    /// The configuration of the node
    #[arg(
        long,
        value_name = "FILE",
        env = "COMITY_CONFIG",
        default_value = "comity.toml"
    )]
    pub config: PathBuf,
}

/// Does it.
///
/// # Errors
/// Why it was not done.
pub fn run(args: Args, output: &Output) -> Result<(), Failure> {
    match args.command {
        Command::Add { name, config } => add(&name, &Config::load(&config.config)?, output),
        Command::List { config } => list(&Config::load(&config.config)?, output),
        Command::Remove { name, config } => remove(&name, &Config::load(&config.config)?, output),
    }
}

fn add(name: &str, config: &Config, output: &Output) -> Result<(), Failure> {
    let path = person::token_path(&config.tokens_dir, name);
    if path.exists() {
        return Err(Failure::new(
            "person-exists",
            "There is a token for this sign-in name already.",
            "Choose another name, or take the old token away with `comity person remove`.",
        ));
    }
    let mut files = NewFiles::default();
    person::add_to(&mut files, &config.tokens_dir, name)?;
    files.write()?;
    let path = path.display();
    let text = format!(
        "{path} is the token of this person.\nNext: give them the file by a way that nobody else reads. A running node takes it at once."
    );
    output.result(
        &json!({"person": name, "token_file": path.to_string()}),
        &text,
    );
    Ok(())
}

fn list(config: &Config, output: &Output) -> Result<(), Failure> {
    let people = person::list(&config.tokens_dir)?;
    if people.len() < 2 {
        output.note("A second person is needed to confirm what is drafted: `comity person add`.");
    }
    output.result(&json!({"people": people}), &people.join("\n"));
    Ok(())
}

fn remove(name: &str, config: &Config, output: &Output) -> Result<(), Failure> {
    let path = person::token_path(&config.tokens_dir, name);
    if !path.exists() {
        return Err(Failure::new(
            "no-such-person",
            "There is no token for this sign-in name.",
            "`comity person list` shows who has one.",
        ));
    }
    files::remove(&path)?;
    let text = "The token is gone. A running node does not take it any more.";
    output.result(&json!({"removed": name}), text);
    Ok(())
}
