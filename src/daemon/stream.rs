//! A source that reads inputs to their ends, one after the other, as one stream: what `cat` would be.

use super::{Notice, SourceReport, Tell};
use crate::pipeline::{Gate, Wake};
use crate::source::{self, End, Input, Lines, OnStop, Origin, SourceError};

/// Reads all `origins` through the gate. With `drain_input` a first signal lets standard input be read to its end.
pub fn read_all(
    origins: &[Origin],
    drain_input: bool,
    mut lines: Lines,
    mut gate: Gate,
    wake: &Wake,
    tell: &Tell,
) -> SourceReport {
    let mut end = End::Drained;
    let mut failed = 0;
    let mut abandoned = 0;
    for origin in origins {
        if wake.stopped() {
            end = End::Stopped;
        }
        if end != End::Drained {
            break;
        }
        let read = Input::open(origin).and_then(|mut input| {
            let on_stop = if drain_input { input.on_stop() } else { OnStop::Leave };
            source::read(&mut input, on_stop, &mut lines, &mut gate, wake, &mut |bytes| {
                tell(Notice::Read(bytes))
            })
        });
        match read {
            Ok(how) => end = how,
            Err(error) => {
                failed += 1;
                if matches!(error, SourceError::Read(..)) {
                    abandoned += abandon(&mut lines, tell);
                }
                tell(Notice::Failed(error));
            }
        }
    }
    match end {
        End::Drained => {
            if lines.end(&mut |raw| gate.take(raw)).and_then(|()| gate.flush()).is_err() {
                end = End::OutputGone;
            }
        }
        End::Stopped => {
            abandoned += abandon(&mut lines, tell);
            if gate.flush().is_err() {
                end = End::OutputGone;
            }
        }
        End::OutputGone => {}
    }
    let counts = gate.counts().to_vec();
    SourceReport { end, totals: gate.close(), counts, failed, abandoned }
}

/// A line whose end is missing may have been cut inside a secret: it is not delivered.
fn abandon(lines: &mut Lines, tell: &Tell) -> u64 {
    let bytes = lines.abandon();
    if bytes > 0 {
        tell(Notice::Abandoned(bytes));
    }
    bytes
}
