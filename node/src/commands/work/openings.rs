//! Reports in, drafts out: `import`, `request`, `refer`; and what was done outside the federation.
//!
//! A URL is read from the arguments or, with `-`, from standard input: what is typed as an argument stays in the
//! history of the shell.

use std::io::{Read as _, stdin};
use std::path::{Path, PathBuf};

use clap::Args;
use comity_wire::ids::MemberId;
use comity_wire::words::{Code, Country};
use serde_json::{Value, json};

use super::rows::CaseItem;
use super::{Hidden, said, text_of};
use crate::answers::{self, ImportSummary};
use crate::client::{Client, Reach};
use crate::error::{Exit, Failure};
use crate::files;
use crate::limits::{IMPORT_BYTES_MAX, LOCATORS_BYTES_MAX};
use crate::output::Output;
use crate::parse;
use crate::tables::plain;
use crate::times::When;

pub(crate) const IMPORT_EXAMPLE: &str = "\
Good lines are taken and bad ones are listed with file, line and code; the exit status is 1 if there are any. Importing \
a file again changes nothing.

Example:
  comity import reports.xarf.jsonl reports.csv";
pub(crate) const REQUEST_EXAMPLE: &str = "\
Whom to ask and in what capacity follows from the roster. With --parent and no URL it is about the same locator as the \
item of that case.

Example:
  comity request --country NL --code baseline - < urls.txt
  comity request --scheme ncmec --code A1 --context live-streamed - < urls.txt
  comity request --to platform.example --urgency urgent --parent 00112233445566778899aabbccddeeff:1";
pub(crate) const REFER_EXAMPLE: &str = "\
Example:
  comity refer --country NL --reference 2026-17 - < urls.txt";
pub(crate) const OUTSIDE_EXAMPLE: &str = "\
`comity items` lists the locators for which nobody in the federation can act.

Example:
  comity outside 00112233445566778899aabbccddeeff --to police";

