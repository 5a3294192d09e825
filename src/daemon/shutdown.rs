//! Signals: the first asks for an orderly end, the second ends the process at once.

use std::io;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use crate::pipeline::Waker;

/// Exit status when a second signal ends the process, by signal. HUP acts like TERM.
const STATUS: [(i32, i32); 3] = [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 143)];

/// Lets INT, TERM and HUP ask for a stop. A signal that was ignored when the process began (`nohup`, a background job)
/// stays ignored.
pub fn on_signals(waker: &Waker) -> io::Result<()> {
    let ignored = ignored_signals();
    for (signal, status) in STATUS {
        if ignored >> (signal - 1) & 1 == 1 {
            continue;
        }
        // Actions run in this order: the second signal finds the flag set and never returns.
        flag::register_conditional_shutdown(signal, status, waker.stop_flag())?;
        flag::register(signal, waker.stop_flag())?;
        low_level::pipe::register(signal, waker.descriptor()?)?;
    }
    Ok(())
}

/// Bit `n - 1` is set for each signal `n` that this process ignores. Where the system does not tell, none.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
