//! The operator of a real node, which was stopped: it has the keys and the data, and writes another past into them.
//!
//! ```text
//! journal -> every frame and record, in order -> records as the operator would like them -> a new journal, tiles, signed head
//! ```

use std::fs;
use std::ops::ControlFlow;

use comity_log::checkpoint::Checkpoint;
use comity_store::{Journal, RECORD_KIND, StorageKey, Stored, split_record};
use comity_testkit::ports::Record;
use comity_testnet::federation::Member;
use comity_wire::leaf::Origin;

/// A frame of the journal, or the place of a record.
enum Kept {
    Frame(Stored),
    Record,
}

/// Rewrites the log of a stopped node. Its cases, drafts and outbox stay what they were.
pub(crate) fn rewrite(member: &Member, edit: impl FnOnce(&mut Vec<Record>)) {
    let data = member.data();
    let identity = fs::read_to_string(data.join("identity.toml")).unwrap();
    let origin = Origin::parse(identity.split('"').nth(1).unwrap()).unwrap();
    let key = StorageKey::read(&member.folder.join("keys/storage.key")).unwrap();
    let journal = Journal::open(&data, &key, &origin).unwrap();
    let (mut kept, mut records) = (Vec::new(), Vec::new());
    let read = journal.replay(0, &mut |_, stored: Stored| {
        if stored.kind == RECORD_KIND {
            let (leaf, facts) = split_record(&stored.body).unwrap();
            records.push((leaf.to_vec(), facts.map(<[u8]>::to_vec)));
            kept.push(Kept::Record);
        } else {
            kept.push(Kept::Frame(stored));
        }
        ControlFlow::Continue(())
    });
    read.unwrap();
    drop(journal);
    edit(&mut records);

    fs::rename(&data, member.folder.join("as-it-was")).unwrap();
    fs::create_dir(&data).unwrap();
    fs::write(data.join("identity.toml"), identity).unwrap();
    // Beside the keys lies what the node itself remembers of its log.
    fs::remove_file(member.folder.join("keys/head-copy")).unwrap();
    let mut journal = Journal::open(&data, &key, &origin).unwrap();
    let mut records = records.iter();
    for one in kept {
        match one {
            Kept::Frame(frame) => {
                journal.stage(frame.kind, frame.scope, &frame.body).unwrap();
            }
            Kept::Record => {
                let (leaf, facts) = records.next().unwrap();
                journal.stage_record(leaf, facts.as_deref()).unwrap();
            }
        }
    }
    let head = journal.commit().unwrap();
    let text = fs::read_to_string(member.folder.join("keys/log-1.pem")).unwrap();
    let log_key = comity_trust::key_file::read(&text).unwrap();
    let signed = Checkpoint { origin, head }.sign(&log_key);
    journal.publish(signed.to_string().as_bytes()).unwrap();
}
