//! `redactd [FILE…]`: standard input or files → standard output.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, ValueEnum};
use indicatif::ProgressBar;

use super::keys::refused;
use super::report::{self, Exit, Failure, quoted};
use super::{Color, progress, stats};
use crate::daemon::config::{Stream, values};
use crate::daemon::{self, Config, Notice, Report, RunError, Signals};
use crate::engine::correlate::Keyring;
use crate::engine::policy::Policy;
use crate::engine::redact::Format;
use crate::keys;
use crate::limits;
use crate::sink::{SinkError, Style};
use crate::source::{End, Origin, SourceError};

/// What the filter can be told.
#[derive(Args)]
pub struct Filter {
    /// Files to read, in this order; `-` is standard input, which is also read when there are none
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Add a policy on top of the default one (repeatable, the last is the highest layer)
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,

    /// Key ring that makes the correlation IDs
    ///
    /// People keep their IDs as long as the ring has its keys. Without a ring each run makes its own: the IDs of one run
    /// agree with each other and with nothing else. `redactd keys new -o FILE` makes a ring.
    #[arg(long, value_name = "FILE", env = "REDACTD_KEY_FILE")]
    key_file: Option<PathBuf>,

    /// How lines are read
    #[arg(long, value_enum, default_value_t)]
    format: LineFormat,

    /// Add a member `redactd` to JSON objects, with the policy id and how many spans each rule replaced
    ///
    /// It replaces one that was there. With `off` every byte outside the replaced spans is what came in.
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    remarks: Remarks,

    /// Withhold lines longer than this, 64 B to 10 MiB
    #[arg(long, value_name = "SIZE", default_value = "1MiB", value_parser = line_size)]
    max_line: usize,

    /// Threads that redact; this version uses one, whatever is given
    #[arg(short = 'j', long, value_name = "N", default_value_t = 1, env = "REDACTD_THREADS",
          value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: u16,

    /// Print a summary to standard error at the end
    #[arg(long)]
    stats: bool,

    /// Highlight what was replaced
    ///
    /// On a terminal, and with `always`, control sequences other than colours are spelled out (`\x1b`): log lines must not
    /// command a terminal. Pipes and files get every byte as it came. `NO_COLOR` is honoured.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,

    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,

    /// Say what is in force: policy, key, warnings
    #[arg(short, long)]
    verbose: bool,
}

/// The names of [`Format`] on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LineFormat {
    /// JSON if the line parses as JSON, else text.
    #[default]
    Auto,
    /// JSON; what does not parse is still scanned as text.
    Json,
    /// Text, JSON documents inside it included.
    Text,
    /// Text whose `key=value` pairs are fields.
    Logfmt,
}

/// What is added to JSON objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Remarks {
    /// Nothing.
    #[default]
    Off,
    /// The policy id and counts per rule.
    Counts,
}

/// Runs the filter to its end.
pub fn run(filter: Filter) -> Result<Exit, Failure> {
    // Before anything that takes time: a Ctrl-C that also ends the application must not cost its last lines.
    let signals = Signals::filter().map_err(RunError::Start).map_err(not_run)?;
    let inputs = inputs(&filter.files);
    let bar = progress::bar(&inputs, filter.quiet);
    let config = config(&filter, inputs)?;
    let policy = Arc::clone(&config.policies[0].policy);
    if filter.verbose {
        say_what_is_in_force(&policy, &config.ring, filter.threads);
    }
    let began = Instant::now();
    let (teller, quiet) = (bar.clone(), filter.quiet);
    let ran = daemon::run(config, &signals, Arc::new(move |notice| tell(notice, &teller, quiet)));
    bar.finish_and_clear();
    let report = ran.map_err(not_run)?;
    if filter.stats
        && let Some(Some(source)) = report.sources.first()
    {
        stats::print(source, &policy, began.elapsed());
    }
    exit_of(report)
}

/// What is said of a run that could not begin or must not end so.
pub fn not_run(error: RunError) -> Failure {
    let exit = match error {
        RunError::Start(_)
        | RunError::DataDir { .. }
        | RunError::Listen(_)
        | RunError::Files(_)
        | RunError::Otlp(_)
        | RunError::Sink(_) => Exit::InputOutput,
        RunError::Telemetry(_) => Exit::Invalid,
        RunError::Panicked => Exit::NotDrained,
    };
    Failure::new(exit, error)
}

/// What was typed, checked and opened.
fn config(filter: &Filter, inputs: Vec<Origin>) -> Result<Config, Failure> {
    let policy = super::policy::active(&filter.policy)?;
    let ring = ring(filter.key_file.as_deref(), filter.quiet)?;
    if inputs.contains(&Origin::Stdin) && io::stdin().is_terminal() && !filter.quiet {
        report::note("reading standard input, a terminal: end it with Ctrl-D, or see `redactd --help`");
    }
    let stream = Stream {
        origins: inputs,
        format: filter.format.into(),
        remarks: filter.remarks == Remarks::Counts,
        line_bytes_max: filter.max_line,
    };
    Ok(Config::filter(stream, policy, Arc::new(ring), style(filter.color)))
}

fn say_what_is_in_force(policy: &Policy, ring: &Keyring, threads: u16) {
    let layers: Vec<&str> = policy.layers.iter().map(|layer| layer.name.as_str()).collect();
    report::note(format!(
        "policy {} with {} rules, id {}",
        layers.join(" + "),
        policy.rules.len(),
        policy.id
    ));
    for warning in &policy.warnings {
        report::warning(format!("{}:{}: {}", quoted(&warning.file), warning.line, warning.message));
    }
    if let Some(kid) = ring.selected() {
        report::note(format!("correlation IDs are made with key {}", kid.as_str()));
    }
    if threads > 1 {
        report::note("this version redacts in one thread");
    }
}

