//! What cannot be read, written or understood: a message that helps, the right status, and everything else goes on.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::harness::{Live, Scratch, redactd, run, run_command};

/// Status and standard error of a run.
fn screen(args: &[&str]) -> (i32, String) {
    let run = run(args, b"");
    (run.code, run.stderr)
}

#[test]
fn a_missing_file_is_reported_and_the_others_are_read() {
    let scratch = Scratch::new();
    let good = scratch.file("good.log", "good\n");
    let run = run(&["-q", "missing.log", &good], b"");
    assert_eq!(run.stdout, b"good\n");
    assert_eq!((run.code, run.stderr.as_str()), (74, "redactd: error: no such file `missing.log`\n"));
}

#[test]
fn a_directory_is_no_log() {
    let (code, stderr) = screen(&["-q", "/"]);
    assert_eq!(code, 74);
    assert_eq!(
        stderr,
        "redactd: error: `/` is a directory\n\nhint: name the files in it: `redactd DIR/*.log`\n"
    );
}

#[test]
fn a_file_without_permission_is_reported() {
    if rustix::process::geteuid().is_root() {
        return; // root may read everything
    }
    let scratch = Scratch::new();
    let secret = scratch.file("secret.log", "x\n");
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o000)).unwrap();
    let (code, stderr) = screen(&["-q", &secret]);
    assert_eq!(code, 74);
    assert!(stderr.ends_with("Permission denied (os error 13)\n"), "{stderr}");
}

#[test]
fn a_read_that_fails_is_reported_and_the_next_file_is_read() {
    let scratch = Scratch::new();
    let good = scratch.file("good.log", "good\n");
    // The first page of our own memory is not there.
    let run = run(&["-q", "/proc/self/mem", &good], b"");
    assert_eq!(run.stdout, b"good\n");
    assert_eq!(run.code, 74);
    assert_eq!(run.stderr, "redactd: error: cannot read `/proc/self/mem`: Input/output error (os error 5)\n");
}

#[test]
fn a_mistyped_command_is_recognised() {
    let (code, stderr) = screen(&["-q", "chekc"]);
    assert_eq!(code, 74);
    assert_eq!(stderr, "redactd: error: no such file `chekc`; did you mean the command `check`?\n");
    let (_, stderr) = screen(&["-q", "check"]);
    assert_eq!(
        stderr,
        "redactd: error: no such file `check`; the command `check` comes before all options\n"
    );
}

#[test]
fn reading_what_it_writes_is_refused() {
    let scratch = Scratch::new();
    let log = scratch.file("app.log", "a line\n");
    let append = || File::options().append(true).open(&log).unwrap();
    let mut as_file = redactd(&["-q", &log]);
    as_file.stdout(append());
    let mut as_input = redactd(&["-q"]);
    as_input.stdout(append()).stdin(File::open(&log).unwrap());
    for mut command in [as_file, as_input] {
        let output = command.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(74));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("is input and output at once"), "{stderr}");
    }
    assert_eq!(std::fs::read(&log).unwrap(), b"a line\n");
}

#[test]
fn names_of_files_cannot_command_the_terminal() {
    let (_, stderr) = screen(&["-q", "\u{1b}[2J\u{202e}gol"]);
    assert_eq!(stderr, "redactd: error: no such file `\\u{1b}[2J\\u{202e}gol`\n");
}

#[test]
fn wrong_usage_is_status_2() {
    for args in [
        &["--max-line", "1GiB"][..],
        &["--max-line", "10"],
        &["--format", "xml"],
        &["--threads", "0"],
        &["--no-such-flag"],
        &["-q", "-v"],
    ] {
        let (code, stderr) = screen(args);
        assert_eq!(code, 2, "{args:?}");
        assert!(stderr.starts_with("redactd: error: "), "{stderr}");
    }
}

#[test]
fn a_key_file_that_cannot_be_used_stops_everything() {
    let scratch = Scratch::new();
    let ring = scratch.ring();
    std::fs::set_permissions(&ring, PermissionsExt::from_mode(0o644)).unwrap();
    for key_file in [ring.as_str(), "missing", "/", "/dev/null"] {
        let run = run(&["--key-file", key_file], b"must not come out\n");
        assert_eq!((run.code, run.stdout), (78, vec![]), "{}", run.stderr);
        assert!(
            run.stderr.starts_with(&format!("redactd: error: key file `{key_file}`: ")),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn the_short_help_fits_on_a_screen() {
    let run = run(&["-h"], b"");
    assert_eq!(run.code, 0);
    insta::assert_snapshot!(String::from_utf8(run.stdout).unwrap());
}

#[test]
fn the_long_help_explains() {
    let run = run(&["--help"], b"");
    assert_eq!(run.code, 0);
    insta::assert_snapshot!(String::from_utf8(run.stdout).unwrap());
}

#[test]
fn help_into_a_closed_or_full_output_is_no_panic() {
    let mut command = redactd(&["--help"]);
    command.stdout(File::options().write(true).open("/dev/full").unwrap()).stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(74));
    let run = run_command(redactd(&["--version"]), b"");
    assert_eq!(String::from_utf8(run.stdout).unwrap(), format!("redactd {}\n", env!("CARGO_PKG_VERSION")));
}

/// The failpoint is part of debug builds only.
#[cfg(debug_assertions)]
#[test]
fn a_panic_withholds_the_record_and_prints_nothing_but_a_place() {
    let mut command = redactd(&["-q"]);
    command.env("REDACTD_PANIC_ON", "canary").env("RUST_BACKTRACE", "full");
    let run = run_command(command, b"before\n{\"a\":\"canary-4711\"}\ncanary-4711\nafter\n");
    let expected =
        "before\n{\"redactd\":{\"withheld\":\"internal\",\"bytes\":19}}\n[withheld:internal]\nafter\n";
    assert_eq!((run.code, String::from_utf8(run.stdout).unwrap().as_str()), (0, expected));
    assert_eq!(run.stderr.lines().count(), 2, "{}", run.stderr);
    for line in run.stderr.lines() {
        assert!(line.starts_with("redactd: internal error at src/engine/redact/"), "{line}");
    }
}

#[test]
fn memory_with_raw_lines_is_never_dumped() {
    let mut live = Live::start(&["-q"]);
    live.write(b"up\n");
    live.line();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", live.pid().as_raw_nonzero())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(
        core.split_whitespace().collect::<Vec<_>>(),
        ["Max", "core", "file", "size", "0", "0", "bytes"]
    );
}
