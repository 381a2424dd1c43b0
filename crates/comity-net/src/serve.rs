//! A stream of another peer, from the gate to its last byte:
//!
//! ```text
//! gate (admission, tokens) -> room in the inbox? -> read -> still admitted? -> inbox -> the engine's answer
//!      -> still admitted? -> write
//! ```

use std::sync::Arc;

use comity_wire::limits::HELLO_TIME_MS_MAX;
use futures::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::clock;
use crate::event::emit;
use crate::gate::{Entry, Gate, Pass};
use crate::inbox::{Incoming, Room};
use crate::peer::PeerKey;
use crate::protocol::Protocol;
use crate::stats::{self, Counters};
use crate::stream::{ReadError, read_to_end, write_and_close};

/// What an accepted stream turns into; nothing, if it is to be closed unread.
pub(crate) fn enter(
    gate: &Arc<Gate>,
    inbox: &mpsc::Sender<Incoming>,
    peer: PeerKey,
    protocol: Protocol,
) -> Option<Entered> {
    let entry = gate.enter(peer, protocol, clock::now());
    match entry {
        Entry::Serve(_) if inbox.capacity() == 0 => {
            stats::add(&gate.stats.counters(protocol).inbox_full, 1);
            refused(gate, peer, protocol, "inbox-full");
            None
        }
        Entry::Serve(pass) => Some(Entered::Serve(pass)),
        Entry::Unadmitted(reply, pass) => Some(Entered::Unadmitted(reply, pass)),
        Entry::Refuse(code) => {
            refused(gate, peer, protocol, code);
            None
        }
    }
}

/// A stream that the gate let in.
pub(crate) enum Entered {
    /// To be read.
    Serve(Pass),
    /// To be answered unread.
    Unadmitted(Arc<[u8]>, Pass),
}

impl Entered {
    /// Does what is to be done with the stream, to its end.
    pub(crate) async fn run(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        gate: Arc<Gate>,
        inbox: mpsc::Sender<Incoming>,
    ) {
        match self {
            Self::Serve(pass) => serve(stream, &gate, &inbox, &pass).await,
            Self::Unadmitted(reply, pass) => answer_unread(stream, &gate, &reply, &pass).await,
        }
    }
}

async fn answer_unread(
    mut stream: impl AsyncWrite + Unpin,
    gate: &Gate,
    reply: &[u8],
    pass: &Pass,
) {
    refused(gate, pass.peer, pass.protocol, "not-admitted");
    let counters = gate.stats.counters(pass.protocol);
    let write = write_and_close(&mut stream, reply, |count| {
        stats::add(&counters.bytes_out, count);
    });
    let time = std::time::Duration::from_millis(HELLO_TIME_MS_MAX);
    // Whether it arrived or not, there is nothing else to do for this peer.
    let _ = timeout(time, write).await;
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    gate: &Gate,
    inbox: &mpsc::Sender<Incoming>,
    pass: &Pass,
) {
    let counters = gate.stats.counters(pass.protocol);
    let time = pass.protocol.time_max();
    let outcome = timeout(time, async {
        let answer = receive(&mut stream, gate, inbox, pass, counters).await?;
        reply(&mut stream, &answer, pass, counters).await
    })
    .await;
    let failure = match outcome {
        Ok(Ok(())) => return stats::add(&counters.answered, 1),
        Ok(Err(failure)) => failure,
        Err(_) => Failure::TimedOut,
    };
    let counter = match failure {
        Failure::TooLarge => &counters.too_large,
        Failure::OverMemory => &counters.over_memory,
        Failure::InboxFull => &counters.inbox_full,
        Failure::Cut => &counters.cut,
        Failure::TimedOut => &counters.timed_out,
        Failure::Unanswered => &counters.unanswered,
        Failure::Broken => &counters.broken,
    };
    stats::add(counter, 1);
    refused(gate, pass.peer, pass.protocol, failure.code());
}

/// Reads the request, hands it to the engine, and waits for the answer.
async fn receive(
    stream: &mut (impl AsyncRead + Unpin),
    gate: &Gate,
    inbox: &mpsc::Sender<Incoming>,
    pass: &Pass,
    counters: &Counters,
) -> Result<Vec<u8>, Failure> {
    let mut room = Room::in_budget(&gate.memory);
    let bytes = read_to_end(
        stream,
        pass.protocol.request_bytes_max(),
        |count, length| {
            stats::add(&counters.bytes_in, count);
            pass.charge(count, clock::now());
            room.grow_to(length)
        },
    )
    .await
    .map_err(|error| match error {
        ReadError::TooLarge => Failure::TooLarge,
        ReadError::Stopped => Failure::OverMemory,
        ReadError::Broken => Failure::Broken,
    })?;
    if !pass.holds() {
        return Err(Failure::Cut);
    }
    let (answer, answered) = oneshot::channel();
    let length = bytes.len();
    let incoming = Incoming {
        peer: pass.peer,
        protocol: pass.protocol,
        bytes,
        answer,
        _room: room,
    };
    inbox.try_send(incoming).map_err(|_| Failure::InboxFull)?;
    stats::add(&counters.accepted, 1);
    emit!(DEBUG, "request-received", peer = %pass.peer, protocol = pass.protocol.label(), bytes = length);
    answered.await.map_err(|_| Failure::Unanswered)
}

