//! Codes in plain words. A word never says more than was said: a receipt is not an answer, "done" is the recipient's
//! word, and only an observation confirms it.

use comity_case::Status;
use comity_wire::body::{Body, Next};
use comity_wire::registry::{Answer, ObservationResult, OutcomeAnswer};

/// The code of a state.
#[must_use]
pub const fn status_code(status: Status) -> &'static str {
    match status {
        Status::Requested => "requested",
        Status::Accepted => "accepted",
        Status::NeedsInformation => "needs-information",
        Status::WrongLayer => "wrong-layer",
        Status::AlreadyActioned => "already-actioned",
        Status::Transferred => "transferred",
        Status::Partly => "partly",
        Status::Done => "done",
        Status::ConfirmedOffline => "confirmed-offline",
        Status::NotFound => "not-found",
        Status::Moved => "moved",
        Status::Declined => "declined",
        Status::Reinstated => "reinstated",
        Status::Withdrawn => "withdrawn",
        Status::Refused => "refused",
    }
}

/// A state in words.
#[must_use]
pub const fn status_words(status: Status) -> &'static str {
    match status {
        Status::Requested => "Registered by the recipient, and not answered yet.",
        Status::Accepted => "The recipient has taken it on. Nothing is reported as done yet.",
        Status::NeedsInformation => "The recipient asks for information and waits for it.",
        Status::WrongLayer => "The recipient serves another layer and names who to ask instead.",
        Status::AlreadyActioned => {
            "The recipient says it had acted before; no outcome says how yet."
        }
        Status::Transferred => "The recipient has handed it to another member.",
        Status::Partly => "Some of what was asked is in effect, says the recipient; not all.",
        Status::Done => "Done, says the recipient. Nobody else has confirmed it yet.",
        Status::ConfirmedOffline => {
            "Done, says the recipient, and seen offline since by who asked."
        }
        Status::NotFound => "The recipient found nothing there.",
        Status::Moved => "The content is elsewhere, says the recipient.",
        Status::Declined => "The recipient does not act on it.",
        Status::Reinstated => "Available again after an appeal, says the recipient.",
        Status::Withdrawn => "The request was taken back.",
        Status::Refused => "The request was refused.",
    }
}

/// What a statement says, in one sentence without locators, names and free text.
#[must_use]
pub fn statement_words(body: &Body) -> String {
    match body {
        Body::TakedownRequest(body) => format!(
            "Asks to act on {}, as {}, {}.",
            items(body.items.len()),
            body.capacity,
            body.urgency
        ),
        Body::Referral(body) => {
            format!(
                "Refers {}: {}, {}.",
                items(body.items.len()),
                body.reason,
                body.urgency
            )
        }
        Body::Transfer(body) => format!("Hands over {}: {}.", items(body.items.len()), body.reason),
        Body::Acknowledgement(body) => {
            let why = body
                .code
                .as_ref()
                .map(|why| format!(" ({why})"))
                .unwrap_or_default();
            let who = match &body.next {
                Some(Next::Member(member)) => format!(" Ask {member} instead."),
                Some(Next::Name(_)) => {
                    " Somebody outside the federation is named instead.".to_owned()
                }
                None => String::new(),
            };
            let of = if body.names.is_some() {
                " a statement"
            } else {
                ""
            };
            format!(
                "Answers, by {}: {}{of}{why}.{who}",
                body.by,
                answer(body.answer)
            )
        }
        Body::Outcome(body) => {
            let rows: Vec<String> = body
                .items
                .iter()
                .map(|row| {
                    let measures: Vec<String> = row
                        .3
                        .iter()
                        .map(|measure| format!("{} {}", measure.target, measure.action))
                        .collect();
                    let with = if measures.is_empty() {
                        String::new()
                    } else {
                        format!(": {}", measures.join(", "))
                    };
                    format!("item {} round {} {}{with}", row.0, row.1, outcome(row.2))
                })
                .collect();
            format!("Reports ({}): {}.", body.basis.as_str(), rows.join("; "))
        }
        Body::Amendment(_) => "Adds to what was asked.".to_owned(),
        Body::Withdrawal(body) => format!(
            "Takes the request back: {} ({}).",
            body.code,
            body.basis.as_str()
        ),
        Body::Dispute(body) => format!("Contests a statement: {}.", body.code),
        Body::Resolution(body) => format!("Ends a dispute: {}.", body.result),
        Body::InformationRequest(body) => {
            let asks: Vec<&str> = body
                .asks
                .iter()
                .map(comity_wire::words::Code::as_str)
                .collect();
            format!("Asks for {}.", asks.join(", "))
        }
        Body::Information(_) => "Answers a question.".to_owned(),
        Body::Observation(body) => {
            let rows: Vec<String> = body
                .items
                .iter()
                .map(|row| format!("item {} round {} {}", row.0, row.1, seen(row.2)))
                .collect();
            format!("Saw: {}.", rows.join("; "))
        }
        Body::Hold(body) => format!("An authority asks to wait: {}.", body.by),
        Body::Release(body) => format!("No longer waits for: {}.", body.by),
        Body::ErasureNotice(body) => format!("Says that something was erased: {}.", body.ground),
    }
}

fn items(count: usize) -> String {
    if count == 1 {
        "1 item".to_owned()
    } else {
        format!("{count} items")
    }
}

const fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Accepted => "taken on",
        Answer::Refused => "refused",
        Answer::NeedsInformation => "needs information",
        Answer::WrongLayer => "wrong layer",
        Answer::AlreadyActioned => "acted on already",
        Answer::Transferred => "handed to another member",
    }
}

const fn outcome(answer: OutcomeAnswer) -> &'static str {
    match answer {
        OutcomeAnswer::Done => "done",
        OutcomeAnswer::Partly => "partly done",
        OutcomeAnswer::NotFound => "not found",
        OutcomeAnswer::Moved => "moved",
        OutcomeAnswer::Declined => "declined",
        OutcomeAnswer::Reinstated => "reinstated",
    }
}

const fn seen(result: ObservationResult) -> &'static str {
    match result {
        ObservationResult::Online => "online",
        ObservationResult::Offline => "offline",
        ObservationResult::GeoBlocked => "geo-blocked",
        ObservationResult::LoginRequired => "behind a login",
        ObservationResult::Changed => "changed",
        ObservationResult::NotChecked => "not checked",
    }
}
