//! A log as a complete tlog-tiles folder (`checkpoint`, `tile/…`, `tile/entries/…`, `vkey`), made with `comity-log`
//! alone: what a node exports has this form, so a verifier can be tried before there is a node.

use std::convert::Infallible;
use std::fs;
use std::path::Path;

use comity_log::bundle;
use comity_log::checkpoint::Checkpoint;
use comity_log::edge::Edge;
use comity_log::hash::Hash;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::limits::TILE_HASHES;
use comity_log::names::Origin;
use comity_log::store::{MemoryTiles, TileReader};
use comity_log::tile::{BundleId, TileId};
use comity_wire::ids::MemberId;
use ed25519_dalek::SigningKey;

use crate::{Trouble, trouble};

/// Records appended at once: not a multiple of a tile, so that partial tiles come and go.
const BATCH: usize = 1_000;

/// A log, and who signs it.
#[derive(Clone, Debug)]
pub struct Log {
    /// Records in it, at least one.
    pub size: u64,
    /// The member of whose name the origin is made; a reserved name.
    pub member: &'static str,
    /// Seed of the signing key. Nothing but a test may use such a key.
    pub key_seed: u8,
    /// Whether the partial tiles of earlier batches stay in the folder, as they may.
    pub keeps_older_tiles: bool,
}

impl Log {
    /// A log of this many records, of one member and with one key, without older tiles.
    #[must_use]
    pub fn of_size(size: u64) -> Self {
        Self {
            size,
            member: "north.example",
            key_seed: 1,
            keeps_older_tiles: false,
        }
    }

    /// Writes the folder and returns the root, in base64 as in the checkpoint.
    ///
    /// # Errors
    /// A size of zero; a folder that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<String, Trouble> {
        let records: Vec<Vec<u8>> = (0..self.size).map(record).collect();
        let (tiles, edge) = self.appended(&records)?;
        self.write_tiles(folder, &tiles)?;
        self.write_entries(folder, &records)?;

        let origin = self.origin()?;
        let key = SigningKey::from_bytes(&[self.key_seed; 32]);
        let vkey = VerifierKey::new(KeyName::from(&origin), KeyKind::Log, key.verifying_key());
        let vkey = vkey.map_err(|error| self.trouble(&error))?;
        write(&folder.join("vkey"), format!("{vkey}\n").as_bytes())?;

        let head = *edge.head();
        let signed = Checkpoint { origin, head }.sign(&key);
        let text = signed.to_string();
        write(&folder.join("checkpoint"), text.as_bytes())?;
        Ok(text.lines().nth(2).unwrap_or_default().to_owned())
    }

    fn appended(&self, records: &[Vec<u8>]) -> Result<(MemoryTiles, Edge), Trouble> {
        let mut tiles = MemoryTiles::default();
        let mut edge = Edge::empty();
        if records.is_empty() {
            return Err(self.trouble(&"a log begins with a record"));
        }
        for batch in records.chunks(BATCH) {
            let appended = edge.append(batch).map_err(|error| self.trouble(&error))?;
            infallible(appended.write(&mut tiles));
            let confirmed = appended.confirm(&tiles, batch);
            edge = confirmed.map_err(|error| self.trouble(&error))?;
        }
        Ok((tiles, edge))
    }

    fn write_tiles(&self, folder: &Path, tiles: &MemoryTiles) -> Result<(), Trouble> {
        for id in tiles.tiles() {
            if let Some(bytes) = infallible(tiles.read_tile(id))
                && (self.keeps_older_tiles || self.is_in_the_last_tree(id))
            {
                write(&folder.join(id.to_string()), &bytes)?;
            }
        }
        Ok(())
    }

    /// A full tile, or the partial one that the head of this size needs.
    fn is_in_the_last_tree(&self, id: TileId) -> bool {
        let width = u64::from(TILE_HASHES);
        let hashes = (0..id.level()).fold(self.size, |hashes, _| hashes / width);
        !id.is_partial() || (id.index(), u64::from(id.width())) == (hashes / width, hashes % width)
    }

    fn write_entries(&self, folder: &Path, records: &[Vec<u8>]) -> Result<(), Trouble> {
        for (index, entries) in (0_u64..).zip(records.chunks(usize::from(TILE_HASHES))) {
            let width = u16::try_from(entries.len()).map_err(|error| self.trouble(&error))?;
            let id = BundleId::new(index, width).map_err(|error| self.trouble(&error))?;
            let bytes = bundle::encode(entries).map_err(|error| self.trouble(&error))?;
            write(&folder.join(id.to_string()), &bytes)?;
        }
        Ok(())
    }

    fn origin(&self) -> Result<Origin, Trouble> {
        let member = MemberId::new(self.member).ok_or_else(|| self.trouble(&"not a member id"))?;
        Ok(Origin {
            fed: Hash::of(b"a federation of tests"),
            member,
            n: 1,
        })
    }

    fn trouble(&self, reason: &dyn ToString) -> Trouble {
        Trouble::Log {
            size: self.size,
            reason: reason.to_string(),
        }
    }
}

/// Records of many lengths, none like another; the first of 256 is as short as one can be.
fn record(index: u64) -> Vec<u8> {
    match index % 256 {
        0 if index > 0 => index.to_be_bytes().to_vec(),
        length => [
            format!("record {index} ").as_bytes(),
            &vec![7; usize::try_from(length).unwrap_or(0)],
        ]
        .concat(),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, bytes));
    written.map_err(|error| trouble::file(path, error))
}

fn infallible<T>(result: Result<T, Infallible>) -> T {
    match result {
        Ok(value) => value,
    }
}