/// Files of reports.
#[derive(Debug, Args)]
pub struct Import {
    /// The files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

/// A request or a referral by hand.
#[derive(Debug, Args)]
pub struct Opening {
    /// The URLs; - reads them from standard input, one a line, so that they stay out of the shell's history
    #[arg(value_name = "URL", required_unless_present = "parent")]
    urls: Vec<Hidden>,
    /// The member to ask [default: whom the roster names]
    #[arg(long, value_name = "MEMBER", value_parser = parse::member_id)]
    to: Option<MemberId>,
    /// In what capacity it is asked: service, host, cdn, registrar, search, site-owner [default: as the roster says]
    #[arg(long, value_name = "CODE")]
    capacity: Option<String>,
    /// routine, urgent or imminent-risk [default: routine]
    #[arg(long, value_name = "CODE")]
    urgency: Option<String>,
    /// Our own reference [default: one is made]
    #[arg(long, value_name = "TEXT")]
    reference: Option<Hidden>,
    /// When the public reported it: RFC 3339, or --reported-at=-2h [default: now]
    #[arg(long, value_name = "TIME")]
    reported_at: Option<When>,
    /// The case and item that it follows from
    #[arg(long, value_name = "CASE:N")]
    parent: Option<CaseItem>,
    /// The country of the host
    #[arg(long, value_name = "CC", value_parser = parse::country)]
    country: Option<Country>,
    /// The address of the host
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<Hidden>,
    /// The network of the host
    #[arg(long, value_name = "NUMBER", value_parser = parse::asn)]
    asn: Option<u64>,
    /// The classification, verbatim; `comity taxonomy show` explains what follows from it
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// The scheme of the classification, such as iwf or ncmec [default: our own words]
    #[arg(long, value_name = "SCHEME", requires = "code")]
    scheme: Option<String>,
    /// The version of the scheme [default: the one that is known]
    #[arg(long, value_name = "TEXT", requires = "scheme")]
    scheme_version: Option<String>,
    /// What is done to the child; `comity taxonomy list severity` lists the codes
    #[arg(long, value_name = "CODE")]
    severity: Option<String>,
    /// The apparent age band of the youngest child; `comity taxonomy list age`
    #[arg(long, value_name = "CODE")]
    age: Option<String>,
    /// How the content was made; `comity taxonomy list depiction`
    #[arg(long, value_name = "CODE")]
    depiction: Option<String>,
    /// How it came about, once or more; `comity taxonomy list context`
    #[arg(long, value_name = "CODE")]
    context: Vec<String>,
    /// A note to the recipient
    #[arg(long, value_name = "TEXT")]
    text: Option<Hidden>,
    /// A legal clock that applies, such as eu-tco-1h (`comity clocks list`); for a request only
    #[arg(long = "clock", value_name = "ID", value_parser = parse::code)]
    clocks: Vec<Code>,
    #[command(flatten)]
    reach: Reach,
}

/// What was done outside.
#[derive(Debug, Args)]
pub struct Outside {
    /// The reported locator, by its id
    #[arg(value_name = "ID")]
    dossier: String,
    /// Who was told: host, police or help-service
    #[arg(long, value_name = "CODE")]
    to: String,
    /// When: RFC 3339, or --at=-2h [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<When>,
    #[command(flatten)]
    reach: Reach,
}

/// Reads all files before the first is sent: a wrong name stops it while nothing is done.
pub(crate) fn import(args: &Import, output: &Output) -> Result<(), Failure> {
    let read = |path: &PathBuf| Ok((name_of(path)?, report_file(path)?));
    let files: Vec<(String, Vec<u8>)> = args
        .files
        .iter()
        .map(read)
        .collect::<Result<_, Failure>>()?;
    let client = args.reach.client()?;
    let mut summaries = Vec::new();
    let mut text = String::new();
    let mut rejected = 0;
    let mut read = 0;
    let mut stopped = None;
    for (name, bytes) in files {
        match import_one(&client, &name, &bytes) {
            Ok((value, summary)) => {
                text.push_str(&format!("{}: {}", plain(&name), said::imported(&summary)));
                rejected += summary.rejected.len();
                read += summary.read;
                summaries.push(json!({"file": name, "summary": value}));
            }
            Err(failure) => {
                stopped = Some(failure);
                break;
            }
        }
    }
    if summaries.is_empty()
        && let Some(failure) = stopped
    {
        return Err(failure);
    }
    if stopped.is_none() && rejected == 0 {
        text.push_str("Next: a second person confirms the drafts: `comity drafts`, `comity review --confirm --all`.");
    }
    output.result(&json!({"imported": summaries}), &text);
    match stopped {
        Some(failure) => Err(failure),
        None if rejected > 0 => Err(Failure::new(
            "lines-rejected",
            format!("{rejected} of {read} lines or rows are no report; all others were taken."),
            "Correct the lines that are listed and import the file again: what is here already stays as it is.",
        )),
        None => Ok(()),
    }
}

fn import_one(
    client: &Client,
    name: &str,
    bytes: &[u8],
) -> Result<(Value, ImportSummary), Failure> {
    let answer = client.post_file("/v1/imports", name, bytes)?;
    let summary = answers::take(&answer, "imported")?;
    let value = answer.get("imported").cloned().unwrap_or_default();
    Ok((value, summary))
}

/// The name of a file, without its folders: it goes into messages.
fn name_of(path: &Path) -> Result<String, Failure> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(|| {
        Failure::new(
            "file-name",
            "A file of reports has a name that is not text.",
            "Rename the file, then import it.",
        )
        .exits(Exit::Usage)
    })
}

fn report_file(path: &Path) -> Result<Vec<u8>, Failure> {
    files::read(path, IMPORT_BYTES_MAX).map_err(|failure| match failure.code {
        "file-too-long" => Failure::new(
            "import-too-large",
            format!("{}: longer than {IMPORT_BYTES_MAX} bytes.", path.display()),
            "Split the file between lines and import the parts; nothing was imported now.",
        ),
        _ => failure,
    })
}

