//! T-33: random things happen to logs, and a model knows what must come out: every line that the source could read, none
//! twice but after a crash, none that nobody wrote, and those of one file in their order.
//!
//! `REDACTD_MODEL_SEQUENCES` and `REDACTD_MODEL_SEED` choose how many and which; a failure names its seed.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use redactd::source::file::Pace;

use super::bench::{Bench, next_to_nothing};
use crate::harness::Scratch;

#[test]
fn t_33_every_line_comes_out_whatever_happens_to_the_files() {
    let number =
        |name, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let sequences: u64 = number("REDACTD_MODEL_SEQUENCES", 300);
    let seed: u64 = number("REDACTD_MODEL_SEED", 1);
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= sequences {
                        return;
                    }
                    World::new(seed + index).run();
                }
            });
        }
    });
}

/// Numbers that look random and are the same for a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

/// One line that was written whole.
struct Line {
    text: String,
    /// The content that it is part of, whatever file that is in.
    content: usize,
    /// It could be read for long enough.
    must: bool,
    /// A crash may have forgotten that it was delivered.
    twice: bool,
    /// Known to be delivered, and to be so in the checkpoint on disk.
    settled: bool,
}

/// A log as its writer sees it.
struct Log {
    writer: File,
    name: String,
    content: usize,
    /// What was written of a line that is not whole yet.
    begun: String,
    /// The source has it open for sure.
    open: bool,
    /// It ends in a line that will not go on.
    ended: bool,
}

struct World {
    seed: u64,
    dice: Dice,
    bench: Bench,
    running: bool,
    runs: usize,
    lines: Vec<Line>,
    /// Ends of lines that will not go on may come out as lines of their own.
    fragments: HashSet<String>,
    logs: Vec<Log>,
    contents: usize,
    backups: usize,
    history: Vec<String>,
}

impl World {
    fn new(seed: u64) -> World {
        // In memory files never get the number of another; on a disk they do at once.
        let memory = Path::new("/dev/shm");
        let scratch =
            if !seed.is_multiple_of(4) && memory.is_dir() { Scratch::below(memory) } else { Scratch::new() };
        let mut bench = Bench::inside(scratch, next_to_nothing());
        bench.include("*.log.*");
        let ms = Duration::from_millis;
        bench.settings.pace = Pace {
            poll: ms(5),
            checkpoint: ms(10),
            record: ms(50),
            rotated: ms(80),
            deleted: ms(40),
            copy: Duration::from_secs(10),
            stalled: Duration::from_secs(60),
        };
        fs::create_dir(bench.path("targets")).unwrap();
        let (logs, history) = (Vec::new(), Vec::new());
        let mut world = World {
            seed,
            dice: Dice(seed),
            bench,
            running: false,
            runs: 0,
            lines: Vec::new(),
            fragments: HashSet::new(),
            logs,
            contents: 0,
            backups: 0,
            history,
        };
        for name in ["a.log", "b.log"] {
            world.create(name);
        }
        world.swap();
        world
    }

    fn run(mut self) {
        self.start();
        for _ in 0..30 {
            let dice = self.dice.below(100);
            self.act(dice);
        }
        // A last line for everybody: whatever happened before, they are still followed.
        for index in 0..self.logs.len() {
            self.write(index, 1, false);
        }
        self.barrier();
        self.bench.stop();
        self.check();
    }

    fn act(&mut self, dice: u64) {
        let index = self.dice.below(self.logs.len() as u64) as usize;
        match dice {
            0..45 => {
                let (count, partial) = (1 + self.dice.below(5), self.dice.below(4) == 0);
                self.write(index, count, partial);
            }
            45..62 if self.running => self.barrier(),
            62..73 => self.rotate(index),
            73..78 => self.truncate(index, None),
            78..83 => self.delete(index),
            83..90 => {
                let backup = self.backup(index);
                self.truncate(index, Some(backup));
            }
            90..94 => self.swap(),
            94..97 if self.running => self.stop(true),
            97..100 if self.running => self.stop(false),
            _ => self.write(index, 1, false),
        }
    }

    fn note(&mut self, what: String) {
        self.history.push(what);
    }

