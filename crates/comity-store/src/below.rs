//! What is below the head record, on the disk: segments, the frames in them, and their indexes.
//!
//! ```text
//! segments    the header of each; where the frames of one end is in the next one's
//! scan        every frame of one, checked: checksum, place, number, batch
//! summary     the front of an index; none if there is none, or not this segment's
//! contents    the whole of an index
//! ```

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::disk::Disk;
use crate::epoch::Epochs;
use crate::error::{StoreError, io_error};
use crate::frame::Frame;
use crate::head::HeadRecord;
use crate::index::{self, Contents, Kinds, Made, Summary};
use crate::journal::{INDEX_DIR, JOURNAL_DIR};
use crate::position::{CLOSED_KIND, Position};
use crate::seal::TAG_BYTES;
use crate::segment::{self, HeaderFault, Segment, SegmentHeader};

/// A data directory, to be read.
pub(crate) struct Below<'b> {
    pub(crate) disk: &'b dyn Disk,
    /// `journal/`
    pub(crate) journal_dir: PathBuf,
    /// `index/`
    pub(crate) index_dir: PathBuf,
    pub(crate) epochs: &'b Epochs,
}

/// What follows a segment: the numbers of the next frame and the next record, and the last batch that may be in it. After
/// the end of a log, the next record is the first one of the next log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct After {
    pub(crate) next_seq: u64,
    pub(crate) next_record: u64,
    pub(crate) last_batch: u64,
}

impl After {
    /// What follows the segment at `place`.
    pub(crate) fn of(segments: &[Segment], place: usize, stored: &HeadRecord) -> Self {
        let next = segments.get(place.saturating_add(1));
        Self {
            next_seq: next.map_or(stored.next_seq, |next| next.first_seq),
            next_record: next.map_or(stored.head.size(), |next| next.first_record),
            last_batch: stored.batch,
        }
    }
}

impl<'b> Below<'b> {
    /// Of the data directory `dir`.
    pub(crate) fn of(disk: &'b dyn Disk, dir: &Path, epochs: &'b Epochs) -> Self {
        Self {
            disk,
            journal_dir: dir.join(JOURNAL_DIR),
            index_dir: dir.join(INDEX_DIR),
            epochs,
        }
    }

    /// The segments that have frames under the head record. Only their headers are read.
    pub(crate) fn segments(&self, stored: &HeadRecord) -> Result<Vec<Segment>, StoreError> {
        let mut segments: Vec<Segment> = Vec::new();
        for number in 1..=stored.end.segment() {
            let (header, _) = self.read_segment(number, segment::HEADER_BYTES)?;
            match segments.last_mut() {
                Some(before) => before.end = header.cut,
                None if (header.first_seq, header.first_record) != (0, 0) => {
                    return Err(self.does_not_follow(number));
                }
                None => {}
            }
            segments.push(Segment {
                number,
                first_seq: header.first_seq,
                first_record: header.first_record,
                end: stored.end.offset(),
                kinds: Kinds::default(),
            });
        }
        Ok(segments)
    }

    /// Checks every frame of a segment, and says what they are.
    ///
    /// # Errors
    /// `journal-damaged`, with file and offset.
    pub(crate) fn scan(&self, segment: &Segment, after: After) -> Result<Contents, StoreError> {
        let mut contents = Contents::default();
        self.each_frame(segment, after, &mut |frame| {
            contents.push(&frame.header);
            Ok(())
        })?;
        Ok(contents)
    }

