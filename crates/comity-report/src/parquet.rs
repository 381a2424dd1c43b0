//! A sheet as Apache Parquet: one row group, one page for each column, plain values, no compression.
//!
//! ```text
//! "PAR1"
//! for each column   page header (Thrift compact), levels (which lines have a value), values
//! footer            schema, where each column is, its size; length of the footer, "PAR1"
//! ```
//! This is the smallest file that every reader of the format understands (apache/parquet-format: `parquet.thrift`,
//! Encodings). A library that writes all of the format would make the program a megabyte larger; the test reads
//! what is written here with such a library.

use crate::sheet::{Cell, Holds, Sheet};

/// The file.
#[must_use]
pub fn parquet(sheet: &Sheet) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    let mut chunks = Vec::new();
    for (place, (name, holds)) in sheet.columns.iter().enumerate() {
        let cells: Vec<_> = sheet
            .lines
            .iter()
            .filter_map(|line| line.get(place))
            .collect();
        let offset = file.len();
        file.extend(page(&cells));
        chunks.push(Chunk {
            name,
            holds: *holds,
            values: cells.len(),
            offset,
            bytes: file.len() - offset,
        });
    }
    let footer = footer(sheet.lines.len(), &chunks);
    let length = u32::try_from(footer.len()).unwrap_or(u32::MAX);
    file.extend(footer);
    file.extend(length.to_le_bytes());
    file.extend(MAGIC);
    file
}

const MAGIC: &[u8] = b"PAR1";

/// Where a column is.
struct Chunk<'a> {
    name: &'a str,
    holds: Holds,
    values: usize,
    offset: usize,
    bytes: usize,
}

// ---- Pages

/// Header, definition levels and values of a column.
fn page(cells: &[&Cell]) -> Vec<u8> {
    let levels = levels(cells);
    let mut body = u32::try_from(levels.len())
        .unwrap_or(u32::MAX)
        .to_le_bytes()
        .to_vec();
    body.extend(levels);
    for cell in cells {
        match cell {
            Cell::Empty => {}
            Cell::Number(number) => body.extend(number.to_le_bytes()),
            Cell::Text(text) => {
                body.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
                body.extend(text.as_bytes());
            }
        }
    }
    let mut header = Compact::default();
    header.i32(1, DATA_PAGE);
    header.i32(2, size(body.len()));
    header.i32(3, size(body.len()));
    header.structure(5, |page| {
        page.i32(1, size(cells.len()));
        page.i32(2, PLAIN);
        page.i32(3, RLE);
        page.i32(4, RLE);
    });
    let mut page = header.end();
    page.extend(body);
    page
}

/// Which lines have a value: one bit each, in one bit-packed run of the hybrid encoding.
fn levels(cells: &[&Cell]) -> Vec<u8> {
    let groups = cells.len().div_ceil(8);
    let mut bytes = Vec::new();
    varint(
        &mut bytes,
        (u64::try_from(groups).unwrap_or(u64::MAX) << 1) | 1,
    );
    for group in cells.chunks(8) {
        let bits = group
            .iter()
            .enumerate()
            .map(|(place, cell)| u8::from(**cell != Cell::Empty) << place);
        bytes.push(bits.fold(0, |all, bit| all | bit));
    }
    bytes
}

// ---- The footer

