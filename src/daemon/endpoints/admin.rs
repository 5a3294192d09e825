//! Reload, policy and status, as JSON. Nothing here shows a record, a text of a policy, or a key.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::daemon::handles::{Handles, Layered};
use crate::daemon::reload::{Outcome, Report};
use crate::limits::RELOAD_ANSWER_MS;

/// Reloads and says what that led to; whether everything that was asked for is in force, and the answer. `None` if it took
/// too long.
pub fn reload(handles: &Handles) -> Option<(bool, Value)> {
    let report = handles.reload.ask_and_wait(Duration::from_millis(RELOAD_ANSWER_MS))?;
    let Report { policies, ring } = report;
    let mut errors: Vec<String> = policies.iter().flat_map(|policy| policy.errors.clone()).collect();
    errors.extend(ring.iter().filter_map(|ring| ring.as_ref().err()).cloned());
    if !errors.is_empty() || policies.iter().any(|policy| policy.outcome.is_refusal()) {
        return Some((false, json!({ "errors": errors })));
    }
    let new_keys = ring.is_some();
    let answers = policies.iter().map(|policy| {
        let changed = policy.outcome == Outcome::Ok || new_keys;
        json!({"policy_id": policy.id.to_string(), "changed": changed})
    });
    Some((true, one_or_list(answers.collect())))
}

/// What is in force.
pub fn policy(handles: &Handles) -> Value {
    let counts = handles.metrics.redactions.values();
    let of = |layered: &Layered| {
        let policy = layered.slot.active().policy;
        let state = layered.state().clone();
        let layers = policy.layers.iter().map(|layer| json!({"name": layer.name, "pack": layer.pack}));
        let rules = policy.rules.iter().map(|rule| {
            let action = rule.action.name();
            let same = |(name, done, _): &&(String, &str, u64)| *name == rule.qualified && *done == action;
            let count = counts.iter().find(same).map_or(0, |(_, _, count)| *count);
            json!({"id": rule.qualified, "action": action, "mode": "apply", "count": count})
        });
        json!({
            "policy_id": policy.id.to_string(),
            "loaded": timestamp(state.loaded_at),
            "last_good": state.kept,
            "refused": state.refused.map(Outcome::name),
            "layers": layers.collect::<Vec<_>>(),
            "rules": rules.collect::<Vec<_>>(),
        })
    };
    one_or_list(handles.policies.iter().map(of).collect())
}

/// How far sources are, and what sinks have.
pub fn status(handles: &Handles) -> Value {
    let snapshot = handles.metrics.snapshot();
    let sources = handles.metrics.sources.iter().enumerate().map(|(position, source)| {
        let mut about = json!({
            "name": source.name,
            "records": snapshot.received[position],
            "position_bytes": source.bytes.value(),
        });
        if let Some(files) = &handles.files[position] {
            about["files"] = json!(files.files());
            about["lag_bytes"] = json!(source.lag_bytes.value());
            about["oldest_unread_seconds"] = json!(source.oldest_unread_ms.value() as f64 / 1000.0);
            about["stalled"] = json!(files.is_stalled());
        }
        about
    });
    let sinks = handles.metrics.sinks.iter().zip(&snapshot.sinks).map(|(sink, at)| {
        json!({
            "name": sink.name,
            "queue_bytes": sink.queue_bytes.value(),
            "in_flight": at.in_flight,
            "delivered": at.delivered,
            "last_outcome": sink.last_attempt().name(),
        })
    });
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "sources": sources.collect::<Vec<_>>(),
        "sinks": sinks.collect::<Vec<_>>(),
    })
}

/// A list where there are several.
fn one_or_list(mut answers: Vec<Value>) -> Value {
    match answers.len() {
        1 => answers.remove(0),
        _ => Value::Array(answers),
    }
}

fn timestamp(at: SystemTime) -> Option<String> {
    let at = jiff::Timestamp::try_from(at).ok()?;
    Some(format!("{at:.0}"))
}
