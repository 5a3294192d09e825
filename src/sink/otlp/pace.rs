//! When the next attempt may begin: at once while the receiver answers; one at a time, after a pause, while it does not.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep_until};

use crate::sink::retry::Retry;

/// The pace of one sink's attempts.
pub struct Pace {
    retry: Retry,
    /// Failed and unknown attempts since the last that was neither; those that were under way together count once.
    in_a_row: Cell<u32>,
    failed_at: Cell<Option<Instant>>,
    /// Before this nothing is tried.
    next: Cell<Option<Instant>>,
    probe: Mutex<()>,
}

/// Leave for one attempt.
pub struct Turn<'a> {
    began: Instant,
    _probe: Option<MutexGuard<'a, ()>>,
}

impl Pace {
    /// With these pauses.
    pub fn new(retry: Retry) -> Pace {
        Pace {
            retry,
            in_a_row: Cell::new(0),
            failed_at: Cell::new(None),
            next: Cell::new(None),
            probe: Mutex::new(()),
        }
    }

    /// Waits for leave.
    pub async fn turn(&self) -> Turn<'_> {
        if self.in_a_row.get() == 0 {
            return Turn { began: Instant::now(), _probe: None };
        }
        let probe = self.probe.lock().await;
        if let Some(next) = self.next.get().filter(|_| self.in_a_row.get() > 0) {
            sleep_until(next).await;
        }
        let probe = (self.in_a_row.get() > 0).then_some(probe);
        Turn { began: Instant::now(), _probe: probe }
    }

    /// The receiver has said what became of an attempt.
    pub fn recovered(&self) {
        self.in_a_row.set(0);
        self.next.set(None);
    }

    /// It has not, or asked to come again `after` a while.
    pub fn failed(&self, turn: &Turn<'_>, after: Option<Duration>) {
        let now = Instant::now();
        let news = self.failed_at.get().is_none_or(|last| turn.began >= last);
        let before = self.in_a_row.get();
        if news || before == 0 {
            self.in_a_row.set(before.saturating_add(1));
            self.failed_at.set(Some(now));
            self.next.set(Some(now + self.retry.pause(before, after)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace() -> Pace {
        Pace::new(Retry { initial: Duration::from_millis(40), max: Duration::from_millis(40) })
    }

    #[tokio::test(flavor = "current_thread")]
    async fn attempts_that_fail_together_count_once() {
        let pace = pace();
        let turns = [pace.turn().await, pace.turn().await, pace.turn().await];
        turns.iter().for_each(|turn| pace.failed(turn, None));
        assert_eq!(pace.in_a_row.get(), 1);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn one_at_a_time_probes_until_the_receiver_answers() {
        let pace = pace();
        let first = pace.turn().await;
        pace.failed(&first, Some(Duration::from_millis(50)));
        drop(first);
        let began = Instant::now();
        let probe = pace.turn().await;
        assert!(began.elapsed() >= Duration::from_millis(50), "the pause was asked for");
        let second = tokio::time::timeout(Duration::from_millis(100), pace.turn()).await;
        assert!(second.is_err(), "somebody probes already");
        pace.recovered();
        drop(probe);
        let _one = pace.turn().await;
        let _two = pace.turn().await;
    }
}
