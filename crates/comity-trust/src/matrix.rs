//! Who may send what to whom: rows of role, kind, role in the charter.

use comity_wire::registry::{Kind, Side, role};
use comity_wire::words::{Code, Sorted};

use crate::charter::Charter;

/// Who may open cases with whom, by default. A regulator may order; whom it may
/// order, and by what law, is in the statement's grounds and the charter's mandates.
pub const DEFAULT_OPENINGS: &[(&str, Kind, &str)] = &[
    (role::HOTLINE, Kind::TakedownRequest, role::PLATFORM),
    (role::HOTLINE, Kind::Transfer, role::PLATFORM),
    (role::HOTLINE, Kind::Referral, role::HOTLINE),
    (role::HOTLINE, Kind::Transfer, role::HOTLINE),
    (role::HOTLINE, Kind::Referral, role::LAW_ENFORCEMENT),
    (role::HOTLINE, Kind::Referral, role::REGULATOR),
    (role::REGULATOR, Kind::TakedownRequest, role::PLATFORM),
    (role::REGULATOR, Kind::Referral, role::HOTLINE),
    (role::LAW_ENFORCEMENT, Kind::TakedownRequest, role::PLATFORM),
    (role::LAW_ENFORCEMENT, Kind::Referral, role::HOTLINE),
];

/// Whether a member with the roles `from` may send a kind to one with the roles `to`.
#[must_use]
pub fn allows(charter: &Charter, from: &[&Code], kind: Kind, to: &[&Code]) -> bool {
    charter.matrix.iter().any(|(sender, of, recipient)| {
        *of == kind && from.contains(&sender) && to.contains(&recipient)
    })
}

/// The matrix that lets these openings happen and every case be carried on:
/// both sides may send what their side may.
#[must_use]
pub fn from_openings(openings: &[(&str, Kind, &str)]) -> Sorted<(Code, Kind, Code)> {
    let rows = openings.iter().flat_map(|(opener, opening, recipient)| {
        let carried_on = Kind::ALL.into_iter().filter(|kind| !kind.opens());
        let forth = carried_on
            .clone()
            .filter(|kind| kind.side() != Side::Recipient);
        let back = carried_on.filter(|kind| kind.side() != Side::Opener);
        let forth = forth.map(|kind| (*opener, kind, *recipient));
        let back = back.map(|kind| (*recipient, kind, *opener));
        std::iter::once((*opener, *opening, *recipient))
            .chain(forth)
            .chain(back)
    });
    Sorted::new(rows.filter_map(|(from, kind, to)| Some((Code::new(from)?, kind, Code::new(to)?))))
}

/// The matrix of [`DEFAULT_OPENINGS`].
#[must_use]
pub fn default_matrix() -> Sorted<(Code, Kind, Code)> {
    from_openings(DEFAULT_OPENINGS)
}
