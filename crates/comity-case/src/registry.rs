//! What the causal past of a statement can forbid.
// Made from protocol-spec/registries by `cargo xtask spec`. Do not edit by hand.

/// Transitions that the causal past forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Forbidden {
    /// The causal past does not hold the statement that opened the case.
    NoOpening,
    /// The case is open already: its opening is in the causal past.
    AlreadyOpen,
    /// This kind cannot come from this side of the case.
    WrongSide,
    /// The causal past has no item of this number.
    UnknownItem,
    /// The causal past has another item of this number.
    ItemExists,
    /// The causal past has not opened this round of the item.
    UnknownRound,
    /// The item was refused; what is refused is void for ever.
    ItemRefused,
    /// The request for the item was withdrawn; nothing more can be asked or said about it but what was done and seen.
    ItemWithdrawn,
    /// A later round of the item is open; earlier ones can no longer change.
    RoundFinal,
    /// No measure on this item was reported that could be taken back.
    NothingToReinstate,
    /// Everything that the acknowledgement could answer is refused or withdrawn.
    NothingToAnswer,
    /// A statement of this kind cannot be refused when its causal past allows it.
    MayNotRefuse,
    /// The statement named is the sender's own.
    NotTheOtherSide,
    /// The statement named is not in the causal past.
    NotInPast,
    /// The statement named is of a kind that this one cannot refer to.
    WrongTarget,
    /// The dispute named is resolved already.
    NoOpenDispute,
    /// The sender has no hold in force for this authority.
    NothingHeld,
    /// The statement would change nothing.
    Empty,
    /// The causal past holds as many statements or items as the limits allow.
    CaseFull,
}

impl Forbidden {
    /// Every value, in the order of the specification.
    pub const ALL: [Self; 19] = [
        Self::NoOpening,
        Self::AlreadyOpen,
        Self::WrongSide,
        Self::UnknownItem,
        Self::ItemExists,
        Self::UnknownRound,
        Self::ItemRefused,
        Self::ItemWithdrawn,
        Self::RoundFinal,
        Self::NothingToReinstate,
        Self::NothingToAnswer,
        Self::MayNotRefuse,
        Self::NotTheOtherSide,
        Self::NotInPast,
        Self::WrongTarget,
        Self::NoOpenDispute,
        Self::NothingHeld,
        Self::Empty,
        Self::CaseFull,
    ];

    /// The name on the wire and in every table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoOpening => "no-opening",
            Self::AlreadyOpen => "already-open",
            Self::WrongSide => "wrong-side",
            Self::UnknownItem => "unknown-item",
            Self::ItemExists => "item-exists",
            Self::UnknownRound => "unknown-round",
            Self::ItemRefused => "item-refused",
            Self::ItemWithdrawn => "item-withdrawn",
            Self::RoundFinal => "round-final",
            Self::NothingToReinstate => "nothing-to-reinstate",
            Self::NothingToAnswer => "nothing-to-answer",
            Self::MayNotRefuse => "may-not-refuse",
            Self::NotTheOtherSide => "not-the-other-side",
            Self::NotInPast => "not-in-past",
            Self::WrongTarget => "wrong-target",
            Self::NoOpenDispute => "no-open-dispute",
            Self::NothingHeld => "nothing-held",
            Self::Empty => "empty",
            Self::CaseFull => "case-full",
        }
    }

    /// The value of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.as_str() == name)
    }
}

impl std::fmt::Display for Forbidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
