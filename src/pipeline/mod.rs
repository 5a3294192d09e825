//! The narrow middle: raw bytes in, redacted batches out.
//!
//! A source hands whole lines to its [`Gate`], which redacts them in the same thread; only then may they cross to the
//! sinks, as a [`Batch`]. A batch can hold only [`Redacted`](crate::Redacted) data and nothing else crosses, so raw
//! bytes cannot reach a sink. What comes back is one [`Settled`] per batch, and a [`Waker`] that ends a blocked read.

mod batch;
mod gate;
mod wake;

pub use batch::{Batch, Settled};
pub use gate::{AtBorder, Closed, Gate, Raw, Totals};
pub use wake::{Ready, Wake, Waker};
