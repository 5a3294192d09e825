//! `redactd man [COMMAND]`: the manual page.

use std::io::Write;

use clap::{Args, CommandFactory};

use super::Arguments;
use super::report::{Exit, Failure, quoted};

/// Print the manual page of the program or of a command
#[derive(Args)]
pub struct Man {
    /// The command; without one, the program
    command: Option<String>,
}

/// Prints the page in roff: `redactd man | man -l -`.
pub fn run(man: Man) -> Result<Exit, Failure> {
    let program = Arguments::command();
    let page = match &man.command {
        None => program,
        Some(name) => program
            .find_subcommand(name)
            .cloned()
            .map(|command| command.display_name(format!("redactd-{name}")).version(super::version()))
            .ok_or_else(|| Failure::new(Exit::Usage, format!("there is no command {}", quoted(name))))?,
    };
    let mut roff = Vec::new();
    clap_mangen::Man::new(page)
        .render(&mut roff)
        .and_then(|()| std::io::stdout().write_all(&roff))
        .map(|()| Exit::Done)
        .or_else(super::not_printed)
}
