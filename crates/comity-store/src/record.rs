//! The body of a record's frame: the leaf, and the facts beside it.
//!
//! ```text
//! length of the leaf (2 bytes) | leaf | 0, or 1 and the facts
//! ```

use comity_log::limits::LEAF_BYTES_MAX;

use crate::bytes::Fields;
use crate::error::StoreError;

/// Leaf and facts of a frame of kind [`RECORD_KIND`](crate::RECORD_KIND); none if the body is not such a one.
#[must_use]
pub fn split_record(body: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let mut fields = Fields(body);
    let length = fields.u16()?;
    let leaf = fields.slice(usize::from(length))?;
    match fields.u8()? {
        0 if fields.0.is_empty() => Some((leaf, None)),
        1 => Some((leaf, Some(fields.0))),
        _ => None,
    }
}

/// The body of a record's frame.
///
/// # Errors
/// A leaf over [`LEAF_BYTES_MAX`].
pub(crate) fn join(leaf: &[u8], facts: Option<&[u8]>) -> Result<Vec<u8>, StoreError> {
    let length = u16::try_from(leaf.len())
        .ok()
        .filter(|length| usize::from(*length) <= LEAF_BYTES_MAX)
        .ok_or(StoreError::LeafTooLong { bytes: leaf.len() })?;
    let mut body = length.to_be_bytes().to_vec();
    body.extend_from_slice(leaf);
    body.push(u8::from(facts.is_some()));
    body.extend_from_slice(facts.unwrap_or_default());
    Ok(body)
}
