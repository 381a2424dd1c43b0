//! What people decide and how long they take: all of it invented, all of it the same for the same input.
//!
//! Cases are given their course in the order of their reports: first one of each sort, so that even a short input
//! shows everything, then mostly removals, with the other sorts among them.

use comity_wire::words::TimeMs;

use super::found::Who;

/// In ms.
const MINUTE: TimeMs = 60_000;

/// How a case goes at the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// Taken on by a person, removed, seen offline.
    Removed,
    /// Taken on by a program, removed by a person.
    Automatic,
    /// Removed, seen online again, removed again, seen offline.
    Reappears,
    /// A question, an answer, then removed.
    NeedsInformation,
    /// Waits for the police, then removed.
    Held,
    /// First blocked in one country, then removed.
    Partly,
    /// Refused with a code.
    Refused,
    /// Another layer is to be asked.
    WrongLayer,
    /// Acted on before the request came.
    AlreadyActioned,
    /// Nothing found.
    NotFound,
    /// Not acted on.
    Declined,
    /// Nobody answers.
    Silent,
    /// Taken on, and waits for what becomes of it: the request will be taken back.
    Waits,
}

/// One of each sort.
const COURSES: [Course; 12] = [
    Course::Removed,
    Course::Reappears,
    Course::Refused,
    Course::NeedsInformation,
    Course::WrongLayer,
    Course::AlreadyActioned,
    Course::Held,
    Course::Partly,
    Course::Automatic,
    Course::NotFound,
    Course::Declined,
    Course::Silent,
];

/// The course of the `place`-th case of a recipient.
pub(super) fn course(place: usize) -> Course {
    if let Some(course) = COURSES.get(place) {
        return *course;
    }
    match place % 24 {
        1 | 13 => Course::Reappears,
        2 => Course::Refused,
        4 => Course::WrongLayer,
        6 => Course::NeedsInformation,
        8 | 20 => Course::Automatic,
        10 => Course::AlreadyActioned,
        12 => Course::Partly,
        14 => Course::NotFound,
        16 => Course::Held,
        18 => Course::Declined,
        22 => Course::Silent,
        _ => Course::Removed,
    }
}

/// Something that somebody does in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    Accept,
    AcceptByProgram,
    Refuse,
    AskForInformation,
    Inform,
    WrongLayer,
    AlreadyActioned,
    Block,
    Remove,
    NotFound,
    Decline,
    Hold,
    Release,
    SeeOnline,
    SeeOffline,
    /// South finds that the platform hosts it, and drafts a request for it.
    RequestOnward,
    /// A second person at South confirms that.
    ConfirmOnward,
    /// The hotline reports what it reached by itself.
    RemoveByHost,
    /// North drafts a withdrawal.
    Withdraw,
    /// A second person at North confirms that.
    ConfirmWithdrawal,
}

/// Which side does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Opener,
    Recipient,
}

/// Acts with their side and the time after the case was opened.
pub(super) fn acts(course: Course, place: usize) -> Vec<(TimeMs, Side, Act)> {
    use Act::{
        Accept, AcceptByProgram, AlreadyActioned, AskForInformation, Block, Decline, Hold, Inform,
        NotFound, Refuse, Release, Remove, SeeOffline, SeeOnline, WrongLayer,
    };
    use Side::{Opener, Recipient};
    // Between a half and one and a half of what is written, by the place: nobody is always equally fast.
    let spread = TimeMs::try_from(place % 11).unwrap_or(0) + 5;
    let after = |minutes: TimeMs| (minutes * MINUTE * spread / 10).next_multiple_of(STEP_MS);
    let steps: &[(TimeMs, Side, Act)] = match course {
        Course::Removed if place % 4 == 3 => &[(40, Recipient, Accept), (210, Recipient, Remove)],
        Course::Removed => &[
            (40, Recipient, Accept),
            (210, Recipient, Remove),
            (700, Opener, SeeOffline),
        ],
        Course::Automatic => &[
            (10, Recipient, AcceptByProgram),
            (120, Recipient, Remove),
            (600, Opener, SeeOffline),
        ],
        Course::Reappears => &[
            (50, Recipient, Accept),
            (150, Recipient, Remove),
            (420, Opener, SeeOnline),
            (560, Recipient, Remove),
            (1_300, Opener, SeeOffline),
        ],
        Course::NeedsInformation => &[
            (60, Recipient, AskForInformation),
            (240, Opener, Inform),
            (320, Recipient, Accept),
            (500, Recipient, Remove),
        ],
        Course::Held => &[
            (30, Recipient, Accept),
            (60, Recipient, Hold),
            (1_500, Recipient, Release),
            (1_560, Recipient, Remove),
        ],
        Course::Partly => &[
            (30, Recipient, Accept),
            (90, Recipient, Block),
            (900, Recipient, Remove),
        ],
        Course::Refused => &[(200, Recipient, Refuse)],
        Course::WrongLayer => &[(70, Recipient, WrongLayer)],
        Course::AlreadyActioned => &[(20, Recipient, AlreadyActioned), (80, Recipient, Remove)],
        Course::NotFound => &[(80, Recipient, Accept), (140, Recipient, NotFound)],
        Course::Declined => &[(100, Recipient, Accept), (900, Recipient, Decline)],
        Course::Waits => &[(40, Recipient, Accept)],
        Course::Silent => &[],
    };
    steps
        .iter()
        .map(|(minutes, side, act)| (after(*minutes), *side, *act))
        .collect()
}

/// What South does with a referral: every second one it asks the platform for, the others it settles itself.
pub(super) fn referral(place: usize) -> Vec<(TimeMs, Side, Act)> {
    use Side::{Opener, Recipient};
    let minutes = |minutes: TimeMs| (minutes * MINUTE).next_multiple_of(STEP_MS);
    match place {
        // The first goes on to the platform, and is taken back while the platform works on it.
        0 => vec![
            (minutes(60), Recipient, Act::Accept),
            (minutes(90), Recipient, Act::RequestOnward),
            (minutes(130), Recipient, Act::ConfirmOnward),
            (minutes(420), Opener, Act::Withdraw),
            (minutes(450), Opener, Act::ConfirmWithdrawal),
        ],
        place if place % 2 == 1 => vec![
            (minutes(80), Recipient, Act::Accept),
            (minutes(110), Recipient, Act::RequestOnward),
            (minutes(170), Recipient, Act::ConfirmOnward),
        ],
        place if place % 10 == 4 => vec![(minutes(100), Recipient, Act::Accept)],
        place if place % 10 == 8 => {
            vec![
                (minutes(100), Recipient, Act::Accept),
                (minutes(800), Recipient, Act::NotFound),
            ]
        }
        _ => vec![
            (minutes(70), Recipient, Act::Accept),
            (minutes(1_440), Recipient, Act::RemoveByHost),
            (minutes(2_000), Opener, Act::SeeOffline),
        ],
    }
}

/// In ms. People act on the ten minutes, so that many acts share a moment and the story is told faster.
pub(super) const STEP_MS: TimeMs = 10 * MINUTE;

/// Who acts, by name.
pub(super) const fn name(who: Who, second: bool) -> &'static str {
    match (who, second) {
        (Who::Platform, false) => "agent-1",
        (Who::Platform, true) => "agent-2",
        (Who::Regulator, _) => "officer-1",
        (_, false) => "analyst-1",
        (_, true) => "analyst-2",
    }
}
