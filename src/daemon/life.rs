//! The life of a run: everything is opened before anything is read; then sources and sinks work in their threads while this
//! one waits for signals and for them to end; at the end what was read is delivered, within the time that there is.

use std::fs::DirBuilder;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::active::{Active, Reading, Slot, redactor};
use super::config::{self, Config, SinkKind, SourceKind};
use super::endpoints::Endpoints;
use super::handles::{Handles, Layered};
use super::reload::{self, Known, Reload};
use super::service::Service;
use super::signals::{Bell, Signals};
use super::{Notice, Report, RunError, SourceReport, Tell, stream, telemetry};
use crate::engine::redact::Format;
use crate::keys;
use crate::metrics::{Metrics, SinkCounters, SourceCounters};
use crate::pipeline::{Feed, Gate, Nudge, Outlet, Wake, Waker, queue};
use crate::sink::{FileSink, HttpSink, OtlpSink, Sink, SinkError, Stdout, Surroundings};
use crate::source::file::Files;
use crate::source::otlp::Otlp;
use crate::source::{Lines, Origin};

/// Reads all sources of `config` into its sinks, and returns when everything is written or cannot be.
///
/// # Errors
/// If something cannot be opened: then nothing was read. If a thread panicked.
pub fn run(mut config: Config, signals: &Signals, tell: Tell) -> Result<Report, RunError> {
    if let Some(dir) = &config.data_dir {
        make_private(dir).map_err(|source| RunError::DataDir { path: dir.clone(), source })?;
    }
    let endpoints = Endpoints::open(config.health, config.admin.as_ref())?;
    // The filter pushes nothing: whose environment it runs in is not ours to say.
    let telemetry = match &config.written {
        Some(_) => telemetry::Settings::read(&|name| std::env::var(name).ok())?,
        None => None,
    };
    let service = match &config.written {
        Some(_) => Service::new(&|name| std::env::var(name).ok()),
        None => Service::none(),
    };
    let tell = service.beside(tell);
    let metrics = Arc::new(counters(&config));
    let (events, ended) = channel();
    let mut run = Running {
        signals,
        threads: Threads { events, bell: signals.bell() },
        ended,
        tell,
        report: Report::default(),
        sinks: Vec::new(),
        wakers: Vec::new(),
        left: config.sources.len() + config.sinks.len(),
        panicked: false,
    };
    let outlets = run.start_sinks(&config, &metrics)?;
    let drain = config.drain;
    let known = Known {
        parts: config.policies.iter().map(|layers| layers.parts.clone()).collect(),
        ring: config.ring_print,
        config: config.written.take(),
        data_dir: config.data_dir.clone(),
    };
    let is_daemon = known.config.is_some();
    let (wake, waker) = Wake::new(None, signals.stop_flag())?;
    let handles = Arc::new(run.start_sources(config, metrics, outlets, Reload::new(waker))?);
    handles.metrics.policy.loaded_at.set(keys::now());
    let kept = handles.policies.iter().filter(|layered| layered.state().kept).count() as u64;
    handles.metrics.policy.reloads.add(reload::Outcome::Invalid.name(), kept);
    let _socket = endpoints.serve(Arc::clone(&handles))?;
    if let Some(settings) = telemetry {
        telemetry::start(settings, Arc::clone(&handles), Arc::clone(&run.tell))?;
    }
    if is_daemon {
        reload::start(Arc::clone(&handles), known, wake, Arc::clone(&run.tell))?;
    }
    (run.tell)(Notice::Started(Arc::clone(&handles)));
    run.wait(drain, &handles, service)
}

/// Everything that runs.
struct Running<'a> {
    signals: &'a Signals,
    threads: Threads,
    ended: Receiver<Ended>,
    tell: Tell,
    report: Report,
    sinks: Vec<RunningSink>,
    /// By source.
    wakers: Vec<Waker>,
    /// Threads that have not ended.
    left: usize,
    panicked: bool,
}

