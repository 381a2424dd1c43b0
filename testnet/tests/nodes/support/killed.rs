//! Nodes that are killed while people work.
//!
//! ```text
//! people       import, draft, confirm, look, answer; what a node answers them is kept
//! executioner  at moments that a seed gives: SIGKILL to one node or both, again while it starts, and up again
//! afterwards   nothing that was answered is gone, both sides agree, no index and no head was given twice
//! ```
//! People do a few things between two kills, and a kill comes when some of them have been answered or a short time has
//! passed, whichever is first: so it falls into the middle of work. Who gets no answer asks again, or lets it be; what
//! came of it is not known, and nothing is claimed of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use comity_testnet::federation::Member;
use comity_testnet::limits::WAIT_MAX;
use comity_testnet::process::{Ended, Process};
use serde_json::json;

use super::acts::{Draft, Staff};
use super::alike::both_sides_agree;
use super::desk::No;
use super::logs::{Log, verified};
use super::random::Random;
use super::world::{World, kill, start, stop};

/// Things that each person does between two kills, at most.
const ACTS_PER_ROUND: u32 = 3;

/// Reports of one file.
const REPORTS: u64 = 2;

/// In µs. A kill comes at the latest so long after the round began.
const ROUND_MICROS_MAX: u64 = 250_000;

/// In µs. A second kill falls into the start of a node, which takes about twice as long.
const START_MICROS_MAX: u64 = 60_000;

/// One of so many kills is followed by another one while the node starts.
const AGAIN_ONE_OF: u64 = 6;

/// Kills of one member, before it is the other's turn.
const KILLS_OF_ONE_SORT: u64 = 8;

/// Kills until everything is delivered once.
const KILLS_BETWEEN_PAUSES: u64 = 20;

/// How long what waits may take to be delivered after the last kill: back-off has grown by then.
const SETTLED_MAX: Duration = Duration::from_secs(170);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Who {
    North,
    Platform,
}

/// What was acknowledged.
#[derive(Default)]
struct Kept {
    drafts: Vec<Draft>,
    /// Statement and who signed it.
    statements: BTreeMap<String, Who>,
    looks: BTreeSet<(Who, String)>,
    files: u64,
    /// Where the log of a member has a record, and the record.
    records: BTreeMap<(Who, u64), String>,
    /// The roots that a member signed, by size.
    heads: BTreeMap<(Who, u64), String>,
    answers: u64,
    silences: u64,
}

struct State {
    up: BTreeSet<Who>,
    over: bool,
    /// Counts up with every kill; who has done enough waits for the next one.
    round: u32,
    kept: Kept,
}

/// What people and executioner share.
struct Scene {
    state: Mutex<State>,
    changed: Condvar,
    north: Staff,
    platform: Staff,
}

/// What came of it. Both nodes are stopped.
pub(crate) struct Aftermath {
    pub(crate) kills: u64,
    pub(crate) answers: u64,
    pub(crate) silences: u64,
    pub(crate) statements: usize,
    pub(crate) cases: usize,
    pub(crate) rebuilt: usize,
    /// The longest start of a node, from the program's start to `ready`.
    pub(crate) start_max: Duration,
}

/// Plays it until `kills` processes have been killed, and holds what is left against what was acknowledged.
pub(crate) fn story(world: &World, kills: u64, seed: u64) -> Aftermath {
    let scene = Scene {
        state: Mutex::new(State {
            up: BTreeSet::new(),
            over: false,
            round: 0,
            kept: Kept::default(),
        }),
        changed: Condvar::new(),
        north: Staff::of(&world.north),
        platform: Staff::of(&world.platform),
    };
    let mut executioner = Executioner {
        scene: &scene,
        random: Random(seed),
        nodes: BTreeMap::new(),
        kills: 0,
        pause_at: KILLS_OF_ONE_SORT / 2,
        rebuilt: 0,
        start_max: Duration::ZERO,
    };
    thread::scope(|scope| {
        // Whatever fails here, the people must go home: their threads are waited for.
        let _over = Over(&scene);
        executioner.start(Who::North);
        executioner.start(Who::Platform);
        for person in [
            import_reports,
            confirm_what_waits,
            request_by_hand,
            answer_requests,
            read_the_log_of_north,
            read_the_log_of_the_platform,
        ] {
            let scene = &scene;
            scope.spawn(move || person(scene));
        }
        while executioner.kills < kills {
            executioner.strike();
            executioner.pause_now_and_then();
        }
    });
    let Executioner {
        mut nodes,
        kills,
        rebuilt,
        start_max,
        ..
    } = executioner;
    scene.settle(&mut nodes);
    let kept = std::mem::take(&mut scene.lock().kept);
    kept.drafts_and_reports_are_there(&scene.north);
    scene.settle(&mut nodes);
    kept.statements_are_there(&scene);
    let cases = both_sides_agree(&scene.north.first, &scene.platform.first);
    audits_find_nothing(&scene);
    for (_, node) in nodes {
        stop(node);
    }
    kept.is_in_the_logs(world);
    Aftermath {
        kills,
        answers: kept.answers,
        silences: kept.silences,
        statements: kept.statements.len(),
        cases,
        rebuilt,
        start_max,
    }
}

