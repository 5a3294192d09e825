//! `redactd explain`: why a line comes out as it does, without showing what it holds.

use std::fmt::Write as _;
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::report::{Exit, Failure, quoted};
use crate::engine::policy::Policy;
use crate::engine::redact::{Explanation, Reason, Redacted, Redactor, describe, rule_name};
use crate::limits::LINE_BYTES_MAX;

/// Says why a line is redacted as it is, and why other parts of it are not.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  redactd explain '{\"user\":\"ann\",\"msg\":\"card 4111 1111 1111 1112\"}'
  grep 4711 app.log | redactd explain --format json")]
pub struct Explain {
    /// The line; standard input, line by line, if there is none
    ///
    /// A line given here is visible to other users of the machine and in the shell's history.
    line: Option<String>,

    /// Add a policy on top of the default one (repeatable, the last is the highest layer)
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,

    /// Key ring that makes the correlation IDs
    #[arg(long, value_name = "FILE", env = "REDACTD_KEY_FILE")]
    key_file: Option<PathBuf>,

    /// Output for people or for programs
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,

    /// Show the values that are replaced, on a terminal only; `=always` shows them everywhere
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "terminal", value_name = "WHEN")]
    show_values: Option<ShowValues>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ShowValues {
    /// Only if standard output is a terminal.
    Terminal,
    /// Everywhere.
    Always,
}

/// Runs the command.
pub fn run(arguments: Explain) -> Result<Exit, Failure> {
    let show = match arguments.show_values {
        Some(ShowValues::Always) => true,
        Some(ShowValues::Terminal) if std::io::stdout().is_terminal() => true,
        Some(ShowValues::Terminal) => {
            return Err(Failure::new(Exit::Usage, "values are shown on a terminal only")
                .hint("`--show-values=always` shows them in a pipe or file too"));
        }
        None => false,
    };
    let policy = super::policy::active(&arguments.policy)?;
    let ring = Arc::new(super::filter::ring(arguments.key_file.as_deref(), true)?);
    let mut redactor = Redactor::new(policy.clone(), ring);
    let input = match &arguments.line {
        Some(line) => line.clone().into_bytes(),
        None => read_stdin()?,
    };
    let mut out = String::new();
    for line in input.strip_suffix(b"\n").unwrap_or(&input).split(|&b| b == b'\n') {
        let mut redacted = Redacted::new();
        let explanation = redactor.explain(line, &mut redacted);
        let shown = if show { Some(line) } else { None };
        match arguments.format {
            OutputFormat::Text => text(&policy, &explanation, &redacted, shown, &mut out),
            OutputFormat::Json => {
                let _ = writeln!(out, "{}", object(&policy, &explanation, &redacted, shown));
            }
        }
    }
    match std::io::stdout().write_all(out.as_bytes()) {
        Ok(()) => Ok(Exit::Done),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Exit::OutputClosed),
        Err(error) => {
            Err(Failure::new(Exit::InputOutput, format!("cannot write to standard output: {error}")))
        }
    }
}

fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut input = Vec::new();
    let limit = LINE_BYTES_MAX as u64;
    let read = std::io::stdin().lock().take(limit + 1).read_to_end(&mut input);
    read.map_err(|error| Failure::new(Exit::InputOutput, format!("cannot read standard input: {error}")))?;
    if input.len() as u64 > limit {
        return Err(Failure::new(Exit::Usage, format!("more than {} MiB on standard input", limit >> 20))
            .hint("explain is for single lines: pick them with `grep` or `sed -n`"));
    }
    Ok(input)
}

/// The action of a reason, as policies spell it.
fn action(policy: &Policy, reason: Reason) -> &'static str {
    reason.rule.map_or("withhold", |rule| policy.rules[usize::from(rule)].action.name())
}

fn found_by(reason: Reason) -> String {
    match reason.detector {
        Some(detector) => format!("detector {detector}"),
        None => "field or pattern".to_owned(),
    }
}

fn text(
    policy: &Policy,
    explanation: &Explanation,
    redacted: &Redacted<Vec<u8>>,
    shown: Option<&[u8]>,
    out: &mut String,
) {
    let _ = writeln!(out, "{}", printable(redacted.as_bytes()));
    if let Some(why) = explanation.withheld {
        let _ = writeln!(out, "  the whole record is withheld: {}", why.name());
    }
    for span in &explanation.spans {
        let (start, end) = (span.range.start, span.range.end);
        let winner = span.winner;
        let rule = rule_name(policy, winner);
        let _ = writeln!(
            out,
            "  {place}, bytes {start}..{end}: {action} by {rule} ({how})",
            place = printable(span.place.as_bytes()),
            action = action(policy, winner),
            how = found_by(winner),
        );
        if let Some(line) = shown {
            let _ = writeln!(out, "    was  {}", printable(&line[start..end]));
        }
        let _ = writeln!(out, "    now  {}", printable(span.replacement.as_bytes()));
        for other in &span.others {
            let name = rule_name(policy, *other);
            let why = if action(policy, *other) == action(policy, winner) {
                "came second"
            } else {
                "is less strict"
            };
            let _ =
                writeln!(out, "    also {name} ({}, {}): {why}", action(policy, *other), found_by(*other));
        }
    }
    for miss in &explanation.misses {
        let place = printable(miss.place.as_bytes());
        let _ = writeln!(out, "  {place}, byte {}: no {}: {}", miss.at, miss.detector, describe(miss.why));
    }
    if explanation.spans.is_empty() && explanation.misses.is_empty() && explanation.withheld.is_none() {
        let _ = writeln!(out, "  nothing in it looks like anything that the policy names");
    }
}

fn object(
    policy: &Policy,
    explanation: &Explanation,
    redacted: &Redacted<Vec<u8>>,
    shown: Option<&[u8]>,
) -> Value {
    let reason = |reason: &Reason| json!({"rule": rule_name(policy, *reason), "action": action(policy, *reason), "detector": reason.detector});
    let spans = explanation.spans.iter().map(|span| {
        let mut object = json!({
            "place": span.place,
            "start": span.range.start,
            "end": span.range.end,
            "replacement": span.replacement,
            "winner": reason(&span.winner),
            "others": span.others.iter().map(reason).collect::<Vec<_>>(),
        });
        if let Some(line) = shown {
            object["value"] = json!(String::from_utf8_lossy(&line[span.range.clone()]));
        }
        object
    });
    let misses = explanation.misses.iter().map(|miss| {
        json!({"place": miss.place, "at": miss.at, "detector": miss.detector, "why": describe(miss.why)})
    });
    json!({
        "version": 1,
        "policy_id": policy.id.to_string(),
        "redacted": String::from_utf8_lossy(redacted.as_bytes()),
        "withheld": explanation.withheld.map(|why| why.name()),
        "spans": spans.collect::<Vec<_>>(),
        "misses": misses.collect::<Vec<_>>(),
    })
}

/// Text from a log, so that a terminal only prints it.
fn printable(text: &[u8]) -> String {
    let quoted = quoted(std::ffi::OsStr::new(String::from_utf8_lossy(text).as_ref()));
    quoted[1..quoted.len() - 1].to_owned()
}
