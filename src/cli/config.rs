//! Configurations named on the command line: read, and their mistakes shown.

use std::io::Write;
use std::path::Path;

use super::report::{self, Exit, Failure, quoted};
use crate::daemon::config::{self, ConfigErrors, Depth, Loaded, Warning};

/// Reads and checks a configuration; what is wrong with it has been printed to standard error when it fails.
pub fn load(path: &Path, depth: Depth) -> Result<Loaded, Failure> {
    read(path, depth).map_err(|errors| {
        let color = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
        // When standard error is closed there is nobody left to tell.
        let _ = write!(anstream::stderr(), "{}", errors.render(color, super::policy::COLUMNS));
        Failure::new(Exit::Invalid, summary(&errors))
    })
}

/// Reads and checks a configuration, with the variables of this process.
pub fn read(path: &Path, depth: Depth) -> Result<Loaded, ConfigErrors> {
    config::load(path, depth, Some(&|name| std::env::var(name).ok()))
}

/// Says what works and may not be meant.
pub fn warn(warnings: &[Warning]) {
    for Warning { file, line, message } in warnings {
        report::warning(format!("{}:{line}: {message}", quoted(file)));
    }
}

/// One line for all errors.
fn summary(errors: &ConfigErrors) -> String {
    match errors.errors.len() {
        1 => "the configuration is not valid: 1 error".to_owned(),
        count => format!("the configuration is not valid: {count} errors"),
    }
}
