//! Where a report goes.

use std::io::{Write as _, stdout};
use std::path::Path;

use crate::error::Failure;
use crate::files::{Mode, NewFiles};
use crate::output::Output;

/// Writes a file that was not there, or everything to standard output, byte for byte.
pub(super) fn write_or_show(
    out: Option<&Path>,
    bytes: &[u8],
    output: &Output,
) -> Result<(), Failure> {
    let Some(path) = out else {
        // Who closed the pipe has seen enough.
        let _ = stdout().write_all(bytes);
        return Ok(());
    };
    let mut files = NewFiles::default();
    files.add(path, Mode::Private, bytes);
    files.write()?;
    output.note(&format!("Written: {}", path.display()));
    Ok(())
}
