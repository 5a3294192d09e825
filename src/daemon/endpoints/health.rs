//! Whether the process works, and whether it does its work.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use crate::daemon::handles::Handles;
use crate::metrics::LastAttempt;

/// One line of `/readyz?verbose`.
struct Check {
    name: &'static str,
    /// What is wrong.
    failing: Vec<String>,
    /// What is worth knowing all the same.
    notes: Vec<String>,
}

/// Whether all checks hold, and what to say: failing checks only, or all.
pub fn readiness(handles: &Handles, verbose: bool) -> (bool, String) {
    let checks = [
        policy(handles),
        sources(handles),
        sinks(handles),
        stalled(handles),
        auth_failed(handles),
        draining(handles),
    ];
    let ready = checks.iter().all(|check| check.failing.is_empty());
    let mut text = String::new();
    for Check { name, failing, notes } in &checks {
        // Writing to a string does not fail.
        let _ = match failing.as_slice() {
            [] if !verbose => Ok(()),
            [] if notes.is_empty() => writeln!(text, "{name}: ok"),
            [] => writeln!(text, "{name}: ok ({})", notes.join("; ")),
            failing => writeln!(text, "{name}: {}", failing.join("; ")),
        };
    }
    if ready && !verbose {
        text.push_str("ok\n");
    }
    (ready, text)
}

fn policy(handles: &Handles) -> Check {
    let mut check = Check { name: "policy", failing: Vec::new(), notes: Vec::new() };
    for layered in &handles.policies {
        let state = layered.state();
        let id = layered.slot.active().policy.id;
        if state.kept {
            check.failing.push(format!("the files are not valid, the last good copy is in force: {id}"));
        } else if let Some(outcome) = state.refused {
            check.notes.push(format!("the last reload was refused: {outcome}, still in force: {id}"));
        }
    }
    if handles.ring_refused.load(Ordering::Relaxed) {
        check.notes.push("the changed key ring was refused: invalid, the old keys stay".to_owned());
    }
    check
}

fn sources(handles: &Handles) -> Check {
    let not_looked = |(name, files): (&str, &crate::source::file::Status)| {
        (files.looks() == 0).then(|| format!("{name} has not looked for files yet"))
    };
    Check { name: "sources", failing: files(handles).filter_map(not_looked).collect(), notes: Vec::new() }
}

fn sinks(handles: &Handles) -> Check {
    let mut failing = Vec::new();
    for sink in &handles.metrics.sinks {
        match sink.last_attempt() {
            LastAttempt::Failed => failing.push(format!("the last attempt of {} failed", sink.name)),
            LastAttempt::Ended => failing.push(format!("{} has ended", sink.name)),
            LastAttempt::None | LastAttempt::Ok | LastAttempt::Unknown | LastAttempt::Unauthorized => {}
        }
    }
    Check { name: "sinks", failing, notes: Vec::new() }
}

fn stalled(handles: &Handles) -> Check {
    let stands = |(name, files): (&str, &crate::source::file::Status)| {
        files.is_stalled().then(|| format!("{name} has unread data and does not move"))
    };
    Check { name: "stalled", failing: files(handles).filter_map(stands).collect(), notes: Vec::new() }
}

fn auth_failed(handles: &Handles) -> Check {
    let sinks = handles.metrics.sinks.iter();
    let refused = sinks.filter(|sink| sink.last_attempt() == LastAttempt::Unauthorized);
    let failing = refused.map(|sink| format!("the receiver of {} refuses its credentials", sink.name));
    Check { name: "auth_failed", failing: failing.collect(), notes: Vec::new() }
}

fn draining(handles: &Handles) -> Check {
    let draining = handles.draining.load(Ordering::Acquire);
    let failing = if draining { vec!["a stop was asked for".to_owned()] } else { Vec::new() };
    Check { name: "draining", failing, notes: Vec::new() }
}

fn files(handles: &Handles) -> impl Iterator<Item = (&str, &crate::source::file::Status)> {
    let sources = handles.metrics.sources.iter().zip(&handles.files);
    sources.filter_map(|(source, files)| Some((source.name.as_str(), files.as_deref()?)))
}
