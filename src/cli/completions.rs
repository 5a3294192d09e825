//! `redactd completions SHELL`: the shell learns the commands and flags.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Arguments;
use super::report::{Exit, Failure};

/// Print a script that completes commands and flags
#[derive(Args)]
pub struct Completions {
    /// The shell it is for
    shell: Shell,
}

/// Prints the script.
pub fn run(completions: Completions) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut Arguments::command(), "redactd", &mut script);
    std::io::stdout().write_all(&script).map(|()| Exit::Done).or_else(super::not_printed)
}
