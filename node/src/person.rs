//! People of a member: each has a token in a file, by which the API knows them. A
//! second person confirms what the first one drafted, so a member needs two.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Failure;
use crate::files::{Mode, NewFiles};
use crate::keys::{hex_line, new_secret};
use crate::limits::PEOPLE_MAX;
use crate::parse;

/// Who is made with a new member.
pub const ADMIN: &str = "admin";

const EXTENSION: &str = "token";

/// Where the token of a person is.
#[must_use]
pub fn token_path(tokens_dir: &Path, person: &str) -> PathBuf {
    tokens_dir.join(format!("{person}.{EXTENSION}"))
}

/// Adds the file of a new token: 64 hex digits and a line end.
///
/// # Errors
/// `no-randomness`.
pub fn add_to(files: &mut NewFiles, tokens_dir: &Path, person: &str) -> Result<(), Failure> {
    let secret = new_secret()?;
    let line = hex_line(&secret);
    files.add(
        token_path(tokens_dir, person),
        Mode::Private,
        line.as_bytes(),
    );
    Ok(())
}

/// The people who have a token, sorted.
///
/// # Errors
/// `too-many-people`, or what the disk says.
pub fn list(tokens_dir: &Path) -> Result<Vec<String>, Failure> {
    let entries = fs::read_dir(tokens_dir)
        .map_err(|error| Failure::of_file("the folder could not be read", tokens_dir, &error))?;
    let names = entries.filter_map(|entry| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        let person = name.strip_suffix(EXTENSION)?.strip_suffix('.')?;
        parse::person(person).ok()
    });
    let mut people: Vec<_> = names.take(PEOPLE_MAX + 1).collect();
    if people.len() > PEOPLE_MAX {
        return Err(Failure::new(
            "too-many-people",
            format!(
                "{} holds more than {PEOPLE_MAX} tokens.",
                tokens_dir.display()
            ),
            "Remove the tokens of people who have left.",
        ));
    }
    people.sort();
    Ok(people)
}
