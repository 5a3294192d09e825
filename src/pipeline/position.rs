//! Where in a source's input records came from.

/// A stretch of a source's input, in numbers that only the source understands. It travels with the batch that holds the
/// stretch's records and comes back when every required sink has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// What the stretch is part of: records of one stream are settled independently of those of another.
    pub stream: u64,
    /// Where it begins.
    pub start: u64,
    /// Where it ends: the start of the stream's next stretch, or less.
    pub end: u64,
}

/// Adds a stretch to those of a batch. One that goes on where the last one ended becomes part of it.
pub(super) fn add(positions: &mut Vec<Position>, next: Position) {
    match positions.last_mut() {
        Some(last) if last.stream == next.stream && last.end == next.start => last.end = next.end,
        _ => positions.push(next),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_that_touch_become_one() {
        let mut positions = Vec::new();
        for (stream, start, end) in [(1, 0, 5), (1, 5, 9), (2, 9, 10), (1, 9, 12), (1, 13, 14)] {
            add(&mut positions, Position { stream, start, end });
        }
        let seen: Vec<_> = positions.iter().map(|p| (p.stream, p.start, p.end)).collect();
        assert_eq!(seen, [(1, 0, 9), (2, 9, 10), (1, 9, 12), (1, 13, 14)]);
    }
}