/// Files as named, or standard input if none are.
fn inputs(files: &[PathBuf]) -> Vec<Origin> {
    if files.is_empty() {
        return vec![Origin::Stdin];
    }
    let origin = |file: &PathBuf| {
        if file == Path::new("-") { Origin::Stdin } else { Origin::File(file.clone()) }
    };
    files.iter().map(origin).collect()
}

/// The ring of `--key-file`, or a key of this process alone.
pub fn ring(path: Option<&Path>, quiet: bool) -> Result<Keyring, Failure> {
    let opened = keys::open(path, keys::now()).map_err(|error| refused(path, &error))?;
    match opened.ephemeral {
        Some(why) if !quiet => report::note(why),
        _ => {}
    }
    Ok(opened.ring)
}

fn style(color: Color) -> Style {
    let terminal = io::stdout().is_terminal();
    Style {
        escape: terminal || color == Color::Always,
        highlight: match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
        },
    }
}

fn tell(notice: Notice, bar: &ProgressBar, quiet: bool) {
    match notice {
        Notice::Read(bytes) => bar.inc(bytes),
        // Messages go above the bar.
        Notice::Failed(error) => bar.suspend(|| failed_input(&error).print()),
        Notice::Abandoned(bytes) if !quiet => bar.suspend(|| {
            report::warning(format!(
                "an unfinished line of {bytes} bytes is not delivered: its end is unknown"
            ));
        }),
        // A pipe has no more to tell.
        _ => {}
    }
}

/// What is said of an input that cannot be read.
pub fn failed_input(error: &SourceError) -> Failure {
    let name = quoted(error.path());
    match error {
        SourceError::Missing(path) => missing(path),
        SourceError::Directory(_) => Failure::new(Exit::InputOutput, format!("{name} is a directory"))
            .hint("name the files in it: `redactd DIR/*.log`"),
        SourceError::IsOutput(_) => {
            Failure::new(Exit::InputOutput, format!("{name} is input and output at once"))
                .hint("write to another file")
        }
        SourceError::Open(_, cause) => {
            Failure::new(Exit::InputOutput, format!("cannot open {name}: {cause}"))
        }
        SourceError::Read(_, cause) => {
            Failure::new(Exit::InputOutput, format!("cannot read {name}: {cause}"))
        }
    }
}

/// A file that is not there may be a command that was mistyped, or written after an option.
fn missing(path: &Path) -> Failure {
    let name = quoted(path);
    let typed = path.to_string_lossy();
    let near = super::command_names()
        .into_iter()
        .map(|command| (strsim::damerau_levenshtein(&command, &typed), command))
        .min();
    match near {
        Some((0, command)) => Failure::new(
            Exit::InputOutput,
            format!("no such file {name}; the command `{command}` comes before all options"),
        ),
        Some((distance, command)) if distance <= 2 && distance < command.len() => Failure::new(
            Exit::InputOutput,
            format!("no such file {name}; did you mean the command `{command}`?"),
        ),
        _ => Failure::new(Exit::InputOutput, format!("no such file {name}")),
    }
}

/// What a run of the filter means for its exit status.
fn exit_of(report: Report) -> Result<Exit, Failure> {
    let stopped = report.sources.iter().flatten().any(|source| source.end == End::Stopped);
    match outcome(report) {
        Ok(Exit::Done) | Err(Failure { exit: Exit::NotDrained, .. }) if stopped => {
            Err(Failure::new(Exit::NotDrained, "stopped by a signal; the rest of the input was not read"))
        }
        outcome => outcome,
    }
}

/// What every run means for the exit status.
pub fn outcome(report: Report) -> Result<Exit, Failure> {
    let drained = report.is_drained();
    for result in report.sinks {
        match result {
            Some(Err(SinkError::Closed(_))) => return Ok(Exit::OutputClosed),
            Some(Err(error)) => return Err(Failure::new(Exit::InputOutput, error)),
            Some(Ok(())) | None => {}
        }
    }
    if report.sources.iter().flatten().any(|source| source.end == End::OutputGone) {
        // No sink failed: a source saw the reader of standard output go away before anything was to be written.
        return Ok(Exit::OutputClosed);
    }
    if report.sources.iter().flatten().any(|source| source.failed > 0) {
        return Ok(Exit::InputOutput);
    }
    if !drained {
        return Err(Failure::new(Exit::NotDrained, "not everything was delivered"));
    }
    Ok(Exit::Done)
}

/// Parses `--max-line`: bytes, or a number with `KiB` or `MiB` (short: `K`, `M`).
fn line_size(text: &str) -> Result<usize, String> {
    let bytes = values::size(text).map_err(|wrong| format!("a size is {}", wrong.hint))?;
    if (limits::LINE_BYTES_MIN..=limits::LINE_BYTES_MAX).contains(&bytes) {
        Ok(bytes)
    } else {
        Err("it must be between 64 B and 10 MiB".into())
    }
}

impl From<LineFormat> for Format {
    fn from(format: LineFormat) -> Format {
        match format {
            LineFormat::Auto => Format::Auto,
            LineFormat::Json => Format::Json,
            LineFormat::Text => Format::Text,
            LineFormat::Logfmt => Format::Logfmt,
        }
    }
}
