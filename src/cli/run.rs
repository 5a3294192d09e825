//! `redactd run -c FILE`: the daemon.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::report::{self, Exit, Failure, quoted};
use super::{config, filter};
use crate::daemon::config::Depth;
use crate::daemon::{self, Change, Notice, Outcome, ReloadReport, Reloaded, RunError, Signals};
use crate::sink::SinkEvent;
use crate::source::{file, otlp};

/// Run as a daemon: from the sources of a configuration to its sinks, until a signal comes
///
/// SIGTERM and SIGINT stop reading and deliver what was read; a second one ends at once. SIGUSR1 opens output files anew,
/// SIGHUP reloads policies and keys, which happens as well when their files change.
/// `redactd check -c FILE` says what is wrong with a configuration without starting anything.
#[derive(Args)]
pub struct Run {
    /// The configuration: YAML, or TOML or JSON by the name of the file
    #[arg(
        short,
        long,
        value_name = "FILE",
        env = "REDACTD_CONFIG",
        default_value = "/etc/redactd/redactd.yaml"
    )]
    config: PathBuf,

    /// Say nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

/// Runs the daemon to its end.
pub fn run(args: &Run) -> Result<Exit, Failure> {
    keep_memory_private().map_err(RunError::Start).map_err(filter::not_run)?;
    let signals = Signals::daemon().map_err(RunError::Start).map_err(filter::not_run)?;
    let loaded = config::load(&args.config, Depth::Start)?;
    if !args.quiet {
        config::warn(&loaded.warnings);
    }
    // `Depth::Start` makes one.
    let Some(config) = loaded.config else { return Ok(Exit::Invalid) };
    let quiet = args.quiet;
    let report = daemon::run(config, &signals, Arc::new(move |notice| tell(&notice, quiet)));
    filter::outcome(report.map_err(filter::not_run)?)
}

/// What was read is in this process's memory, and so are keys: a crash leaves no core file, and no other process of this user
/// may look inside.
fn keep_memory_private() -> io::Result<()> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Says what the operator may want to know. Each trouble begins and ends with one line.
fn tell(notice: &Notice, quiet: bool) {
    match notice {
        Notice::Failed(error) => filter::failed_input(error).print(),
        Notice::SinkEnded(name, why) => report::warning(format!("the sink `{name}` has ended: {why}")),
        Notice::Files(name, event) => files(name, event, quiet),
        Notice::Otlp(name, event) => otlp(name, event, quiet),
        Notice::Sink(name, event) => sink(name, event, quiet),
        Notice::Abandoned(bytes) => {
            report::warning(format!(
                "an unfinished line of {bytes} bytes is not delivered: its end is unknown"
            ));
        }
        Notice::Reloaded(reload) => reloaded(reload, quiet),
        Notice::PolicyNotKept(why) => {
            report::warning(format!("cannot keep the policy for a restart with a bad one: {why}"));
        }
        Notice::Telemetry(Some(why)) => {
            report::warning(format!("cannot push metrics by OTLP, and tries again: {why}"));
        }
        Notice::Telemetry(None) if !quiet => report::note("metrics are pushed by OTLP again"),
        Notice::ConfigChanged(change) => config_changed(change, quiet),
        Notice::Started(_) if !quiet => report::note("running"),
        Notice::Draining if !quiet => report::note("stopping: what was read is being delivered"),
        Notice::Started(_) | Notice::Draining | Notice::Read(_) | Notice::Telemetry(None) => {}
    }
}

fn reloaded(reload: &ReloadReport, quiet: bool) {
    for Reloaded { names, id, outcome, errors, warnings } in &reload.policies {
        let names: Vec<String> = names.iter().map(quoted).collect();
        let names = names.join(" + ");
        match outcome {
            Outcome::Ok if !quiet => report::note(format!("the policy {names} is in force: {id}")),
            Outcome::Unchanged if !quiet => report::note(format!("the policy {names} is unchanged: {id}")),
            Outcome::Ok | Outcome::Unchanged => {}
            Outcome::Invalid | Outcome::Weaker => {
                let reason = if *outcome == Outcome::Weaker { "weaker" } else { "not valid" };
                report::warning(format!("the policy {names} is {reason}, and the old one stays: {id}"));
                errors.iter().for_each(report::warning);
            }
        }
        warnings.iter().for_each(report::warning);
    }
    match &reload.ring {
        Some(Ok(())) if !quiet => report::note("the key ring has changed and is in force"),
        Some(Err(why)) => report::warning(format!("the old keys stay in force: {why}")),
        Some(Ok(())) | None => {}
    }
}

