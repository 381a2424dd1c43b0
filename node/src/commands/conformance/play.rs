//! Each step of the plan: sent, waited for, judged. One after the other, so that a target is never asked for more than
//! a single member would ask.

use std::sync::Arc;
use std::time::Duration;

use comity_conformance::judge::{self, Answer, Judged, Registered};
use comity_conformance::ledger::Ledger;
use comity_conformance::limits::{ATTEMPTS_MAX, RETRY_WAIT_MS, RETRY_WAIT_MS_MAX};
use comity_conformance::plan::{
    self, Manner, Play, RightReply, RightResult, Selection, Speaker, Step, Subject, Wire,
    request_of,
};
use comity_conformance::report::{Outcome, Report};
use comity_conformance::world::{World, id_of};
use comity_wire::ids::{Hash, MemberId, StatementId};
use comity_wire::leaf::RosterRef;
use comity_wire::roster_exchange::{RosterReply, RosterRequest};
use tokio::time::sleep;

use super::kit::Kit;
use crate::error::{Exit, Failure};
use crate::limits::{CONFORMANCE_POLL_MS, CONFORMANCE_SECOND_ASK_MS};
use crate::output::Output;

/// A run, and what it came to.
pub(super) struct Played {
    pub(super) world: Arc<World>,
    pub(super) peer: String,
    pub(super) report: Report,
    /// Records of the target's log that receipts have shown.
    pub(super) records: usize,
}

/// Plays what was selected.
///
/// # Errors
/// The target cannot be reached, or has not the chain or the keys that it should have.
pub(super) async fn play(
    world: World,
    selection: &Selection,
    peer: &str,
    timeout: Duration,
    output: &Output,
) -> Result<Played, Failure> {
    let world = Arc::new(world);
    let plan = plan::plan(&world, selection);
    let kit = Kit::new(&world, peer, timeout)?;
    kit.admit().await;
    let mut player = Player {
        world: &world,
        kit,
        ledger: Ledger::default(),
        legal: Vec::new(),
        report: Report::default(),
    };
    player.meet().await?;
    output.note(&format!(
        "{} of {} can be played over the wire against {}.",
        plan.steps.len(),
        plan.steps.len().saturating_add(plan.not_played.len()),
        world.target.member.as_str(),
    ));
    for step in plan.steps {
        player.step(step).await;
    }
    for (subject, why) in plan.not_played {
        player.report.add(subject, Outcome::NotPlayed(why));
    }
    player.settle_legal();
    let (report, records) = (player.report, player.ledger.records());
    Ok(Played {
        world,
        peer: peer.to_owned(),
        report,
        records,
    })
}

struct Player<'a> {
    world: &'a World,
    kit: Kit,
    ledger: Ledger,
    /// Statements that must not be turned down. Known only at the end: an acknowledgement takes its time.
    legal: Vec<(Subject, StatementId)>,
    report: Report,
}