    fn start(&mut self) {
        self.note("start".into());
        self.bench.start();
        self.running = true;
        self.runs += 1;
    }

    /// Ends the source, well or not; some things happen; it starts again.
    fn stop(&mut self, crash: bool) {
        self.note(if crash { "kill" } else { "stop" }.into());
        if crash {
            self.bench.kill();
        } else {
            self.bench.stop();
        }
        self.running = false;
        let got = self.got();
        for line in &mut self.lines {
            line.twice |= crash && !line.settled;
            let hidden = self.logs.iter().all(|log| log.content != line.content);
            // In a file that nobody finds again, only what has been delivered is.
            line.must &= !hidden || (!crash && got.contains_key(&line.text));
        }
        for log in &mut self.logs {
            log.open = false;
        }
        for _ in 0..self.dice.below(4) {
            let dice = self.dice.below(94);
            self.act(dice);
        }
        self.start();
    }

    fn write(&mut self, index: usize, count: u64, partial: bool) {
        if self.logs[index].ended {
            return;
        }
        let mut text = String::new();
        for _ in 0..count {
            let log = &mut self.logs[index];
            let line =
                if log.begun.is_empty() { format!("line {} ", self.lines.len()) } else { String::new() };
            let rest = format!("{line}{}", "x".repeat(self.dice.below(120) as usize));
            text += &rest;
            text.push('\n');
            let whole = std::mem::take(&mut log.begun) + &rest;
            let content = log.content;
            self.lines.push(Line { text: whole, content, must: true, twice: false, settled: false });
        }
        let log = &mut self.logs[index];
        // A line in a file that its writer has left, so it seems, is ended by silence.
        if partial && !log.name.contains(".log.") {
            log.begun = format!("line {}p", self.lines.len());
            text += &log.begun;
        }
        log.writer.write_all(text.as_bytes()).unwrap();
        let what = format!("write {} {}", log.name, text.replace('\n', "|"));
        self.note(what);
    }

    fn create(&mut self, name: &str) {
        let writer = File::options().create(true).append(true).open(self.bench.path(name)).unwrap();
        self.add(writer, name);
    }

    fn add(&mut self, writer: File, name: &str) {
        self.contents += 1;
        let (name, begun) = (name.to_owned(), String::new());
        self.logs.push(Log { writer, name, content: self.contents, begun, open: false, ended: false });
    }

    fn backup(&mut self, index: usize) -> String {
        self.backups += 1;
        let name = self.logs[index].name.split(".log").next().unwrap().to_owned();
        format!("{name}.log.{}", self.backups)
    }

    /// Another file takes its name; its writer may go on for a while.
    fn rotate(&mut self, index: usize) {
        if self.logs[index].name.contains(".log.") || self.logs[index].name == "link.log" {
            return;
        }
        let (name, backup) = (self.logs[index].name.clone(), self.backup(index));
        self.note(format!("rotate {name} to {backup}"));
        self.logs[index].ended = self.end_line(index);
        fs::rename(self.bench.path(&name), self.bench.path(&backup)).unwrap();
        self.logs[index].name = backup;
        self.create(&name);
    }

    /// With a backup, as logrotate's copytruncate does it.
    fn truncate(&mut self, index: usize, backup: Option<String>) {
        if self.logs[index].name.contains(".log.") || self.logs[index].name == "link.log" {
            return;
        }
        let name = self.logs[index].name.clone();
        self.note(format!("truncate {name} {backup:?}"));
        let ended = self.end_line(index);
        if let Some(backup) = &backup {
            fs::copy(self.bench.path(&name), self.bench.path(backup)).unwrap();
        }
        self.logs[index].writer.set_len(0).unwrap();
        self.contents += 1;
        let content = std::mem::replace(&mut self.logs[index].content, self.contents);
        // A copy that is made in the very moment in which a later run finds its files may be read again.
        let starting = self.runs > 1 && self.running && !self.logs[index].open;
        for line in self.lines.iter_mut().filter(|line| line.content == content) {
            line.twice |= starting;
        }
        match backup {
            Some(backup) => {
                let writer = File::options().append(true).open(self.bench.path(&backup)).unwrap();
                let (begun, open) = (String::new(), false);
                self.logs.push(Log { writer, name: backup, content, begun, open, ended });
            }
            None => self.lose(content),
        }
    }

