//! Told to stop while people work.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};

use comity_testnet::Trouble;
use comity_testnet::federation::{FIRST_PERSON, Member};
use comity_testnet::process::Process;

use crate::support::acts::Staff;
use crate::support::desk::No;
use crate::support::logs::verified;
use crate::support::world::{World, ended_in_order, start, stop};

type Signal = fn(&Process) -> Result<(), Trouble>;
const TERMINATE: Signal = Process::terminate;
const INTERRUPT: Signal = Process::interrupt;

/// What was acknowledged: a case and a statement that opens it.
type Acknowledged = (String, String);

#[test]
fn a_signal_ends_the_node_in_order_and_nothing_acknowledged_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    let mut all = Vec::new();
    let mut number = 0;
    for signal in [TERMINATE, INTERRUPT, TERMINATE, INTERRUPT] {
        let node = start(&world.north);
        let (news, people) = people_at_work(&world.north, number);
        number += 1_000_000;
        // Some have been answered; others are under way.
        let mut acknowledged: Vec<Acknowledged> = news.iter().take(12).collect();
        signal(&node).unwrap();
        let ended = ended_in_order(node);
        assert!(
            ended
                .error
                .contains("stopped: everything that was acknowledged is on the disk.")
        );
        for person in people {
            person.join().unwrap();
        }
        acknowledged.extend(news.try_iter());
        all.extend(acknowledged);
        are_there(&world.north, &all);
    }
    assert!(all.len() >= 48);
}

/// The moment at which it says that it is ready is one at which it can be stopped.
#[test]
fn a_signal_right_after_ready_is_heard() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    for signal in [TERMINATE, INTERRUPT, TERMINATE, INTERRUPT] {
        let node = start(&world.north);
        signal(&node).unwrap();
        ended_in_order(node);
    }
}

#[test]
fn a_second_signal_ends_the_node_at_once_and_nothing_acknowledged_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    let staff = Staff::of(&world.north);
    let mut all = Vec::new();
    let pairs = [
        (TERMINATE, TERMINATE),
        (INTERRUPT, INTERRUPT),
        (TERMINATE, INTERRUPT),
        (INTERRUPT, TERMINATE),
    ];
    for (number, (first, second)) in (0..).zip(pairs) {
        let mut node = start(&world.north);
        all.push(staff.request(number));
        let _held = half_a_request(&world.north);
        first(&node).unwrap();
        node.wait_for_more("event=\"node-stopping\"").unwrap();
        second(&node).unwrap();
        let ended = node.ended().unwrap();
        assert_eq!(ended.code, Some(130), "{}", ended.error);
        are_there(&world.north, &all);
    }
}

/// Who sends half a request and waits cannot keep a node from stopping.
#[test]
fn half_a_request_does_not_hold_a_node() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    let node = start(&world.north);
    let _held = half_a_request(&world.north);
    stop(node);
}

/// Three that draft and confirm until nobody answers any more.
fn people_at_work(member: &Member, number: u64) -> (Receiver<Acknowledged>, Vec<JoinHandle<()>>) {
    let (tell, news) = channel();
    let people = (0..3).map(|person| {
        let (staff, tell) = (Staff::of(member), tell.clone());
        let mut number = number + person * 100_000;
        thread::spawn(move || {
            loop {
                number += 1;
                let done = staff.draft(number).and_then(|drafted| {
                    let signed = staff.confirm(&[drafted.draft])?.remove(0).unwrap();
                    Ok((drafted.case, signed))
                });
                match done {
                    Ok(acknowledged) => tell.send(acknowledged).unwrap_or_default(),
                    Err(No::Silence) => return,
                    Err(No::Refused(code)) => assert_eq!(code, "busy"),
                }
            }
        })
    });
    (news, people.collect())
}

/// Starts the node, looks, and stops it.
#[track_caller]
fn are_there(member: &Member, all: &[Acknowledged]) {
    let node = start(member);
    let desk = Staff::of(member).first;
    for (case, statement) in all {
        let shown = desk.get(&format!("/v1/cases/{case}")).unwrap();
        assert_eq!(shown["case"]["timeline"][0]["statement"], *statement);
    }
    stop(node);
    verified(member);
}

/// A request of which the node has begun to read the body, and whose end never comes.
fn half_a_request(member: &Member) -> TcpStream {
    let token = fs::read_to_string(member.folder.join(format!("tokens/{FIRST_PERSON}.token")));
    let mut stream = TcpStream::connect(member.api).unwrap();
    let head = format!(
        "POST /v1/imports?file=half.csv HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
         expect: 100-continue\r\ncontent-length: 1000\r\n\r\n",
        member.api,
        token.unwrap().trim_end()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100");
    stream.write_all(b"hotlineReceivedDate,").unwrap();
    stream
}
