//! What the user is told on standard error, and the exit status.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

/// Every status the program can end with, and what it says to a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Done,
    /// `check`: a test of the policy failed; `scan`: something was found.
    Findings,
    /// The arguments are wrong.
    Usage,
    /// Something could not be read or written.
    InputOutput,
    /// Not everything was drained: the rest was not read, or not delivered.
    NotDrained,
    /// A policy, configuration or key file is not valid.
    Invalid,
    /// Standard output was closed by its reader.
    OutputClosed,
    /// `exec`: the status of the command, or 128 and the signal that ended it, as shells say it.
    Command(u8),
}

/// Why a command did not succeed: what is said, and the status.
#[derive(Debug)]
pub struct Failure {
    /// The status.
    pub exit: Exit,
    /// One sentence without a full stop: what failed, on what.
    pub message: String,
    /// What to do about it, if something can be done.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure whose message is `error` and the chain of its causes.
    pub fn new(exit: Exit, error: impl Display) -> Failure {
        Failure { exit, message: error.to_string(), hint: None }
    }

    /// With advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// Prints it to standard error.
    pub fn print(&self) {
        line("error", AnsiColor::Red, &self.message);
        if let Some(hint) = &self.hint {
            say(&format!("\n{}hint:{:#} {hint}", tone(AnsiColor::Cyan), tone(AnsiColor::Cyan)));
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::InputOutput => 74,
            Exit::NotDrained => 75,
            Exit::Invalid => 78,
            Exit::OutputClosed => 141,
            Exit::Command(status) => status,
        })
    }
}

/// A line that the user should know of and need not act on.
pub fn note(message: impl Display) {
    line("note", AnsiColor::Green, &message.to_string());
}

/// A line that the user may want to act on.
pub fn warning(message: impl Display) {
    line("warning", AnsiColor::Yellow, &message.to_string());
}

/// Text from outside, a file name for instance, so that a terminal only prints it.
pub fn quoted(text: impl AsRef<std::ffi::OsStr>) -> String {
    let mut out = String::from("`");
    for character in text.as_ref().to_string_lossy().chars() {
        if character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out.push('`');
    out
}

fn line(kind: &str, color: AnsiColor, message: &str) {
    say(&format!("redactd: {}{kind}:{:#} {message}", tone(color), tone(color)));
}

/// Writes a line to standard error, with colours if that is a terminal. When standard error is closed there is nobody
/// left to tell.
fn say(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

fn tone(color: AnsiColor) -> Style {
    color.on_default().bold()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_cannot_command_a_terminal() {
        assert_eq!(quoted("a b.log"), "`a b.log`");
        assert_eq!(quoted("x\x1b[2J\u{202e}"), "`x\\u{1b}[2J\\u{202e}`");
    }
}
