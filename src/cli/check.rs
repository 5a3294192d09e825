//! `redactd check`: is a policy valid, what does it weaken, do its tests pass? Or: would `redactd run` start with this
//! configuration?

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use super::report::{Exit, Failure};
use super::{config, policy, print};
use crate::daemon::config::{Depth, Loaded};
use crate::document::{Complaint, Mistake};
use crate::engine::policy::{Policy, PolicyErrors};
use crate::engine::selftest::{self, FailedTest};
use crate::policies;

/// What `check` can be told.
#[derive(Args)]
pub struct CheckArgs {
    /// Policy to check, on top of the default one (repeatable, the last is the highest layer); without it, the default one
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,

    /// Configuration to check instead: its text, what it names, and the policies in it
    #[arg(short, long, value_name = "FILE", conflicts_with = "policy")]
    config: Option<PathBuf>,

    /// Check the text of the configuration alone: no variable, no file
    #[arg(long, requires = "config")]
    no_environment: bool,

    /// How the result is written
    #[arg(long, value_enum, default_value_t)]
    format: ReportFormat,
}

/// For people or for programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// Version of the JSON object.
const SCHEMA: u32 = 1;

// Writing to a string does not fail.
macro_rules! line {
    ($out:expr, $($text:tt)*) => {{ let _ = writeln!($out, $($text)*); }};
}

/// Checks a policy and runs its tests.
pub fn run(args: CheckArgs) -> Result<Exit, Failure> {
    if let Some(path) = &args.config {
        let depth = if args.no_environment { Depth::Text } else { Depth::Check };
        return configuration(path, depth, args.format);
    }
    let policy = match (args.format, policies::load(&args.policy)) {
        (_, Ok(policy)) => Arc::new(policy),
        (ReportFormat::Text, Err(_)) => return policy::load(&args.policy).map(|_| Exit::Done),
        (ReportFormat::Json, Err(errors)) => {
            return print(&format!("{}\n", errors_json(&errors)), Exit::Invalid);
        }
    };
    let failed = selftest::run(&policy);
    let report = match args.format {
        ReportFormat::Text => text(&policy, &failed),
        ReportFormat::Json => format!("{}\n", result_json(&policy, &failed)),
    };
    print(&report, if failed.is_empty() { Exit::Done } else { Exit::Findings })
}

