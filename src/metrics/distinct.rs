//! How many different correlation IDs were seen in the last minute, as an estimate (HyperLogLog, Flajolet et al. 2007): who
//! guesses identifiers to see their IDs makes many. IDs are uniformly random, so they need no hash, and none is kept.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::limits::{DISTINCT_SLOT_SECONDS, DISTINCT_SLOTS};

/// Registers of one sketch; the error is 1.04 / √1024, some 3 %.
const REGISTERS: usize = 1024;
/// Of the estimate, for this many registers.
const ALPHA: f64 = 0.7213 / (1.0 + 1.079 / REGISTERS as f64);

/// An estimate over a window that moves in steps.
#[derive(Debug)]
pub struct Distinct(Mutex<Window>);

#[derive(Debug)]
struct Window {
    began: Instant,
    /// By slot: which stretch of time since `began` it is of, and its sketch.
    slots: [(u64, Vec<u8>); DISTINCT_SLOTS],
}

impl Default for Distinct {
    fn default() -> Distinct {
        let slots = std::array::from_fn(|_| (0, Vec::new()));
        Distinct(Mutex::new(Window { began: Instant::now(), slots }))
    }
}

impl Distinct {
    /// Takes note of IDs, each as 64 of its random bits.
    pub fn add(&self, ids: impl IntoIterator<Item = u64>) {
        self.add_at(ids, Instant::now());
    }

    /// Different IDs in the last minute.
    pub fn estimate(&self) -> u64 {
        self.estimate_at(Instant::now())
    }

    fn add_at(&self, ids: impl IntoIterator<Item = u64>, now: Instant) {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stretch = window.stretch(now);
        let (of, sketch) = &mut window.slots[stretch as usize % DISTINCT_SLOTS];
        if *of != stretch || sketch.is_empty() {
            *of = stretch;
            sketch.clear();
            sketch.resize(REGISTERS, 0);
        }
        for id in ids {
            let register = &mut sketch[id as usize % REGISTERS];
            let rank = (id >> REGISTERS.ilog2() | 1 << 53).trailing_zeros() as u8 + 1;
            *register = rank.max(*register);
        }
    }

    fn estimate_at(&self, now: Instant) -> u64 {
        let window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stretch = window.stretch(now);
        let fresh = |of: u64| of + DISTINCT_SLOTS as u64 > stretch;
        let sketches: Vec<&[u8]> = window
            .slots
            .iter()
            .filter(|(of, sketch)| fresh(*of) && !sketch.is_empty())
            .map(|(_, s)| &**s)
            .collect();
        if sketches.is_empty() {
            return 0;
        }
        let ranks = (0..REGISTERS).map(|at| sketches.iter().map(|sketch| sketch[at]).max().unwrap_or(0));
        let (mut sum, mut empty) = (0.0, 0);
        for rank in ranks {
            sum += 1.0 / (1u64 << rank) as f64;
            empty += usize::from(rank == 0);
        }
        let registers = REGISTERS as f64;
        let raw = ALPHA * registers * registers / sum;
        // Where many registers are empty, counting those is better.
        let linear = registers * (registers / empty.max(1) as f64).ln();
        (if raw <= 2.5 * registers && empty > 0 { linear } else { raw }).round() as u64
    }
}

impl Window {
    fn stretch(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.began).as_secs()
            / Duration::from_secs(DISTINCT_SLOT_SECONDS).as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random enough, and the same in every run.
    fn ids(count: u64) -> impl Iterator<Item = u64> {
        (1..=count).map(|n| {
            let mut x = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            x ^ (x >> 31)
        })
    }

    #[test]
    fn repeats_do_not_count_and_the_estimate_is_near() {
        for count in [0, 1, 10, 500, 3000, 10_000, 1_000_000] {
            let distinct = Distinct::default();
            distinct.add(ids(count));
            distinct.add(ids(count.min(5000)));
            let off = distinct.estimate().abs_diff(count) as f64;
            assert!(off <= count as f64 * 0.1, "{count}: {}", distinct.estimate());
        }
    }

    #[test]
    fn what_is_older_than_a_minute_is_forgotten() {
        let distinct = Distinct::default();
        let began = Instant::now();
        let at = |seconds| began + Duration::from_secs(seconds);
        distinct.add_at(ids(100), at(1));
        distinct.add_at(ids(300), at(31));
        let near = |now: Instant, count: u64| distinct.estimate_at(now).abs_diff(count) <= count / 10;
        assert!(near(at(32), 300) && near(at(65), 300), "{}", distinct.estimate_at(at(65)));
        assert_eq!(distinct.estimate_at(at(95)), 0);
        distinct.add_at(ids(10), at(61));
        assert!(near(at(95), 10), "an old slot is emptied before it is used again");
    }
}
