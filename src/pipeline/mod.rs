//! The narrow middle: raw bytes in, redacted batches out.
//!
//! A source hands whole lines to its [`Gate`], which redacts them in the same thread; only then may they cross to the
//! sinks, as a [`Batch`], through one bounded [`queue()`] per sink. A batch can hold only [`Redacted`](crate::Redacted) data
//! and nothing else crosses, so raw bytes cannot reach a sink. What comes back is one [`Settled`] per batch, when every
//! required sink let go of it, with the [`Position`]s it covers, and a [`Waker`] that ends a wait.

mod batch;
mod gate;
mod position;
mod queue;
mod seen;
mod wake;

pub use batch::{Batch, Content, Otlp, Settled};
pub use gate::{AtBorder, BatchSize, Closed, Gate, OtlpRequest, Raw, Totals};
pub use position::Position;
pub use queue::{Deliveries, Delivery, Feed, Nudge, Outlet, Waited, WhenFull, queue};
pub use wake::{Ready, Wake, Waker};