    /// As [`Below::scan`], and shows each frame.
    pub(crate) fn each_frame(
        &self,
        segment: &Segment,
        after: After,
        each: &mut dyn FnMut(&Frame<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (_, bytes) = self.read_segment(segment.number, segment.end)?;
        let (mut next_seq, mut next_record) = (segment.first_seq, segment.first_record);
        let mut ended = false;
        let mut at = Position::new(segment.number, segment::HEADER_BYTES);
        let mut rest = bytes.get(64..).unwrap_or_default();
        while !rest.is_empty() {
            let parsed = Frame::parse(rest, at);
            let (frame, behind) = parsed.map_err(|what| self.damaged(at, what))?;
            let header = &frame.header;
            if ended || header.seq != next_seq || header.batch > after.last_batch {
                return Err(self.damaged(at, "a frame does not follow the one before"));
            }
            if !header.is_key() {
                next_seq = next_seq.saturating_add(1);
            }
            next_record = next_record.saturating_add(u64::from(header.is_record()));
            // Closing a log is followed by an opening, and an opening begins a new segment.
            if header.kind == CLOSED_KIND {
                ended = true;
                next_record = 0;
            }
            each(&frame)?;
            let length = rest.len().saturating_sub(behind.len());
            let offset = u32::try_from(length)
                .ok()
                .and_then(|length| at.offset().checked_add(length));
            at = Position::new(segment.number, offset.ok_or(StoreError::JournalFull)?);
            rest = behind;
        }
        if (next_seq, next_record) != (after.next_seq, after.next_record) {
            return Err(self.damaged(
                at,
                "there are not as many frames as the next segment, or the head record, says",
            ));
        }
        Ok(())
    }

    /// What an index is made from.
    pub(crate) fn made<'m>(&'m self, segment: &'m Segment) -> Result<Made<'m>, StoreError> {
        let path = segment::path_of(&self.journal_dir, segment.number);
        let at = Position::new(segment.number, 0);
        let file = self.disk.open(&path).map_err(io_error("open", &path))?;
        let file = file.ok_or_else(|| self.damaged(at, "the segment is missing"))?;
        let mut last_tag = [0; TAG_BYTES];
        let length = u64::try_from(TAG_BYTES).unwrap_or(u64::MAX);
        let from = u64::from(segment.end).saturating_sub(length);
        let read = file.read_at(&mut last_tag, from);
        self.cut_off(segment.number, read)?;
        Ok(Made {
            segment,
            last_tag,
            epochs: self.epochs,
        })
    }

    /// The front of the segment's index; none if there is none that is this segment's.
    pub(crate) fn summary(
        &self,
        segment: &Segment,
        after: After,
    ) -> Result<Option<Summary>, StoreError> {
        let path = index::path_of(&self.index_dir, segment.number);
        let Some(file) = self.disk.open(&path).map_err(io_error("open", &path))? else {
            return Ok(None);
        };
        let summary = self.made(segment)?.summary(file.as_ref());
        let summary = summary.map_err(io_error("read", &path))?;
        let frames = after.next_seq.checked_sub(segment.first_seq);
        let records = after.next_record.checked_sub(segment.first_record);
        Ok(summary
            .filter(|summary| (Some(summary.frames), Some(summary.records)) == (frames, records)))
    }

    /// The segment's index; none if there is none that is this segment's.
    pub(crate) fn contents(&self, segment: &Segment) -> Result<Option<Contents>, StoreError> {
        let path = index::path_of(&self.index_dir, segment.number);
        let Some(file) = self.disk.open(&path).map_err(io_error("open", &path))? else {
            return Ok(None);
        };
        let contents = self.made(segment)?.contents(file.as_ref());
        contents.map_err(io_error("read", &path))
    }

    /// The header of a segment, and its bytes up to `end`.
    fn read_segment(&self, number: u32, end: u32) -> Result<(SegmentHeader, Vec<u8>), StoreError> {
        let start = Position::new(number, 0);
        let path = segment::path_of(&self.journal_dir, number);
        let file = self.disk.open(&path).map_err(io_error("open", &path))?;
        let file = file.ok_or_else(|| self.damaged(start, "the segment is missing"))?;
        let length = usize::try_from(end.max(segment::HEADER_BYTES));
        let mut bytes = vec![0; length.map_err(|_| StoreError::JournalFull)?];
        self.cut_off(number, file.read_at(&mut bytes, 0))?;
        let header = SegmentHeader::parse(&bytes).map_err(|fault| match fault {
            HeaderFault::Damaged => self.damaged(start, "the header of the segment is damaged"),
            HeaderFault::Unknown => StoreError::FormatUnknown { file: path },
        })?;
        if header.number != number {
            return Err(self.damaged(start, "the segment is another one"));
        }
        Ok((header, bytes))
    }

    /// A file that ends too early is damage, and no error of the disk.
    fn cut_off(&self, number: u32, read: std::io::Result<()>) -> Result<(), StoreError> {
        let start = Position::new(number, 0);
        match read {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                Err(self.damaged(start, "the segment is cut off"))
            }
            read => read.map_err(io_error(
                "read",
                &segment::path_of(&self.journal_dir, number),
            )),
        }
    }

    fn does_not_follow(&self, number: u32) -> StoreError {
        let start = Position::new(number, 0);
        self.damaged(start, "a segment does not follow the one before")
    }

    pub(crate) fn damaged(&self, at: Position, what: &'static str) -> StoreError {
        damaged(&self.journal_dir, at, what)
    }
}

/// Bytes below the head record are not those that were written.
pub(crate) fn damaged(journal_dir: &Path, at: Position, what: &'static str) -> StoreError {
    StoreError::JournalDamaged {
        file: segment::path_of(journal_dir, at.segment()),
        offset: u64::from(at.offset()),
        what,
    }
}
