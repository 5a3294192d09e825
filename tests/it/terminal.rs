//! The filter at a terminal: what is shown, and how a person ends it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, OutputModes, tcgetattr, tcsetattr};

use crate::harness::{Live, SOON, Scratch, redactd};

/// A terminal as the program sees it, and the person's side of it.
struct Terminal {
    person: File,
    program: OwnedFd,
}

impl Terminal {
    fn open() -> Terminal {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let program: OwnedFd =
            File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap().into();
        // Newlines are shown as they were written.
        let mut modes = tcgetattr(&program).unwrap();
        modes.output_modes.remove(OutputModes::OPOST);
        tcsetattr(&program, OptionalActions::Now, &modes).unwrap();
        Terminal { person: person.into(), program }
    }

    fn end(&self) -> OwnedFd {
        self.program.try_clone().unwrap()
    }

    /// Everything shown until the program let go of it.
    fn screen(mut self) -> String {
        drop(self.program);
        let mut shown = Vec::new();
        // The end of a terminal is an error.
        let _ = self.person.read_to_end(&mut shown);
        String::from_utf8(shown).unwrap()
    }
}

/// A program at a terminal that can do colours.
fn command(args: &[&str]) -> Command {
    let mut command = redactd(args);
    command.env("TERM", "xterm-256color").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a terminal shows of a file with this content.
fn shown(content: &str, args: &[&str], environment: &[(&str, &str)]) -> String {
    let scratch = Scratch::new();
    let file = scratch.file("app.log", content);
    let terminal = Terminal::open();
    let mut command = command(&["-q", &file]);
    command.args(args).envs(environment.iter().copied()).stdout(terminal.end());
    let mut live = Live::spawn(&mut command);
    drop(command);
    let shown = terminal.screen();
    assert_eq!(live.ends_within(SOON), (0, String::new()));
    shown
}

const LINE: &str = "\x1b[32mok\x1b[0m \x1b[2J\x1b]0;owned\x07 password=hunter2 \u{202e}txt\n";

#[test]
fn replacements_are_highlighted_and_control_sequences_are_spelled_out() {
    let expected = "\x1b[32mok\x1b[0m \\x1b[2J\\x1b]0;owned\\x07 password=\x1b[1;36m[redacted:password]\x1b[22;39m \\u{202e}txt\n";
    assert_eq!(shown(LINE, &[], &[]), expected);
}

#[test]
fn without_colours_control_sequences_are_still_spelled_out() {
    let expected = "\x1b[32mok\x1b[0m \\x1b[2J\\x1b]0;owned\\x07 password=[redacted:password] \\u{202e}txt\n";
    assert_eq!(shown(LINE, &[], &[("NO_COLOR", "1")]), expected);
    assert_eq!(shown(LINE, &[], &[("TERM", "dumb")]), expected);
    assert_eq!(shown(LINE, &["--color", "never"], &[]), expected);
}

#[test]
fn typed_lines_are_redacted_and_control_d_ends_them() {
    let mut terminal = Terminal::open();
    let scratch = Scratch::new();
    let mut command = command(&["--key-file", &scratch.ring()]);
    let mut live = Live::spawn(command.stdin(terminal.end()));
    drop(command);
    live.read_output();
    terminal.person.write_all(b"typed\n").unwrap();
    assert_eq!(live.line(), "typed\n");
    terminal.person.write_all(b"\x04").unwrap();
    let (code, stderr) = live.ends_within(SOON);
    assert_eq!(code, 0);
    assert_eq!(
        stderr,
        "redactd: note: reading standard input, a terminal: end it with Ctrl-D, or see `redactd --help`\n"
    );
}

#[test]
fn the_first_signal_ends_typing() {
    let terminal = Terminal::open();
    let mut live = Live::spawn(command(&[]).stdin(terminal.end()));
    // The signal comes after it says that it reads.
    std::thread::sleep(Duration::from_millis(300));
    live.signal(Signal::INT);
    assert_eq!(live.ends_within(SOON).0, 0);
}

#[test]
fn a_progress_bar_is_shown_only_while_files_go_elsewhere() {
    let scratch = Scratch::new();
    let ring = scratch.ring();
    let file = scratch.file("app.log", "a line of a log\n".repeat(60_000));
    for (args, bar) in [(&["--key-file", &ring, &file][..], true), (&["-q", &file], false)] {
        let terminal = Terminal::open();
        let mut command = command(args);
        command.stdout(Stdio::null()).stderr(terminal.end());
        let mut live = Live::spawn(&mut command);
        drop(command);
        let shown = terminal.screen();
        assert_eq!(live.ends_within(SOON).0, 0);
        assert_eq!(shown.contains(" %  "), bar, "{shown:?}");
    }
}
