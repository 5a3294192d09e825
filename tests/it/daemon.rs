//! `redactd run`: the real binary on real configurations, from start to end.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::{Live, Run, SOON, Scratch, redactd, run, run_command};

/// A folder with a configuration for one stdin source and these sinks.
fn with_sinks(sinks: &str) -> (Scratch, String) {
    let scratch = Scratch::new();
    let text = format!("version: 1\nsources: {{in: {{type: stdin}}}}\nsinks:\n{sinks}\n");
    let path = scratch.file("redactd.yaml", text);
    (scratch, path)
}

fn start(config: &str) -> Live {
    Live::start(&["run", "-q", "-c", config])
}

/// Waits until `holds`, which happens soon in a program that works.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

pub fn content(scratch: &Scratch, name: &str) -> String {
    fs::read_to_string(scratch.path(name)).unwrap_or_default()
}

/// Writes lines until nothing moves any more: somebody behind it does not read.
pub fn fill(live: &mut Live) -> thread::JoinHandle<()> {
    let mut stdin = live.stdin.take().unwrap();
    let written = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&written);
    let writer = thread::spawn(move || {
        while std::io::Write::write_all(&mut stdin, &b"a line\n".repeat(1000)).is_ok() {
            counter.fetch_add(7000, Ordering::Relaxed);
        }
    });
    let mut before = 0;
    // What pipes hold is not enough: the program must have begun to read.
    eventually("back-pressure", || {
        thread::sleep(Duration::from_millis(300));
        let now = written.load(Ordering::Relaxed);
        std::mem::replace(&mut before, now) == now && now > 192 << 10
    });
    writer
}

/// Lines that are as long as a line can be told apart by.
fn numbered(lines: std::ops::Range<usize>) -> String {
    lines.map(|line| format!("line {line:07} of a harmless log\n")).collect()
}

// ---- sources and sinks

