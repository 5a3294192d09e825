//! One attempt to put what the files say now in force.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use super::print::Print;
use crate::document::Complaint;
use crate::engine::policy::{Policy, PolicyErrors, PolicyId};
use crate::engine::selftest;
use crate::limits::{RELOAD_TRIES_MAX, RELOAD_TRY_MS};
use crate::policies::{self, Part};

/// How an attempt ended: `result` of `redactd_policy_reloads_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something else is in force now.
    Ok,
    /// The files say what is in force.
    Unchanged,
    /// They cannot be used, or their own tests fail.
    Invalid,
    /// They are weaker than what is in force, and do not say so.
    Weaker,
}

/// What became of one policy.
#[derive(Clone, Debug)]
pub struct Reloaded {
    /// Packs and files, the lowest first.
    pub names: Vec<PathBuf>,
    /// What is in force now.
    pub id: PolicyId,
    /// How it ended.
    pub outcome: Outcome,
    /// Why nothing changed.
    pub errors: Vec<String>,
    /// What its author may not have meant.
    pub warnings: Vec<String>,
}

/// A policy as its files say it now, judged.
pub struct Judged {
    /// How the attempt ends.
    pub outcome: Outcome,
    /// What can be put in force.
    pub policy: Option<Arc<Policy>>,
    /// Its files, also where it is not valid.
    pub parts: Vec<Part>,
    /// What they were.
    pub prints: Vec<(PathBuf, Print)>,
    /// Why it cannot.
    pub errors: Vec<String>,
    /// What its author may not have meant.
    pub warnings: Vec<String>,
}

impl Outcome {
    /// As metrics and answers spell it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Unchanged => "unchanged",
            Outcome::Invalid => "invalid",
            Outcome::Weaker => "weaker",
        }
    }

    /// Whether what is in force stays against the will of whoever changed the files.
    pub fn is_refusal(self) -> bool {
        matches!(self, Outcome::Invalid | Outcome::Weaker)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the files of a policy are at this moment; a file that has changed since it was read is stale.
pub fn prints(parts: &[Part]) -> Vec<(PathBuf, Print)> {
    let print = |part: &Part| match &part.source {
        Some(source) => Print::of_text(&part.path, &source.text),
        None => Print::of(&part.path),
    };
    parts.iter().map(|part| (part.path.clone(), print(part))).collect()
}

/// Reads and judges the policy of these layers against the one in force.
pub fn judge(names: &[PathBuf], active: &Policy) -> Judged {
    let work = || {
        let (policy, parts, prints) = read(names);
        let (outcome, policy, errors, warnings) = match policy {
            Err(errors) => (Outcome::Invalid, None, errors, Vec::new()),
            Ok(policy) => against(Arc::new(policy), active),
        };
        Judged { outcome, policy, parts, prints, errors, warnings }
    };
    // A bug that a policy meets must not end the thread that would load a better one.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Judged {
        outcome: Outcome::Invalid,
        policy: None,
        parts: Vec::new(),
        prints: names.iter().map(|name| (name.clone(), Print::of(name))).collect(),
        errors: vec!["internal error; the old policy stays".to_owned()],
        warnings: Vec::new(),
    })
}

/// Compiled, or why not; the files, and what they were.
type Compiled = (Result<Policy, Vec<String>>, Vec<Part>, Vec<(PathBuf, Print)>);

/// Reads until all files are, afterwards, still what was read.
fn read(names: &[PathBuf]) -> Compiled {
    let mut tries = 0;
    loop {
        let (policy, parts) = policies::load_with_parts(names);
        let prints = prints(&parts);
        if !prints.iter().any(|(_, print)| *print == Print::STALE) {
            return (policy.map_err(|errors| told(&errors)), parts, prints);
        }
        tries += 1;
        if tries == RELOAD_TRIES_MAX {
            let why = format!("the files of the policy change while they are read, {tries} times in a row");
            return (Err(vec![why]), parts, prints);
        }
        sleep(Duration::from_millis(RELOAD_TRY_MS));
    }
}

/// Outcome, policy, errors and warnings.
type Verdict = (Outcome, Option<Arc<Policy>>, Vec<String>, Vec<String>);

fn against(policy: Arc<Policy>, active: &Policy) -> Verdict {
    let failed = selftest::run(&policy);
    if let Some(first) = failed.first() {
        let why = format!(
            "{} of its {} tests fail, first `{}` ({}:{})",
            failed.len(),
            policy.tests.len(),
            first.test.name,
            first.test.file,
            first.test.line
        );
        return (Outcome::Invalid, None, vec![why], Vec::new());
    }
    if policy.id == active.id {
        return (Outcome::Unchanged, Some(policy), Vec::new(), Vec::new());
    }
    let weaker = policy.weaker_than(active);
    let in_vain = policy.said_in_vain(&weaker);
    let warnings =
        in_vain.iter().map(|name| format!("`loosens` names `{name}`, which is not weaker")).collect();
    let unsaid = policy.unsaid(weaker);
    if unsaid.is_empty() {
        return (Outcome::Ok, Some(policy), Vec::new(), warnings);
    }
    let errors = unsaid.iter().map(|weaker| {
        format!("{weaker}: to allow it, name `{}` in `loosens` at the top of the file", weaker.name)
    });
    (Outcome::Weaker, None, errors.collect(), warnings)
}

/// One line per error. A policy holds no record content.
pub fn told(errors: &PolicyErrors) -> Vec<String> {
    let line = |error: &crate::engine::policy::PolicyError| {
        let (line, column) = error.position();
        let hint = error.hint().map_or(String::new(), |hint| format!(" ({hint})"));
        match error.span {
            Some(_) => format!("{}:{line}:{column}: {}{hint}", error.source.name, error.problem),
            None => format!("{error}{hint}"),
        }
    };
    errors.errors.iter().map(line).collect()
}

/// One line per mistake of a configuration, without its text: it may hold what is not for every reader.
pub fn told_mistakes<P: Complaint>(mistakes: &[crate::document::Mistake<P>]) -> Vec<String> {
    let line = |mistake: &crate::document::Mistake<P>| {
        let (line, column) = mistake.position();
        format!("{}:{line}:{column}: {}", mistake.source.name, mistake.problem)
    };
    mistakes.iter().map(line).collect()
}

/// Whether nothing outside of the program belongs to these layers.
pub fn is_built_in(names: &[PathBuf]) -> bool {
    names.iter().all(|name: &PathBuf| Path::to_str(name).is_some_and(crate::engine::policy::is_pack))
}