struct Executioner<'a> {
    scene: &'a Scene,
    random: Random,
    nodes: BTreeMap<Who, Process>,
    kills: u64,
    pause_at: u64,
    rebuilt: usize,
    start_max: Duration,
}

impl Executioner<'_> {
    fn strike(&mut self) {
        let enough = 1 + self.random.below(12);
        let micros = self.random.below(ROUND_MICROS_MAX);
        self.scene.wait_for_answers(enough, micros);
        let victims = self.victims();
        self.scene.down(&victims);
        for who in &victims {
            let ended = kill(self.nodes.remove(who).unwrap());
            self.buried(&ended);
        }
        for who in &victims {
            while self.random.below(AGAIN_ONE_OF) == 0 {
                self.kill_while_it_starts(*who);
            }
            self.start(*who);
        }
    }

    /// What waits is delivered, so that there is work on both sides in the turns that follow.
    fn pause_now_and_then(&mut self) {
        if self.kills >= self.pause_at {
            self.pause_at = self.kills + KILLS_BETWEEN_PAUSES;
            self.scene.settle(&mut self.nodes);
        }
    }

    /// In turns of a few kills: one, the other, any. What waits for a member that keeps being killed waits longer and
    /// longer; what it sends itself does not.
    fn victims(&mut self) -> Vec<Who> {
        let both = [Who::North, Who::Platform];
        match (self.kills / KILLS_OF_ONE_SORT) % 3 {
            0 => vec![Who::North],
            1 => vec![Who::Platform],
            _ => match self.random.below(4) {
                0 => vec![Who::North],
                1 => vec![Who::Platform],
                _ => both.to_vec(),
            },
        }
    }

    fn kill_while_it_starts(&mut self, who: Who) {
        let micros = self.random.below(START_MICROS_MAX);
        let node = self.scene.member(who).run().unwrap();
        let mut node = node.waiting_at_most(Duration::from_micros(micros));
        if let Err(trouble) = node.wait_for("ready: ") {
            assert_eq!(trouble.code(), "quiet", "{trouble}");
        }
        let ended = kill(node.waiting_at_most(WAIT_MAX));
        self.buried(&ended);
    }

    fn start(&mut self, who: Who) {
        let began = Instant::now();
        let node = start(self.scene.member(who)).waiting_at_most(SETTLED_MAX);
        self.start_max = self.start_max.max(began.elapsed());
        self.nodes.insert(who, node);
        self.scene.up(who);
    }

    fn buried(&mut self, ended: &Ended) {
        self.kills += 1;
        self.rebuilt += ended.error.matches("event=\"views-rebuilt\"").count();
    }
}

impl Scene {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn staff(&self, who: Who) -> &Staff {
        match who {
            Who::North => &self.north,
            Who::Platform => &self.platform,
        }
    }

    fn member(&self, who: Who) -> &Member {
        self.staff(who).first.member()
    }

    fn up(&self, who: Who) {
        let mut state = self.lock();
        state.up.insert(who);
        state.round += 1;
        self.changed.notify_all();
    }

    fn down(&self, victims: &[Who]) {
        let mut state = self.lock();
        state.up.retain(|who| !victims.contains(who));
    }

    fn wait_for_answers(&self, enough: u64, micros: u64) {
        let state = self.lock();
        let enough = state.kept.answers + enough;
        let limit = Duration::from_micros(micros);
        let waits = |state: &mut State| state.kept.answers < enough;
        let _ = self
            .changed
            .wait_timeout_while(state, limit, waits)
            .unwrap();
    }