fn config_changed(change: &Change, quiet: bool) {
    match change {
        Change::Restart(keys) => {
            report::warning(format!("the configuration has changed; restart to apply: {}", keys.join(", ")));
        }
        Change::Back if !quiet => report::note("the configuration is again what runs"),
        Change::Back => {}
        Change::Invalid(errors) => {
            report::warning("the configuration has changed and is not valid; what runs stays");
            errors.iter().for_each(report::warning);
        }
    }
}

fn files(name: &str, event: &file::Notice, quiet: bool) {
    let what = match event {
        file::Notice::Unreadable(path, why) => {
            format!("cannot read {}, and tries again: {why}", path.display())
        }
        file::Notice::Gzip(path, why) => format!("leaves {} out: {why}", path.display()),
        file::Notice::Damaged(path) => {
            format!("finds {} damaged, and begins from the checkpoint before or anew", path.display())
        }
        file::Notice::Checkpoint(why) => format!("cannot write its checkpoint, and tries again: {why}"),
        file::Notice::Hole(path, bytes) => {
            format!("skips {bytes} NULs at the beginning of {}", path.display())
        }
        file::Notice::Unwatched(_) | file::Notice::Truncated(_) if quiet => return,
        file::Notice::Truncated(path) => {
            return report::note(format!("the source `{name}` reads {} from its beginning", path.display()));
        }
        file::Notice::Unwatched(why) => {
            return report::note(format!(
                "the source `{name}` gets no hints of changes, and looks for them: {why}"
            ));
        }
    };
    report::warning(format!("the source `{name}` {what}"));
}

fn otlp(name: &str, event: &otlp::Notice, quiet: bool) {
    match event {
        otlp::Notice::Listening(wire, address) if !quiet => {
            report::note(format!("the source `{name}` listens at {address} ({wire})"));
        }
        otlp::Notice::Listening(..) => {}
        otlp::Notice::NotReloaded(why) => {
            report::warning(format!(
                "the source `{name}` goes on with the certificates and tokens it has: {why}"
            ));
        }
        otlp::Notice::NotAccepting(why) => {
            report::warning(format!("the source `{name}` takes no new connections at the moment: {why}"));
        }
    }
}

fn sink(name: &str, event: &SinkEvent, quiet: bool) {
    match event {
        SinkEvent::Waiting(path, why) => {
            report::warning(format!("the sink `{name}` waits: cannot write to {}: {why}", path.display()));
        }
        SinkEvent::Resumed(path, after) if !quiet => {
            let seconds = after.as_secs();
            report::note(format!("the sink `{name}` goes on with {} after {seconds} s", path.display()));
        }
        SinkEvent::Resumed(..) => {}
        SinkEvent::SyncFailed(path, why) => report::warning(format!(
            "the sink `{name}` cannot be sure that {} is on disk, and writes to a new file: {why}",
            path.display()
        )),
        SinkEvent::NotRotated(path, why) => {
            report::warning(format!(
                "the sink `{name}` cannot rotate {}, and goes on: {why}",
                path.display()
            ));
        }
        SinkEvent::Unreachable(why) => {
            report::warning(format!("the sink `{name}` waits: its receiver takes nothing: {why}"));
        }
        SinkEvent::Reachable(after) if !quiet => {
            report::note(format!("the sink `{name}` goes on after {} s", after.as_secs()));
        }
        SinkEvent::Reachable(_) => {}
        SinkEvent::Refused(status, letters) => report::warning(format!(
            "the receiver of the sink `{name}` refused records for good (status {status}); they are in {}",
            letters.display()
        )),
        SinkEvent::RefusedOtlp(why, letters) => report::warning(format!(
            "the sink `{name}` was refused records ({why}); they are kept in {}",
            letters.display()
        )),
        SinkEvent::NotReloaded(why) => {
            report::warning(format!("the sink `{name}` goes on with the credentials it has: {why}"));
        }
        SinkEvent::NotReopened(path, why) => report::warning(format!(
            "the sink `{name}` cannot open {} anew, and goes on with the old file: {why}",
            path.display()
        )),
    }
}