#[test]
fn what_comes_in_goes_to_every_sink_redacted() {
    let (scratch, config) = with_sinks("  console: {type: stdout}\n  safe: {type: file, path: out.ndjson}");
    let Run { code, stdout, stderr } = run(&["run", "-q", "-c", &config], b"{\"password\":\"hunter2\"}\n");
    assert_eq!((code, stderr.as_str()), (0, ""));
    let expected = "{\"password\":\"[redacted:password]\"}\n";
    assert_eq!(String::from_utf8(stdout).unwrap(), expected);
    assert_eq!(content(&scratch, "out.ndjson"), expected);
    let mode = fs::metadata(scratch.path("out.ndjson")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[test]
fn files_are_followed_and_remembered() {
    let scratch = Scratch::new();
    let text = "version: 1\ndata_dir: ./data\nsources: {app: {type: file, include: [logs/*.log]}}\nsinks: {safe: {type: file, path: out}}\n";
    let config = scratch.file("redactd.yaml", text);
    fs::create_dir(scratch.path("logs")).unwrap();
    scratch.file("logs/a.log", "{\"password\":\"hunter2\"}\n");
    let mut live = start(&config);
    let first = "{\"password\":\"[redacted:password]\"}\n";
    eventually("what was there", || content(&scratch, "out") == first);
    let mut log = fs::File::options().append(true).open(scratch.path("logs/a.log")).unwrap();
    std::io::Write::write_all(&mut log, b"second\n").unwrap();
    eventually("what was added", || content(&scratch, "out") == format!("{first}second\n"));
    live.signal(Signal::TERM);
    assert_eq!(live.ends_within(SOON), (0, String::new()));
    std::io::Write::write_all(&mut log, b"third\n").unwrap();
    let mut live = start(&config);
    eventually("what came in between", || content(&scratch, "out") == format!("{first}second\nthird\n"));
    live.signal(Signal::TERM);
    assert_eq!(live.ends_within(SOON).0, 0);
    let mode = fs::metadata(scratch.path("data")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o700);
}

#[test]
fn a_source_can_have_a_policy_of_its_own_and_the_ring_is_shared() {
    let scratch = Scratch::new();
    scratch.ring();
    scratch.file("p.yaml", "version: 1\nextends: []\nrules: [{id: pin, in: pin, do: mask}]\n");
    let config = scratch.file(
        "redactd.toml",
        "version = 1\nkeys = './ring'\n[sources.in]\ntype = 'stdin'\npolicy = 'p.yaml'\n[sinks.out]\ntype = 'stdout'\n",
    );
    let run = run(&["run", "-q", "-c", &config], b"{\"pin\":1,\"password\":\"x\"}\n");
    assert_eq!(String::from_utf8(run.stdout).unwrap(), "{\"pin\":\"[redacted:pin]\",\"password\":\"x\"}\n");
}

#[test]
fn an_optional_sink_that_fails_stops_nobody_and_a_required_one_does() {
    for (required, code) in [("false", 0), ("true", 141)] {
        let (scratch, config) = with_sinks(&format!(
            "  console: {{type: stdout, required: {required}}}\n  safe: {{type: file, path: out}}"
        ));
        let mut live = Live::unread(&["run", "-q", "-c", &config]);
        live.write(b"first\n");
        eventually("the first line", || content(&scratch, "out") == "first\n");
        live.close_output();
        if required == "false" {
            live.write(b"second\n");
            eventually("the second line", || content(&scratch, "out") == "first\nsecond\n");
            live.end_input();
        }
        assert_eq!(live.ends_within(SOON).0, code);
    }
}

// ---- what must not start

#[test]
fn what_cannot_be_opened_stops_the_program_before_it_reads() {
    let (scratch, config) = with_sinks("  safe: {type: file, path: none/out}");
    let failed = run(&["run", "-q", "-c", &config], b"line\n");
    assert_eq!(failed.code, 74, "{}", failed.stderr);
    assert!(failed.stderr.contains("none/out: No such file"), "{}", failed.stderr);
    assert_eq!(run(&["run", "-c", "/none/redactd.yaml"], b"").code, 78);
    // Another process writes it.
    let (scratch2, config) = with_sinks("  safe: {type: file, path: out}");
    let mut first = start(&config);
    first.write(b"line\n");
    eventually("the line", || content(&scratch2, "out") == "line\n");
    let second = run(&["run", "-q", "-c", &config], b"other\n");
    assert_eq!(second.code, 74);
    assert!(second.stderr.contains("another process writes it"), "{}", second.stderr);
    assert_eq!(content(&scratch2, "out"), "line\n");
    drop(scratch);
}

// ---- the end

#[test]
fn a_signal_stops_the_reading_and_what_was_read_is_delivered() {
    for signal in [Signal::TERM, Signal::INT] {
        let (scratch, config) = with_sinks("  safe: {type: file, path: out}");
        let mut live = start(&config);
        live.write(b"one\ntwo\n");
        eventually("both lines", || content(&scratch, "out") == "one\ntwo\n");
        live.signal(signal);
        assert_eq!(live.ends_within(SOON), (0, String::new()));
    }
}

#[test]
fn what_cannot_be_delivered_in_time_is_told_by_the_status() {
    let scratch = Scratch::new();
    let text = "version: 1\nsources: {in: {type: stdin}}\nsinks: {out: {type: stdout}}\nlimits: {drain: 300ms, queue: 64KiB}\n";
    let config = scratch.file("redactd.yaml", text);
    let mut live = Live::unread(&["run", "-q", "-c", &config]);
    let writer = fill(&mut live);
    let began = Instant::now();
    live.signal(Signal::TERM);
    let (code, stderr) = live.ends_within(SOON);
    assert_eq!((code, stderr.as_str()), (75, "redactd: error: not everything was delivered\n"));
    assert!(began.elapsed() >= Duration::from_millis(300));
    writer.join().unwrap();
}

#[test]
fn an_unfinished_line_at_the_end_is_told() {
    let (scratch, config) = with_sinks("  safe: {type: file, path: out}");
    let mut live = start(&config);
    live.write(b"whole\nsecr");
    eventually("the whole line", || content(&scratch, "out") == "whole\n");
    live.signal(Signal::TERM);
    let (code, stderr) = live.ends_within(SOON);
    assert_eq!(code, 75);
    assert!(stderr.contains("an unfinished line of 4 bytes is not delivered"), "{stderr}");
}

#[test]
fn the_second_signal_ends_it_at_once() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let (_scratch, config) = with_sinks("  out: {type: stdout}\nlimits: {queue: 64KiB}");
        let mut live = Live::unread(&["run", "-q", "-c", &config]);
        let writer = fill(&mut live);
        live.signal(signal);
        live.takes_signals();
        live.signal(signal);
        assert_eq!(live.ends_within(SOON).0, code);
        writer.join().unwrap();
    }
}

// ---- output files

#[test]
fn output_is_rotated_by_size_and_nothing_is_lost() {
    let (scratch, config) = with_sinks("  safe: {type: file, path: out, rotate: {size: 300KiB, keep: 100}}");
    let input = numbered(0..60_000);
    assert_eq!(run(&["run", "-q", "-c", &config], input.as_bytes()).code, 0);
    let mut files = vec!["out".to_owned()];
    files.extend((1..).map(|n| format!("out.{n}")).take_while(|name| scratch.path(name).exists()));
    assert!(files.len() > 5, "{files:?}");
    let sizes = files.iter().map(|name| fs::metadata(scratch.path(name)).unwrap().len());
    // A batch is not cut, and one may be larger.
    assert!(sizes.max() <= Some(400 << 10));
    let all: String = files.iter().rev().map(|name| content(&scratch, name)).collect();
    assert!(all == input);
}

