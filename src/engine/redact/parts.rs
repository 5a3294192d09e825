//! How structure cuts one text in parts. A detector sees one part at a time, so that nothing is found across the border of a
//! URL's password and its host, of two parameters, or of a replacement and what follows it.

use std::ops::Range;

use crate::engine::detect::Hints;

/// The cuts of one text. Reused through a pool; [`Parts::clear`] forgets them.
#[derive(Debug, Default)]
pub(super) struct Parts {
    borders: Vec<usize>,
    /// Ranges that were dealt with otherwise, in order once [`Parts::settle`] was called.
    skips: Vec<Range<usize>>,
    urls: Vec<Range<usize>>,
    hinted: Vec<(Range<usize>, Hints)>,
    /// Ends of earlier replacements: keywords are not looked for across them.
    floors: Vec<usize>,
    /// Where the last value of cookies ends, and of a cookie that is set.
    pub cookies_end: usize,
    pub set_cookie_end: usize,
}

impl Parts {
    /// One part.
    pub const NONE: Parts = Parts {
        borders: Vec::new(),
        skips: Vec::new(),
        urls: Vec::new(),
        hinted: Vec::new(),
        floors: Vec::new(),
        cookies_end: 0,
        set_cookie_end: 0,
    };

    /// Whether nothing cuts the text and no key says anything about it.
    pub fn is_whole(&self) -> bool {
        self.borders.is_empty() && self.urls.is_empty() && self.hinted.is_empty()
    }

    pub fn clear(&mut self) {
        self.borders.clear();
        self.skips.clear();
        self.urls.clear();
        self.hinted.clear();
        self.floors.clear();
        self.cookies_end = 0;
        self.set_cookie_end = 0;
    }

    pub fn border(&mut self, at: usize) {
        self.borders.push(at);
    }

    /// The range is done: no anchor in it counts, and it borders what is around it.
    pub fn skip(&mut self, range: Range<usize>) {
        self.borders.extend([range.start, range.end]);
        self.skips.push(range);
    }

    /// The range is an earlier replacement.
    pub fn fixed(&mut self, range: Range<usize>) {
        self.floors.push(range.end);
        self.skip(range);
    }

    /// The range is (part of) a URL, query or form. Ranges come in order; one inside the last says nothing new.
    pub fn url(&mut self, range: Range<usize>) {
        if self.urls.last().is_none_or(|last| last.end <= range.start) {
            self.urls.push(range);
        }
    }

    /// What the key of a pair says holds for its value. Values come in order.
    pub fn hint(&mut self, range: Range<usize>, hints: Hints) {
        if hints != Hints::NONE {
            self.hinted.push((range, hints));
        }
    }

    /// Puts the cuts in order: before each pass that asks for them.
    pub fn settle(&mut self) {
        self.borders.sort_unstable();
        self.borders.dedup();
        self.skips.sort_unstable_by_key(|range| range.start);
    }

    /// Whether `at` lies in a range that was skipped before the last [`Parts::settle`].
    pub fn is_done(&self, at: usize) -> bool {
        around(&self.skips, at, |range| range).next().is_some()
    }

    /// Where the skipped range around `at` ends.
    pub fn done_until(&self, at: usize) -> Option<usize> {
        around(&self.skips, at, |range| range).map(|range| range.end).max()
    }

    /// What was not skipped, in a text of `length` bytes.
    pub fn left(&self, length: usize) -> Vec<Range<usize>> {
        let mut left = Vec::new();
        let mut at = 0;
        for skip in &self.skips {
            if skip.start > at {
                left.push(at..skip.start);
            }
            at = at.max(skip.end);
        }
        if at < length {
            left.push(at..length);
        }
        left
    }

    pub fn in_url(&self, at: usize) -> bool {
        around(&self.urls, at, |range| range).next().is_some()
    }

    pub fn hints(&self, at: usize) -> Hints {
        around(&self.hinted, at, |(range, _)| range).fold(Hints::NONE, |all, (_, hints)| all.with(*hints))
    }

    /// The part around `at` in a text of `length` bytes.
    pub fn part(&self, at: usize, length: usize) -> Range<usize> {
        if self.borders.is_empty() {
            return 0..length;
        }
        let index = self.borders.partition_point(|&border| border <= at);
        let start = index.checked_sub(1).map_or(0, |before| self.borders[before]);
        let end = self.borders.get(index).copied().unwrap_or(length);
        start..end
    }

    /// Where looking back for keywords ends.
    pub fn floor(&self, at: usize) -> usize {
        let index = self.floors.partition_point(|&end| end <= at);
        index.checked_sub(1).map_or(0, |before| self.floors[before])
    }
}

/// Ranges around `at` in a list that is ordered by start. They may nest, by few levels: only those that begin last before
/// `at` are looked at, so that a text of a hundred thousand pairs costs no more per anchor than one of ten.
fn around<T>(list: &[T], at: usize, range: impl Fn(&T) -> &Range<usize>) -> impl Iterator<Item = &T> {
    const LEVELS: usize = 4;
    let index = list.partition_point(|entry| range(entry).start <= at);
    list[..index].iter().rev().take(LEVELS).filter(move |entry| range(entry).contains(&at))
}