/// One sink, seen from here.
struct RunningSink {
    name: Arc<str>,
    inputs: Vec<usize>,
    required: bool,
    around: Surroundings,
    nudge: Nudge,
}

/// A thread has ended.
enum Ended {
    Source(usize, Option<SourceReport>),
    Sink(usize, Option<Result<(), SinkError>>),
}

/// Starts threads that say when they end, in whatever way.
#[derive(Clone)]
struct Threads {
    events: Sender<Ended>,
    bell: Bell,
}

impl Threads {
    fn start<T>(
        &self,
        name: String,
        work: impl FnOnce() -> T + Send + 'static,
        ended: impl FnOnce(Option<T>) -> Ended + Send + 'static,
    ) -> io::Result<()> {
        let Threads { events, bell } = self.clone();
        thread::Builder::new().name(name).spawn(move || {
            let result = catch_unwind(AssertUnwindSafe(work));
            // Whoever waited for it may be gone already.
            let _ = events.send(ended(result.ok()));
            bell.ring();
        })?;
        Ok(())
    }
}

impl Running<'_> {
    /// Opens all sinks, then starts them.
    fn start_sinks(&mut self, config: &Config, metrics: &Metrics) -> Result<Vec<Outlet>, RunError> {
        let opened = config.sinks.iter().map(|sink| open(&sink.kind)).collect::<Result<Vec<_>, _>>()?;
        let mut outlets = Vec::new();
        for (position, (sink, opened)) in config.sinks.iter().zip(opened).enumerate() {
            let name: Arc<str> = sink.name.as_str().into();
            let (outlet, deliveries) = queue(Feed {
                queue_bytes_max: sink.queue_bytes_max,
                when_full: sink.when_full,
                required: sink.required,
                counters: Arc::clone(&metrics.sinks[position]),
            });
            let (tell, teller) = (Arc::clone(&self.tell), Arc::clone(&name));
            let around =
                Surroundings::new(Arc::new(move |event| tell(Notice::Sink(Arc::clone(&teller), event))));
            self.sinks.push(RunningSink {
                name: Arc::clone(&name),
                inputs: sink.inputs.clone(),
                required: sink.required,
                around: around.clone(),
                nudge: deliveries.nudge(),
            });
            self.threads.start(
                format!("sink {name}"),
                move || opened.run(&deliveries, &around),
                move |result| Ended::Sink(position, result),
            )?;
            outlets.push(outlet);
        }
        self.report.sinks = config.sinks.iter().map(|_| None).collect();
        self.report.sources = config.sources.iter().map(|_| None).collect();
        Ok(outlets)
    }

    fn start_sources(
        &mut self,
        config: Config,
        metrics: Arc<Metrics>,
        outlets: Vec<Outlet>,
        reload: Reload,
    ) -> Result<Handles, RunError> {
        let policies: Vec<_> = config
            .policies
            .into_iter()
            .map(|config::Layers { names, policy, kept, .. }| {
                Layered::new(names, Slot::new(Active { policy, ring: Arc::clone(&config.ring) }), kept)
            })
            .collect();
        let policy_of = config.sources.iter().map(|source| source.policy).collect();
        // All of them before the first one reads.
        let opened = config
            .sources
            .into_iter()
            .zip(&metrics.sources)
            .map(|(source, counters)| open_source(source, counters))
            .collect::<Result<Vec<_>, _>>()?;
        let files = opened.iter().map(|source| match &source.kind {
            OpenKind::Stream { .. } | OpenKind::Otlp(_) => None,
            OpenKind::Files(files) => Some(files.status()),
        });
        let files = files.collect();
        for (position, source) in opened.into_iter().enumerate() {
            let feeds = |sink: &&config::Sink| sink.inputs.contains(&position);
            let taken = config.sinks.iter().zip(&outlets).filter(|(sink, _)| feeds(sink));
            let outlets = taken.map(|(_, outlet)| outlet.clone()).collect();
            let counters = Arc::clone(&metrics.sources[position]);
            let output = output_of(config.sinks.iter().filter(feeds))?;
            let (wake, waker) = Wake::new(output, self.signals.stop_flag())?;
            self.wakers.push(waker.clone());
            let reading = Reading { format: source.format, remarks: source.remarks };
            let (redactor, at_border) = redactor(&policies[source.policy].slot, reading);
            let gate = Gate::new(redactor, at_border, outlets)
                .batches(config.batch)
                .number(getrandom::u64().unwrap_or_default())
                .counters(counters, Arc::clone(&metrics.redactions));
            let tell = Arc::clone(&self.tell);
            let name: Arc<str> = source.name.as_str().into();
            let work = move || match source.kind {
                OpenKind::Stream { origins, drain_input } => {
                    let lines = Lines::new(source.line_bytes_max);
                    stream::read_all(&origins, drain_input, lines, gate, &wake, &tell)
                }
                OpenKind::Files(files) => follow(*files, gate, (&wake, waker), &name, &tell),
                OpenKind::Otlp(otlp) => serve(*otlp, gate, (&wake, waker), &name, &tell),
            };
            self.threads.start(format!("source {}", source.name), work, move |report| {
                Ended::Source(position, report)
            })?;
        }
        let ring_refused = AtomicBool::new(false);
        let draining = self.signals.stop_flag();
        Ok(Handles {
            draining,
            metrics,
            policies,
            policy_of,
            ring_file: config.ring_file,
            ring_refused,
            files,
            reload,
        })
    }

    /// Waits until all threads have ended, or the time to drain is over.
    fn wait(
        mut self,
        drain: Duration,
        handles: &Arc<Handles>,
        mut service: Service,
    ) -> Result<Report, RunError> {
        let mut until = None;
        loop {
            while let Ok(ended) = self.ended.try_recv() {
                self.has_ended(ended);
            }
            if self.left == 0 {
                break;
            }
            if self.signals.stop_asked() && !self.report.stopped {
                self.report.stopped = true;
                until = Instant::now().checked_add(drain);
                (self.tell)(Notice::Draining);
                self.wakers.iter().for_each(Waker::nudge);
                handles.reload.nudge();
            }
            if self.signals.reload_asked() {
                service.reloading();
                handles.reload.ask();
            }
            if self.signals.reopen_asked() {
                for sink in &self.sinks {
                    sink.around.ask_to_reopen();
                    sink.nudge.nudge();
                }
            }
            if until.is_some_and(|until| until <= Instant::now()) {
                // Threads that still wait for something end with the process.
                break;
            }
            service.beat(handles, self.report.stopped);
            self.signals.wait(service.due(until));
        }
        if self.panicked { Err(RunError::Panicked) } else { Ok(self.report) }
    }

    fn has_ended(&mut self, ended: Ended) {
        self.left -= 1;
        match ended {
            Ended::Source(position, Some(report)) => self.report.sources[position] = Some(report),
            Ended::Sink(position, Some(result)) => {
                let sink = &self.sinks[position];
                let result = match result {
                    // The others go on.
                    Err(error) if !sink.required => {
                        (self.tell)(Notice::SinkEnded(Arc::clone(&sink.name), error.to_string()));
                        Ok(())
                    }
                    result => {
                        self.stop_inputs(position);
                        result
                    }
                };
                self.report.sinks[position] = Some(result);
            }
            Ended::Source(_, None) => self.panicked = true,
            Ended::Sink(position, None) => {
                self.panicked = true;
                self.stop_inputs(position);
            }
        }
    }

    /// A sink that was required takes nothing any more: its sources have no reason to wait for the next line.
    fn stop_inputs(&self, sink: usize) {
        self.sinks[sink]
            .inputs
            .iter()
            .filter_map(|&source| self.wakers.get(source))
            .for_each(Waker::sink_ended);
    }
}

