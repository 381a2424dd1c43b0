//! How two things stand to one another, and what two such relations in a row come to.
// Made from protocol-spec/taxonomy/composition.toml by `cargo xtask spec`. Do not edit by hand.

/// How a second thing stands to a first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// Both mean the same. What has one has the other.
    Exact,
    /// The second is broader. What has the first has the second as well.
    Broader,
    /// The second is narrower. What has the first may have the second; it must not be concluded.
    Narrower,
    /// They touch. Nothing follows in either direction.
    Related,
    /// They have nothing in common that is known.
    None,
}

impl Relation {
    /// Every relation, the closest first.
    pub const ALL: [Self; 5] = [
        Self::Exact,
        Self::Broader,
        Self::Narrower,
        Self::Related,
        Self::None,
    ];

    /// The name in every table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Broader => "broader",
            Self::Narrower => "narrower",
            Self::Related => "related",
            Self::None => "none",
        }
    }

    /// In the other direction.
    #[must_use]
    pub const fn inverse(self) -> Self {
        match self {
            Self::Exact => Self::Exact,
            Self::Broader => Self::Narrower,
            Self::Narrower => Self::Broader,
            Self::Related => Self::Related,
            Self::None => Self::None,
        }
    }

    /// Whether what has the first may be said to have the second.
    #[must_use]
    pub const fn asserts(self) -> bool {
        matches!(self, Self::Exact | Self::Broader)
    }

    /// What this relation and the next one, from where this one led, come to.
    #[must_use]
    pub const fn then(self, next: Self) -> Self {
        match (self, next) {
            (Self::Exact, Self::Exact) => Self::Exact,
            (Self::Exact, Self::Broader) => Self::Broader,
            (Self::Exact, Self::Narrower) => Self::Narrower,
            (Self::Exact, Self::Related) => Self::Related,
            (Self::Broader, Self::Exact) => Self::Broader,
            (Self::Broader, Self::Broader) => Self::Broader,
            (Self::Narrower, Self::Exact) => Self::Narrower,
            (Self::Narrower, Self::Broader) => Self::Related,
            (Self::Narrower, Self::Narrower) => Self::Narrower,
            (Self::Related, Self::Exact) => Self::Related,
            _ => Self::None,
        }
    }
}

impl std::fmt::Display for Relation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
