//! [`Bench`]: a directory of logs, a source that reads it, and a sink that notes what comes.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use redactd::engine::policy::LayerSource;
use redactd::metrics::SourceCounters;
use redactd::pipeline::{Deliveries, Feed, Gate, Waited, Wake, Waker, WhenFull, queue};
use redactd::source::End;
use redactd::source::file::{Files, Notice, Pace, Settings, Status};
use redactd::{Keyring, Policy, Redactor};

use crate::harness::{SOON, Scratch};

/// Shorter than what a person configures, so that a test takes no minute.
pub fn pace() -> Pace {
    let ms = Duration::from_millis;
    Pace {
        poll: ms(20),
        checkpoint: ms(50),
        record: ms(150),
        rotated: ms(300),
        deleted: ms(150),
        // A loaded machine takes its time between copying and truncating.
        copy: ms(2000),
        stalled: ms(500),
    }
}

/// Logs, the settings of their source, and the source while it runs.
pub struct Bench {
    scratch: Scratch,
    pub settings: Settings,
    policy: Arc<Policy>,
    run: Option<Run>,
    /// What the sink got in earlier runs.
    before: Vec<u8>,
}

struct Run {
    waker: Waker,
    source: JoinHandle<End>,
    sink: JoinHandle<()>,
    got: Arc<Mutex<Vec<u8>>>,
    mode: Arc<AtomicU8>,
    counters: Arc<SourceCounters>,
    status: Arc<Status>,
    notices: Arc<Mutex<Vec<String>>>,
}

/// What the sink does with what it gets.
#[derive(Clone, Copy)]
pub enum Sink {
    /// Notes and confirms it.
    Confirm = 0,
    /// Leaves it in its queue.
    Wait = 1,
    /// Notes it and does not confirm it.
    Forget = 2,
}

impl Bench {
    /// Reads `*.log` of its directory, with a policy that changes next to nothing.
    pub fn new() -> Bench {
        Bench::with(next_to_nothing())
    }

    /// With the default policy.
    pub fn redacting() -> Bench {
        Bench::with(Policy::default_policy())
    }

    fn with(policy: Policy) -> Bench {
        Bench::inside(Scratch::new(), policy)
    }

    /// In a directory of one's own choice.
    pub fn inside(scratch: Scratch, policy: Policy) -> Bench {
        fs::create_dir(scratch.path("logs")).unwrap();
        let include = vec![scratch.path("logs/*.log").to_str().unwrap().to_owned()];
        let mut settings = Settings::new("test", include, scratch.path("data"));
        settings.pace = pace();
        Bench { scratch, settings, policy: Arc::new(policy), run: None, before: Vec::new() }
    }

    /// A path in the directory of logs.
    pub fn path(&self, name: &str) -> PathBuf {
        self.scratch.path("logs").join(name)
    }

    pub fn data(&self, name: &str) -> PathBuf {
        self.scratch.path("data").join(name)
    }

    /// Also reads what this matches.
    pub fn include(&mut self, pattern: &str) {
        self.settings.include.push(self.path(pattern).to_str().unwrap().to_owned());
    }

