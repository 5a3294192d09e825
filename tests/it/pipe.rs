//! The filter as a pipe: what comes out, when it comes, and how it ends.

use std::fs::File;
use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::harness::{Live, SOON, Scratch, redactd, run, run_command, write_end};

/// A reader that left must be noticed in this time.
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn every_byte_of_harmless_lines_comes_through() {
    let long = "word ".repeat(100_000);
    let numbers: String = (1..=100_000).map(|number| format!("{number}\n")).collect();
    for input in [
        "",
        "\n",
        "\n\n\nafter three empty lines\n\n",
        "no newline at the end",
        "one\r\ntwo\r\n\r\nlast with a return\r",
        "a line far longer than one read: ".repeat(20_000).as_str(),
        &format!("{long}\nshort\n{long}\n{long}"),
        &numbers,
    ] {
        let run = run(&["-q"], input.as_bytes());
        assert!(
            run.stdout == input.as_bytes(),
            "{} bytes of {}…",
            run.stdout.len(),
            &input[..input.len().min(20)]
        );
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    }
}

#[test]
fn as_many_lines_come_out_as_went_in() {
    let input: String =
        (1..=20_000).map(|id| format!("{{\"id\":{id},\"mail\":\"p{id}@corp.example\"}}\n")).collect();
    let run = run(&["-q"], input.as_bytes());
    assert_eq!(run.stdout.iter().filter(|&&byte| byte == b'\n').count(), 20_000);
    assert_eq!(run.code, 0);
}

#[test]
fn a_line_is_there_at_once_when_the_input_pauses() {
    let mut live = Live::start(&["-q"]);
    for number in 0..20 {
        let line = format!("line {number}\n");
        live.write(line.as_bytes());
        assert_eq!(live.line(), line);
    }
    live.end_input();
    assert_eq!(live.ends_within(SOON).0, 0);
}

#[test]
fn an_unfinished_line_waits_for_its_end() {
    let mut live = Live::start(&["-q"]);
    live.write(b"whole\nhalf a");
    assert_eq!(live.line(), "whole\n");
    assert!(live.is_silent_for(Duration::from_millis(300)), "it may be cut inside a secret");
    live.write(b" line\n");
    assert_eq!(live.line(), "half a line\n");
}

#[test]
fn invariant_8_how_the_input_was_cut_never_changes_the_output() {
    let scratch = Scratch::new();
    let ring = scratch.ring();
    let args = ["-q", "--key-file", ring.as_str(), "--max-line", "200"];
    let mut input = Vec::new();
    for sample in ["service", "access", "logfmt", "auth", "stack", "payment"] {
        input.extend(std::fs::read(format!("samples/{sample}.in")).unwrap());
    }
    input.extend(b"\n\r\n\xff\xfe\0 not text\n{\"cut\": \"off");
    let whole = run(&args, &input);
    assert_eq!(whole.code, 0);
    for size in [1, 7, 4096] {
        let mut live = Live::start(&args);
        for part in input.chunks(size) {
            live.write(part);
        }
        live.end_input();
        assert!(live.rest() == whole.stdout, "writes of {size} bytes");
    }
}

#[test]
fn files_are_read_as_one_stream_like_cat_does() {
    let scratch = Scratch::new();
    let one = scratch.file("one", "first\nno newline, ");
    let two = scratch.file("two", "so it goes on\nlast\n");
    let run = run(&["-q", &one, "-", &two], b"standard input, ");
    assert_eq!(run.stdout, b"first\nno newline, standard input, so it goes on\nlast\n");
    assert_eq!(run.code, 0);
}

#[test]
fn a_fifo_is_read_as_a_stream() {
    let scratch = Scratch::new();
    let fifo = scratch.fifo("fifo");
    let mut live = Live::start(&["-q", &fifo]);
    // No writer yet: it waits and does not take that for the end.
    assert!(live.is_silent_for(Duration::from_millis(200)));
    let mut writer = write_end(&fifo);
    writer.write_all(b"one\n").unwrap();
    assert_eq!(live.line(), "one\n");
    drop(writer);
    assert_eq!(live.ends_within(SOON).0, 0);
}

// ---- lines over the limit

#[test]
fn a_line_over_the_limit_is_withheld_and_the_next_one_arrives() {
    let x = "x".repeat(101);
    let input = format!("before\n{x}\nbetween\r\n  {{\"{x}\r\n\n{}\n{x}", &x[1..]);
    let run = run(&["-q", "--max-line", "100"], input.as_bytes());
    let expected = format!(
        "before\n[withheld:line_too_long]\nbetween\r\n{{\"redactd\":{{\"withheld\":\"line_too_long\",\"bytes\":105}}}}\r\n\n{}\n[withheld:line_too_long]",
        &x[1..]
    );
    assert_eq!(String::from_utf8(run.stdout).unwrap(), expected);
    assert_eq!(run.code, 0);
}

