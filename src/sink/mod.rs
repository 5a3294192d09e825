//! Where redacted records go. A sink runs in its own thread and takes batches until the last gate lets go of it.

mod stdout;
mod terminal;

use std::io;

use crate::pipeline::{Deliveries, Waited};
pub use stdout::Stdout;
pub use terminal::Style;

/// All the places there are.
pub enum Sink {
    /// Standard output.
    Stdout(Stdout),
}

/// A sink that cannot go on. Batches it had not confirmed count as not delivered.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// Nobody reads standard output any more, which is how `| head` says that it has enough.
    #[error("standard output is closed")]
    Closed,
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {0}")]
    Write(#[source] io::Error),
}

impl Sink {
    /// Writes and confirms batches in the order they come.
    pub fn run(mut self, batches: &Deliveries) -> Result<(), SinkError> {
        while batches.wait(None) != Waited::Ended {
            while let Some(batch) = batches.next() {
                match &mut self {
                    Sink::Stdout(stdout) => stdout.write(batch.bytes())?,
                }
                batch.confirm();
            }
        }
        Ok(())
    }
}
