//! What two concurrent statements come to, for every pair of kinds.
// Made from protocol-spec/registries by `cargo xtask spec`. Do not edit by hand.

use comity_wire::registry::Kind;

/// How a pair of concurrent statements is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Both take effect, and neither changes what the other comes to.
    Independent,
    /// What the acknowledgement refuses is void, whatever the other one says of it.
    RefusalPrevails,
    /// What is withdrawn stays withdrawn; what the other one reports is kept and shown.
    WithdrawalPrevails,
    /// Both take effect side by side; an effect ends only by a statement that has it in its causal past.
    BothStand,
    /// Where both set the same thing, the one with the greater statement id counts.
    GreaterId,
    /// Where both claim the same item number, the one with the smaller statement id has it.
    SmallerId,
}

/// One row for each unordered pair of kinds, in the order of the registry.
pub const PAIRS: [(Kind, Kind, Rule); 120] = [
    (
        Kind::TakedownRequest,
        Kind::TakedownRequest,
        Rule::SmallerId,
    ),
    (Kind::TakedownRequest, Kind::Referral, Rule::SmallerId),
    (Kind::TakedownRequest, Kind::Transfer, Rule::SmallerId),
    (
        Kind::TakedownRequest,
        Kind::Acknowledgement,
        Rule::Independent,
    ),
    (Kind::TakedownRequest, Kind::Outcome, Rule::Independent),
    (Kind::TakedownRequest, Kind::Amendment, Rule::Independent),
    (Kind::TakedownRequest, Kind::Withdrawal, Rule::Independent),
    (Kind::TakedownRequest, Kind::Dispute, Rule::Independent),
    (Kind::TakedownRequest, Kind::Resolution, Rule::Independent),
    (
        Kind::TakedownRequest,
        Kind::InformationRequest,
        Rule::Independent,
    ),
    (Kind::TakedownRequest, Kind::Information, Rule::Independent),
    (Kind::TakedownRequest, Kind::Observation, Rule::Independent),
    (Kind::TakedownRequest, Kind::Hold, Rule::Independent),
    (Kind::TakedownRequest, Kind::Release, Rule::Independent),
    (
        Kind::TakedownRequest,
        Kind::ErasureNotice,
        Rule::Independent,
    ),
    (Kind::Referral, Kind::Referral, Rule::SmallerId),
    (Kind::Referral, Kind::Transfer, Rule::SmallerId),
    (Kind::Referral, Kind::Acknowledgement, Rule::Independent),
    (Kind::Referral, Kind::Outcome, Rule::Independent),
    (Kind::Referral, Kind::Amendment, Rule::Independent),
    (Kind::Referral, Kind::Withdrawal, Rule::Independent),
    (Kind::Referral, Kind::Dispute, Rule::Independent),
    (Kind::Referral, Kind::Resolution, Rule::Independent),
    (Kind::Referral, Kind::InformationRequest, Rule::Independent),
    (Kind::Referral, Kind::Information, Rule::Independent),
    (Kind::Referral, Kind::Observation, Rule::Independent),
    (Kind::Referral, Kind::Hold, Rule::Independent),
    (Kind::Referral, Kind::Release, Rule::Independent),
    (Kind::Referral, Kind::ErasureNotice, Rule::Independent),
    (Kind::Transfer, Kind::Transfer, Rule::SmallerId),
    (Kind::Transfer, Kind::Acknowledgement, Rule::Independent),
    (Kind::Transfer, Kind::Outcome, Rule::Independent),
    (Kind::Transfer, Kind::Amendment, Rule::Independent),
    (Kind::Transfer, Kind::Withdrawal, Rule::Independent),
    (Kind::Transfer, Kind::Dispute, Rule::Independent),
    (Kind::Transfer, Kind::Resolution, Rule::Independent),
    (Kind::Transfer, Kind::InformationRequest, Rule::Independent),
    (Kind::Transfer, Kind::Information, Rule::Independent),
    (Kind::Transfer, Kind::Observation, Rule::Independent),
    (Kind::Transfer, Kind::Hold, Rule::Independent),
    (Kind::Transfer, Kind::Release, Rule::Independent),
    (Kind::Transfer, Kind::ErasureNotice, Rule::Independent),
    (
        Kind::Acknowledgement,
        Kind::Acknowledgement,
        Rule::RefusalPrevails,
    ),
    (Kind::Acknowledgement, Kind::Outcome, Rule::RefusalPrevails),
    (
        Kind::Acknowledgement,
        Kind::Amendment,
        Rule::RefusalPrevails,
    ),
    (
        Kind::Acknowledgement,
        Kind::Withdrawal,
        Rule::RefusalPrevails,
    ),
    (Kind::Acknowledgement, Kind::Dispute, Rule::RefusalPrevails),
    (
        Kind::Acknowledgement,
        Kind::Resolution,
        Rule::RefusalPrevails,
    ),
    (
        Kind::Acknowledgement,
        Kind::InformationRequest,
        Rule::RefusalPrevails,
    ),
    (
        Kind::Acknowledgement,
        Kind::Information,
        Rule::RefusalPrevails,
    ),
    (
        Kind::Acknowledgement,
        Kind::Observation,
        Rule::RefusalPrevails,
    ),
    (Kind::Acknowledgement, Kind::Hold, Rule::RefusalPrevails),
    (Kind::Acknowledgement, Kind::Release, Rule::RefusalPrevails),
    (
        Kind::Acknowledgement,
        Kind::ErasureNotice,
        Rule::RefusalPrevails,
    ),
    (Kind::Outcome, Kind::Outcome, Rule::GreaterId),
    (Kind::Outcome, Kind::Amendment, Rule::Independent),
    (Kind::Outcome, Kind::Withdrawal, Rule::WithdrawalPrevails),
    (Kind::Outcome, Kind::Dispute, Rule::Independent),
    (Kind::Outcome, Kind::Resolution, Rule::Independent),
    (Kind::Outcome, Kind::InformationRequest, Rule::Independent),
    (Kind::Outcome, Kind::Information, Rule::Independent),
    (Kind::Outcome, Kind::Observation, Rule::Independent),
    (Kind::Outcome, Kind::Hold, Rule::Independent),
    (Kind::Outcome, Kind::Release, Rule::Independent),
    (Kind::Outcome, Kind::ErasureNotice, Rule::Independent),
    (Kind::Amendment, Kind::Amendment, Rule::SmallerId),
    (Kind::Amendment, Kind::Withdrawal, Rule::BothStand),
    (Kind::Amendment, Kind::Dispute, Rule::Independent),
    (Kind::Amendment, Kind::Resolution, Rule::Independent),
    (Kind::Amendment, Kind::InformationRequest, Rule::Independent),
    (Kind::Amendment, Kind::Information, Rule::Independent),
    (Kind::Amendment, Kind::Observation, Rule::Independent),
    (Kind::Amendment, Kind::Hold, Rule::Independent),
    (Kind::Amendment, Kind::Release, Rule::Independent),
    (Kind::Amendment, Kind::ErasureNotice, Rule::Independent),
    (Kind::Withdrawal, Kind::Withdrawal, Rule::BothStand),
    (Kind::Withdrawal, Kind::Dispute, Rule::Independent),
    (Kind::Withdrawal, Kind::Resolution, Rule::Independent),
    (
        Kind::Withdrawal,
        Kind::InformationRequest,
        Rule::Independent,
    ),
    (Kind::Withdrawal, Kind::Information, Rule::Independent),
    (
        Kind::Withdrawal,
        Kind::Observation,
        Rule::WithdrawalPrevails,
    ),
    (Kind::Withdrawal, Kind::Hold, Rule::Independent),
    (Kind::Withdrawal, Kind::Release, Rule::Independent),
    (Kind::Withdrawal, Kind::ErasureNotice, Rule::Independent),
    (Kind::Dispute, Kind::Dispute, Rule::BothStand),
    (Kind::Dispute, Kind::Resolution, Rule::Independent),
    (Kind::Dispute, Kind::InformationRequest, Rule::Independent),
    (Kind::Dispute, Kind::Information, Rule::Independent),
    (Kind::Dispute, Kind::Observation, Rule::Independent),
    (Kind::Dispute, Kind::Hold, Rule::Independent),
    (Kind::Dispute, Kind::Release, Rule::Independent),
    (Kind::Dispute, Kind::ErasureNotice, Rule::Independent),
    (Kind::Resolution, Kind::Resolution, Rule::GreaterId),
    (
        Kind::Resolution,
        Kind::InformationRequest,
        Rule::Independent,
    ),
    (Kind::Resolution, Kind::Information, Rule::Independent),
    (Kind::Resolution, Kind::Observation, Rule::Independent),
    (Kind::Resolution, Kind::Hold, Rule::Independent),
    (Kind::Resolution, Kind::Release, Rule::Independent),
    (Kind::Resolution, Kind::ErasureNotice, Rule::Independent),
    (
        Kind::InformationRequest,
        Kind::InformationRequest,
        Rule::BothStand,
    ),
    (
        Kind::InformationRequest,
        Kind::Information,
        Rule::Independent,
    ),
    (
        Kind::InformationRequest,
        Kind::Observation,
        Rule::Independent,
    ),
    (Kind::InformationRequest, Kind::Hold, Rule::Independent),
    (Kind::InformationRequest, Kind::Release, Rule::Independent),
    (
        Kind::InformationRequest,
        Kind::ErasureNotice,
        Rule::Independent,
    ),
    (Kind::Information, Kind::Information, Rule::BothStand),
    (Kind::Information, Kind::Observation, Rule::Independent),
    (Kind::Information, Kind::Hold, Rule::Independent),
    (Kind::Information, Kind::Release, Rule::Independent),
    (Kind::Information, Kind::ErasureNotice, Rule::Independent),
    (Kind::Observation, Kind::Observation, Rule::BothStand),
    (Kind::Observation, Kind::Hold, Rule::Independent),
    (Kind::Observation, Kind::Release, Rule::Independent),
    (Kind::Observation, Kind::ErasureNotice, Rule::Independent),
    (Kind::Hold, Kind::Hold, Rule::BothStand),
    (Kind::Hold, Kind::Release, Rule::BothStand),
    (Kind::Hold, Kind::ErasureNotice, Rule::Independent),
    (Kind::Release, Kind::Release, Rule::BothStand),
    (Kind::Release, Kind::ErasureNotice, Rule::Independent),
    (Kind::ErasureNotice, Kind::ErasureNotice, Rule::BothStand),
];

/// The rule for two kinds, in either order.
#[must_use]
pub fn rule(one: Kind, other: Kind) -> Option<Rule> {
    PAIRS
        .iter()
        .find(|(a, b, _)| (*a, *b) == (one, other) || (*b, *a) == (one, other))
        .map(|(_, _, rule)| *rule)
}
