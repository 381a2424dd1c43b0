//! Codes in words. Every state that the console shows has words beside it; a code that is not known here is shown as it
//! is, with spaces. Words never say more than the code: "done" is the other side's word, and only an observation
//! confirms it; "sent" is not "delivered".

use std::borrow::Cow;

use askama::Template;
use askama::filters::HtmlSafe;

/// How a state looks. Only [`Tone::Wrong`] is red.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing is to be done.
    Calm,
    /// Somebody is waited for.
    Waits,
    /// It went as it should.
    Good,
    /// Somebody has to act: it did not.
    Wrong,
}

impl Tone {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Waits => "waits",
            Self::Good => "good",
            Self::Wrong => "wrong",
        }
    }
}

/// A state in words, with its code beside it, as HTML.
#[derive(Template, Debug, Clone, PartialEq, Eq)]
#[template(
    ext = "html",
    source = "<span class=\"state {{ tone.class() }}\">{{ words }}</span> <code class=\"code\">{{ code }}</code>"
)]
pub(crate) struct State {
    pub(crate) words: Cow<'static, str>,
    pub(crate) code: String,
    pub(crate) tone: Tone,
}

impl HtmlSafe for State {}

impl State {
    /// The words that somebody else has for a code of this tone.
    pub(crate) fn said(words: &str, code: &str, tone: Tone) -> Self {
        Self {
            words: words.to_owned().into(),
            code: code.to_owned(),
            tone,
        }
    }
}

type Row = (&'static str, &'static str, Tone);

fn find(table: &[Row], code: &str) -> State {
    let known = table.iter().find(|(known, ..)| *known == code);
    let (words, tone) = match known {
        Some((_, words, tone)) => (Cow::Borrowed(*words), *tone),
        None => (Cow::Owned(plain(code)), Tone::Calm),
    };
    State {
        words,
        code: code.to_owned(),
        tone,
    }
}

/// A code as a phrase.
pub(crate) fn plain(code: &str) -> String {
    code.replace('-', " ")
}

/// The state of an item or of a reported locator.
pub(crate) fn item(code: &str) -> State {
    find(&ITEMS, code)
}

/// Where a statement stands.
pub(crate) fn standing(code: &str) -> State {
    find(&STANDINGS, code)
}

/// Where the delivery of an opening stands.
pub(crate) fn delivery(code: &str) -> State {
    find(&DELIVERIES, code)
}

/// Where a draft stands.
pub(crate) fn draft(code: &str) -> State {
    find(&DRAFTS, code)
}

/// Where a clock stands.
pub(crate) fn clock(code: &str) -> State {
    find(&CLOCKS, code)
}

/// Whose word a receipt rests on.
pub(crate) fn witness(code: &str) -> State {
    find(&WITNESSES, code)
}

/// How urgent a case is.
pub(crate) fn urgency(code: &str) -> State {
    find(&URGENCIES, code)
}

/// Where the roster stands.
pub(crate) fn roster(code: &str) -> State {
    find(&ROSTERS, code)
}

/// A kind of statement.
pub(crate) fn kind(code: &str) -> String {
    match code {
        "takedown-request" => "Takedown request".to_owned(),
        "none" => "No message: no rule says to whom".to_owned(),
        _ => capital(&plain(code)),
    }
}

/// The sort of a locator.
pub(crate) fn sort(code: &str) -> String {
    match code {
        "url" => "Web address".to_owned(),
        "content-id" => "Content id of a service".to_owned(),
        "hash-set" | "hash" | "hashes" => "Hashes of a file".to_owned(),
        "ip-port-time" => "Address, port and time".to_owned(),
        "onion" => "Onion address".to_owned(),
        _ => capital(&plain(code)),
    }
}

/// What starts a clock of the response times.
pub(crate) fn start(code: &str) -> String {
    match code {
        "offered" => "From the sender's first attempt to deliver".to_owned(),
        "registered" => "From registration at the recipient".to_owned(),
        "reported" => "From the public's report (claimed by the hotline)".to_owned(),
        _ => format!("From: {}", plain(code)),
    }
}

/// What ends a step of the response times.
pub(crate) fn step(code: &str) -> String {
    match code {
        "registration" => "Registered by the recipient".to_owned(),
        "receipt" => "Receipt with the sender".to_owned(),
        "first-automatic-answer" => "First answer by a program".to_owned(),
        "first-human-answer" => "First answer by a person".to_owned(),
        "outcome" => "Outcome reported".to_owned(),
        "confirmation" => "Seen offline by another member".to_owned(),
        _ => capital(&plain(code)),
    }
}

/// What was done, as the one who says it says it.
pub(crate) fn measure(target: &str, action: &str) -> String {
    format!("{} {}", capital(&plain(target)), plain(action))
}

/// A phrase that begins a line.
pub(crate) fn capital(phrase: &str) -> String {
    let mut chars = phrase.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().to_string() + chars.as_str())
        .unwrap_or_default()
}

