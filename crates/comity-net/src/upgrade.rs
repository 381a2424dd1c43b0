//! Agreeing on a protocol: nothing but its name is exchanged.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::vec::IntoIter;

use libp2p::Stream;
use libp2p::core::{InboundUpgrade, OutboundUpgrade, UpgradeInfo};

use crate::protocol::Protocol;

/// An offer of some of our protocols.
#[derive(Debug, Clone)]
pub(crate) struct Offer(pub(crate) Vec<Protocol>);

impl UpgradeInfo for Offer {
    type Info = Protocol;
    type InfoIter = IntoIter<Protocol>;

    fn protocol_info(&self) -> Self::InfoIter {
        self.0.clone().into_iter()
    }
}

impl InboundUpgrade<Stream> for Offer {
    type Output = (Stream, Protocol);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: Stream, protocol: Protocol) -> Self::Future {
        ready(Ok((stream, protocol)))
    }
}

impl OutboundUpgrade<Stream> for Offer {
    type Output = Stream;
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_outbound(self, stream: Stream, _: Protocol) -> Self::Future {
        ready(Ok(stream))
    }
}
