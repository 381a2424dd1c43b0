//! Extensions: carried verbatim by those who do not read them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::words::{ExtensionName, Hidden, Keyed, Sorted};

/// Names of the critical extensions that a reader acts on.
pub type Known = &'static [&'static str];

/// This version acts on no extension.
pub const NONE: Known = &[];

/// One extension: `[name, critical, value]`. `Debug` hides the value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Extension(pub ExtensionName, pub bool, pub serde_bytes::ByteBuf);

/// The extensions of one structure, sorted by name.
pub type Extensions = Sorted<Extension>;

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = Hidden(&self.2);
        f.debug_tuple("Extension")
            .field(&self.0)
            .field(&self.1)
            .field(&value)
            .finish()
    }
}

impl Keyed for Extension {
    type Key<'a> = &'a ExtensionName;

    fn key(&self) -> &ExtensionName {
        &self.0
    }
}

impl Extension {
    /// Whether who does not know this extension must refuse what carries it.
    #[must_use]
    pub fn is_critical(&self) -> bool {
        self.1
    }
}

/// The first critical extension that a reader does not act on.
#[must_use]
pub fn first_unknown_critical<'a>(
    extensions: Option<&'a Extensions>,
    known: &[&str],
) -> Option<&'a ExtensionName> {
    extensions?
        .iter()
        .find(|extension| extension.is_critical() && !known.contains(&extension.0.as_str()))
        .map(|extension| &extension.0)
}