#[test]
fn memory_stays_small_whatever_comes() {
    let mut live = Live::start(&["-q"]);
    let mebibyte = vec![b'x'; 1 << 20];
    for _ in 0..64 {
        live.write(&mebibyte);
    }
    live.write(b"\nnext\n");
    assert_eq!(live.line(), "[withheld:line_too_long]\n");
    assert_eq!(live.line(), "next\n");
    // Longest lines that are still redacted, many of them.
    let mut line = vec![b'y'; (1 << 20) - 1];
    line.push(b'\n');
    for _ in 0..16 {
        live.write(&line);
        assert_eq!(live.line().len(), line.len());
    }
    let peak = live.status_kib("VmHWM") / 1024;
    assert!(peak <= 48, "{peak} MiB");
    live.end_input();
    assert_eq!(live.ends_within(SOON).0, 0);
}

#[test]
fn a_slow_reader_stops_the_source_before_a_mebibyte_waits() {
    let mut live = Live::unread(&["-q"]);
    let mut stdin = live.stdin.take().unwrap();
    let taken = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&taken);
    let line = b"a harmless line of a log, nothing to see in it at all; it goes on like this for a while\n";
    let writer = thread::spawn(move || {
        for _ in 0..100_000 {
            stdin.write_all(line).unwrap();
            counter.fetch_add(line.len() as u64, Ordering::Relaxed);
        }
    });
    // Until nothing moves any more.
    let mut before = 0;
    let full = loop {
        thread::sleep(Duration::from_millis(300));
        let now = taken.load(Ordering::Relaxed);
        if now == before && now > 0 {
            break now;
        }
        before = now;
    };
    // A pipe of the system holds 64 KiB at each end.
    assert!(full <= (1 << 20) + (128 << 10), "{full} bytes wait");
    let ticks = live.cpu_ticks();
    thread::sleep(Duration::from_millis(500));
    assert!(live.cpu_ticks() - ticks <= 1, "it spins while it waits");
    live.read_output();
    assert_eq!(live.rest().len(), 100_000 * line.len(), "nothing is lost");
    writer.join().unwrap();
    assert_eq!(live.ends_within(SOON).0, 0);
}

// ---- signals

#[test]
fn the_first_signal_drains_standard_input_to_its_end() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut live = Live::start(&["-q"]);
        live.write(b"before\n");
        assert_eq!(live.line(), "before\n");
        live.signal(signal);
        live.write(b"the application's last words\n");
        assert_eq!(live.line(), "the application's last words\n");
        live.write(b"no newline");
        live.end_input();
        assert_eq!(live.rest(), b"no newline");
        assert_eq!(live.ends_within(SOON), (0, String::new()), "{signal:?}");
    }
}

#[test]
fn the_second_signal_ends_it_at_once() {
    for (first, second, code) in [
        (Signal::INT, Signal::INT, 130),
        (Signal::TERM, Signal::TERM, 143),
        (Signal::INT, Signal::TERM, 143),
        (Signal::HUP, Signal::INT, 130),
    ] {
        let mut live = Live::start(&["-q"]);
        live.write(b"up\n");
        live.line();
        live.signal(first);
        live.takes_signals();
        live.write(b"and running\n");
        live.line();
        live.signal(second);
        // Standard input stays open: a drain would never end. The limit allows for a busy machine.
        assert_eq!(live.ends_within(SOON), (code, String::new()));
    }
}

#[test]
fn a_signal_stops_the_reading_of_files() {
    let scratch = Scratch::new();
    let fifo = scratch.fifo("fifo");
    let mut live = Live::start(&["-q", &fifo]);
    let mut writer = write_end(&fifo);
    writer.write_all(b"whole line\nhalf a secr").unwrap();
    assert_eq!(live.line(), "whole line\n");
    live.signal(Signal::TERM);
    assert_eq!(live.rest(), b"", "half a line may be half a secret");
    let (code, stderr) = live.ends_within(SOON);
    assert_eq!(code, 75);
    assert_eq!(stderr, "redactd: error: stopped by a signal; the rest of the input was not read\n");
}

