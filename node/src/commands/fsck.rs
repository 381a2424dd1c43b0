//! `comity log fsck`: everything on the disk of a stopped node, made again from the frames and compared.
//!
//! ```text
//! identity, keys -> check_log -> the signature of the head -> the views' mark -> what is whole, what is not, what to do
//! ```

use comity_store::Views;
use comity_store::journal::fsck::Damage;
use comity_store::views::Found;
use serde_json::json;

use super::log::{Data, Stopped, signed_head};
use crate::error::{Exit, Failure};
use crate::log_check::Checked;
use crate::output::Output;
use crate::ports::VIEWS_SCHEMA;
use crate::tables::Table;

/// Checks, says what was found, and with `repair` makes again what is derived.
///
/// # Errors
/// There is nowhere to begin; with status 4, something is not as it must be.
pub(super) fn run(data: &Data, repair: bool, output: &Output) -> Result<(), Failure> {
    let stopped = Stopped::find(data)?;
    let checked = stopped.check(repair)?;
    let forged = forged_head(data, &stopped, &checked)?;
    let views = views(data, &checked, repair)?;
    show(&stopped, &checked, &views, output);
    match forged {
        Some(failure) => Err(failure),
        None => verdict(&checked, &views, repair),
    }
}

/// A signed head that this log did not sign. One that cannot be read is in the report.
fn forged_head(
    data: &Data,
    stopped: &Stopped,
    checked: &Checked,
) -> Result<Option<Failure>, Failure> {
    if checked.report.published.is_none() {
        return Ok(None);
    }
    match signed_head(&data.data, &stopped.vkey) {
        Err(failure) if failure.exit == Exit::NotVerified => Ok(Some(failure)),
        read => read.map(|_| None),
    }
}

/// What there is to say of the views, and whether they are damaged.
struct ViewsShown {
    word: &'static str,
    marked: Option<u64>,
    damaged: bool,
}

fn views(data: &Data, checked: &Checked, repair: bool) -> Result<ViewsShown, Failure> {
    let of = |word, damaged| ViewsShown {
        word,
        marked: None,
        damaged,
    };
    let shown = match Views::look(&data.data, VIEWS_SCHEMA) {
        Found::Marked(marked) => ViewsShown {
            word: if marked == checked.report.next_seq {
                "as new as the journal"
            } else {
                "not as new as the journal: the next start makes them anew"
            },
            marked: Some(marked),
            damaged: false,
        },
        Found::Unusable("views-missing") => of("not there: the next start makes them anew", false),
        Found::Unusable("views-schema") => {
            of("of another version: the next start makes them anew", false)
        }
        Found::Unusable(_) => of("damaged: the next start makes them anew", true),
    };
    if repair && shown.damaged {
        let removed = Views::remove(&data.data);
        removed
            .map_err(|error| Failure::new(error.code(), error.to_string(), error.next_step()))?;
        return Ok(of(
            "damaged, and removed: the next start makes them anew",
            false,
        ));
    }
    Ok(shown)
}

fn show(stopped: &Stopped, checked: &Checked, views: &ViewsShown, output: &Output) {
    let (report, counts) = (&checked.report, &checked.counts);
    let damages = checked.damages();
    let signed = report
        .published
        .map_or_else(|| "none".to_owned(), |size| format!("{size} records"));
    let mut text = format!(
        "{}\n  log            {}\n  head record    {} records, {} frames, root {}\n  segments       {}\n  frames         {} whole, and {} data keys\n  records        {} whole; facts: {} match, {} are gone\n  counterparts   {}\n  tiles          {} made again and compared\n  indexes        {} right, {} not there: the next start makes them\n  signed head    {signed}\n  views          {}\n",
        if damages.is_empty() {
            "Everything is what it was."
        } else {
            "Not everything is what it was."
        },
        stopped.origin,
        report.head.size(),
        report.next_seq,
        report.head.root(),
        report.segments,
        report.frames,
        report.data_keys,
        report.records,
        counts.facts,
        counts.facts_gone,
        counts.counterparts,
        report.tiles,
        report.indexes,
        report.indexes_missing,
        views.word,
    );
    for path in &report.made_again {
        text.push_str(&format!("Made again: {}\n", path.display()));
    }
    if !damages.is_empty() {
        let mut table = Table::new(&["code", "file", "byte", "what"]);
        for damage in &damages {
            let (file, offset) = (damage.file.display().to_string(), damage.offset.to_string());
            table.row([
                damage.code,
                file.as_str(),
                offset.as_str(),
                damage.what.as_str(),
            ]);
        }
        text.push_str(&table.to_string());
    }
    let value = json!({"fsck": {
        "origin": stopped.origin.to_string(),
        "size": report.head.size(),
        "root": report.head.root().to_string(),
        "segments": report.segments,
        "frames": report.frames,
        "data_keys": report.data_keys,
        "records": report.records,
        "kinds": counts.kinds,
        "facts": counts.facts,
        "facts_gone": counts.facts_gone,
        "counterparts": counts.counterparts,
        "tiles": report.tiles,
        "indexes": report.indexes,
        "indexes_missing": report.indexes_missing,
        "signed_size": report.published,
        "views": views.word,
        "views_marked": views.marked,
        "made_again": report.made_again.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
        "damages_all": report.damages_all,
        "damages": damages.iter().map(|damage| json!({
            "code": damage.code,
            "file": damage.file.display().to_string(),
            "offset": damage.offset,
            "what": damage.what,
            "derived": damage.derived,
        })).collect::<Vec<_>>(),
    }});
    output.result(&value, &text);
}

/// What it means, and what to do.
fn verdict(checked: &Checked, views: &ViewsShown, repair: bool) -> Result<(), Failure> {
    if let Some(damage) = checked.lost() {
        return Err(
            Failure::new(damage.code, said(damage), next_step(damage.code))
                .exits(Exit::NotVerified),
        );
    }
    let derived = checked.damages().first().copied();
    if repair || (derived.is_none() && !views.damaged) {
        return Ok(());
    }
    let what = derived.map_or_else(|| "The views are damaged.".to_owned(), said);
    Err(Failure::new(
        derived.map_or("views-damaged", |damage| damage.code),
        what,
        "Nothing is lost: the journal is whole. Run it again with --repair, which makes again what is derived; what it leaves, the next start of the node writes anew.",
    )
    .exits(Exit::NotVerified))
}

fn said(damage: &Damage) -> String {
    format!(
        "{} at byte {}: {}.",
        damage.file.display(),
        damage.offset,
        damage.what
    )
}

fn next_step(code: &str) -> &'static str {
    match code {
        "journal-damaged" | "epoch-key-missing" => {
            "This was acknowledged, and nothing here can bring it back. Copy the whole folder away before anything else, check the disk, then put a backup in its place and run `comity log restore`."
        }
        "head-behind-checkpoint" => {
            "Run `comity log restore`: it says what is lost and begins a new log. If a newer copy exists, put that back first."
        }
        _ => {
            "Keep everything as it is: this is evidence. The frames are whole, so it was written so; other members hold earlier signed heads of this log."
        }
    }
}
