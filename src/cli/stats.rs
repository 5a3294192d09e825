//! The summary of `--stats`.

use std::io::Write;
use std::time::Duration;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use crate::daemon::Report;

/// Prints what went through, to standard error.
pub fn print(report: &Report, elapsed: Duration) {
    let totals = &report.totals;
    let seconds = elapsed.as_secs_f64().max(1e-6);
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.add_row(["records".to_owned(), totals.records.to_string()]);
    table.add_row(["withheld".to_owned(), totals.withheld.to_string()]);
    table.add_row(["bytes in".to_owned(), totals.bytes_in.to_string()]);
    table.add_row(["bytes out".to_owned(), totals.bytes_out.to_string()]);
    table.add_row(["replaced spans".to_owned(), totals.spans.to_string()]);
    table.add_row(["seconds".to_owned(), format!("{seconds:.3}")]);
    table.add_row(["MB per second".to_owned(), format!("{:.1}", totals.bytes_in as f64 / seconds / 1e6)]);
    if let Some(numbers) = table.column_mut(1) {
        numbers.set_cell_alignment(CellAlignment::Right);
    }
    let _ = writeln!(std::io::stderr(), "{}", table.trim_fmt());
}
