//! Whose is a locator, and who is competent for a country: where a statement goes.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use comity_wire::ids::MemberId;
use comity_wire::registry::role;
use comity_wire::words::Country;
use ipnet::IpNet;

use crate::charter::Charter;
use crate::limits::DOMAIN_BYTES_MAX;
use crate::member::Member;
use crate::owned::{Domain, is_public_suffix};
use crate::roster::Roster;

/// What the members of one roster own, made for looking up. The most specific
/// entry answers.
#[derive(Debug, Clone, Default)]
pub struct Owners {
    domains: BTreeMap<Domain, MemberId>,
    nets: BTreeMap<IpNet, MemberId>,
    asns: BTreeMap<u64, MemberId>,
}

impl Borrow<str> for Domain {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl Owners {
    /// Reads a roster. A public suffix that somebody claims is left out.
    #[must_use]
    pub fn of(roster: &Roster) -> Self {
        let mut owners = Self::default();
        for member in &roster.members {
            let id = || member.id.clone();
            let owns = &member.owns;
            let domains = owns.domains.iter().filter(|name| !is_public_suffix(name));
            owners
                .domains
                .extend(domains.map(|name| (name.clone(), id())));
            let nets = owns.prefixes.iter().filter_map(|prefix| prefix.net());
            owners.nets.extend(nets.map(|net| (net, id())));
            owners.asns.extend(owns.asns.iter().map(|asn| (*asn, id())));
        }
        owners
    }

    /// Who owns a host: a domain name in its ASCII form, or an address (IPv6 with
    /// or without brackets). The case of letters and one dot at the end do not matter.
    #[must_use]
    pub fn of_host(&self, host: &str) -> Option<&MemberId> {
        let name = host.strip_suffix('.').unwrap_or(host);
        let in_brackets = name
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        if let Ok(address) = in_brackets.unwrap_or(name).parse() {
            return self.of_address(address);
        }
        if name.len() > DOMAIN_BYTES_MAX {
            return None;
        }
        let name = Domain::new(&name.to_ascii_lowercase())?;
        suffixes(name.as_str()).find_map(|suffix| self.domains.get(suffix))
    }

    /// Who owns an address. An IPv4 address in IPv6 is the IPv4 address.
    #[must_use]
    pub fn of_address(&self, address: IpAddr) -> Option<&MemberId> {
        let address = address.to_canonical();
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let nets = (0..=bits)
            .rev()
            .filter_map(|bits| IpNet::new(address, bits).ok());
        nets.map(|net| net.trunc())
            .find_map(|net| self.nets.get(&net))
    }

    /// Who owns an autonomous system.
    #[must_use]
    pub fn of_asn(&self, asn: u64) -> Option<&MemberId> {
        self.asns.get(&asn)
    }
}

/// `a.b.c`, `b.c`, `c`.
fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| {
        name.split_once('.').map(|(_, rest)| rest)
    })
}

/// The hotlines that answer for a country, the one with the fewest countries
/// first; of equal ones the first by name.
#[must_use]
pub fn hotlines_for<'a>(roster: &'a Roster, country: &Country) -> Vec<&'a Member> {
    let mut hotlines: Vec<_> = roster
        .members
        .iter()
        .filter(|member| member.has_role(role::HOTLINE))
        .filter(|member| member.jurisdictions.find(&country).is_some())
        .collect();
    hotlines.sort_by_key(|member| (member.jurisdictions.len(), &member.id));
    hotlines
}

/// The hotline that a case of a country goes to: the first that answers for it,
/// else the charter's hotline for orphans, if that is a hotline now.
#[must_use]
pub fn hotline_for<'a>(
    roster: &'a Roster,
    charter: &Charter,
    country: &Country,
) -> Option<&'a Member> {
    let first = hotlines_for(roster, country).into_iter().next();
    first.or_else(|| {
        let orphans = roster.member(charter.orphans.as_ref()?)?;
        orphans.has_role(role::HOTLINE).then_some(orphans)
    })
}
