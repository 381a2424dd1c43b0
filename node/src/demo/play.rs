//! The story, from the files to the last observation.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use comity_engine::desk::{
    CaseFilter, CaseRow, Cursor, Decision, Direction, Done, DraftRow, ImportSummary, NewAnswer,
    NewHold, NewImport, NewInformation, NewItem, NewObservation, NewObservationItem, NewOpening,
    NewOutcome, NewOutcomeItem, NewOutside, NewParent, NewRelease, NewReview, NewWithdrawal, Query,
    Shown, Work,
};
use comity_engine::error::WorkError;
use comity_engine::ports::Clock as _;
use comity_wire::words::TimeMs;

use super::found::{Who, World, of_work};
use super::input::Input;
use super::staff::{self, Act, Course, Side};
use crate::clock::text_of;
use crate::error::Failure;
use crate::output::Output;

/// What was played.
#[derive(Default)]
pub(super) struct Story {
    pub(super) imported: Vec<(String, ImportSummary)>,
    /// Acts that a node turned down.
    pub(super) problems: Vec<String>,
    pub(super) begun_at: TimeMs,
    pub(super) ended_at: TimeMs,
    /// Acts by name.
    pub(super) acts: BTreeMap<String, u64>,
}

/// Something that is to be done at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Planned {
    at: TimeMs,
    order: u64,
    who: Who,
    act: Act,
    case: String,
    /// The place of the case among those of its recipient.
    place: usize,
}

struct Teller<'a> {
    world: &'a World,
    output: &'a Output,
    story: Story,
    plan: BTreeSet<Planned>,
    order: u64,
    /// Cases that have their course already, and how many each recipient has.
    cases: BTreeSet<String>,
    places: BTreeMap<Who, usize>,
    /// The journal number up to which each player's cases have been looked at.
    seen: BTreeMap<Who, u64>,
    /// Drafts of South and North that wait for a second person, by the case that they belong to.
    drafts: BTreeMap<String, String>,
    /// The child case that will be taken back with its parent.
    taken_back: Option<String>,
    withdrawn: bool,
}

/// Plays.
pub(super) async fn play(
    world: &mut World,
    input: &Input,
    output: &Output,
) -> Result<Story, Failure> {
    let mut teller = Teller {
        world,
        output,
        story: Story {
            begun_at: world.clock.now_ms(),
            ..Story::default()
        },
        plan: BTreeSet::new(),
        order: 0,
        cases: BTreeSet::new(),
        places: BTreeMap::new(),
        seen: BTreeMap::new(),
        drafts: BTreeMap::new(),
        taken_back: None,
        withdrawn: false,
    };
    teller.import(input).await?;
    teller.review().await?;
    teller.act_outside().await?;
    teller.settle().await?;
    teller.meet_new_cases().await?;
    teller.go_on().await?;
    teller.story.ended_at = world.clock.now_ms();
    Ok(teller.story)
}