    /// Appends to a file, as a logger does.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        append(&self.path(name), text);
    }

    pub fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub fn truncate(&self, name: &str) {
        File::options().write(true).open(self.path(name)).unwrap().set_len(0).unwrap();
    }

    /// What `copytruncate` of logrotate does.
    pub fn copytruncate(&self, from: &str, to: &str) {
        fs::copy(self.path(from), self.path(to)).unwrap();
        self.truncate(from);
    }

    pub fn start(&mut self) {
        self.start_with(Sink::Confirm);
    }

    pub fn start_with(&mut self, sink: Sink) {
        assert!(self.run.is_none());
        let counters = Arc::<SourceCounters>::default();
        let files = Files::open(self.settings.clone()).unwrap().counters(Arc::clone(&counters));
        let status = files.status();
        let ring = Arc::new(Keyring::ephemeral(&[7; 64]));
        let redactor = Redactor::new(Arc::clone(&self.policy), ring);
        let (outlet, deliveries) = queue(Feed {
            queue_bytes_max: 1 << 20,
            when_full: WhenFull::Block,
            required: true,
            counters: Arc::default(),
        });
        let mut gate = Gate::new(redactor, Box::new(|_| {}), vec![outlet]);
        let (wake, waker) = Wake::new(None, Arc::default()).unwrap();
        let (got, notices) = (Arc::<Mutex<Vec<u8>>>::default(), Arc::<Mutex<Vec<String>>>::default());
        let mode = Arc::new(AtomicU8::new(sink as u8));
        let sink = {
            let (got, mode, waker) = (Arc::clone(&got), Arc::clone(&mode), waker.clone());
            thread::spawn(move || {
                note(&deliveries, &got, &mode);
                drop(deliveries);
                waker.sink_ended();
            })
        };
        let source = {
            let (waker, notices) = (waker.clone(), Arc::clone(&notices));
            thread::spawn(move || {
                files.run(&mut gate, (&wake, waker), &mut |notice: Notice| {
                    notices.lock().unwrap().push(format!("{notice:?}"));
                })
            })
        };
        self.run = Some(Run { waker, source, sink, got, mode, counters, status, notices });
    }

    fn run(&self) -> &Run {
        self.run.as_ref().expect("running")
    }

    pub fn sink(&self, sink: Sink) {
        self.run().mode.store(sink as u8, Ordering::SeqCst);
    }

    pub fn counters(&self) -> &SourceCounters {
        &self.run().counters
    }

    pub fn status(&self) -> &Status {
        &self.run().status
    }

    pub fn notices(&self) -> String {
        self.run().notices.lock().unwrap().join("\n")
    }

    /// Everything that the sink noted, over all runs.
    pub fn got(&self) -> String {
        let mut all = self.before.clone();
        if let Some(run) = &self.run {
            all.extend_from_slice(&run.got.lock().unwrap());
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    /// Waits until the sink noted exactly this.
    pub fn expect(&self, text: &str) {
        let deadline = Instant::now() + SOON;
        loop {
            let got = self.got();
            if got == text {
                return;
            }
            let same = got.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
            let here = |text: &str| clip(&String::from_utf8_lossy(&text.as_bytes()[same..]));
            assert!(
                Instant::now() < deadline,
                "got {} bytes, expected {}; after {same} got:\n{}\nexpected:\n{}\n{}",
                got.len(),
                text.len(),
                here(&got),
                here(text),
                self.notices()
            );
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until the sink noted these lines, in whatever order.
    pub fn expect_lines(&self, lines: impl IntoIterator<Item = String>) {
        let mut expected: Vec<String> = lines.into_iter().collect();
        expected.sort();
        self.until("all lines", || {
            let got = self.got();
            let mut got: Vec<&str> = got.lines().collect();
            got.sort_unstable();
            got == expected
        });
    }

    /// Waits until something holds.
    pub fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let deadline = Instant::now() + SOON;
        while !holds() {
            assert!(
                Instant::now() < deadline,
                "not in time: {what}\n{}\n{}",
                clip(&self.got()),
                self.notices()
            );
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until the source has looked at everything, and read what it found.
    pub fn looks(&self) {
        let before = self.status().looks();
        self.until("looks", || self.status().looks() >= before + 4);
    }

    /// Stops the source in good order.
    pub fn stop(&mut self) -> End {
        let run = self.run.take().expect("running");
        run.waker.stop();
        let end = run.source.join().unwrap();
        run.sink.join().unwrap();
        self.before.extend_from_slice(&run.got.lock().unwrap());
        end
    }

    /// Ends the source as a crash would: what the sink has not confirmed is not acknowledged, and the last checkpoint is
    /// the one that was on disk before.
    pub fn kill(&mut self) {
        self.sink(Sink::Forget);
        let saved = self.checkpoint();
        self.stop();
        match saved {
            Some(saved) => fs::write(self.data("checkpoints/test.json"), saved).unwrap(),
            None => drop(fs::remove_file(self.data("checkpoints/test.json"))),
        }
    }

    pub fn restart(&mut self) {
        self.stop();
        self.start();
    }

    /// The text of the checkpoint on disk.
    pub fn checkpoint(&self) -> Option<String> {
        fs::read_to_string(self.data("checkpoints/test.json")).ok()
    }

    /// Waits until the checkpoint on disk says that so much of a file is delivered.
    pub fn until_saved(&self, name: &str, offset: usize) {
        let at = format!("/{name}\",");
        let offset = format!("\"offset\":{offset},");
        self.until("a checkpoint", || {
            let text = self.checkpoint().unwrap_or_default();
            text.split("{\"path\":").any(|file| file.contains(&at) && file.contains(&offset))
        });
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some(run) = self.run.take() {
            run.waker.stop();
            run.mode.store(Sink::Confirm as u8, Ordering::SeqCst);
            let _ = (run.source.join(), run.sink.join());
        }
    }
}

fn note(deliveries: &Deliveries, got: &Mutex<Vec<u8>>, mode: &AtomicU8) {
    loop {
        let tick = Instant::now() + Duration::from_millis(2);
        if deliveries.wait(Some(tick)) == Waited::Ended {
            return;
        }
        match mode.load(Ordering::SeqCst) {
            0 => {
                while let Some(delivery) = deliveries.next() {
                    got.lock().unwrap().extend_from_slice(delivery.bytes());
                    delivery.confirm();
                }
            }
            1 => thread::sleep(Duration::from_millis(2)),
            _ => {
                while let Some(delivery) = deliveries.next() {
                    got.lock().unwrap().extend_from_slice(delivery.bytes());
                }
            }
        }
    }
}

/// A policy that changes next to nothing.
pub fn next_to_nothing() -> Policy {
    let text = "{version: 1, extends: [], rules: [{id: pin, in: pin, do: mask}]}";
    Policy::compile(&[LayerSource::new("test", text)]).unwrap()
}

pub fn append(path: &Path, text: impl AsRef<[u8]>) {
    OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_ref()).unwrap();
}

/// Numbered lines.
pub fn lines(name: &str, numbers: std::ops::Range<usize>) -> String {
    numbers.map(|number| format!("{name} {number}\n")).collect()
}

fn clip(text: &str) -> String {
    let end = text.len().min(600);
    String::from_utf8_lossy(&text.as_bytes()[..end]).into_owned()
}
