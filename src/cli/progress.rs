//! The progress bar of the filter, on standard error.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressStyle};

use crate::source::Origin;

/// A bar for `inputs`, hidden where it would be noise: reading standard input, output on the same terminal, nobody to
/// look at it.
pub fn bar(inputs: &[Origin], quiet: bool) -> ProgressBar {
    let files = inputs.iter().all(|input| matches!(input, Origin::File(_)));
    if quiet || !files || !io::stderr().is_terminal() || io::stdout().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match total(inputs) {
        Some(bytes) => {
            (ProgressBar::new(bytes), "{bar:40} {percent:>3} %  {binary_bytes_per_sec}  {eta} left")
        }
        None => (ProgressBar::no_length(), "{spinner} {binary_bytes}  {binary_bytes_per_sec}"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Bytes of all inputs, if all are regular files.
fn total(inputs: &[Origin]) -> Option<u64> {
    inputs
        .iter()
        .map(|input| {
            std::fs::metadata(input.name()).ok().filter(|file| file.is_file()).map(|file| file.len())
        })
        .sum()
}