impl Teller<'_> {
    fn say(&self, words: &str) {
        let now = text_of(self.world.clock.now_ms());
        self.output.progress(&format!("{now}  {words}"));
    }

    async fn import(&mut self, input: &Input) -> Result<(), Failure> {
        for (file, bytes) in &input.files {
            let import = NewImport {
                file: file.clone(),
                bytes: bytes.clone(),
            };
            let done = self.work(Who::North, false, Work::Import(import)).await;
            let Done::Imported(summary) = done.map_err(|error| of_work(&error))? else {
                continue;
            };
            self.say(&format!(
                "Hotline North reads {file}: {} reports, {} new, {} known, {} not readable; {} join a locator that was here, {} of them contradict it",
                summary.read,
                summary.accepted,
                summary.known,
                summary.rejected.len(),
                summary.joined,
                summary.conflicts,
            ));
            for placed in &summary.placed {
                let to = placed
                    .to
                    .as_deref()
                    .map(|to| format!(" to {to}"))
                    .unwrap_or_default();
                let why = placed
                    .reason
                    .as_deref()
                    .map(|why| format!(" ({why})"))
                    .unwrap_or_default();
                self.output.progress(&format!(
                    "    {:>4}  {}{to}{why}",
                    placed.count, placed.route
                ));
            }
            self.story.imported.push((file.clone(), summary));
        }
        Ok(())
    }

    /// A second person confirms; where reports contradict one another, every second one is left alone.
    async fn review(&mut self) -> Result<(), Failure> {
        let drafts = self.drafts_of(Who::North).await?;
        let mut decided: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (place, draft) in drafts.iter().enumerate() {
            let decision = match draft.state.as_str() {
                "review" => "confirm",
                "conflict" if draft.kind != "none" && place % 2 == 0 => "confirm",
                "conflict" if draft.kind != "none" => "no-action",
                _ => continue,
            };
            decided
                .entry(decision)
                .or_default()
                .push(draft.draft.clone());
        }
        for (decision, drafts) in decided {
            let count = drafts.len();
            let decision_made = if decision == "confirm" {
                Decision::Confirm
            } else {
                Decision::NoAction
            };
            for some in drafts.chunks(REVIEWED_AT_ONCE) {
                let review = NewReview {
                    drafts: some.to_vec(),
                    decision: decision_made,
                };
                let done = self.work(Who::North, true, Work::Review(review)).await;
                self.note_reviewed(done);
            }
            self.say(&format!(
                "A second person at Hotline North: {count} drafts, {decision}"
            ));
        }
        Ok(())
    }

    fn note_reviewed(&mut self, done: Result<Done, WorkError>) {
        match done {
            Ok(Done::Reviewed(rows)) => {
                let problems = rows.into_iter().filter_map(|row| row.problem);
                self.story
                    .problems
                    .extend(problems.map(|problem| format!("review: {}", problem.code)));
            }
            Ok(_) => {}
            Err(error) => self.story.problems.push(format!("review: {}", error.code)),
        }
    }

    /// What the hotline does without the federation is its own word, and shown as that.
    async fn act_outside(&mut self) -> Result<(), Failure> {
        let Shown::Items(items) = self.world.query(Who::North, Query::Items).await? else {
            return Ok(());
        };
        let count = items.outside.len();
        for (place, (dossier, ..)) in items.outside.into_iter().enumerate() {
            let to = if place % 3 == 0 { "police" } else { "host" };
            let outside = NewOutside {
                dossier,
                to: to.to_owned(),
                at: None,
            };
            let done = self.work(Who::North, false, Work::Outside(outside)).await;
            self.note("outside", done);
        }
        if count > 0 {
            self.say(&format!(
                "Hotline North acts on {count} itself, outside the federation: host or police told"
            ));
        }
        Ok(())
    }

    /// Every case that has arrived somewhere gets its course.
    async fn meet_new_cases(&mut self) -> Result<(), Failure> {
        for who in [Who::Platform, Who::South] {
            for row in self.cases_of(who).await? {
                if !self.cases.insert(row.case.clone()) {
                    continue;
                }
                let place = self.places.entry(who).or_default();
                let at = *place;
                *place += 1;
                let acts = match who {
                    Who::South => staff::referral(at),
                    _ if self.taken_back.as_ref() == Some(&row.case) => {
                        staff::acts(Course::Waits, at)
                    }
                    _ => staff::acts(staff::course(at), at),
                };
                let opener = Who::of_id(&row.counterpart);
                for (after, side, act) in acts {
                    let actor = match side {
                        Side::Opener => opener,
                        Side::Recipient => Some(who),
                    };
                    if let Some(actor) = actor {
                        self.plan(after, actor, act, &row.case, at);
                    }
                }
            }
        }
        Ok(())
    }

    fn plan(&mut self, after: TimeMs, who: Who, act: Act, case: &str, place: usize) {
        let at = self.world.clock.now_ms().saturating_add(after);
        self.order += 1;
        self.plan.insert(Planned {
            at,
            order: self.order,
            who,
            act,
            case: case.to_owned(),
            place,
        });
    }

    /// From one moment to the next, until nobody has anything to do.
    async fn go_on(&mut self) -> Result<(), Failure> {
        let begun = self.world.clock.now_ms();
        let mut told_day = 0;
        while let Some(at) = self.plan.first().map(|first| first.at) {
            self.world.clock.set(at);
            while self.plan.first().is_some_and(|next| next.at <= at)
                && let Some(next) = self.plan.pop_first()
            {
                let done = self.act(&next).await;
                self.note(&format!("{:?}", next.act), done);
            }
            self.settle().await?;
            self.meet_new_cases().await?;
            let day = (at - begun) / crate::clock::DAY_MS;
            if day != told_day {
                told_day = day;
                self.say(&format!(
                    "day {} of the story: {} acts, {} still to come",
                    day + 1,
                    self.acted(),
                    self.plan.len()
                ));
            }
        }
        let withdrawn = self.withdrawn;
        self.say(&format!(
            "Nobody has anything left to do: {} acts in all",
            self.acted()
        ));
        if !withdrawn {
            self.output
                .note("    (the input has no referral, so no withdrawal went down a chain)");
        }
        Ok(())
    }

    fn acted(&self) -> u64 {
        self.story.acts.values().sum()
    }

    fn note(&mut self, act: &str, done: Result<Done, WorkError>) {
        match done {
            Ok(_) => *self.story.acts.entry(act.to_owned()).or_default() += 1,
            Err(error) => self
                .story
                .problems
                .push(format!("{act}: {} ({})", error.code, error.message)),
        }
    }

    async fn act(&mut self, planned: &Planned) -> Result<Done, WorkError> {
        let (who, case) = (planned.who, planned.case.clone());
        let answer = |answer: &str| NewAnswer {
            case: case.clone(),
            answer: answer.to_owned(),
            code: None,
            items: None,
            expected_by: None,
            next: None,
            automated: false,
            text: None,
        };
        let work = match planned.act {
            Act::Accept => Work::Answer(answer("accepted")),
            Act::AcceptByProgram => Work::Answer(NewAnswer {
                automated: true,
                ..answer("accepted")
            }),
            Act::Refuse => {
                let code = Some("not-illegal-here".to_owned());
                Work::Answer(NewAnswer {
                    code,
                    ..answer("refused")
                })
            }
            Act::AskForInformation => {
                let code = Some("not-enough-information".to_owned());
                Work::Answer(NewAnswer {
                    code,
                    ..answer("needs-information")
                })
            }
            Act::WrongLayer => {
                let next = Some("Example Hosting".to_owned());
                Work::Answer(NewAnswer {
                    next,
                    ..answer("wrong-layer")
                })
            }
            Act::AlreadyActioned => Work::Answer(answer("already-actioned")),
            Act::Inform => Work::Inform(NewInformation {
                case: case.clone(),
                of: None,
                text: "The item is the first one on the page.".to_owned(),
            }),
            Act::Remove => outcome(&case, "done", &["removed"], None),
            Act::Block => outcome(&case, "partly", &["geo-blocked"], None),
            Act::NotFound => outcome(&case, "not-found", &[], Some("content-not-found")),
            Act::Decline => outcome(&case, "declined", &[], Some("below-threshold")),
            Act::RemoveByHost => outcome(&case, "done", &["removed", "reported"], None),
            Act::Hold => Work::Hold(NewHold {
                case: case.clone(),
                by: "law-enforcement".to_owned(),
                until: None,
            }),
            Act::Release => Work::Release(NewRelease {
                case: case.clone(),
                by: "law-enforcement".to_owned(),
                result: Some("cleared".to_owned()),
            }),
            Act::SeeOnline => observation(&case, "online"),
            Act::SeeOffline => observation(&case, "offline"),
            Act::RequestOnward => return self.request_onward(who, &case, planned.place).await,
            Act::Withdraw => return self.withdraw(who, &case).await,
            Act::ConfirmOnward | Act::ConfirmWithdrawal => {
                let Some(draft) = self.drafts.remove(&case) else {
                    return Err(WorkError::asker(
                        "no-draft",
                        "the draft before was turned down",
                        "see above",
                    ));
                };
                let review = NewReview {
                    drafts: vec![draft],
                    decision: Decision::Confirm,
                };
                let done = self.work(who, true, Work::Review(review)).await?;
                if let Done::Reviewed(rows) = &done
                    && let Some(problem) = rows.iter().find_map(|row| row.problem.as_ref())
                {
                    return Err(WorkError::asker(
                        "draft-not-signed",
                        problem.code.clone(),
                        "see above",
                    ));
                }
                return Ok(done);
            }
        };
        self.work(who, false, work).await
    }

    /// South has found the machines behind the item: they are the platform's.
    async fn request_onward(
        &mut self,
        who: Who,
        case: &str,
        place: usize,
    ) -> Result<Done, WorkError> {
        let wish = NewOpening {
            to: Some(Who::Platform.id().to_owned()),
            capacity: Some("host".to_owned()),
            items: Vec::<NewItem>::new(),
            parent: Some(NewParent {
                case: case.to_owned(),
                n: 1,
            }),
            reference: Some(format!("s-{place}")),
            ..NewOpening::default()
        };
        let done = self.work(who, false, Work::Request(wish)).await?;
        if let Done::Drafted(drafted) = &done {
            self.drafts.insert(case.to_owned(), drafted.draft.clone());
            if place == 0 {
                self.taken_back = Some(drafted.case.clone());
            }
        }
        Ok(done)
    }

    async fn withdraw(&mut self, who: Who, case: &str) -> Result<Done, WorkError> {
        let withdrawal = NewWithdrawal {
            case: case.to_owned(),
            code: "error".to_owned(),
            items: None,
            text: None,
        };
        let done = self.work(who, false, Work::Withdraw(withdrawal)).await?;
        if let Done::Drafted(drafted) = &done {
            self.drafts.insert(case.to_owned(), drafted.draft.clone());
            self.withdrawn = true;
        }
        Ok(done)
    }

    async fn work(&self, who: Who, second: bool, work: Work) -> Result<Done, WorkError> {
        self.world.work(who, staff::name(who, second), work).await
    }

    /// Waits until everything that was signed has its receipt, and everything that followed from that as well. What
    /// waits for a later attempt gets its time.
    async fn settle(&self) -> Result<(), Failure> {
        let (mut quiet, mut looks) = (0, 0_u32);
        while quiet < 2 {
            let mut waiting = 0_usize;
            let mut next: Option<TimeMs> = None;
            for who in Who::ALL {
                if let Shown::Outbox(page) = self
                    .world
                    .query(who, Query::Outbox(Cursor::default()))
                    .await?
                {
                    let due = page.rows.iter().filter_map(|row| row.due_at);
                    waiting += due.clone().count();
                    next = due.chain(next).min();
                }
            }
            if waiting == 0 {
                quiet += 1;
                continue;
            }
            quiet = 0;
            looks += 1;
            // Nothing is under way; the next attempt is later.
            if looks % PATIENCE == 0
                && let Some(next) = next.filter(|next| *next > self.world.clock.now_ms())
            {
                self.world.clock.set(next);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    async fn drafts_of(&self, who: Who) -> Result<Vec<DraftRow>, Failure> {
        let mut rows = Vec::new();
        let mut after = None;
        loop {
            let cursor = Cursor { after, limit: None };
            let Shown::Drafts(page) = self.world.query(who, Query::Drafts(cursor)).await? else {
                return Ok(rows);
            };
            rows.extend(page.rows);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(rows),
            }
        }
    }

    /// Cases that others opened with a player and that have changed since it was asked last.
    async fn cases_of(&mut self, who: Who) -> Result<Vec<CaseRow>, Failure> {
        let after = self.seen.get(&who).copied();
        let mut rows = cases(self.world, who, Direction::In, after).await?;
        if let Some(last) = rows.iter().map(|row| row.seq).max() {
            self.seen.insert(who, last);
        }
        // In the order in which they were opened: lists are in the order of the last change.
        rows.sort_by(|a, b| {
            (a.opened_at, &a.reference, &a.case).cmp(&(b.opened_at, &b.reference, &b.case))
        });
        Ok(rows)
    }
}

/// Every case of a player that it opened, or that others opened with it, of which something changed after a journal
/// number.
pub(super) async fn cases(
    world: &World,
    who: Who,
    direction: Direction,
    mut after: Option<u64>,
) -> Result<Vec<CaseRow>, Failure> {
    let mut rows = Vec::new();
    loop {
        let cursor = Cursor { after, limit: None };
        let filter = CaseFilter {
            cursor,
            direction: Some(direction),
            open: false,
        };
        let Shown::Cases(page) = world.query(who, Query::Cases(filter)).await? else {
            return Ok(rows);
        };
        rows.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(rows),
        }
    }
}

fn outcome(case: &str, answer: &str, actions: &[&str], reason: Option<&str>) -> Work {
    let measures = actions
        .iter()
        .map(|action| ("content".to_owned(), (*action).to_owned()));
    Work::Outcome(NewOutcome {
        case: case.to_owned(),
        items: vec![NewOutcomeItem {
            n: 1,
            round: None,
            answer: answer.to_owned(),
            measures: measures.collect(),
            reason: reason.map(str::to_owned),
            effective_at: None,
            automated: false,
        }],
        text: None,
    })
}

fn observation(case: &str, result: &str) -> Work {
    Work::Observe(NewObservation {
        case: case.to_owned(),
        items: vec![NewObservationItem {
            n: 1,
            round: None,
            result: result.to_owned(),
            method: None,
            vantage: Some("SE".to_owned()),
            at: None,
        }],
    })
}

/// How long until the outboxes are looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Looks after which the clock goes on to the next attempt: half a second of nothing.
const PATIENCE: u32 = 250;

/// Drafts that are confirmed together.
const REVIEWED_AT_ONCE: usize = 100;