fn footer(lines: usize, chunks: &[Chunk<'_>]) -> Vec<u8> {
    let mut file = Compact::default();
    file.i32(1, VERSION);
    file.list(2, chunks.len() + 1, |schema, place| {
        match place.checked_sub(1).and_then(|place| chunks.get(place)) {
            None => {
                schema.text(4, "report");
                schema.i32(5, size(chunks.len()));
            }
            Some(chunk) => {
                schema.i32(1, physical(chunk.holds));
                schema.i32(3, OPTIONAL);
                schema.text(4, chunk.name);
                schema.i32(6, converted(chunk.holds));
            }
        }
    });
    file.i64(3, long(lines));
    file.list(4, 1, |group, _| {
        group.list(1, chunks.len(), |column, place| {
            let Some(chunk) = chunks.get(place) else {
                return;
            };
            column.i64(2, long(chunk.offset));
            column.structure(3, |meta| meta_data(meta, chunk));
        });
        group.i64(2, long(chunks.iter().map(|chunk| chunk.bytes).sum()));
        group.i64(3, long(lines));
    });
    file.text(6, "comity");
    file.end()
}

fn meta_data(meta: &mut Compact, chunk: &Chunk<'_>) {
    meta.i32(1, physical(chunk.holds));
    meta.numbers(2, &[PLAIN, RLE]);
    meta.texts(3, &[chunk.name]);
    meta.i32(4, UNCOMPRESSED);
    meta.i64(5, long(chunk.values));
    meta.i64(6, long(chunk.bytes));
    meta.i64(7, long(chunk.bytes));
    meta.i64(9, long(chunk.offset));
}

const VERSION: i32 = 1;
const DATA_PAGE: i32 = 0;
const UNCOMPRESSED: i32 = 0;
const OPTIONAL: i32 = 1;
const PLAIN: i32 = 0;
const RLE: i32 = 3;

const fn physical(holds: Holds) -> i32 {
    match holds {
        Holds::Text => 6,
        Holds::Number => 2,
    }
}

/// UTF-8, or an unsigned number of 64 bits.
const fn converted(holds: Holds) -> i32 {
    match holds {
        Holds::Text => 0,
        Holds::Number => 14,
    }
}

fn size(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

fn long(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

// ---- Thrift's compact protocol

/// A structure that is being written: fields in rising order of their numbers, each after the last.
#[derive(Default)]
struct Compact {
    bytes: Vec<u8>,
    last: u8,
}

impl Compact {
    fn field(&mut self, id: u8, kind: u8) {
        // Every step between two fields of these structures is below 16.
        self.bytes.push((id.saturating_sub(self.last) << 4) | kind);
        self.last = id;
    }

    fn i32(&mut self, id: u8, value: i32) {
        self.field(id, 5);
        zigzag(&mut self.bytes, value.into());
    }

    fn i64(&mut self, id: u8, value: i64) {
        self.field(id, 6);
        zigzag(&mut self.bytes, value);
    }

    fn text(&mut self, id: u8, value: &str) {
        self.field(id, 8);
        text(&mut self.bytes, value);
    }

    fn structure(&mut self, id: u8, write: impl FnOnce(&mut Self)) {
        self.field(id, 12);
        let mut inner = Self::default();
        write(&mut inner);
        self.bytes.extend(inner.end());
    }

    fn list(&mut self, id: u8, length: usize, write: impl Fn(&mut Self, usize)) {
        self.field(id, 9);
        list(&mut self.bytes, length, 12);
        for place in 0..length {
            let mut inner = Self::default();
            write(&mut inner, place);
            self.bytes.extend(inner.end());
        }
    }

    fn numbers(&mut self, id: u8, values: &[i32]) {
        self.field(id, 9);
        list(&mut self.bytes, values.len(), 5);
        for value in values {
            zigzag(&mut self.bytes, (*value).into());
        }
    }

    fn texts(&mut self, id: u8, values: &[&str]) {
        self.field(id, 9);
        list(&mut self.bytes, values.len(), 8);
        for value in values {
            text(&mut self.bytes, value);
        }
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

fn list(bytes: &mut Vec<u8>, length: usize, kind: u8) {
    match u8::try_from(length) {
        Ok(short) if short < 15 => bytes.push((short << 4) | kind),
        _ => {
            bytes.push(0xf0 | kind);
            varint(bytes, u64::try_from(length).unwrap_or(u64::MAX));
        }
    }
}

fn text(bytes: &mut Vec<u8>, value: &str) {
    varint(bytes, u64::try_from(value.len()).unwrap_or(u64::MAX));
    bytes.extend(value.as_bytes());
}

fn zigzag(bytes: &mut Vec<u8>, value: i64) {
    varint(bytes, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            bytes.push(low & 0x7f);
            return;
        }
        bytes.push(low | 0x80);
    }
}