    /// Lets somebody act, again and again, while the node is up, until everything is over.
    fn work(&self, who: Who, mut act: impl FnMut() -> Result<(), No>) {
        let (mut round, mut acts) = (0, 0);
        loop {
            let mut state = self.lock();
            while !(state.over
                || state.up.contains(&who) && (acts < ACTS_PER_ROUND || round < state.round))
            {
                state = self.changed.wait(state).unwrap();
            }
            if state.over {
                return;
            }
            if round < state.round {
                (round, acts) = (state.round, 0);
            }
            drop(state);
            acts += 1;
            match act() {
                Ok(()) => {}
                Err(No::Silence) => self.lock().kept.silences += 1,
                // The one thing that a node may say to somebody who does nothing wrong.
                Err(No::Refused(code)) => assert_eq!(code, "busy", "{who:?}"),
            }
        }
    }

    /// Notes something that was acknowledged.
    fn keep(&self, note: impl FnOnce(&mut Kept)) {
        let mut state = self.lock();
        note(&mut state.kept);
        state.kept.answers += 1;
        self.changed.notify_all();
    }

    /// Until nothing waits for delivery on either side.
    fn settle(&self, nodes: &mut BTreeMap<Who, Process>) {
        loop {
            let waits = |who: &Who| {
                let shown = self.staff(*who).first.get("/v1/overview").unwrap();
                shown["overview"]["undelivered"].as_u64().unwrap() > 0
            };
            let Some(who) = [Who::North, Who::Platform].into_iter().find(waits) else {
                return;
            };
            let news = nodes.get_mut(&who).unwrap();
            news.wait_for_more("event=\"statement-delivered\"").unwrap();
        }
    }
}

/// Each pulls what it may read of the other's log, verifies it, and holds it against its own.
fn audits_find_nothing(scene: &Scene) {
    for who in [Who::North, Who::Platform] {
        let shown = scene
            .staff(who)
            .first
            .post("/v1/audits", &json!({}))
            .unwrap();
        assert_eq!(shown["audit"]["findings"], json!([]), "{who:?}");
    }
}

/// Ends the day, also when something failed.
struct Over<'a>(&'a Scene);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        if let Ok(mut state) = self.0.state.lock() {
            state.over = true;
        }
        self.0.changed.notify_all();
    }
}

fn import_reports(scene: &Scene) {
    let mut file = 0;
    scene.work(Who::North, || {
        let summary = scene.north.import(file, REPORTS)?;
        let count = |name: &str| summary[name].as_u64().unwrap();
        // A file whose answer did not come is imported again: all of it was known, or none.
        assert_eq!(count("accepted") + count("known"), REPORTS, "{summary}");
        file += 1;
        scene.keep(|kept| kept.files += 1);
        Ok(())
    });
}

fn confirm_what_waits(scene: &Scene) {
    scene.work(Who::North, || {
        let waiting = scene.north.waiting()?;
        if waiting.is_empty() {
            return Ok(());
        }
        let signed = scene.north.confirm(&waiting)?;
        for reviewed in signed {
            signed_or_done_already(scene, reviewed);
        }
        Ok(())
    });
}

fn request_by_hand(scene: &Scene) {
    let mut number = 0;
    scene.work(Who::North, || {
        // A number whose answer did not come is not used again: there may be a draft about it.
        number += 1;
        let drafted = scene.north.draft(number)?;
        let draft = drafted.draft.clone();
        scene.keep(|kept| kept.drafts.push(drafted));
        let mut signed = scene.north.confirm(&[draft])?;
        signed_or_done_already(scene, signed.remove(0));
        Ok(())
    });
}

/// Two people confirm: each draft is signed for one of them.
fn signed_or_done_already(scene: &Scene, reviewed: Result<String, String>) {
    match reviewed {
        Ok(statement) => scene.keep(|kept| {
            let before = kept.statements.insert(statement, Who::North);
            assert_eq!(before, None, "signed twice");
        }),
        Err(code) => assert_eq!(code, "draft-reviewed"),
    }
}

fn answer_requests(scene: &Scene) {
    let platform = &scene.platform;
    let (mut met, mut open) = (BTreeSet::new(), Vec::new());
    scene.work(Who::Platform, || {
        if open.is_empty() {
            let rows = platform.first.rows("/v1/cases?direction=in")?;
            let cases = rows.iter().map(|row| row["case"].as_str().unwrap());
            open.extend(cases.filter(|case| !met.contains(*case)).map(str::to_owned));
        }
        // A case in which an answer did not come is left alone.
        let Some(case) = open.pop() else {
            return Ok(());
        };
        met.insert(case.clone());
        platform.look(&case)?;
        scene.keep(|kept| {
            kept.looks.insert((Who::Platform, case.clone()));
        });
        for statement in [platform.accept(&case)?, platform.removed(&case)?] {
            scene.keep(|kept| {
                kept.statements.insert(statement, Who::Platform);
            });
        }
        Ok(())
    });
}

