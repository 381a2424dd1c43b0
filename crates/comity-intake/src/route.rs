//! Where a report goes, from roster and charter alone.
//!
//! ```text
//! left alone by the hotline                                 -> no action
//! a person has to look first                                -> unplaced, with the reason
//! owner of the domain, else of the locator's own address,
//!   else of the address it is hosted at, else of the network
//!   is a platform that we may ask                           -> request, in that capacity
//! our own country                                           -> act outside: own-country
//! a hotline answers for the country                         -> refer: hosting-country
//! the charter names a hotline for orphans                   -> refer: orphan
//! that is us, or there is none                              -> act outside: no-member
//! no country is known                                       -> unplaced: no-country
//! ```
//!
//! The first owner that may be asked is the one: a shop window on somebody's
//! machines is the shop's to clear, and the machines' owner can be asked next.

use std::net::IpAddr;

use comity_trust::charter::Charter;
use comity_trust::matrix;
use comity_trust::member::Member;
use comity_trust::owns::{Owners, hotlines_for};
use comity_trust::roster::Roster;
use comity_wire::ids::MemberId;
use comity_wire::parts::Hosting;
use comity_wire::registry::{Kind, capacity, referral_reason, role};
use comity_wire::words::{Code, Country};

use crate::place::Host;
use crate::report::{Disposition, word};

/// What a route depends on.
#[derive(Debug, Clone, Copy)]
pub struct RouteFacts<'a> {
    /// The host of the locator.
    pub host: &'a Host,
    /// Where it is.
    pub hosting: &'a [Hosting],
    /// The country of the hosting.
    pub country: Option<&'a Country>,
    /// What the hotline wants.
    pub disposition: Disposition,
}

/// Where a report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Nowhere: the hotline decided to leave it.
    NoAction,
    /// A takedown request.
    Request {
        /// To whom.
        to: MemberId,
        /// In which capacity it is asked (registry `capacity`).
        capacity: Code,
    },
    /// A referral.
    Refer {
        /// To whom.
        to: MemberId,
        /// Registry `referral-reason`: `hosting-country` or `orphan`.
        reason: Code,
    },
    /// Nobody in the federation is asked: the hotline acts, and records what it did.
    ActOutside {
        /// Why.
        why: Outside,
    },
    /// No rule places it: a visible draft.
    Unplaced {
        /// A stable code: `no-country`, `not-a-member`, or that of a
        /// [`crate::report::ReviewReason`].
        reason: &'static str,
    },
}

/// Why a hotline acts outside of the federation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// The content is hosted in its own country.
    OwnCountry,
    /// No member can be asked.
    NoMember,
}

impl Outside {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OwnCountry => "own-country",
            Self::NoMember => "no-member",
        }
    }
}

/// Finds where a report of the hotline `me` goes. `owners` is made of `roster`.
#[must_use]
pub fn route(
    facts: &RouteFacts<'_>,
    me: &MemberId,
    roster: &Roster,
    charter: &Charter,
    owners: &Owners,
) -> Route {
    match facts.disposition {
        Disposition::Ignore => return Route::NoAction,
        Disposition::Review(reason) => {
            return Route::Unplaced {
                reason: reason.code(),
            };
        }
        Disposition::Act => {}
    }
    let Some(me) = roster.member(me) else {
        return Route::Unplaced {
            reason: "not-a-member",
        };
    };
    let asking = Asking {
        me,
        roster,
        charter,
    };
    if let Some((to, capacity)) = asking.platform(facts, owners) {
        return Route::Request { to, capacity };
    }
    match facts.country {
        Some(country) => asking.country(country),
        None => Route::Unplaced {
            reason: "no-country",
        },
    }
}

/// What kind of thing somebody owns.
#[derive(Clone, Copy)]
enum Owned {
    Domain,
    Network,
}

struct Asking<'a> {
    me: &'a Member,
    roster: &'a Roster,
    charter: &'a Charter,
}

impl Asking<'_> {
    fn platform(&self, facts: &RouteFacts<'_>, owners: &Owners) -> Option<(MemberId, Code)> {
        let own = match facts.host {
            Host::Domain(name) => (owners.of_host(name), Owned::Domain),
            Host::Address(address) => (owners.of_address(*address), Owned::Network),
        };
        let addresses = facts.hosting.iter().filter_map(address_of);
        let addresses = addresses.map(|address| (owners.of_address(address), Owned::Network));
        let networks = facts.hosting.iter().filter_map(|hosting| hosting.asn);
        let networks = networks.map(|asn| (owners.of_asn(asn), Owned::Network));
        let all = std::iter::once(own).chain(addresses).chain(networks);
        all.filter_map(|(owner, owned)| Some((self.roster.member(owner?)?, owned)))
            .find(|(owner, _)| {
                owner.has_role(role::PLATFORM) && self.may_send(Kind::TakedownRequest, owner)
            })
            .map(|(owner, owned)| (owner.id.clone(), capacity_of(owner, owned)))
    }

    fn country(&self, country: &Country) -> Route {
        if self.me.jurisdictions.find(&country).is_some() {
            return Route::ActOutside {
                why: Outside::OwnCountry,
            };
        }
        let refer = |to: &Member, reason| Route::Refer {
            to: to.id.clone(),
            reason: word(reason),
        };
        let answering = hotlines_for(self.roster, country).into_iter();
        let first = answering
            .into_iter()
            .find(|hotline| self.may_send(Kind::Referral, hotline));
        if let Some(hotline) = first {
            return refer(hotline, referral_reason::HOSTING_COUNTRY);
        }
        let orphans = self.charter.orphans.as_ref();
        match orphans.and_then(|orphans| self.roster.member(orphans)) {
            Some(orphans)
                if orphans.has_role(role::HOTLINE) && self.may_send(Kind::Referral, orphans) =>
            {
                refer(orphans, referral_reason::ORPHAN)
            }
            _ => Route::ActOutside {
                why: Outside::NoMember,
            },
        }
    }

    /// Never to ourselves; else as the charter's matrix says.
    fn may_send(&self, kind: Kind, to: &Member) -> bool {
        let from: Vec<&Code> = self.me.roles.iter().collect();
        let roles: Vec<&Code> = to.roles.iter().collect();
        to.id != self.me.id && matrix::allows(self.charter, &from, kind, &roles)
    }
}

fn address_of(hosting: &Hosting) -> Option<IpAddr> {
    hosting.ip.as_ref()?.address()
}

/// The owner of a domain is asked as the service, that of an address or a network as
/// the host; a member that says it can be asked in other capacities only, in the
/// nearest of them.
fn capacity_of(owner: &Member, owned: Owned) -> Code {
    let order: [&'static str; 4] = match owned {
        Owned::Domain => [
            capacity::SERVICE,
            capacity::SITE_OWNER,
            capacity::SEARCH,
            capacity::REGISTRAR,
        ],
        Owned::Network => [
            capacity::HOST,
            capacity::CDN,
            capacity::SERVICE,
            capacity::SITE_OWNER,
        ],
    };
    let listed = |name: &&'static str| owner.capacities.iter().any(|own| own.as_str() == *name);
    let [first, ..] = order;
    word(order.into_iter().find(listed).unwrap_or(first))
}
