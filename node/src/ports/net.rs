//! The network.

use comity_engine::ports::{Fault, Peer, Pending, Protocol, Transport};
use comity_net::{Network, PeerKey};
use comity_wire::ids::PublicKey;

/// The peer network.
#[derive(Debug, Clone)]
pub struct Net(pub Network);

impl Net {
    /// What a peer speaks, in the engine's words.
    #[must_use]
    pub const fn spoken(protocol: comity_net::Protocol) -> Protocol {
        match protocol {
            comity_net::Protocol::Exchange => Protocol::Exchange,
            comity_net::Protocol::Audit => Protocol::Audit,
            comity_net::Protocol::Witness => Protocol::Witness,
            comity_net::Protocol::Roster => Protocol::Roster,
            comity_net::Protocol::Hello => Protocol::Hello,
        }
    }
}

impl Transport for Net {
    fn request(
        &self,
        to: Peer,
        protocol: Protocol,
        bytes: Vec<u8>,
    ) -> Pending<'_, Result<Vec<u8>, Fault>> {
        let protocol = match protocol {
            Protocol::Exchange => comity_net::Protocol::Exchange,
            Protocol::Audit => comity_net::Protocol::Audit,
            Protocol::Witness => comity_net::Protocol::Witness,
            Protocol::Roster => comity_net::Protocol::Roster,
            Protocol::Hello => comity_net::Protocol::Hello,
        };
        Box::pin(async move {
            let key = PeerKey(*to.key.as_bytes());
            let asked = self.0.request(key, &to.addresses, protocol, bytes).await;
            asked.map_err(|error| Fault::new(error.code(), error.to_string()))
        })
    }

    fn admit(&self, peers: Vec<PublicKey>, unadmitted: Vec<u8>) -> Pending<'_, ()> {
        Box::pin(async move {
            self.0.set_unadmitted_reply(unadmitted);
            let keys = peers.into_iter().map(|key| PeerKey(*key.as_bytes()));
            self.0.admit(keys.collect()).await;
        })
    }

    fn connected(&self) -> Pending<'_, Vec<PublicKey>> {
        Box::pin(async move {
            let keys = self.0.connected().await;
            keys.into_iter().map(|key| PublicKey::new(key.0)).collect()
        })
    }
}