const ITEMS: [Row; 29] = [
    ("requested", "Asked, not answered", Tone::Waits),
    ("accepted", "Taken on, no outcome yet", Tone::Waits),
    ("needs-information", "Needs information", Tone::Waits),
    ("wrong-layer", "Somebody else is to be asked", Tone::Waits),
    (
        "already-actioned",
        "Acted on before; not said how",
        Tone::Waits,
    ),
    ("transferred", "Handed to another member", Tone::Calm),
    ("partly", "Partly acted on", Tone::Waits),
    ("done", "Reported done, not confirmed", Tone::Calm),
    (
        "confirmed-offline",
        "Done, and seen offline since",
        Tone::Good,
    ),
    ("not-found", "Nothing found there", Tone::Calm),
    ("moved", "Moved elsewhere", Tone::Waits),
    ("declined", "Declined", Tone::Calm),
    ("reinstated", "Available again after an appeal", Tone::Calm),
    ("withdrawn", "Request withdrawn", Tone::Calm),
    ("refused", "Request refused", Tone::Calm),
    ("draft", "Draft, not sent", Tone::Waits),
    (
        "draft-review",
        "Draft: waits for a second person",
        Tone::Waits,
    ),
    (
        "draft-conflict",
        "Draft: assessments contradict",
        Tone::Waits,
    ),
    ("draft-returned", "Draft: sent back", Tone::Waits),
    ("conflict", "Assessments contradict", Tone::Waits),
    ("unplaced", "No rule says to whom", Tone::Waits),
    ("waiting", "Signed, not delivered yet", Tone::Waits),
    ("not-delivered", "Given up: not delivered", Tone::Wrong),
    (
        "not-registered",
        "Refused at the door, not registered",
        Tone::Wrong,
    ),
    (
        "outside-open",
        "For the hotline itself to act on",
        Tone::Waits,
    ),
    ("outside-told-host", "The hotline told the host", Tone::Calm),
    (
        "outside-told-police",
        "The hotline told the police",
        Tone::Calm,
    ),
    (
        "outside-told-help-service",
        "The hotline told a help service",
        Tone::Calm,
    ),
    ("no-action", "Nothing to be done", Tone::Calm),
];

const STANDINGS: [Row; 8] = [
    ("waiting", "Signed, not delivered yet", Tone::Waits),
    (
        "delivered",
        "Delivered: the recipient has registered it",
        Tone::Good,
    ),
    ("received", "Received and registered here", Tone::Good),
    ("refused", "Refused by the recipient", Tone::Wrong),
    ("expired", "Given up: not delivered in time", Tone::Wrong),
    (
        "parked",
        "Waits for an earlier message that is not here yet",
        Tone::Waits,
    ),
    (
        "forbidden",
        "Does not fit what went before; it changes nothing",
        Tone::Wrong,
    ),
    ("void", "Refused, so it no longer counts", Tone::Calm),
];

const DELIVERIES: [Row; 4] = [
    ("waiting", "Not delivered yet", Tone::Waits),
    ("delivered", "Delivered", Tone::Good),
    ("refused", "Refused by the recipient", Tone::Wrong),
    ("expired", "Given up: not delivered", Tone::Wrong),
];

const DRAFTS: [Row; 4] = [
    ("review", "Waits for a second person", Tone::Waits),
    (
        "conflict",
        "Assessments contradict: assess again",
        Tone::Waits,
    ),
    ("returned", "Sent back to who drafted it", Tone::Waits),
    ("unplaced", "No rule says to whom", Tone::Waits),
];

const CLOCKS: [Row; 8] = [
    ("running", "Running", Tone::Waits),
    (
        "paused",
        "Stands still: a hold or an open question",
        Tone::Calm,
    ),
    ("overdue", "Overdue", Tone::Wrong),
    ("met", "Met", Tone::Good),
    ("late", "Came late", Tone::Calm),
    ("void", "No longer counts", Tone::Calm),
    ("keep", "To be kept until then", Tone::Calm),
    ("keep-over", "Need not be kept any longer", Tone::Calm),
];

const WITNESSES: [Row; 3] = [
    ("provisional", "Receipt provisional", Tone::Waits),
    ("witnessed", "Receipt witnessed", Tone::Good),
    ("not-witnessable", "Receipt provisional", Tone::Waits),
];

const URGENCIES: [Row; 3] = [
    ("routine", "Routine", Tone::Calm),
    ("urgent", "Urgent", Tone::Waits),
    ("imminent-risk", "A child may be in danger now", Tone::Wrong),
];

const ROSTERS: [Row; 4] = [
    ("current", "In force", Tone::Good),
    ("in-grace", "Expired; members go on for now", Tone::Wrong),
    (
        "past-grace",
        "Expired: only answers, receipts and audits",
        Tone::Wrong,
    ),
    ("no-roster", "There is none", Tone::Wrong),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_never_shown_as_more() {
        assert!(item("done").words.contains("not confirmed"));
        assert_ne!(item("done").tone, Tone::Good);
        assert!(standing("waiting").words.contains("not delivered"));
        assert!(delivery("waiting").words.contains("Not delivered"));
    }

    #[test]
    fn an_unknown_code_is_shown_with_spaces_and_escaped() {
        let check = |code: &str, expected: &str| assert_eq!(item(code).to_string(), expected);
        check(
            "something-new",
            "<span class=\"state calm\">something new</span> <code class=\"code\">something-new</code>",
        );
        check(
            "<b>",
            "<span class=\"state calm\">&#60;b&#62;</span> <code class=\"code\">&#60;b&#62;</code>",
        );
    }
}
