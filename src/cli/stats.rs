//! The summary of `--stats`.

use std::io::Write;
use std::time::Duration;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use crate::daemon::SourceReport;
use crate::engine::policy::Policy;

/// Prints what went through and what each rule replaced, to standard error.
pub fn print(report: &SourceReport, policy: &Policy, elapsed: Duration) {
    let totals = &report.totals;
    let seconds = elapsed.as_secs_f64().max(1e-6);
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.add_rows([
        ["records", "", &totals.records.to_string()],
        ["withheld", "", &totals.withheld.to_string()],
        ["bytes in", "", &totals.bytes_in.to_string()],
        ["bytes out", "", &totals.bytes_out.to_string()],
        ["seconds", "", &format!("{seconds:.3}")],
        ["MB per second", "", &format!("{:.1}", totals.bytes_in as f64 / seconds / 1e6)],
        ["replaced spans", "", &totals.spans.to_string()],
    ]);
    for (rule, count) in policy.rules.iter().zip(&report.counts).filter(|(_, count)| **count > 0) {
        table.add_row([format!("  {}", rule.qualified), rule.action.name().to_owned(), count.to_string()]);
    }
    if let Some(numbers) = table.column_mut(2) {
        numbers.set_cell_alignment(CellAlignment::Right);
    }
    // When standard error is closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "{}", table.trim_fmt());
}
