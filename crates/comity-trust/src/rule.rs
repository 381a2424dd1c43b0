//! What must hold inside a charter or a roster, and between one and the next.
//! Each rule has a stable code.

use std::fmt;

use comity_wire::ids::MemberId;

/// Declares the rules: name, code, sentence.
macro_rules! rules {
    ($($name:ident, $code:literal, $sentence:literal;)*) => {
        /// A rule that charters and rosters keep.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = $sentence] $name,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// The rule, in words.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self {
                    $(Self::$name => $sentence,)*
                }
            }
        }
    };
}

rules! {
    // Of keys.
    KidMismatch, "kid-mismatch", "The kid of a key is its thumbprint.";
    WeakKey, "weak-key", "A public key is canonical and not of small order.";
    KeyUsedTwice, "key-used-twice", "A key has one purpose and one holder.";
    KeyTimes, "key-times", "A key ends after it begins, and a superseded one says when.";
    // Of a charter.
    ThresholdAboveKeys, "threshold-above-keys", "A charter asks for no more signatures than it has keys.";
    FirstMisplaced, "first-misplaced", "The first charter has version 1 and nothing before it; every other one has.";
    FirstRosterOrder, "first-roster-order", "A charter is for rosters after the first one made under the charter before it.";
    // Of a roster.
    ResolvesMisplaced, "resolves-misplaced", "What a roster resolves are two rosters of the version before, sorted.";
    ExpiresTooEarly, "expires-too-early", "A roster expires after it is issued.";
    ForeignOrigin, "foreign-origin", "The origin of a log names this federation and its member.";
    LogNumbers, "log-numbers", "The logs of a member are numbered from 1 without a gap.";
    LogKeyMissing, "log-key-missing", "The key of a log is listed by its member, for logs.";
    LogKeyShared, "log-key-shared", "No two logs have one key.";
    TwoOpenLogs, "two-open-logs", "A member writes one log at a time.";
    NodeKeyMissing, "node-key-missing", "The key of a node is listed by its member, for transport.";
    NotADomain, "not-a-domain", "A domain has two labels or more.";
    PrefixForm, "prefix-form", "A prefix has no host bits and is not IPv4 in IPv6.";
    OwnedTwice, "owned-twice", "No two members own the same domain, prefix or network.";
    // Of a roster that is being made: see `owned::may_be_claimed`.
    PublicSuffix, "public-suffix", "Nobody owns a suffix under which the public registers names.";
    // From one roster to the next.
    IssuedEarlier, "issued-earlier", "A roster is not issued before the last one.";
    KeyVanished, "key-vanished", "A key once listed stays listed.";
    KeyChanged, "key-changed", "Key, purpose and beginning stay; an end is not set in the past.";
    KeyResurrected, "key-resurrected", "A key that has ended stays ended.";
    KeyReused, "key-reused", "A key listed once is never another's, nor for another purpose.";
    LogVanished, "log-vanished", "A log once listed stays listed.";
    LogChanged, "log-changed", "A log keeps its key, and a closed one its last head.";
    LogReopened, "log-reopened", "A closed log stays closed.";
}

/// A rule that was broken, and by whose entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The rule.
    pub rule: Rule,
    /// The member whose entry breaks it; none for the charter or the whole roster.
    pub member: Option<MemberId>,
}

impl std::error::Error for Breach {}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(member) = &self.member {
            write!(f, "in the entry of {member}: ")?;
        }
        write!(f, "this does not hold: {}", self.rule.sentence())
    }
}

impl From<Rule> for Breach {
    fn from(rule: Rule) -> Self {
        Self { rule, member: None }
    }
}

impl Rule {
    /// The rule, broken by the entry of a member.
    #[must_use]
    pub fn broken_by(self, member: &MemberId) -> Breach {
        Breach {
            rule: self,
            member: Some(member.clone()),
        }
    }
}

/// `Ok` if the rule holds.
pub(crate) fn holds(condition: bool, rule: Rule) -> Result<(), Rule> {
    if condition { Ok(()) } else { Err(rule) }
}
