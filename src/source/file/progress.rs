//! How far the records of one file are handed on, and how far they are delivered: positions move over gap-free prefixes
//! only.

use crate::pipeline::Position;
use crate::source::joins::{Joins, LANES};

/// The settled and unsettled stretches of one file, by lane.
#[derive(Debug, Default)]
pub(super) struct Progress {
    lanes: [Lane; LANES],
}

#[derive(Debug, Default)]
struct Lane {
    /// End of the last record handed on.
    emitted: u64,
    /// End of the last record of which it and all before are delivered.
    acked: u64,
    /// Delivered stretches with a gap before them.
    late: Vec<(u64, u64)>,
}

impl Progress {
    /// Of a file whose records before these positions, by lane, were delivered by an earlier run.
    pub fn resumed(acked: [u64; LANES]) -> Progress {
        Progress { lanes: acked.map(|acked| Lane { emitted: acked, acked, late: Vec::new() }) }
    }

    /// Takes note of a record about to be handed on, and gives it its stretch: that begins where the lane's last one
    /// ended, so that no gap is taken for one.
    pub fn emit(&mut self, tail: u64, lane: usize, start: u64, end: u64) -> Position {
        let state = &mut self.lanes[lane];
        if state.emitted == state.acked {
            // Nothing is under way: what lies between belongs to other lanes.
            state.emitted = state.emitted.max(start);
            state.acked = state.emitted;
        }
        let start = std::mem::replace(&mut state.emitted, end);
        Position { stream: tail * LANES as u64 + lane as u64, start, end }
    }

    /// The number of the tail that a stretch belongs to, and its lane.
    pub fn of(position: &Position) -> (u64, usize) {
        (position.stream / LANES as u64, (position.stream % LANES as u64) as usize)
    }

    /// Takes note of a delivered stretch.
    pub fn ack(&mut self, lane: usize, position: &Position) {
        let state = &mut self.lanes[lane];
        state.late.push((position.start, position.end));
        while let Some(next) = state.late.iter().position(|&(start, _)| start == state.acked) {
            state.acked = state.late.swap_remove(next).1;
        }
    }

    /// Whether everything handed on is delivered.
    pub fn is_settled(&self) -> bool {
        self.lanes.iter().all(|lane| lane.acked == lane.emitted)
    }

    /// Where reading must begin again after a crash, when lines before `framed` are framed: everything before is
    /// delivered, except what `joins` holds.
    pub fn resume(&self, joins: &Joins, framed: u64) -> u64 {
        let unsettled = self.lanes.iter().filter(|lane| lane.acked < lane.emitted).map(|lane| lane.acked);
        let open = (0..LANES).filter_map(|lane| joins.open_at(lane));
        unsettled.chain(open).min().unwrap_or(framed).min(framed)
    }

    /// By lane, up to where records are delivered: those that begin before need not be handed on again.
    pub fn acked(&self) -> [u64; LANES] {
        [0, 1, 2].map(|lane| self.lanes[lane].acked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_move_over_prefixes_without_gaps() {
        let (mut progress, joins) = (Progress::default(), Joins::default());
        let stretches: Vec<Position> =
            [(0, 10), (10, 30), (30, 35)].map(|(start, end)| progress.emit(4, 2, start, end)).into();
        assert_eq!(Progress::of(&stretches[0]), (4, 2));
        let mut resumes = Vec::new();
        for index in [2, 0, 1] {
            progress.ack(2, &stretches[index]);
            resumes.push(progress.resume(&joins, 40));
        }
        assert_eq!(resumes, [0, 10, 40]);
        assert!(progress.is_settled());
    }

    #[test]
    fn lanes_do_not_wait_for_each_other() {
        let (mut progress, joins) = (Progress::default(), Joins::default());
        let out = progress.emit(1, 0, 0, 10);
        progress.ack(0, &out);
        let err = progress.emit(1, 1, 20, 30);
        let out = progress.emit(1, 0, 30, 50);
        assert_eq!(progress.resume(&joins, 50), 20, "and not 0, where the lane's silence began");
        progress.ack(0, &out);
        assert_eq!(progress.resume(&joins, 50), 20);
        assert_eq!(progress.acked(), [50, 20, 0]);
        progress.ack(1, &err);
        assert_eq!(progress.resume(&joins, 50), 50);
    }
}
