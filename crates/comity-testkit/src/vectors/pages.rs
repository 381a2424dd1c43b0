//! The vectors for people: a page of diagnostic notation for each file, and an index
//! by section of the specification.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::sections::Sections;
use super::{Context, Expect, File, Made, Vector};
use crate::diag;

/// Some sites do not show longer pages.
const PAGE_BYTES_MAX: usize = 300_000;

/// The pages of all files, and the index.
pub(super) fn pages(files: &[File], sections: &Sections) -> Vec<Made> {
    let mut made = Vec::new();
    let mut found = BTreeMap::new();
    for file in files {
        twins(file, sections, &mut made, &mut found);
    }
    made.push(index(files, sections, &found));
    made
}

fn twins<'a>(
    file: &'a File,
    sections: &Sections,
    made: &mut Vec<Made>,
    found: &mut BTreeMap<&'a str, String>,
) {
    let stem = file.name.trim_end_matches(".json");
    let title = |number: usize| {
        let part = if number == 1 {
            String::new()
        } else {
            format!(", part {number}")
        };
        format!(
            "# `{}` in diagnostic notation{part}\n\nMade like the [file itself](../{}); [what its members mean](../README.md).\n",
            file.name, file.name
        )
    };
    let mut number = 1;
    let mut text = title(number);
    let page = |number: usize| {
        let part = if number == 1 {
            String::new()
        } else {
            format!("-{number}")
        };
        format!("diag/{stem}{part}.md")
    };
    for vector in &file.vectors {
        let entry = entry(file.name, vector, sections);
        if text.len() + entry.len() > PAGE_BYTES_MAX {
            made.push(Made {
                name: page(number),
                text,
            });
            number += 1;
            text = title(number);
        }
        text.push_str(&entry);
        found.insert(&vector.name, page(number));
    }
    made.push(Made {
        name: page(number),
        text,
    });
}

fn entry(file: &str, vector: &Vector, sections: &Sections) -> String {
    let mut text = format!("\n## {}\n\n{}\n\n", vector.name, vector.shows);
    let _ = write!(text, "A `{}`", vector.object);
    if let Some(section) = sections.of(file, vector) {
        let _ = write!(
            text,
            ", section [{}](../../{})",
            section.number, section.link
        );
    }
    text.push_str(". ");
    let _ = match &vector.expect {
        Expect::Refused { code, .. } => writeln!(text, "Refused: `{code}`."),
        Expect::Ok { .. } => writeln!(text, "Accepted."),
    };
    let context = Context {
        checkpoint: None,
        ..vector.context.clone()
    };
    let context = serde_json::to_string(&context).expect("texts and numbers");
    if context != "{}" {
        let _ = writeln!(text, "\nThe reader knows: `{context}`");
    }
    let _ = write!(text, "\n```text\n{}```\n", twin(vector));
    if let Expect::Ok { ok } = &vector.expect {
        text.push_str("\nFound:\n\n```text\n");
        for (name, value) in ok {
            let _ = writeln!(text, "{name}: {value}");
        }
        text.push_str("```\n");
    }
    text
}

/// The bytes of a vector, for people.
fn twin(vector: &Vector) -> String {
    let bytes = data_encoding::HEXLOWER.decode(vector.hex.as_bytes());
    let bytes = bytes.expect("made as hex");
    match (vector.pad_to, vector.object.as_str()) {
        (Some(length), _) => {
            format!(
                "h'{}' / and zero bytes, up to {length} in all /\n",
                vector.hex
            )
        }
        (None, "checkpoint") => note(&bytes),
        (None, "inclusion" | "consistency") => {
            let hashes = bytes
                .chunks(32)
                .map(|hash| format!("h'{}'\n", super::hex(hash)));
            let hashes: String = hashes.collect();
            if hashes.is_empty() {
                "/ no hash /\n".to_owned()
            } else {
                hashes
            }
        }
        (None, object) => diag::show(object, &bytes).text,
    }
}

/// A text that is one, with the characters that nobody would see by their number.
fn note(bytes: &[u8]) -> String {
    let (text, rest) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, &[][..]),
        Err(error) => {
            let (text, rest) = bytes.split_at(error.valid_up_to());
            (std::str::from_utf8(text).unwrap_or_default(), rest)
        }
    };
    let mut shown = String::new();
    for letter in text.chars() {
        if letter.is_control() && letter != '\n' {
            let _ = write!(shown, "\\u{:04x}", u32::from(letter));
        } else {
            shown.push(letter);
        }
    }
    if !shown.ends_with('\n') {
        shown.push_str(" / no line feed here /\n");
    }
    if !rest.is_empty() {
        let _ = writeln!(shown, "/ not UTF-8 from here on: / h'{}'", super::hex(rest));
    }
    shown
}

fn index(files: &[File], sections: &Sections, found: &BTreeMap<&str, String>) -> Made {
    let mut text = String::from(
        "# Vectors by section\n\n\
         Made by `cargo xtask spec`. A vector that is refused stands where the specification says when its code is the answer; one\n\
         that is accepted stands where its object is defined. Each name leads to the bytes in diagnostic notation.\n",
    );
    let places = sections.all.iter().map(Some).chain([None]);
    for section in places {
        let rows: Vec<_> = files
            .iter()
            .flat_map(|file| file.vectors.iter().map(move |vector| (file, vector)))
            .filter(|(file, vector)| sections.of(file.name, vector) == section)
            .map(|(_, vector)| vector)
            .collect();
        if rows.is_empty() {
            continue;
        }
        let title = section.map_or("Without a section".to_owned(), |section| {
            let (number, title) = (&section.number, &section.title);
            format!("[{number} {title}](../{})", section.link)
        });
        let _ = write!(
            text,
            "\n## {title}\n\n| vector | shows | found |\n| --- | --- | --- |\n"
        );
        for vector in rows {
            let result = match &vector.expect {
                Expect::Refused { code, .. } => format!("`{code}`"),
                Expect::Ok { .. } => "ok".to_owned(),
            };
            let (name, page) = (&vector.name, &found[vector.name.as_str()]);
            let shows = vector.shows.replace('|', "\\|");
            let _ = writeln!(text, "| [{name}]({page}#{name}) | {shows} | {result} |");
        }
    }
    Made {
        name: "INDEX.md".into(),
        text,
    }
}
