//! Extensions: carried verbatim by those who do not read them.

use serde::{Deserialize, Serialize};

use crate::words::{ExtensionName, Keyed, Sorted};

/// Names of the critical extensions that this version reads. There is none yet.
const KNOWN: [&str; 0] = [];

/// One extension: `[name, critical, value]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Extension(pub ExtensionName, pub bool, pub serde_bytes::ByteBuf);

/// The extensions of one structure, sorted by name.
pub type Extensions = Sorted<Extension>;

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

/// The first critical extension that this version does not read.
#[must_use]
pub fn first_unknown_critical(extensions: Option<&Extensions>) -> Option<&ExtensionName> {
    extensions?
        .iter()
        .find(|extension| extension.is_critical() && !KNOWN.contains(&extension.0.as_str()))
        .map(|extension| &extension.0)
}