fn read_the_log_of_north(scene: &Scene) {
    read_the_log(scene, Who::North);
}

fn read_the_log_of_the_platform(scene: &Scene) {
    read_the_log(scene, Who::Platform);
}

/// The head of the log, and where the latest statements are in it.
fn read_the_log(scene: &Scene, who: Who) {
    scene.work(who, || {
        let desk = &scene.staff(who).first;
        let shown = desk.get("/v1/log")?;
        let size = shown["log"]["size"].as_u64().unwrap();
        let root = shown["log"]["root"].as_str().unwrap().to_owned();
        scene.keep(|kept| kept.head(who, size, root));
        let own = |kept: &Kept| {
            let own = kept.statements.iter().filter(|(_, by)| **by == who);
            own.map(|(id, _)| id.clone())
                .nth(usize::try_from(kept.answers % 7).unwrap())
        };
        let Some(statement) = own(&scene.lock().kept) else {
            return Ok(());
        };
        match desk.get(&format!("/v1/log/proofs/{statement}")) {
            Ok(shown) => {
                let index = shown["proof"]["index"].as_u64().unwrap();
                let leaf = shown["proof"]["leaf"].as_str().unwrap().to_owned();
                scene.keep(|kept| kept.record(who, index, leaf));
                Ok(())
            }
            // What has not been offered yet has no record.
            Err(No::Refused(code)) if code == "not-recorded-yet" => Ok(()),
            Err(no) => Err(no),
        }
    });
}

impl Kept {
    fn head(&mut self, who: Who, size: u64, root: String) {
        let before = self.heads.insert((who, size), root.clone());
        assert!(
            before.is_none_or(|before| before == root),
            "{who:?}: two heads of {size} records"
        );
    }

    fn record(&mut self, who: Who, index: u64, leaf: String) {
        let before = self.records.insert((who, index), leaf.clone());
        assert!(
            before.is_none_or(|before| before == leaf),
            "{who:?}: two records at {index}"
        );
    }

    fn drafts_and_reports_are_there(&self, north: &Staff) {
        for Draft { draft, case } in &self.drafts {
            let mut reviewed = north.confirm(std::slice::from_ref(draft)).unwrap();
            // Either nobody had confirmed it yet, or somebody had; in any case it is known.
            if let Err(code) = reviewed.remove(0) {
                assert_eq!(code, "draft-reviewed", "{draft}");
            }
            north.first.get(&format!("/v1/cases/{case}")).unwrap();
        }
        for file in 0..self.files {
            let summary = north.import(file, REPORTS).unwrap();
            assert_eq!(summary["known"], REPORTS, "{summary}");
        }
    }

    /// With nothing under way any more, each statement is at both sides, and its signer holds the receipt.
    fn statements_are_there(&self, scene: &Scene) {
        for (statement, by) in &self.statements {
            let path = format!("/v1/log/proofs/{statement}");
            for who in [Who::North, Who::Platform] {
                let shown = scene.staff(who).first.get(&path);
                let shown = shown.unwrap_or_else(|no| panic!("{statement} at {who:?}: {no:?}"));
                let receipt = shown["proof"]["receipt"].is_string();
                assert_eq!(receipt, *by == who, "{statement} at {who:?}");
            }
        }
    }

    /// Reads what the stopped nodes have left.
    fn is_in_the_logs(&self, world: &World) {
        for (who, member) in [(Who::North, &world.north), (Who::Platform, &world.platform)] {
            verified(member);
            let log = Log::read(member);
            let sizes = self.heads.keys().filter(|(by, _)| *by == who);
            let roots = log.roots(sizes.map(|(_, size)| *size));
            for ((_, size), root) in self.heads.iter().filter(|((by, _), _)| *by == who) {
                assert_eq!(roots[size], *root, "{who:?}: the head of {size} records");
            }
            for ((_, index), leaf) in self.records.iter().filter(|((by, _), _)| *by == who) {
                assert_eq!(log.hex(*index), *leaf, "{who:?}: record {index}");
            }
            for kind in ["offered", "sent", "received"] {
                let twice = log
                    .by_statement(kind)
                    .into_iter()
                    .find(|(_, count)| *count > 1);
                assert_eq!(twice, None, "{who:?}: {kind}");
            }
            for (by, case) in &self.looks {
                let looked = |leaf: &comity_wire::leaf::Leaf| {
                    leaf.kind.as_str() == "looked"
                        && leaf.case.is_some_and(|of| of.to_string() == *case)
                };
                assert!(
                    *by != who || log.leaves.iter().any(looked),
                    "a look at {case} is not recorded"
                );
            }
        }
    }
}
