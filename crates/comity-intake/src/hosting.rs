//! What a report says of where the content is.

use std::net::IpAddr;

use comity_wire::parts::{Hosting, Ip};
use comity_wire::registry::hosting_role;
use comity_wire::words::{Country, Name, TimeMs};

use crate::report::word;

/// The source of a hosting fact that stood in a report.
pub const SOURCE_REPORT: &str = "report";

/// What a report says.
pub(crate) struct HostingSaid {
    pub(crate) at: TimeMs,
    pub(crate) ip: Option<IpAddr>,
    pub(crate) asn: Option<u64>,
    pub(crate) name: Option<Name>,
    pub(crate) country: Option<Country>,
}

impl HostingSaid {
    /// One dated fact, or none if nothing was said.
    pub(crate) fn into_hosting(self) -> Vec<Hosting> {
        let silent = self.ip.is_none()
            && self.asn.is_none()
            && self.name.is_none()
            && self.country.is_none();
        if silent {
            return Vec::new();
        }
        vec![Hosting {
            at: self.at,
            ip: self.ip.map(Ip::new),
            asn: self.asn,
            name: self.name,
            role: word(hosting_role::HOST),
            source: word(SOURCE_REPORT),
            country: self.country,
        }]
    }
}