pub(crate) fn request(args: &Opening, output: &Output) -> Result<(), Failure> {
    open("/v1/requests", args, output)
}

pub(crate) fn refer(args: &Opening, output: &Output) -> Result<(), Failure> {
    open("/v1/referrals", args, output)
}

fn open(path: &str, args: &Opening, output: &Output) -> Result<(), Failure> {
    let urls = urls_of(&args.urls)?;
    let client = args.reach.client()?;
    let country = args.country.as_ref().map(Country::as_str);
    let item = |url: &String| {
        json!({
            "url": url,
            "ip": text_of(args.ip.as_ref()),
            "asn": args.asn,
            "country": country,
            "code": args.code,
            "scheme": args.scheme,
            "scheme_version": args.scheme_version,
            "severity": args.severity,
            "age": args.age,
            "depiction": args.depiction,
            "context": args.context,
        })
    };
    let parent = args.parent.as_ref();
    let body = json!({
        "to": args.to.as_ref().map(ToString::to_string),
        "capacity": args.capacity,
        "urgency": args.urgency,
        "reference": text_of(args.reference.as_ref()),
        "reported_at": client.time_of(args.reported_at)?,
        "items": urls.iter().map(item).collect::<Vec<_>>(),
        "parent": parent.map(|parent| json!({"case": parent.case.to_string(), "n": parent.n})),
        "text": text_of(args.text.as_ref()),
        "clocks": args.clocks.iter().map(Code::as_str).collect::<Vec<_>>(),
    });
    said::done(&client.post(path, &body)?, output)
}

/// The URLs, those from standard input in the place of `-`.
fn urls_of(arguments: &[Hidden]) -> Result<Vec<String>, Failure> {
    let mut urls = Vec::new();
    for Hidden(argument) in arguments {
        if argument == "-" {
            urls.extend(lines(&read_stdin()?));
        } else {
            urls.push(argument.clone());
        }
    }
    if urls.is_empty() && !arguments.is_empty() {
        return Err(Failure::new(
            "no-url",
            "There is no URL on standard input.",
            "Give one URL on each line.",
        )
        .exits(Exit::Usage));
    }
    Ok(urls)
}

/// What stands on each line, blank ones left out.
fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Standard input as text, up to what one statement could hold.
pub(crate) fn read_stdin() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = stdin().take(LOCATORS_BYTES_MAX + 1).read_to_end(&mut bytes);
    let fits = u64::try_from(bytes.len()).is_ok_and(|length| length <= LOCATORS_BYTES_MAX);
    match (read, String::from_utf8(bytes)) {
        (Ok(_), Ok(text)) if fits => Ok(text),
        _ => Err(Failure::new(
            "bad-standard-input",
            format!("Standard input is not text of at most {LOCATORS_BYTES_MAX} bytes."),
            "Check what is piped in; for a whole file of reports there is `comity import`.",
        )
        .exits(Exit::Usage)),
    }
}

pub(crate) fn outside(args: &Outside, output: &Output) -> Result<(), Failure> {
    let client = args.reach.client()?;
    let body = json!({"dossier": args.dossier, "to": args.to, "at": client.time_of(args.at)?});
    said::done(&client.post("/v1/outside", &body)?, output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_line_by_line() {
        let check = |text: &str, expected: &[&str]| assert_eq!(lines(text), expected);
        check("", &[]);
        check(
            "https://a.example/\r\n\n  https://b.example/ \n",
            &["https://a.example/", "https://b.example/"],
        );
    }

    #[test]
    fn what_a_person_types_is_hidden_from_debug() {
        assert_eq!(
            format!("{:?}", Hidden("https://a.example/".to_owned())),
            "hidden"
        );
    }
}
