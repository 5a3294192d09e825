//! `kill -9` under load, with an oracle: what was claimed (written to the log), what was acknowledged (the checkpoint), what
//! was delivered (in the output file, at the HTTP receiver). `REDACTD_KILLS` says how often; `.ci/full kill` does it 2,000
//! times. That data are on disk and not only in the page cache is for `tests/peers/durability.py`.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::Signal;

use crate::daemon::{content, eventually};
use crate::harness::{Live, SOON, Scratch};
use crate::receiver::{Receiver, Reply};

/// What may be under way to one sink, in bytes: `limits.queue` of the test's configuration, the batch that is always taken
/// beside it and the one that is being filled.
const QUEUE: u64 = (64 << 10) + 2 * (8 << 10);

/// Length of each line, so that an offset is a number of lines.
const LINE: u64 = 16;

/// A log that grows while the daemon dies and comes back.
struct Writer {
    /// Lines that are in the log.
    claimed: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Writer {
    fn start(path: PathBuf) -> Writer {
        let (claimed, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counter, ended) = (Arc::clone(&claimed), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            let mut log = File::options().append(true).create(true).open(path).unwrap();
            while !ended.load(Ordering::Relaxed) {
                let first = counter.load(Ordering::Relaxed);
                let lines: String = (first..first + 20).map(line).collect();
                // A line in two writes, now and then.
                let (head, tail) = lines.split_at(lines.len() - 5);
                log.write_all(head.as_bytes()).unwrap();
                thread::sleep(Duration::from_millis(5));
                log.write_all(tail.as_bytes()).unwrap();
                counter.fetch_add(20, Ordering::Relaxed);
            }
        });
        Writer { claimed, stop, thread }
    }

    /// All that it wrote.
    fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.claimed.load(Ordering::Relaxed)
    }
}

fn line(number: usize) -> String {
    format!("{{\"n\":1{number:08}}}\n")
}

/// What one sink has, as of the last look.
#[derive(Default)]
struct Delivered {
    /// By number of the line: how often it is there.
    times: Vec<u32>,
    /// By number of the line: how often it was there when a kill left it without an acknowledgement.
    excused: Vec<u32>,
}

impl Delivered {
    fn take(&mut self, text: &str) {
        for line in text.lines() {
            let number = line.strip_prefix("{\"n\":1").and_then(|rest| rest.strip_suffix('}'));
            let number: Option<usize> = number.and_then(|digits| digits.parse().ok());
            let number = number.unwrap_or_else(|| panic!("no line of ours: {line}"));
            self.times.resize(self.times.len().max(number + 1), 0);
            self.times[number] += 1;
        }
    }

    fn killed(&mut self, acked: usize) {
        self.excused.resize(self.times.len(), 0);
        if acked < self.times.len() {
            self.excused[acked..].copy_from_slice(&self.times[acked..]);
        }
    }

    /// Lines that are there once more than they had to be, if each of that is excused.
    fn repeats(&self) -> u64 {
        let again = |(number, &times): (usize, &u32)| {
            let excused = self.excused.get(number).copied().unwrap_or(0);
            assert!(times > 0, "line {number} is lost");
            assert!(times <= 1 + excused, "line {number} is there {times} times");
            u64::from(times - 1)
        };
        self.times.iter().enumerate().map(again).sum()
    }
}

/// Both sinks, looked at again and again.
struct Sinks<'a> {
    scratch: &'a Scratch,
    receiver: &'a Receiver,
    file: Delivered,
    /// Bytes of the file, and requests, that were looked at.
    seen: (u64, usize),
    web: Delivered,
}

impl Sinks<'_> {
    fn look(&mut self) {
        if let Ok(mut out) = File::open(self.scratch.path("out")) {
            let mut text = String::new();
            out.seek(SeekFrom::Start(self.seen.0)).unwrap();
            out.read_to_string(&mut text).unwrap();
            // What a kill tore is cut off at the next start.
            text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
            self.file.take(&text);
            self.seen.0 += text.len() as u64;
        }
        for request in self.receiver.requests_from(self.seen.1) {
            self.web.take(std::str::from_utf8(&request.body).unwrap());
            self.seen.1 += 1;
        }
    }

    fn both(&mut self) -> [&mut Delivered; 2] {
        [&mut self.file, &mut self.web]
    }
}

