//! Puts sources, gates and sinks together and runs them: the only place that knows all parts.
//!
//! The filter is [`run`] on a [`Config`] made from flags. It uses one thread per source and per sink with blocking
//! reads and writes, and no async runtime: a pipe has one input and one output, a blocked `write` is its
//! back-pressure, and a runtime would only add start-up time and a hop.

mod config;
mod rotation;
mod shutdown;

use std::sync::Arc;
use std::thread;

pub use config::Config;
use rotation::Rotation;
pub use shutdown::on_signals;

use crate::engine::redact::Redactor;
use crate::keys;
use crate::limits;
use crate::pipeline::{Feed, Gate, Totals, Wake, Waker, WhenFull, queue};
use crate::sink::{Sink, SinkError, Stdout};
use crate::source::{self, End, Input, Lines, Origin, SourceError};

/// What happened in a run. The run itself goes on after most errors, as `cat` does.
pub struct Report {
    /// How the reading ended.
    pub end: End,
    /// What went through.
    pub totals: Totals,
    /// Replaced spans, per rule of the policy.
    pub counts: Vec<u64>,
    /// Why the output was given up, if it was.
    pub output: Result<(), SinkError>,
    /// Inputs that could not be opened or read.
    pub failed: usize,
}

/// What is worth telling while the run goes on.
#[derive(Debug)]
pub enum Notice {
    /// This many bytes were read.
    Read(u64),
    /// An input failed; the next one is tried.
    Failed(SourceError),
    /// The beginning of an unfinished line of this many bytes was not delivered, because its end is not known.
    Abandoned(u64),
}

/// A run that could not begin, or that ended in a way it must not.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The system refused a pipe, a descriptor or a thread.
    #[error("cannot start: {0}")]
    Start(#[from] std::io::Error),
    /// A bug made a thread panic. Where was printed when it happened.
    #[error("internal error; not everything was delivered")]
    Panicked,
}

/// Reads all inputs of `config` through one gate into its output, and returns when everything is written or cannot be.
pub fn run(
    config: Config,
    (wake, waker): (Wake, Waker),
    notice: &mut (dyn FnMut(Notice) + Send),
) -> Result<Report, RunError> {
    let (outlet, deliveries) = queue(Feed {
        queue_bytes_max: limits::PIPE_QUEUE_BYTES,
        when_full: WhenFull::Block,
        required: true,
        counters: Arc::default(),
    });
    let sink = Sink::Stdout(Stdout::new(config.style)?);
    let mut rotation = Rotation::new(Arc::clone(&config.ring), keys::now());
    let mut redactor = Redactor::new(config.policy, config.ring);
    redactor.set_format(config.format);
    redactor.set_remarks(config.remarks);
    #[cfg(debug_assertions)]
    if let Some(bytes) = std::env::var_os("REDACTD_PANIC_ON") {
        redactor.panic_on(bytes.as_encoded_bytes());
    }
    let at_border = Box::new(move |redactor: &mut Redactor| {
        if let Some(ring) = rotation.turn(keys::now()) {
            redactor.set_ring(ring);
        }
    });
    let gate = Gate::new(redactor, at_border, vec![outlet]);
    let lines = Lines::new(config.line_bytes_max);
    thread::scope(|scope| {
        let sink = thread::Builder::new().name("sink".into()).spawn_scoped(scope, move || {
            let _end = EndOfSink(waker);
            sink.run(&deliveries)
        })?;
        let source = thread::Builder::new()
            .name("source".into())
            .spawn_scoped(scope, || read_all(&config.inputs, lines, gate, &wake, notice))?;
        let read = source.join();
        let output = sink.join().map_err(|_| RunError::Panicked)?;
        let mut report = read.map_err(|_| RunError::Panicked)?;
        report.output = output;
        Ok(report)
    })
}

/// Wakes the source when the sink's thread ends in whatever way, so that a failed output never waits for the next line.
struct EndOfSink(Waker);

impl Drop for EndOfSink {
    fn drop(&mut self) {
        self.0.sink_ended();
    }
}

/// The source thread: one input after the other, as one stream.
fn read_all(
    inputs: &[Origin],
    mut lines: Lines,
    mut gate: Gate,
    wake: &Wake,
    notice: &mut dyn FnMut(Notice),
) -> Report {
    let mut end = End::Drained;
    let mut failed = 0;
    for origin in inputs {
        if wake.stopped() {
            end = End::Stopped;
        }
        if end != End::Drained {
            break;
        }
        let read = Input::open(origin).and_then(|mut input| {
            source::read(&mut input, &mut lines, &mut gate, wake, &mut |bytes| notice(Notice::Read(bytes)))
        });
        match read {
            Ok(how) => end = how,
            Err(error) => {
                failed += 1;
                if matches!(error, SourceError::Read(..)) {
                    abandon(&mut lines, notice);
                }
                notice(Notice::Failed(error));
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
            abandon(&mut lines, notice);
            if gate.flush().is_err() {
                end = End::OutputGone;
            }
        }
        End::OutputGone => {}
    }
    let counts = gate.counts().to_vec();
    Report { end, totals: gate.close(), counts, output: Ok(()), failed }
}

/// A line whose end is missing may have been cut inside a secret: it is not delivered.
fn abandon(lines: &mut Lines, notice: &mut dyn FnMut(Notice)) {
    let bytes = lines.abandon();
    if bytes > 0 {
        notice(Notice::Abandoned(bytes));
    }
}
