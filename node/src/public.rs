//! The log and the witness for everybody, on a listener of its own: `[log] http` of the configuration.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use comity_api::{LogFile, Public, public_router, serve_public};
use comity_engine::ports::Pending;
use comity_engine::{Engine, WitnessAnswer};
use comity_log::checkpoint::UnverifiedCheckpoint;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::error::Failure;
use crate::limits::LOG_FILE_BYTES_MAX;

/// The listener.
pub(crate) struct Listener {
    stop: watch::Sender<bool>,
    task: JoinHandle<std::io::Result<()>>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Listener {
    /// Begins to serve the log of this number below `log_dir`, and the witness of the engine.
    ///
    /// # Errors
    /// `log-address-taken`.
    pub(crate) async fn open(
        address: SocketAddr,
        engine: Engine,
        number: u32,
        log_dir: PathBuf,
    ) -> Result<Self, Failure> {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Failure::new(
                "log-address-taken",
                format!("the log cannot be served at {address}: {error}."),
                "Choose another `log.http` in the configuration, or stop what has the port.",
            )
        })?;
        let address = listener.local_addr().unwrap_or(address);
        let (stop, mut stopped) = watch::channel(false);
        let shutdown = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let routes = public_router(Arc::new(PublicLog {
            engine,
            number,
            log_dir,
        }));
        let task = tokio::spawn(serve_public(listener, routes, shutdown));
        Ok(Self {
            stop,
            task,
            address,
        })
    }

    /// Ends it.
    pub(crate) async fn close(self) {
        self.stop.send_replace(true);
        let _ = self.task.await;
    }
}

struct PublicLog {
    engine: Engine,
    number: u32,
    log_dir: PathBuf,
}

/// Reads a file of the log of this number. Before a head is published the tiles of its batch may still come to nothing, and others
/// take their place: they are nobody's yet.
fn read(log_dir: &Path, number: u32, file: LogFile) -> Option<Vec<u8>> {
    let of = |name: &str| crate::files::read(&log_dir.join(name), LOG_FILE_BYTES_MAX).ok();
    // Where a new log begins, the files of the one before may lie until it publishes.
    let size = |text: &[u8]| {
        let read = UnverifiedCheckpoint::parse(text).ok()?;
        let claimed = read.claimed();
        (claimed.origin.n == number).then(|| claimed.head.size())
    };
    let head = |name| of(name).filter(|text| size(text).is_some());
    match file {
        LogFile::Checkpoint => head("checkpoint"),
        LogFile::Witnessed => head("checkpoint.witnessed"),
        LogFile::Tile(tile) => {
            let published = size(&of("checkpoint")?)?;
            tile.is_within(published).then(|| of(&tile.to_string()))?
        }
    }
}

impl Public for PublicLog {
    fn add_checkpoint(&self, body: Vec<u8>) -> Pending<'_, Option<WitnessAnswer>> {
        Box::pin(self.engine.add_checkpoint(body))
    }

    fn cosigned(&self, origin_hash: String) -> Pending<'_, Option<String>> {
        Box::pin(async move { self.engine.cosigned_of(&origin_hash).await })
    }

    fn log_number(&self) -> u32 {
        self.number
    }

    fn file(&self, file: LogFile) -> Pending<'_, Option<Vec<u8>>> {
        let (log_dir, number) = (self.log_dir.clone(), self.number);
        let read = move || read(&log_dir, number, file);
        Box::pin(async move { tokio::task::spawn_blocking(read).await.ok()? })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::fs;

    use comity_log::checkpoint::Checkpoint;
    use comity_log::hash::Hash;
    use comity_log::head::Head;
    use comity_wire::leaf::Origin;
    use ed25519_dalek::SigningKey;

    use super::*;

    fn checkpoint(number: u32, size: u64) -> String {
        let fed = "ab".repeat(32);
        let origin = Origin::parse(&format!("{fed}/north.example/{number}")).unwrap();
        let head = Head::new(size, Hash::of(b"root")).unwrap();
        let signed = Checkpoint { origin, head }.sign(&SigningKey::from_bytes(&[7; 32]));
        signed.to_string()
    }

    #[test]
    fn a_tile_is_shown_once_a_head_over_it_is_published_and_no_file_of_the_log_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir_all(path("tile/0/000.p")).unwrap();
        for width in 1..=3 {
            fs::write(path(&format!("tile/0/000.p/{width}")), "hashes").unwrap();
        }
        fs::write(path("identity"), "no file of the log").unwrap();
        let shown = |number| {
            let tiles = (1..=4).map(|width| format!("tile/0/000.p/{width}").parse().unwrap());
            let files = tiles.map(LogFile::Tile);
            let files = files.chain([LogFile::Checkpoint, LogFile::Witnessed]);
            files
                .map(|file| read(dir.path(), number, file).is_some())
                .collect::<Vec<_>>()
        };
        let nothing = vec![false; 6];
        assert_eq!(shown(1), nothing, "no head is published");
        fs::write(path("checkpoint"), checkpoint(1, 2)).unwrap();
        assert_eq!(shown(1), [true, true, false, false, true, false]);
        fs::write(path("checkpoint.witnessed"), checkpoint(1, 1)).unwrap();
        assert_eq!(shown(1), [true, true, false, false, true, true]);
        assert_eq!(shown(2), nothing, "the next log has not begun");
        // Cosignatures of a kind that is not read here are served as they are.
        let blob = [vec![0xa1, 0xb2, 0xc3, 0xd4], vec![6; 8 + 2_420]].concat();
        let blob = data_encoding::BASE64.encode(&blob);
        let line = format!("\u{2014} witness.example {blob}\n");
        let cosigned = checkpoint(1, 2) + &line.repeat(38);
        fs::write(path("checkpoint"), &cosigned).unwrap();
        let served = read(dir.path(), 1, LogFile::Checkpoint).unwrap();
        assert_eq!(served, cosigned.into_bytes());
        // The width of 4 is under the head now, and has never been written: who wants it takes a longer one.
        fs::write(path("checkpoint"), checkpoint(1, 4)).unwrap();
        assert_eq!(shown(1), [true, true, true, false, true, true]);
    }
}
