//! Many literals at once. Tokens and words give themselves away by some hundred literals, nearly none of which occur in a
//! line: what counts is how fast the rest of the line is passed over. Of each literal the three bytes that are rarest in
//! logs are its key; a table says of the hash of three bytes whether they may be a key, and only where they may be,
//! literals are compared.

/// Places that are hashed together.
const PLACES: usize = 8;
/// Bits of a hash. With 400 keys one place in eighty passes by chance.
const HASH_BITS: u32 = 15;

/// A set of literals, each of at least three bytes.
#[derive(Debug)]
pub struct Literals {
    /// By hash, whether there is a key with it.
    filter: Box<[bool; 1 << HASH_BITS]>,
    /// Ordered by hash.
    list: Vec<Entry>,
    /// Where in the list the hashes with these upper eight bits begin.
    first: [u16; 257],
}

#[derive(Debug)]
struct Entry {
    hash: u16,
    /// Where in the literal its key is.
    key: usize,
    literal: &'static [u8],
    index: u32,
}

/// A literal in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiteralHit {
    /// Its first byte.
    pub at: usize,
    /// Its place in the slice that the set was made of.
    pub literal: u32,
    length: usize,
}

impl Literals {
    /// The set of `literals`, of which none may be shorter than three bytes; each is known by its place in the slice.
    pub fn new(literals: &[&'static str]) -> Literals {
        let mut filter = Box::new([false; 1 << HASH_BITS]);
        let mut list = Vec::with_capacity(literals.len());
        for (index, literal) in literals.iter().enumerate() {
            let literal = literal.as_bytes();
            let keys = literal.windows(3).map(|key| key.iter().map(|b| commonness(*b)).sum::<u32>());
            let (_, key) = keys.zip(0..).min().expect("literals have three bytes or more");
            let hash = hash(&[literal[key], literal[key + 1], literal[key + 2]]);
            filter[usize::from(hash)] = true;
            list.push(Entry { hash, key, literal, index: index as u32 });
        }
        list.sort_unstable_by_key(|entry| entry.hash);
        let first = std::array::from_fn(|upper| {
            list.partition_point(|entry| usize::from(entry.hash >> (HASH_BITS - 8)) < upper) as u16
        });
        Literals { filter, list, first }
    }

    /// Lists the literals in `text`, in order: where several begin, the longest; none that begins inside the one before.
    pub fn find(&self, text: &[u8], hits: &mut Vec<LiteralHit>) {
        hits.clear();
        self.each(text, |hit| hits.push(hit));
        if hits.len() > 1 {
            hits.sort_unstable_by_key(|hit| (hit.at, std::cmp::Reverse(hit.length)));
            let mut free = 0;
            hits.retain(|hit| {
                let keep = hit.at >= free;
                if keep {
                    free = hit.at + hit.length;
                }
                keep
            });
        }
    }

    /// Whether there is any literal in `text`.
    pub fn any(&self, text: &[u8]) -> bool {
        let mut any = false;
        self.each(text, |_| any = true);
        any
    }

    /// Calls `found` with each literal, in order of their keys.
    #[inline(always)]
    fn each(&self, text: &[u8], mut found: impl FnMut(LiteralHit)) {
        let mut at = 0;
        while let Some(bytes) = text[at..].first_chunk::<{ PLACES + 2 }>() {
            let hashes = hashes(bytes);
            if hashes.iter().fold(false, |any, &hash| any | self.may_be(hash)) {
                for (place, &hash) in hashes.iter().enumerate() {
                    if self.may_be(hash) {
                        self.here(text, at + place, hash, &mut found);
                    }
                }
            }
            at += PLACES;
        }
        while let Some(key) = text[at..].first_chunk() {
            self.here(text, at, hash(key), &mut found);
            at += 1;
        }
    }

    /// Compares the literals whose key has the hash of the three bytes at `at`.
    #[inline(never)]
    fn here(&self, text: &[u8], at: usize, hash: u16, found: &mut impl FnMut(LiteralHit)) {
        let upper = usize::from(hash >> (HASH_BITS - 8));
        for entry in &self.list[usize::from(self.first[upper])..usize::from(self.first[upper + 1])] {
            if entry.hash != hash || entry.literal[entry.key..][..3] != text[at..at + 3] {
                continue;
            }
            if let Some(start) = at.checked_sub(entry.key)
                && text[start..].starts_with(entry.literal)
            {
                found(LiteralHit { at: start, literal: entry.index, length: entry.literal.len() });
            }
        }
    }

    #[inline(always)]
    fn may_be(&self, hash: u16) -> bool {
        self.filter[usize::from(hash) % (1 << HASH_BITS)]
    }
}

/// How common a byte is in logs, as a step.
fn commonness(byte: u8) -> u32 {
    match byte {
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b'c' | b'd' | b' ' => 4,
        b'a'..=b'z' | b'0'..=b'9' | b'"' | b':' | b'-' | b'/' | b'.' | b',' => 3,
        b'A'..=b'Z' | b'_' | b'=' => 1,
        _ => 0,
    }
}

/// The hash of each three neighbours. Written for the compiler to work on all at once.
#[inline(always)]
fn hashes(bytes: &[u8; PLACES + 2]) -> [u16; PLACES] {
    let mut hashes = [0; PLACES];
    for (place, out) in hashes.iter_mut().enumerate() {
        *out = hash(&[bytes[place], bytes[place + 1], bytes[place + 2]]);
    }
    hashes
}

/// [`HASH_BITS`] bits of three bytes.
#[inline(always)]
fn hash(&[a, b, c]: &[u8; 3]) -> u16 {
    let of = |byte: u8, factor: u16| u16::from(byte).wrapping_mul(factor);
    of(a, 0x9e37).wrapping_add(of(b, 0x79b9)).wrapping_add(of(c, 0x1003)) >> (16 - HASH_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(literals: &[&'static str], text: &str) -> Vec<(usize, u32)> {
        let mut hits = Vec::new();
        Literals::new(literals).find(text.as_bytes(), &mut hits);
        hits.into_iter().map(|hit| (hit.at, hit.literal)).collect()
    }

    #[test]
    fn the_longest_literal_of_a_place_counts_and_what_begins_in_it_does_not() {
        let literals = ["key", "api", "apikey", "keyring", "-us"];
        assert_eq!(found(&literals, "apikey keyrin api-us"), [(0, 2), (7, 0), (14, 1), (17, 4)]);
        assert_eq!(found(&literals, "ap ke"), []);
        assert_eq!(found(&literals, "key"), [(0, 0)]);
    }

    #[test]
    fn each_place_is_looked_at() {
        for before in 0..40 {
            let text = format!("{}sk_live{}", "x".repeat(before), "y".repeat(before % 7));
            assert_eq!(found(&["sk_live", "zzz"], &text), [(before, 0)], "{text}");
        }
    }
}