#[test]
fn old_files_go_and_files_are_rotated_by_age() {
    let (scratch, config) = with_sinks("  safe: {type: file, path: out, rotate: {every: 1s, keep: 1}}");
    let mut live = start(&config);
    for line in ["one\n", "two\n", "three\n"] {
        live.write(line.as_bytes());
        eventually("the line", || content(&scratch, "out") == line);
        // Also when nothing comes.
        eventually("rotation", || content(&scratch, "out.1") == line);
    }
    assert!(!scratch.path("out.2").exists());
}

#[test]
fn usr1_opens_the_file_anew_as_logrotate_wants() {
    let (scratch, config) = with_sinks("  safe: {type: file, path: out}");
    let mut live = start(&config);
    live.write(b"one\n");
    eventually("the first line", || content(&scratch, "out") == "one\n");
    fs::rename(scratch.path("out"), scratch.path("old")).unwrap();
    live.write(b"two\n");
    eventually("the second line, where the file went", || content(&scratch, "old") == "one\ntwo\n");
    live.signal(Signal::USR1);
    eventually("a new file", || scratch.path("out").exists());
    live.write(b"three\n");
    eventually("the third line", || content(&scratch, "out") == "three\n");
    fs::remove_file(scratch.path("out")).unwrap();
    live.write(b"four\n");
    eventually("the fourth line, in a file that can be found", || content(&scratch, "out") == "four\n");
    live.end_input();
    assert_eq!(live.ends_within(SOON).0, 0);
}

#[test]
fn a_line_that_a_crash_tore_is_cut_off_at_the_start() {
    let (scratch, config) = with_sinks("  safe: {type: file, path: out}");
    scratch.file("out", "whole\ntor");
    assert_eq!(run(&["run", "-q", "-c", &config], b"next").code, 0);
    assert_eq!(content(&scratch, "out"), "whole\nnext\n");
}

#[test]
fn a_sync_that_failed_is_not_believed_when_it_works_again() {
    let (scratch, config) = with_sinks("  safe: {type: file, path: out}");
    for (failing, code) in [("2", 0), ("2+", 74)] {
        for name in ["out", "out.1", "out.2"] {
            let _ = fs::remove_file(scratch.path(name));
        }
        let mut command = redactd(&["run", "-q", "-c", &config]);
        command.env("REDACTD_FAIL_SYNC", failing);
        let mut live =
            Live::spawn(command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()));
        live.write(b"one\n");
        eventually("the first line", || content(&scratch, "out") == "one\n");
        live.write(b"two\n");
        eventually("the second line anew", || content(&scratch, "out") == "two\n");
        assert_eq!(content(&scratch, "out.1"), "one\ntwo\n");
        live.end_input();
        let (ended, stderr) = live.ends_within(SOON);
        assert_eq!(ended, code, "{stderr}");
        assert!(stderr.contains("cannot be sure"), "{stderr}");
    }
}

#[test]
fn a_full_disk_stops_the_source_and_goes_on_when_there_is_room() {
    let script = "mount -t tmpfs -o size=1m none disk && head -c 400000 /dev/zero > disk/ballast
        \"$0\" run -q -c redactd.yaml < input 2> stderr & pid=$!
        trap 'kill -9 $pid 2> kill' EXIT
        for _ in $(seq 200); do grep -q waits stderr && break; sleep 0.05; done
        sleep 0.5; kill -0 $pid || exit 9
        tail -c 1 disk/out | od -An -tx1 | grep -q 0a || exit 8
        rm disk/ballast; mount -o remount,size=64m disk; wait $pid; status=$?; cp disk/out out; exit $status";
    let (scratch, _) = with_sinks("  safe: {type: file, path: disk/out}");
    fs::create_dir(scratch.path("disk")).unwrap();
    let input = numbered(0..100_000);
    scratch.file("input", &input);
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", script, env!("CARGO_BIN_EXE_redactd")]).current_dir(scratch.path(""));
    let ran = run_command(command, b"");
    if ran.stderr.contains("unshare") || ran.stderr.contains("mount") {
        // Namespaces of users are switched off here.
        return;
    }
    assert_eq!(ran.code, 0, "{}\n{}", ran.stderr, content(&scratch, "stderr"));
    assert!(content(&scratch, "out") == input, "each line once, in order");
    let stderr = content(&scratch, "stderr");
    assert_eq!(stderr.matches("waits").count(), 1, "told once: {stderr}");
    assert!(stderr.contains("No space left on device"), "{stderr}");
}