impl Player<'_> {
    /// The target must be there, know the kit's members and have the chain.
    async fn meet(&self) -> Result<(), Failure> {
        let shown = self.roster_shown().await;
        let right = self.world.roster_ref();
        let (code, message) = match shown {
            Ok(shown) if shown == right => return Ok(()),
            Ok(shown) => (
                "wrong-chain",
                format!(
                    "The target shows roster {} {}, and not {} {}.",
                    shown.0, shown.1, right.0, right.1
                ),
            ),
            Err(Answer::Nothing(code)) => {
                return Err(Failure::new(
                    "not-reachable",
                    format!("The target does not answer ({code})."),
                    "Check the address; it must have the published transport key of the member that it plays.",
                )
                .exits(Exit::NotReachable));
            }
            Err(_) => (
                "not-admitted",
                "The target does not take the kit for a member.".to_owned(),
            ),
        };
        Err(Failure::new(
            code,
            message,
            "Start the target anew with the chain and the clock that the command names, from protocol-spec/vectors/federation.json.",
        ))
    }

    /// The roster that the target shows to a member, or what came instead.
    async fn roster_shown(&self) -> Result<RosterRef, Answer> {
        let Some(member) = self.world.anybody() else {
            return Err(Answer::NotOffered);
        };
        let hello = RosterRequest::Hello(self.world.roster_ref()).encode();
        let from = Speaker::Member(member.clone());
        let answer = self.ask(&from, Wire::Roster, hello).await;
        let Answer::Bytes(bytes) = &answer else {
            return Err(answer);
        };
        match RosterReply::decode(bytes) {
            Ok(RosterReply::Hello(roster, None)) => Ok(roster),
            _ => Err(answer),
        }
    }

    async fn ask(&self, from: &Speaker, on: Wire, bytes: Vec<u8>) -> Answer {
        self.kit.ask(from, on, Manner::Whole, bytes).await
    }

    async fn step(&mut self, step: Step) {
        let Step { subject, play, .. } = step;
        let outcome = match play {
            Play::Statement {
                before,
                from,
                bytes,
                right,
            } => {
                let failed = self.statement(&before, &from, &bytes, &right).await;
                if failed.is_none() && right == RightResult::Legal {
                    self.legal.push((subject, id_of(&bytes)));
                    return;
                }
                outcome(right.words(), failed)
            }
            Play::Message {
                from,
                on,
                bytes,
                manner,
                right,
            } => {
                let failed = self.message(&from, on, bytes, manner, &right).await;
                let words = format!("on {}: {}", on.name(), right.words());
                outcome(words, failed)
            }
            Play::Roster { bytes, after } => {
                let expected = if after == self.world.roster_ref() {
                    "the target keeps the roster that it has".to_owned()
                } else {
                    format!(
                        "the target takes it and shows roster {} {}",
                        after.0, after.1
                    )
                };
                outcome(expected, self.roster(bytes, after).await)
            }
        };
        self.report.add(subject, outcome);
    }

    // ---- Statements. None: it was right; else what was found.

    async fn statement(
        &mut self,
        before: &[(MemberId, Vec<u8>)],
        from: &MemberId,
        bytes: &[u8],
        right: &RightResult,
    ) -> Option<String> {
        for (member, bytes) in before {
            if let Err(found) = self.send(member, bytes, &RightResult::Receipt).await {
                return Some(format!("for what comes before it: {found}"));
            }
        }
        if let Err(found) = self.send(from, bytes, right).await {
            return Some(found);
        }
        let RightResult::TurnedDown(code) = right else {
            return None;
        };
        let id = id_of(bytes);
        self.kit
            .hears(self.kit.timeout(), |heard| {
                heard.turned_down.contains_key(&id)
            })
            .await;
        match self.kit.turned_down(&id) {
            Some(found) if found == *code => None,
            Some(found) => Some(format!("a receipt, then `{found}`")),
            None => Some("a receipt, and no acknowledgement in time".to_owned()),
        }
    }

    /// Sends one statement, and again if the target asks to come back.
    async fn send(
        &mut self,
        from: &MemberId,
        bytes: &[u8],
        right: &RightResult,
    ) -> Result<(), String> {
        let speaker = Speaker::Member(from.clone());
        for _ in 0..ATTEMPTS_MAX {
            let request = request_of(self.world.roster_ref(), bytes);
            let answer = self.ask(&speaker, Wire::Exchange, request).await;
            match judge::statement(self.world, from, bytes, right, &answer) {
                Judged::Right(registered) => return self.note(registered),
                Judged::Wrong(found) => return Err(found),
                Judged::Later(after) => wait(after).await,
            }
        }
        Err(NO_ANSWER.to_owned())
    }

    fn note(&mut self, registered: Option<Registered>) -> Result<(), String> {
        registered.map_or(Ok(()), |registered| self.ledger.take(&registered))
    }

    /// What was legal must not have been turned down by now.
    fn settle_legal(&mut self) {
        for (subject, id) in std::mem::take(&mut self.legal) {
            let found = self.kit.turned_down(&id);
            let found =
                found.map(|code| format!("an acknowledgement that refuses it with `{code}`"));
            let outcome = outcome(RightResult::Legal.words(), found);
            self.report.add(subject, outcome);
        }
    }

    // ---- Messages

    async fn message(
        &self,
        from: &Speaker,
        on: Wire,
        bytes: Vec<u8>,
        manner: Manner,
        right: &RightReply,
    ) -> Option<String> {
        for _ in 0..ATTEMPTS_MAX {
            let answer = self.kit.ask(from, on, manner, bytes.clone()).await;
            match judge::message(self.world, right, &answer) {
                Judged::Right(()) => return None,
                Judged::Wrong(found) => return Some(found),
                Judged::Later(after) => wait(after).await,
            }
        }
        Some(NO_ANSWER.to_owned())
    }

    // ---- Rosters

    /// Says that there is a newer roster, gives it when asked, and looks which one is shown then.
    async fn roster(&self, bytes: Vec<u8>, after: RosterRef) -> Option<String> {
        let member = self.world.anybody()?;
        let from = Speaker::Member(member.clone());
        let next = self.world.roster_ref().0.saturating_add(1);
        let newer = RosterRequest::Hello(RosterRef(next, Hash::of(&bytes))).encode();
        self.kit.offer(bytes);
        self.ask(&from, Wire::Roster, newer.clone()).await;
        let asked = self
            .kit
            .hears(self.kit.timeout(), |heard| heard.asked > 0)
            .await;
        if !asked {
            self.kit.offer_nothing();
            return Some("the target did not ask for the newer roster".to_owned());
        }
        if after == self.world.roster_ref() {
            // When it asks a second time, it has dealt with what it was given at the first.
            self.ask(&from, Wire::Roster, newer).await;
            let time = Duration::from_millis(CONFORMANCE_SECOND_ASK_MS);
            self.kit.hears(time, |heard| heard.asked > 1).await;
        }
        let shown = self.shows(after).await;
        self.kit.offer_nothing();
        match shown {
            Ok(shown) if shown == after => None,
            Ok(shown) => Some(format!("it shows roster {} {}", shown.0, shown.1)),
            Err(_) => Some("it does not show its roster any more".to_owned()),
        }
    }

    /// The roster that the target shows; if it is another one, it has the time of one answer to come to this one.
    async fn shows(&self, roster: RosterRef) -> Result<RosterRef, Answer> {
        let polls = self.kit.timeout().as_millis() / u128::from(CONFORMANCE_POLL_MS);
        let mut shown = self.roster_shown().await;
        for _ in 0..polls {
            if shown.as_ref() == Ok(&roster) {
                break;
            }
            sleep(Duration::from_millis(CONFORMANCE_POLL_MS)).await;
            shown = self.roster_shown().await;
        }
        shown
    }
}

fn outcome(expected: String, found: Option<String>) -> Outcome {
    match found {
        None => Outcome::Passed,
        Some(found) => Outcome::Failed { expected, found },
    }
}

async fn wait(after_ms: Option<u64>) {
    let wait = after_ms.unwrap_or(RETRY_WAIT_MS).min(RETRY_WAIT_MS_MAX);
    sleep(Duration::from_millis(wait)).await;
}

const NO_ANSWER: &str =
    "no answer: the target closed the stream, or said `busy` or `over-quota`, each time";