/// A source that is ready to read.
struct OpenSource {
    name: String,
    kind: OpenKind,
    policy: usize,
    format: Format,
    remarks: bool,
    line_bytes_max: usize,
}

/// What it will read.
enum OpenKind {
    Stream { origins: Vec<Origin>, drain_input: bool },
    Files(Box<Files>),
    Otlp(Box<Otlp>),
}

fn open_source(source: config::Source, counters: &Arc<SourceCounters>) -> Result<OpenSource, RunError> {
    let config::Source { name, kind, policy, format, remarks, line_bytes_max } = source;
    let kind = match kind {
        // Inputs are opened one after the other: what comes after a missing one is read all the same.
        SourceKind::Stream { origins, drain_input } => OpenKind::Stream { origins, drain_input },
        SourceKind::Otlp(settings) => OpenKind::Otlp(Box::new(Otlp::open(*settings)?)),
        SourceKind::Files(settings) => {
            OpenKind::Files(Box::new(Files::open(*settings)?.counters(Arc::clone(counters))))
        }
    };
    Ok(OpenSource { name, kind, policy, format, remarks, line_bytes_max })
}

/// The thread of a file source.
fn follow(files: Files, mut gate: Gate, wake: (&Wake, Waker), name: &Arc<str>, tell: &Tell) -> SourceReport {
    let mut notice = |told| tell(Notice::Files(Arc::clone(name), told));
    let end = files.run(&mut gate, wake, &mut notice);
    let counts = gate.counts().to_vec();
    SourceReport { end, totals: gate.close(), counts, failed: 0, abandoned: 0 }
}

