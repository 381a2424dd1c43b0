//! Third stage: may this be acted on? Federation, recipient, case id, time, roster, matrix, case and party, by the
//! roster that is in force now.

use comity_trust::authorise::{Authorised, Context, Parties, Vouched, authorise};
use comity_wire::receipt::Receipt;
use comity_wire::statement::{Rejection, Statement};

use crate::core::Core;
use crate::ports::Fault;
use crate::verify::Opened;

impl Core {
    /// Judges a statement that is not known here.
    pub(crate) fn authorise(
        &mut self,
        statement: Statement,
        offer: &Opened,
    ) -> Result<Result<Authorised, Rejection>, Fault> {
        let entry = self.case_entry(statement.case())?;
        let parties = entry.map(|entry| Parties {
            opener: entry.opener,
            recipient: entry.recipient,
        });
        let now_ms = self.time();
        let vouched = offer
            .earlier
            .as_ref()
            .and_then(|wire| self.vouched(wire, now_ms));
        let context = Context {
            history: &self.history,
            me: &self.me,
            now_ms,
            case: parties.as_ref(),
            vouched: vouched.as_ref(),
        };
        Ok(authorise(statement, &context))
    }

    /// A receipt of this member's own, from a log that it has closed.
    fn vouched(&self, wire: &comity_wire::receipt::WireReceipt, now_ms: u64) -> Option<Vouched> {
        let receipt = Receipt::from_wire(wire.clone()).ok()?;
        let proof = receipt.proof();
        let leaf_hash = comity_log::hash::leaf_hash(receipt.leaf_bytes());
        let root = comity_log::proof::root_from_inclusion(
            &leaf_hash,
            proof.leaf_index,
            proof.tree_size,
            &proof.path,
        );
        Vouched::by(&receipt, &root.ok()?, &self.history, &self.me, now_ms).ok()
    }
}
