//! A donor's confirmed wish to be erased, carried out.

use dermawan::outbox::{Outbox, Priority, Whom};
use dermawan::register::Register;
use dermawan::{Analytics, Number, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an erasure came to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Erased {
    pub(crate) numbers: usize,
    pub(crate) messages: u64,
}

/// Severs the donor from messages and conversations first and from the register last: it is what knows the numbers, so
/// after a fault or a kill the same command begins again and leaves nothing behind. The last message to the donor lies in
/// the outbox before the numbers are forgotten.
pub(crate) fn erase(
    analytics: &Analytics,
    register: &dyn Register,
    outbox: &dyn Outbox,
    lane: &str,
    id: u64,
    now: Timestamp,
    conversations: &mut dyn FnMut(&Number) -> Result<()>,
) -> Result<Erased> {
    let notices = analytics.erasure_notices(register, id)?;
    let donor = register.erasures()?.into_iter().find(|wish| wish.id == id).and_then(|wish| wish.donor);
    let mut whom: Vec<Whom> = notices.iter().map(|notice| Whom::Number(notice.to.clone())).collect();
    whom.extend(donor.map(Whom::Donor));
    let mut messages = whom.iter().map(|whom| outbox.erase(whom, now)).sum::<Result<u64>>()?;
    notices.iter().try_for_each(|notice| conversations(&notice.to))?;
    // What a running server put in meanwhile.
    messages += whom.iter().map(|whom| outbox.erase(whom, now)).sum::<Result<u64>>()?;
    let numbers = notices.len();
    let mut drafts = notices.into_iter().map(|notice| notice.draft(lane, Priority::Reply, "hapus"));
    outbox.put(&mut drafts, now)?;
    analytics.complete_erasure(register, id, now)?;
    Ok(Erased { numbers, messages })
}