async fn reply(
    stream: &mut (impl AsyncWrite + Unpin),
    answer: &[u8],
    pass: &Pass,
    counters: &Counters,
) -> Result<(), Failure> {
    if answer.len() > pass.protocol.reply_bytes_max() {
        emit!(ERROR, "answer-refused", peer = %pass.peer, protocol = pass.protocol.label(), code = "reply-too-large", bytes = answer.len());
        return Err(Failure::Unanswered);
    }
    if !pass.holds() {
        return Err(Failure::Cut);
    }
    write_and_close(stream, answer, |count| {
        stats::add(&counters.bytes_out, count);
    })
    .await
    .map_err(|_| Failure::Broken)
}

/// Why a request that was let in had no answer.
enum Failure {
    TooLarge,
    OverMemory,
    InboxFull,
    Cut,
    TimedOut,
    Unanswered,
    Broken,
}

impl Failure {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "too-large",
            Self::OverMemory => "over-memory",
            Self::InboxFull => "inbox-full",
            Self::Cut => "cut",
            Self::TimedOut => "timeout",
            Self::Unanswered => "unanswered",
            Self::Broken => "broken",
        }
    }
}

/// What strangers do is for whoever looks closely; what members do is for the operator.
fn refused(gate: &Gate, peer: PeerKey, protocol: Protocol, code: &'static str) {
    if gate.is_admitted(&peer) {
        emit!(INFO, "request-refused", peer = %peer, protocol = protocol.label(), code = code);
    } else {
        emit!(DEBUG, "request-refused", peer = %peer, protocol = protocol.label(), code = code);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use crate::clock;
    use crate::gate::PERMIT_BYTES;
    use crate::limits::INBOUND_BYTES_MAX;
    use crate::tests::silent::{Script, Silent};

    use super::*;

    const PEER: PeerKey = PeerKey([7; 32]);

    fn gate() -> Arc<Gate> {
        let gate = Arc::new(Gate::new(clock::now()));
        gate.admit(vec![PEER]);
        gate
    }

    fn pass(gate: &Arc<Gate>, protocol: Protocol) -> Pass {
        match gate.enter(PEER, protocol, clock::now()) {
            Entry::Serve(pass) => pass,
            _ => panic!("refused"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_nothing_is_waited_for_as_long_as_the_protocol_says() {
        let gate = gate();
        let (inbox, _requests) = mpsc::channel(1);
        for protocol in Protocol::ALL {
            let start = tokio::time::Instant::now();
            serve(Silent, &gate, &inbox, &pass(&gate, protocol)).await;
            assert_eq!(start.elapsed(), protocol.time_max());
            assert_eq!(gate.stats.protocol(protocol).timed_out, 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_engine_that_does_not_answer_is_not_waited_for_either() {
        let gate = gate();
        let (inbox, mut requests) = mpsc::channel(1);
        let stream = Script::new(vec![1, 2]);
        serve(stream, &gate, &inbox, &pass(&gate, Protocol::Audit)).await;
        assert_eq!(requests.try_recv().unwrap().bytes, [1, 2]);
        let stats = gate.stats.protocol(Protocol::Audit);
        assert_eq!((stats.accepted, stats.timed_out), (1, 1));
    }

    #[tokio::test]
    async fn requests_beyond_the_memory_of_all_are_not_read_on() {
        let gate = gate();
        let (inbox, mut requests) = mpsc::channel::<Incoming>(1);
        let permits = u32::try_from(INBOUND_BYTES_MAX / PERMIT_BYTES).unwrap();
        let taken = gate.memory.try_acquire_many(permits - 64).unwrap();
        for (length, expected) in [(65_536, 0), (65_537, 1)] {
            let stream = Script::new(vec![1; length]);
            let answered = async {
                if let Ok(incoming) = requests.try_recv() {
                    incoming.answer(vec![1]);
                }
            };
            let pass = pass(&gate, Protocol::Exchange);
            let serving = serve(stream, &gate, &inbox, &pass);
            futures::future::join(serving, answered).await;
            let stats = gate.stats.protocol(Protocol::Exchange);
            assert_eq!(stats.over_memory, expected, "{length}");
        }
        drop(taken);
        assert_eq!(
            gate.memory.available_permits(),
            INBOUND_BYTES_MAX / PERMIT_BYTES
        );
    }

    #[tokio::test]
    async fn who_loses_its_admission_while_it_is_read_does_not_reach_the_inbox() {
        let gate = gate();
        let (inbox, mut requests) = mpsc::channel(1);
        let pass = pass(&gate, Protocol::Roster);
        gate.admit(Vec::new());
        serve(Script::new(vec![1]), &gate, &inbox, &pass).await;
        assert!(requests.try_recv().is_err());
        assert_eq!(gate.stats.protocol(Protocol::Roster).cut, 1);
    }
}
