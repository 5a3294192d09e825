//! Command line: one file per subcommand, named as typed. The bare program is the filter.

mod check;
mod completions;
mod config;
mod exec;
mod explain;
mod filter;
mod health;
mod id;
mod keys;
mod man;
mod policy;
mod progress;
mod report;
mod run;
mod schema;
mod stats;

use std::io::Write;
use std::panic::PanicHookInfo;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use report::{Exit, Failure};

/// `redactd [FILE…]`, or one of its commands.
#[derive(Parser)]
#[command(
    name = "redactd",
    version = version(),
    about = "Redacts personal data and secrets from logs",
    long_about = LONG_ABOUT,
    after_long_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    max_term_width = 100,
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    filter: filter::Filter,
}

const LONG_ABOUT: &str = "\
Redacts personal data and secrets from logs.

Reads log lines (JSON, logfmt, plain text), replaces what identifies people or opens doors, and writes everything else \
byte for byte as it came. Without any policy the built-in default one is in force. What cannot be handled safely is \
withheld, never passed through.";

const EXAMPLES: &str = "\
Examples:
  app | redactd                            redact what an application prints
  redactd old.ndjson > safe.ndjson         redact a file
  tail -f app.log | redactd --policy shop.yaml
  redactd --key-file ring app.log          the same person gets the same ID in every run

Exit status:
  0        done
  1        a test of the policy failed (`check`), the daemon is not ready (`health`)
  2        wrong usage
  74       something could not be read or written
  75       not everything was drained
  78       a policy, configuration or key file is not valid
  130/143  ended at once by a second signal
  141      standard output was closed by its reader";

#[derive(Subcommand)]
enum Command {
    Run(run::Run),
    Exec(exec::Exec),
    Health(health::Health),
    /// Check a policy and run its tests, or check a configuration
    Check(check::CheckArgs),
    Explain(explain::Explain),
    Id(id::Id),
    Keys(keys::Keys),
    Schema(schema::SchemaArgs),
    Completions(completions::Completions),
    Man(man::Man),
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Color {
    /// If standard output is a terminal.
    #[default]
    Auto,
    /// Also into pipes and files.
    Always,
    /// Not at all.
    Never,
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(report_panic));
    keep_memory_private();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error).into(),
    };
    match run(arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.print();
            failure.exit.into()
        }
    }
}

fn run(arguments: Arguments) -> Result<Exit, Failure> {
    match arguments.command {
        None => filter::run(arguments.filter),
        Some(Command::Run(args)) => run::run(&args),
        Some(Command::Exec(args)) => exec::run(&args),
        Some(Command::Health(args)) => health::run(&args),
        Some(Command::Check(args)) => check::run(args),
        Some(Command::Explain(explain)) => explain::run(explain),
        Some(Command::Id(id)) => id::run(id),
        Some(Command::Keys(keys)) => keys::run(keys),
        Some(Command::Schema(args)) => schema::run(&args),
        Some(Command::Completions(completions)) => completions::run(completions),
        Some(Command::Man(man)) => man::run(man),
    }
}

/// Prints what the argument parser has to say: help and version to standard output, mistakes to standard error.
fn usage(error: &clap::Error) -> Exit {
    let text = error.render();
    if error.use_stderr() {
        // The name in front, as in every other message.
        let _ = write!(anstream::stderr(), "redactd: {}", text.ansi());
        return Exit::Usage;
    }
    let printed = write!(anstream::stdout(), "{}", text.ansi()).map(|()| Exit::Done);
    printed.or_else(not_printed).unwrap_or_else(|failure| {
        failure.print();
        failure.exit
    })
}

/// Prints the answer of a command to standard output, with colours if that is a terminal.
fn print(text: &str, exit: Exit) -> Result<Exit, Failure> {
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map(|()| exit).or_else(not_printed)
}

/// What it means that a command could not print its answer.
fn not_printed(error: std::io::Error) -> Result<Exit, Failure> {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => Ok(Exit::OutputClosed),
        _ => Err(Failure::new(Exit::InputOutput, format!("cannot write to standard output: {error}"))),
    }
}

/// The version, with the commit if the build was told it.
fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    match option_env!("REDACTD_COMMIT") {
        Some(commit) => format!("{version} ({commit})"),
        None => version.to_owned(),
    }
}

/// Names of the commands, for a hint when a file is missing.
fn command_names() -> Vec<String> {
    Arguments::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

/// Panics tell where they happened and nothing else: the text of a panic often quotes the data that caused it.
fn report_panic(panic: &PanicHookInfo<'_>) {
    static SEEN: AtomicU32 = AtomicU32::new(0);
    if SEEN.fetch_add(1, Ordering::Relaxed) >= crate::limits::PANICS_TOLD_MAX {
        return;
    }
    let mut stderr = std::io::stderr();
    let _ = match panic.location() {
        Some(at) => writeln!(stderr, "redactd: internal error at {}:{}", at.file(), at.line()),
        None => writeln!(stderr, "redactd: internal error"),
    };
}

/// The memory of this process holds log lines that nobody has redacted yet: no core dumps, no debugger of another user.
fn keep_memory_private() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    // Where the system refuses, nothing is lost that was there before.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}
