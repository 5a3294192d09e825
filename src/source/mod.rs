//! Where records come from. A source reads, frames and hands whole lines to its gate, all in one thread.

mod container;
pub mod file;
mod input;
mod joins;
mod lines;
mod multiline;
pub mod otlp;

use crate::pipeline::{Closed, Gate, Ready, Wake};
pub use input::{Descriptor, Input, OnStop, Origin, SourceError};
pub use lines::Lines;
pub use multiline::StartError;

/// How the reading of one input ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything was read.
    Drained,
    /// A signal came first.
    Stopped,
    /// Nobody takes the output any more.
    OutputGone,
}

/// Reads `input` to its end into `gate`. An unfinished last line stays in `lines`: the next input may continue it, as
/// it would behind `cat`. `on_stop` is what a request to stop does. `progress` is told of each read's size in bytes.
pub fn read(
    input: &mut Input,
    on_stop: OnStop,
    lines: &mut Lines,
    gate: &mut Gate,
    wake: &Wake,
    progress: &mut dyn FnMut(u64),
) -> Result<End, SourceError> {
    let honour_stop = on_stop != OnStop::ReadOn;
    loop {
        let mut ready = wake.wait(input.descriptor(), honour_stop, true).map_err(|e| input.failed(e))?;
        if ready == Ready::Pause {
            if gate.flush() == Err(Closed) {
                return Ok(End::OutputGone);
            }
            ready = wake.wait(input.descriptor(), honour_stop, false).map_err(|e| input.failed(e))?;
        }
        match ready {
            Ready::Input => {}
            Ready::Pause => continue,
            Ready::Stop if on_stop == OnStop::Finish => return Ok(End::Drained),
            Ready::Stop => return Ok(End::Stopped),
            Ready::OutputGone => return Ok(End::OutputGone),
        }
        let Some(bytes) = input.read(lines.space())? else { continue };
        if bytes == 0 {
            return Ok(End::Drained);
        }
        progress(bytes as u64);
        if lines.filled(bytes, &mut |raw| gate.take(raw)).and_then(|()| gate.flush_aged()) == Err(Closed) {
            return Ok(End::OutputGone);
        }
    }
}
