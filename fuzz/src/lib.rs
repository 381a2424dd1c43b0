//! What the targets share: a reader and a writer that must agree.

/// What is accepted is written again as the very bytes that came in.
///
/// # Panics
/// When it is not.
pub fn agree<T, E>(
    bytes: &[u8],
    read: impl Fn(&[u8]) -> Result<T, E>,
    write: impl Fn(&T) -> Vec<u8>,
) -> Option<T> {
    let value = read(bytes).ok()?;
    assert_eq!(write(&value), bytes, "read, and written as something else");
    Some(value)
}