    fn delete(&mut self, index: usize) {
        if self.logs[index].name == "link.log" {
            return;
        }
        let log = &self.logs[index];
        let (name, content, open) = (log.name.clone(), log.content, log.open);
        self.note(format!("delete {name}"));
        self.end_line(index);
        fs::remove_file(self.bench.path(&name)).unwrap();
        if !open {
            self.lose(content);
        }
        self.logs.swap_remove(index);
        if !name.contains(".log.") {
            self.create(&name);
        }
    }

    /// A symlink leads to another file; the old one has no name in the pattern any more.
    fn swap(&mut self) {
        self.backups += 1;
        let target = format!("targets/{}", self.backups);
        self.note(format!("swap to {target}"));
        if let Some(index) = self.logs.iter().position(|log| log.name == "link.log") {
            self.end_line(index);
            let log = self.logs.swap_remove(index);
            if !log.open {
                self.lose(log.content);
            }
        }
        let writer = File::options().create(true).append(true).open(self.bench.path(&target)).unwrap();
        let _ = fs::remove_file(self.bench.path("fresh"));
        symlink(self.bench.path(&target), self.bench.path("fresh")).unwrap();
        self.bench.rename("fresh", "link.log");
        self.add(writer, "link.log");
    }

    /// Its unfinished line, if there is one, will not go on.
    fn end_line(&mut self, index: usize) -> bool {
        let begun = std::mem::take(&mut self.logs[index].begun);
        let ended = !begun.is_empty();
        self.fragments.insert(begun);
        ended
    }

    /// What was not read of this content may never be.
    fn lose(&mut self, content: usize) {
        for line in self.lines.iter_mut().filter(|line| line.content == content && !line.settled) {
            line.must = false;
        }
    }

    fn got(&self) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for line in self.bench.got().lines() {
            *counts.entry(line.to_owned()).or_default() += 1;
        }
        counts
    }

    /// Waits until everything that must come has come, and is in the checkpoint.
    fn barrier(&mut self) {
        self.note("barrier".into());
        let bench = &self.bench;
        let missing = || {
            let got = self.got();
            self.lines
                .iter()
                .find(|line| line.must && !got.contains_key(&line.text))
                .map(|line| line.text.clone())
        };
        let deadline = std::time::Instant::now() + crate::harness::SOON;
        while let Some(line) = missing() {
            assert!(std::time::Instant::now() < deadline, "`{line}` is missing\n{}", self.story());
            thread::sleep(Duration::from_millis(5));
        }
        bench.looks();
        bench.until("it is saved", || bench.status().is_saved());
        for line in &mut self.lines {
            line.settled |= line.must;
        }
        for log in &mut self.logs {
            log.open = true;
        }
    }

    fn check(&self) {
        let got = self.got();
        let known: HashMap<&str, &Line> = self.lines.iter().map(|line| (&*line.text, line)).collect();
        for (text, &count) in &got {
            match known.get(&**text) {
                Some(line) => assert!(count == 1 || line.twice, "{count} times `{text}`\n{}", self.story()),
                None => assert!(self.fragments.contains(text), "nobody wrote `{text}`\n{}", self.story()),
            }
        }
        let mut last: HashMap<usize, usize> = HashMap::new();
        let place: HashMap<&str, usize> = self.lines.iter().map(|line| &*line.text).zip(0..).collect();
        let mut seen = HashSet::new();
        for text in self.bench.got().lines() {
            let Some(&place) = place.get(text) else { continue };
            if seen.insert(text.to_owned()) {
                let before = last.insert(self.lines[place].content, place);
                assert!(
                    before.is_none_or(|before| before < place),
                    "`{text}` is out of order\n{}",
                    self.story()
                );
            }
        }
    }

    fn story(&self) -> String {
        format!(
            "seed {}\n{}\n-- got\n{}\n{}",
            self.seed,
            self.history.join("\n"),
            self.bench.got(),
            self.bench.checkpoint().unwrap_or_default()
        )
    }
}
