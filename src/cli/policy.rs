//! Policies named on the command line: loaded, tested, and their mistakes shown.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use super::report::{Exit, Failure, quoted};
use crate::engine::policy::{Policy, PolicyErrors};
use crate::engine::selftest;
use crate::policies;

/// How wide error screens are, in columns.
pub const COLUMNS: usize = 100;

/// The policy of these `--policy` files, or the pack `default`. One that fails a test of its own never becomes active.
pub fn active(files: &[PathBuf]) -> Result<Arc<Policy>, Failure> {
    if files.is_empty() {
        return Ok(Arc::new(Policy::default_policy()));
    }
    let policy = Arc::new(load(files)?);
    let failed = selftest::run(&policy);
    if let Some(first) = failed.first() {
        let options: String = files.iter().map(|file| format!(" --policy {}", file.display())).collect();
        let message = format!(
            "{} of the policy's {} tests fail, first {}",
            failed.len(),
            policy.tests.len(),
            quoted(&first.test.name)
        );
        return Err(Failure::new(Exit::Invalid, message).hint(format!("`redactd check{options}` shows why")));
    }
    drop(failed);
    Ok(policy)
}

/// The compiled policy; what is wrong with it has been printed to standard error when it fails.
pub fn load(files: &[PathBuf]) -> Result<Policy, Failure> {
    policies::load(files).map_err(|errors| {
        show(&errors);
        Failure::new(Exit::Invalid, summary(&errors))
    })
}

/// One line for all errors.
pub fn summary(errors: &PolicyErrors) -> String {
    match errors.errors.len() {
        1 => "the policy is not valid: 1 error".to_owned(),
        count => format!("the policy is not valid: {count} errors"),
    }
}

fn show(errors: &PolicyErrors) {
    let color = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    // When standard error is closed there is nobody left to tell.
    let _ = write!(anstream::stderr(), "{}", errors.render(color, COLUMNS));
}