/// Lines that the checkpoint says are delivered everywhere.
fn acknowledged(scratch: &Scratch) -> usize {
    let text = content(scratch, "data/checkpoints/app.json");
    if text.is_empty() {
        // Before the first one.
        return 0;
    }
    let document: serde_json::Value =
        serde_json::from_str(&text).expect("a checkpoint is whole at all times");
    let files = document["files"].as_array().unwrap();
    let offset: u64 = files.iter().map(|file| file["offset"].as_u64().unwrap()).sum();
    (offset / LINE) as usize
}

#[test]
fn a_killed_daemon_loses_nothing_that_it_acknowledged_and_repeats_only_what_was_under_way() {
    let kills = std::env::var("REDACTD_KILLS").map_or(15, |kills| kills.parse().unwrap());
    let receiver = Receiver::start(|_, _| Reply::Status(200));
    let scratch = Scratch::new();
    scratch.file("p.yaml", "version: 1\nextends: []\nrules: [{id: pin, in: pin, do: mask}]\n");
    let config = scratch.file(
        "redactd.yaml",
        format!(
            "version: 1\ndata_dir: ./data\npolicy: ./p.yaml\nsources: {{app: {{type: file, include: [logs/*.log]}}}}
sinks:\n  safe: {{type: file, path: out}}\n  web: {{type: http, url: \"http://{}/\"}}
limits: {{queue: 64KiB, batch: 8KiB}}\n",
            receiver.address
        ),
    );
    fs::create_dir(scratch.path("logs")).unwrap();
    let writer = Writer::start(scratch.path("logs/app.log"));
    let mut sinks = Sinks {
        scratch: &scratch,
        receiver: &receiver,
        file: Delivered::default(),
        seen: (0, 0),
        web: Delivered::default(),
    };
    let (mut pause, mut safe) = (1, 0);
    for _ in 0..kills {
        let mut live = Live::start(&["run", "-q", "-c", &config]);
        // 0 to 300 ms, in an order that looks random and is the same each time.
        pause = pause * 137 % 307;
        thread::sleep(Duration::from_millis(pause));
        live.signal(Signal::KILL);
        assert_eq!(live.ends_within(SOON).0, 137);
        let acked = acknowledged(&scratch);
        assert!(acked >= safe, "positions go forward only");
        sinks.look();
        for (sink, delivered) in sinks.both().into_iter().enumerate() {
            let lost =
                (safe..acked).find(|&number| delivered.times.get(number).is_none_or(|&times| times == 0));
            assert_eq!(lost, None, "sink {sink}: acknowledged up to {acked}, and lost");
            delivered.killed(acked);
        }
        safe = acked;
    }
    assert!(safe > 0, "no kill came after an acknowledgement: nothing was tested");
    // The last fault is over: all that was claimed arrives, and a line that is written now.
    let mut live = Live::start(&["run", "-q", "-c", &config]);
    let claimed = writer.stop();
    eventually("everything", || acknowledged(&scratch) == claimed);
    sinks.look();
    for delivered in sinks.both() {
        assert_eq!(delivered.times.len(), claimed);
        // What a kill repeats: what was under way, and what was acknowledged since the checkpoint of a second ago.
        let window = QUEUE + 1500 * 20 / 5 * LINE;
        let again = delivered.repeats();
        assert!(again * LINE <= kills * window, "{again} lines again in {kills} kills");
    }
    // A clean end repeats nothing.
    live.signal(Signal::TERM);
    assert_eq!(live.ends_within(SOON).0, 0);
    let before = content(&scratch, "out");
    let mut live = Live::start(&["run", "-q", "-c", &config]);
    let mut log = File::options().append(true).open(scratch.path("logs/app.log")).unwrap();
    log.write_all(line(claimed).as_bytes()).unwrap();
    eventually("a fresh line", || content(&scratch, "out").len() > before.len());
    assert_eq!(content(&scratch, "out"), format!("{before}{}", line(claimed)));
    live.signal(Signal::TERM);
    assert_eq!(live.ends_within(SOON).0, 0);
    sinks.look();
    assert_eq!(sinks.web.times[claimed..], [1]);
}
