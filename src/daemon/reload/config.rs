//! A configuration file that changes while it runs: what would be different after a restart.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::attempt::{told, told_mistakes};
use super::print::Print;
use crate::daemon::config::{self, Depth};

/// The configuration that runs, as it was written.
pub struct Written {
    /// Its file.
    pub path: PathBuf,
    /// The file at the last look.
    print: Print,
    /// Every value by its path, as in `sinks.safe.path`.
    values: BTreeMap<String, String>,
}

/// What a changed file means.
#[derive(Debug)]
pub enum Change {
    /// It is valid; these keys are not as they run.
    Restart(Vec<String>),
    /// It says what runs.
    Back,
    /// It is not valid, and a restart would fail.
    Invalid(Vec<String>),
}

impl Written {
    /// Of a file that was read and found valid just now.
    pub fn of(path: &Path) -> Written {
        Written { path: path.to_path_buf(), print: Print::of(path), values: values(path) }
    }

    pub(super) fn differs(&self) -> bool {
        Print::of(&self.path) != self.print
    }

    /// What changed since the last look, if something did.
    pub(super) fn change(&mut self) -> Option<Change> {
        let print = Print::of(&self.path);
        if std::mem::replace(&mut self.print, print) == print {
            return None;
        }
        if let Err(errors) = config::load(&self.path, Depth::Start, Some(&environment)) {
            let policies = errors.policies.iter().flat_map(told);
            return Some(Change::Invalid(policies.chain(told_mistakes(&errors.errors)).collect()));
        }
        let now = values(&self.path);
        let all: BTreeMap<&String, ()> = self.values.keys().chain(now.keys()).map(|key| (key, ())).collect();
        let changed: Vec<String> =
            all.into_keys().filter(|key| self.values.get(*key) != now.get(*key)).cloned().collect();
        Some(if changed.is_empty() { Change::Back } else { Change::Restart(changed) })
    }
}

fn values(path: &Path) -> BTreeMap<String, String> {
    config::values_in(path, Some(&environment))
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
