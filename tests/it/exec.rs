//! `redactd exec`: a command ends as it would without us, no line of it is lost, and nobody is in what it prints.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::{Live, Run, SOON, Scratch, redactd, run, run_command};

/// Runs a shell script under it.
fn exec(script: &str) -> Run {
    run(&["exec", "--", "sh", "-c", script], b"")
}

#[test]
fn both_streams_are_redacted_and_stay_apart() {
    let ran =
        run(&["exec", "sh", "-c", "cat; echo password=hunter2 >&2; exit 3"], b"{\"password\":\"hunter2\"}\n");
    assert_eq!(String::from_utf8(ran.stdout).unwrap(), "{\"password\":\"[redacted:password]\"}\n");
    assert_eq!((ran.code, ran.stderr.as_str()), (3, "password=[redacted:password]\n"));
}

#[test]
fn a_command_ends_as_it_would_alone() {
    for script in [
        "exit 0",
        "exit 1",
        "exit 75",
        "exit 255",
        "kill -9 $$",
        "kill -SEGV $$",
        "kill -TERM $$",
        "trap 'exit 9' TERM; kill -TERM $$",
        "no-such-command-anywhere",
        "true | false",
        "(exit 4) & wait $!",
    ] {
        let alone = run_command(
            {
                let mut command = Command::new("sh");
                command.args(["-c", script]);
                command
            },
            b"",
        );
        assert_eq!(exec(script).code, alone.code, "{script}");
    }
    let missing = run(&["exec", "/no/such/command"], b"");
    assert_eq!((missing.code, missing.stdout.len()), (127, 0));
    assert!(missing.stderr.contains("cannot run `/no/such/command`"), "{}", missing.stderr);
    assert_eq!(run(&["exec", "/etc/passwd"], b"").code, 126);
    assert_eq!(run(&["exec"], b"").code, 2);
}

#[test]
fn no_line_is_lost_however_it_ends() {
    let lines: String = (1..=3000).map(|n| format!("line {n}\n")).collect();
    for (end, code) in [("exit 7", 7), ("kill -9 $$", 137), ("kill -ABRT $$", 134)] {
        let ran = exec(&format!("seq -f 'line %.0f' 3000; seq -f 'line %.0f' 3000 >&2; {end}"));
        assert_eq!((ran.code, ran.stderr == lines), (code, true), "{end}");
        assert!(ran.stdout == lines.as_bytes(), "{end}");
    }
    // The last line of a program that was cut off has no end, and is redacted all the same.
    let ran = exec("printf 'password=hunter2'; kill -9 $$");
    assert_eq!(
        (ran.code, String::from_utf8(ran.stdout).unwrap().as_str()),
        (137, "password=[redacted:password]")
    );
}

#[test]
fn whoever_is_left_behind_does_not_hold_it_up_and_is_heard_until_then() {
    let began = Instant::now();
    let ran = exec("(sleep 0.3; echo late; sleep 60) & echo early");
    assert_eq!((ran.code, String::from_utf8(ran.stdout).unwrap().as_str()), (0, "early\nlate\n"));
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn signals_are_the_commands() {
    for (signal, name) in [
        (Signal::TERM, "TERM"),
        (Signal::INT, "INT"),
        (Signal::HUP, "HUP"),
        (Signal::USR1, "USR1"),
        (Signal::USR2, "USR2"),
    ] {
        let script =
            format!("trap 'echo got {name}; exit 5' {name}; echo ready; while :; do sleep 0.05; done");
        let mut live = Live::start(&["exec", "sh", "-c", &script]);
        assert_eq!(live.line(), "ready\n");
        live.signal(signal);
        assert_eq!(live.line(), format!("got {name}\n"));
        assert_eq!(live.ends_within(SOON).0, 5, "{name}");
    }
    // One that the command does not catch ends it, and us with its status; a second one is no shortcut.
    let mut live =
        Live::start(&["exec", "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"]);
    assert_eq!(live.line(), "ready\n");
    for _ in 0..3 {
        live.signal(Signal::TERM);
        live.takes_signals();
    }
    thread::sleep(Duration::from_millis(200));
    live.signal(Signal::HUP);
    assert_eq!(live.ends_within(SOON).0, 129);
}

#[test]
fn a_reader_that_leaves_is_felt_by_the_command() {
    let mut command = redactd(&["exec", "sh", "-c", "while echo line; do :; done"]);
    let mut live = Live::spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()));
    thread::sleep(Duration::from_millis(300));
    live.close_output();
    let (code, _) = live.ends_within(SOON);
    assert!(code != 0, "{code}");
}

/// A program that does what programs do: prints on both streams, forks, catches a signal or not, and ends in some way. The
/// same number makes the same program.
fn program(number: u64) -> String {
    let lines = number * 37 % 400;
    let print = |name: &str, to: &str| {
        format!("seq -f '{name} %.0f mail ann.lee@example.com password=hunter2' {lines} {to}\n")
    };
    let forks = match number % 4 {
        0 => String::new(),
        1 => "(echo child; exit 3) & wait\n".to_owned(),
        2 => print("grandchild", "&").replace("seq", "(seq").replace(" &", ") & wait"),
        _ => "sh -c 'echo sub password=hunter2 >&2; kill -9 $$'\n".to_owned(),
    };
    let code = number * 41 % 256;
    let end = match number % 7 {
        0 => "kill -SEGV $$".to_owned(),
        1 => "kill -9 $$".to_owned(),
        2 => format!("trap 'echo caught; exit {code}' USR1; kill -USR1 $$; sleep 5"),
        3 => "kill -ABRT $$".to_owned(),
        4 => "printf 'no end password=hunter2'; kill -TERM $$".to_owned(),
        _ => format!("exit {code}"),
    };
    format!("{}{forks}{}{end}", print("out", ""), print("err", ">&2"))
}

#[test]
fn a_command_ends_the_same_prints_the_same_and_shows_nobody_whatever_it_does() {
    // `.ci/full exec` runs 200.
    let runs = std::env::var("REDACTD_EXEC_RUNS").map_or(20, |runs| runs.parse().unwrap());
    let scratch = Scratch::new();
    let ring = scratch.ring();
    for number in 0..runs {
        let script = program(number);
        let mut command = Command::new("sh");
        command.args(["-c", &script]);
        let alone = run_command(command, b"");
        let ran = run(&["exec", "--key-file", &ring, "--", "sh", "-c", &script], b"");
        assert_eq!(ran.code, alone.code, "{script}");
        let expected = |text: &[u8]| {
            let redacted = run(&["--key-file", &ring], text);
            String::from_utf8(redacted.stdout).unwrap()
        };
        let stdout = String::from_utf8(ran.stdout).unwrap();
        assert_eq!(stdout, expected(&alone.stdout), "{script}");
        // What the shell says of a child that a signal ended has the child's number in it.
        let lines = |text: &str| -> Vec<String> {
            text.lines().filter(|line| !line.contains("Killed")).map(str::to_owned).collect()
        };
        assert_eq!(lines(&ran.stderr), lines(&expected(alone.stderr.as_bytes())), "{script}");
        for text in [&stdout, &ran.stderr] {
            assert!(!text.contains("ann.lee") && !text.contains("hunter2"), "{script}");
        }
    }
}