fn text(policy: &Policy, failed: &[FailedTest<'_>]) -> String {
    let mut out = String::new();
    line!(out, "policy    {}", policy.id);
    for (index, layer) in policy.layers.iter().enumerate() {
        let rules = policy.rules.iter().filter(|rule| usize::from(rule.layer) == index).count();
        let place = if layer.pack { "built in".to_owned() } else { layer.file.clone() };
        line!(out, "layer     {}: {} ({place})", layer.name, counted(rules, "rule"));
    }
    for loosening in &policy.loosenings {
        let (by, becomes) = (&loosening.by, &loosening.becomes);
        line!(out, "loosens   {by}: {becomes}, not {} ({})", loosening.was, loosening.rule);
    }
    let yellow = AnsiColor::Yellow.on_default();
    for warning in &policy.warnings {
        line!(out, "{yellow}warning{yellow:#}   {}:{}: {}", warning.file, warning.line, warning.message);
    }
    let passed = policy.tests.len() - failed.len();
    line!(out, "tests     {passed} passed, {} failed", failed.len());
    for failed in failed {
        let bold = Style::new().bold();
        line!(out, "\n{bold}{}{bold:#} ({}:{})", failed.test.name, failed.test.file, failed.test.line);
        line!(out, "  given     {}", failed.test.given);
        diff(failed, &mut out);
    }
    out
}

fn configuration(path: &Path, depth: Depth, format: ReportFormat) -> Result<Exit, Failure> {
    if format == ReportFormat::Json {
        return match config::read(path, depth) {
            Ok(loaded) => print(&format!("{}\n", configuration_json(&loaded)), Exit::Done),
            Err(errors) => {
                let policies = errors.policies.iter().flat_map(|policy| mistakes_json(&policy.errors));
                let all: Vec<Value> = policies.chain(mistakes_json(&errors.errors)).collect();
                let report = json!({"schema": SCHEMA, "valid": false, "errors": all});
                print(&format!("{report}\n"), Exit::Invalid)
            }
        };
    }
    let loaded = config::load(path, depth)?;
    let mut out = String::new();
    let sources = loaded.config.as_ref().map_or(0, |config| config.sources.len());
    let sinks = loaded.config.as_ref().map_or(0, |config| config.sinks.len());
    match &loaded.config {
        None => line!(out, "valid     {}: the text alone was looked at", path.display()),
        Some(_) => {
            let (sources, sinks) = (counted(sources, "source"), counted(sinks, "sink"));
            line!(out, "valid     {}: {sources}, {sinks}", path.display());
        }
    }
    for layers in loaded.config.iter().flat_map(|config| &config.policies) {
        let names: Vec<&str> = layers.policy.layers.iter().map(|layer| layer.name.as_str()).collect();
        line!(out, "policy    {} ({})", layers.policy.id, names.join(" + "));
    }
    let yellow = AnsiColor::Yellow.on_default();
    for warning in &loaded.warnings {
        line!(out, "{yellow}warning{yellow:#}   {}:{}: {}", warning.file, warning.line, warning.message);
    }
    print(&out, Exit::Done)
}

fn configuration_json(loaded: &Loaded) -> Value {
    let policies = loaded.config.iter().flat_map(|config| &config.policies).map(|layers| {
        let names: Vec<&str> = layers.policy.layers.iter().map(|layer| layer.name.as_str()).collect();
        json!({"policy_id": layers.policy.id.to_string(), "layers": names})
    });
    json!({
        "schema": SCHEMA,
        "valid": true,
        "policies": policies.collect::<Vec<_>>(),
        "warnings": loaded.warnings.iter().map(|warning| {
            json!({"file": warning.file, "line": warning.line, "message": warning.message})
        }).collect::<Vec<_>>(),
    })
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Line by line, `-` what was expected and `+` what came out; what differs in a line is underlined.
fn diff(failed: &FailedTest<'_>, out: &mut String) {
    let changes = TextDiff::from_lines(&failed.expected, &failed.actual);
    line!(out, "  expected (-), came out (+)");
    for change in changes.ops().iter().flat_map(|op| changes.iter_inline_changes(op)) {
        let (sign, color) = match change.tag() {
            ChangeTag::Delete => ('-', AnsiColor::Red.on_default()),
            ChangeTag::Insert => ('+', AnsiColor::Green.on_default()),
            ChangeTag::Equal => (' ', Style::new()),
        };
        let _ = write!(out, "  {color}{sign} ");
        for (differs, text) in change.iter_strings_lossy() {
            let text = text.trim_end_matches('\n');
            match differs {
                true => drop(write!(out, "{0}{text}{0:#}{color}", color.underline())),
                false => out.push_str(text),
            }
        }
        line!(out, "{color:#}");
    }
}

fn result_json(policy: &Policy, failed: &[FailedTest<'_>]) -> Value {
    let rules = |index: usize| policy.rules.iter().filter(|rule| usize::from(rule.layer) == index).count();
    json!({
        "schema": SCHEMA,
        "valid": true,
        "policy_id": policy.id.to_string(),
        "layers": policy.layers.iter().enumerate().map(|(index, layer)| {
            json!({"name": layer.name, "file": layer.file, "pack": layer.pack, "rules": rules(index)})
        }).collect::<Vec<_>>(),
        "loosens": policy.loosenings.iter().map(|loosening| {
            json!({"by": loosening.by, "becomes": loosening.becomes, "rule": loosening.rule, "was": loosening.was})
        }).collect::<Vec<_>>(),
        "warnings": policy.warnings.iter().map(|warning| {
            json!({"file": warning.file, "line": warning.line, "message": warning.message})
        }).collect::<Vec<_>>(),
        "tests": {
            "passed": policy.tests.len() - failed.len(),
            "failed": failed.iter().map(|failed| {
                let test = failed.test;
                json!({"name": test.name, "file": test.file, "line": test.line, "given": test.given,
                       "expected": failed.expected, "actual": failed.actual})
            }).collect::<Vec<_>>(),
        },
    })
}

fn errors_json(errors: &PolicyErrors) -> Value {
    let errors: Vec<Value> = mistakes_json(&errors.errors).collect();
    json!({"schema": SCHEMA, "valid": false, "errors": errors})
}

fn mistakes_json<P: Complaint>(mistakes: &[Mistake<P>]) -> impl Iterator<Item = Value> {
    mistakes.iter().map(|mistake| {
        let (line, column) = mistake.position();
        json!({"code": mistake.problem.code(), "message": mistake.problem.to_string(), "hint": mistake.hint(),
               "file": mistake.source.name, "line": line, "column": column})
    })
}