#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    let scratch = Scratch::new();
    let fifo = scratch.fifo("fifo");
    let mut nohup = std::process::Command::new("sh");
    nohup.args(["-c", "trap '' HUP; exec \"$0\" -q \"$1\"", env!("CARGO_BIN_EXE_redactd"), &fifo]);
    let mut live = Live::spawn(nohup.stdout(Stdio::piped()).stderr(Stdio::piped()));
    live.read_output();
    let mut writer = write_end(&fifo);
    writer.write_all(b"one\n").unwrap();
    live.line();
    live.signal(Signal::HUP);
    writer.write_all(b"two\n").unwrap();
    assert_eq!(live.line(), "two\n");
    drop(writer);
    assert_eq!(live.ends_within(SOON).0, 0);
}

// ---- the other end goes away

#[test]
fn a_closed_output_ends_a_busy_pipe_silently() {
    let mut live = Live::unread(&["-q"]);
    let mut stdin = live.stdin.take().unwrap();
    let writer = thread::spawn(move || while stdin.write_all(b"line after line\n").is_ok() {});
    thread::sleep(Duration::from_millis(100));
    live.close_output();
    assert_eq!(live.ends_within(SECOND), (141, String::new()));
    writer.join().unwrap();
}

#[test]
fn a_closed_output_ends_an_idle_pipe_silently() {
    let mut live = Live::start(&["-q"]);
    live.write(b"up\n");
    live.line();
    // Dropping the reader's channel ends its thread with the next chunk only: a second run closes at once.
    let mut idle = Live::unread(&["-q"]);
    thread::sleep(Duration::from_millis(200));
    idle.close_output();
    assert_eq!(idle.ends_within(SECOND), (141, String::new()));
}

#[test]
fn a_full_disk_is_an_error_even_if_the_input_stays_open() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut live = Live::spawn(redactd(&["-q"]).stdin(Stdio::piped()).stdout(full).stderr(Stdio::piped()));
    live.write(b"line\n");
    let (code, stderr) = live.ends_within(SECOND);
    assert_eq!(code, 74);
    assert_eq!(
        stderr,
        "redactd: error: cannot write to standard output: No space left on device (os error 28)\n"
    );
}

#[test]
fn descriptors_that_do_not_block_are_waited_for() {
    let (input, mut writer) = std::io::pipe().unwrap();
    let (mut reader, output) = std::io::pipe().unwrap();
    for end in [rustix::fd::AsFd::as_fd(&input), rustix::fd::AsFd::as_fd(&output)] {
        rustix::io::ioctl_fionbio(end, true).unwrap();
    }
    let mut command = redactd(&["-q"]);
    let mut live = Live::spawn(command.stdin(input).stdout(output));
    drop(command);
    let text = "some line\n".repeat(100_000);
    let feed = text.clone();
    let writer = thread::spawn(move || writer.write_all(feed.as_bytes()).unwrap());
    thread::sleep(Duration::from_millis(200));
    let mut out = String::new();
    std::io::Read::read_to_string(&mut reader, &mut out).unwrap();
    writer.join().unwrap();
    assert!(out == text);
    assert_eq!(live.ends_within(SOON).0, 0);
}

// ---- what is said

#[test]
fn without_a_key_file_one_note_says_what_ids_are_worth() {
    let note = "redactd: note: no key file: correlation IDs hold for this run only\n";
    assert_eq!(run(&[], b"line\n").stderr, note);
    assert_eq!(run(&["-q"], b"line\n").stderr, "");
    let scratch = Scratch::new();
    let mut command = redactd(&[]);
    command.env("REDACTD_KEY_FILE", scratch.ring());
    assert_eq!(run_command(command, b"line\n").stderr, "");
}

#[test]
fn stats_count_what_went_through() {
    let run =
        run(&["-q", "--stats", "--max-line", "64"], format!("one\ntwo\n{}\n", "x".repeat(70)).as_bytes());
    let number = |name: &str| {
        let line = run.stderr.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    assert_eq!((number("records"), number("withheld")), ("3".into(), "1".into()));
    assert_eq!((number("bytes in"), number("replaced spans")), ("79".into(), "0".into()));
}

#[test]
fn always_in_colour_spells_out_control_sequences() {
    let run = run(&["-q", "--color", "always"], b"\x1b[31mred\x1b[0m \x1b]0;title\x07 [redacted:password]\n");
    assert_eq!(
        String::from_utf8(run.stdout).unwrap(),
        "\x1b[31mred\x1b[0m \\x1b]0;title\\x07 \x1b[1;36m[redacted:password]\x1b[22;39m\n"
    );
}
