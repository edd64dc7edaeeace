//! The administrators' page at `/`, in Indonesian: what the month brings, who is leaving, what is strange, and what waits
//! for a decision. Made on the server, without JavaScript and without any address of others.
//!
//! Whoever serves it implements [`Desk`] and mounts [`router`]. A page needs a session, which the password opens; a form
//! needs its session's token, and a request that another site's page made is refused.

mod analyst;
mod desk;
mod facts;
mod routes;
mod sample;
mod session;
mod view;

pub(crate) use analyst::{AnalyticsDesk, NoDelivery, Workbench};
pub(crate) use desk::Decision;
pub(crate) use facts::{Delivery, Doubtful, Draft};
pub(crate) use routes::{Options, is_own_page, router};
pub(crate) use sample::SampleWorkbench;
pub(crate) use session::{AdminToken, VARIABLE};