/// The thread of an OTLP source.
fn serve(otlp: Otlp, gate: Gate, wake: (&Wake, Waker), name: &Arc<str>, tell: &Tell) -> SourceReport {
    let (tell, name) = (Arc::clone(tell), Arc::clone(name));
    let notice = move |told| tell(Notice::Otlp(Arc::clone(&name), told));
    let (end, gate) = otlp.run(gate, wake, Rc::new(notice));
    let counts = gate.counts().to_vec();
    SourceReport { end, totals: gate.close(), counts, failed: 0, abandoned: 0 }
}

/// Opens what a sink writes to.
fn open(kind: &SinkKind) -> Result<Sink, RunError> {
    Ok(match kind {
        SinkKind::Stdout(style) => Sink::Stdout(Stdout::new(*style)?),
        SinkKind::Stderr(style) => Sink::Stdout(Stdout::error(*style)?),
        SinkKind::File(settings) => Sink::File(Box::new(FileSink::open(settings.clone())?)),
        SinkKind::Otlp(settings) => Sink::Otlp(Box::new(OtlpSink::open((**settings).clone())?)),
        SinkKind::Http(settings) => Sink::Http(Box::new(HttpSink::open((**settings).clone())?)),
    })
}

/// The standard stream that one of a source's required sinks writes to: the source watches for its reader to go away.
fn output_of<'a>(sinks: impl Iterator<Item = &'a config::Sink>) -> io::Result<Option<OwnedFd>> {
    for sink in sinks.filter(|sink| sink.required) {
        match sink.kind {
            SinkKind::Stdout(_) => return Ok(Some(io::stdout().as_fd().try_clone_to_owned()?)),
            SinkKind::Stderr(_) => return Ok(Some(io::stderr().as_fd().try_clone_to_owned()?)),
            SinkKind::File(_) | SinkKind::Http(_) | SinkKind::Otlp(_) => {}
        }
    }
    Ok(None)
}

fn counters(config: &Config) -> Metrics {
    let source = |source: &config::Source| {
        Arc::new(SourceCounters { name: source.name.clone(), ..SourceCounters::default() })
    };
    let sink = |sink: &config::Sink| {
        let (name, inputs) = (sink.name.clone(), sink.inputs.clone());
        Arc::new(SinkCounters { name, inputs, ..SinkCounters::default() })
    };
    Metrics {
        sources: config.sources.iter().map(source).collect(),
        sinks: config.sinks.iter().map(sink).collect(),
        ..Metrics::default()
    }
}

/// Makes a directory of this user alone, if it is not there.
fn make_private(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
