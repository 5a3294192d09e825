//! Tokens that name their vendor: a literal, then runs of known alphabets and lengths. The tables say what, this file says
//! how they are matched.

use super::super::check::alphabet::{Alphabet, NONE};
use super::super::check::entropy::Makeup;
use super::super::{Check, Site, Why};
use super::edges::{begins, ends, rest};

/// One line of a table.
#[derive(Debug)]
pub(super) struct Token {
    /// The literal that gives it away; also the anchor of the detector.
    prefix: &'static str,
    parts: &'static [Part],
    /// What stands before the literal: alphabet, fewest, most.
    before: (Alphabet, usize, usize),
    /// What the body must show.
    guard: Guard,
    /// What must stand right before the token: the host of a webhook.
    host: &'static str,
    /// Whether the literal stays: it is a key or a host, not a part of the secret.
    keep: bool,
}

/// How much a literal says on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    /// Little: the body must look random.
    Drawn,
    /// Something: the body must hold a digit.
    Digit,
    /// Enough: any body but a mask will do.
    Any,
}

/// A piece of a token after its literal.
#[derive(Debug)]
pub(super) enum Part {
    /// At least the first, at most the second number of characters of the alphabet, as many as there are.
    Run(Alphabet, usize, usize),
    /// Exactly this.
    Lit(&'static str),
    /// These parts or nothing.
    Maybe(&'static [Part]),
    /// One of these.
    OneOf(&'static [&'static str]),
}

impl Token {
    /// A token whose body must look random.
    pub const fn new(prefix: &'static str, parts: &'static [Part]) -> Token {
        Token { prefix, parts, before: (NONE, 0, 0), guard: Guard::Drawn, host: "", keep: false }
    }

    /// The literal says enough: any body but a placeholder will do.
    pub const fn any(mut self) -> Token {
        self.guard = Guard::Any;
        self
    }

    /// The literal says something: a body with a digit will do.
    pub const fn digit(mut self) -> Token {
        self.guard = Guard::Digit;
        self
    }

    /// Only right after this host; the literal, a path, stays.
    pub const fn on(mut self, host: &'static str) -> Token {
        self.host = host;
        self.keep = true;
        self
    }

    /// The literal is not part of the secret.
    pub const fn keep(mut self) -> Token {
        self.keep = true;
        self
    }

    /// The literal stands inside the token, after so many characters of that alphabet.
    pub const fn after(mut self, alphabet: Alphabet, min: usize, max: usize) -> Token {
        self.before = (alphabet, min, max);
        self
    }

    /// The token around the literal at `site.at`.
    fn look(&self, site: &Site<'_>) -> Check {
        let text = rest(site, site.at);
        if !text.starts_with(self.prefix.as_bytes()) {
            return Check::No;
        }
        let (alphabet, min, max) = self.before;
        let back = alphabet.run_back(&site.text[site.part.start..site.at], max + 1);
        if back < min || !site.text[site.floor.min(site.at)..site.at].ends_with(self.host.as_bytes()) {
            return Check::No;
        }
        let first = site.at - back;
        // A literal as long and odd as `github_pat_` cannot be a part of a word.
        let unmistakable = self.prefix.len() >= 8 && self.prefix.bytes().any(|b| !b.is_ascii_alphanumeric());
        if back > max || !(unmistakable || !self.host.is_empty() || begins(site, first)) {
            return Check::Miss(Why::Boundary);
        }
        let body = site.at + self.prefix.len();
        let Some(length) = matched(self.parts, &site.text[body..site.part.end]) else { return Check::No };
        let mut end = body + length;
        if end > body && site.text[end - 1] == b'.' {
            end -= 1; // the full stop of a sentence
        }
        if !ends(site, end) {
            return Check::Miss(Why::Boundary);
        }
        let secret = &site.text[if back > 0 { first } else { body }..end];
        if is_mask(secret) {
            return Check::Miss(Why::Placeholder);
        }
        let convincing = match self.guard {
            Guard::Drawn => Makeup::of(secret).looks_drawn(),
            Guard::Digit => secret.iter().any(u8::is_ascii_digit),
            Guard::Any => true,
        };
        if !convincing {
            return Check::Miss(Why::LowEntropy);
        }
        Check::Hit { start: if self.keep { body } else { first }, end }
    }
}

/// A table, with the first bytes of its literals apart: most candidates end there.
#[derive(Debug)]
pub(super) struct Table {
    pub tokens: &'static [Token],
    /// The literals, for the anchor.
    pub literals: &'static [&'static str],
    firsts: &'static [u8],
}

impl Table {
    pub const fn new(
        tokens: &'static [Token],
        literals: &'static [&'static str],
        firsts: &'static [u8],
    ) -> Table {
        Table { tokens, literals, firsts }
    }

    /// Looks for each token of the table at the site: the longest hit, or the best reason why not.
    pub fn find(&self, site: &Site<'_>) -> Check {
        let Some(&first) = site.text.get(site.at) else { return Check::No };
        let mut best = Check::No;
        for index in memchr::memchr_iter(first, self.firsts) {
            best = match (best, self.tokens[index].look(site)) {
                (Check::Hit { start, end }, Check::Hit { start: s, end: e }) => {
                    Check::Hit { start: start.min(s), end: end.max(e) }
                }
                (hit @ Check::Hit { .. }, _) | (_, hit @ Check::Hit { .. }) => hit,
                (miss @ Check::Miss(_), _) => miss,
                (Check::No, new) => new,
            };
        }
        best
    }
}

/// The literals of a list.
pub(super) const fn literals<const N: usize>(tokens: &[Token]) -> [&'static str; N] {
    let mut all = [""; N];
    let mut at = 0;
    while at < N {
        all[at] = tokens[at].prefix;
        at += 1;
    }
    all
}

/// The first bytes of the literals of a list.
pub(super) const fn firsts<const N: usize>(tokens: &[Token]) -> [u8; N] {
    let mut all = [0; N];
    let mut at = 0;
    while at < N {
        all[at] = tokens[at].prefix.as_bytes()[0];
        at += 1;
    }
    all
}

/// A table from its lines.
macro_rules! table {
    ($($line:expr),* $(,)?) => {{
        const TOKENS: &[Token] = &[$($line),*];
        Table::new(TOKENS, &const { literals::<{ TOKENS.len() }>(TOKENS) }, &const { firsts::<{ TOKENS.len() }>(TOKENS) })
    }};
}
pub(super) use table;

/// How many bytes of `text` the parts take, or `None`.
fn matched(parts: &[Part], text: &[u8]) -> Option<usize> {
    let mut at = 0;
    for part in parts {
        let here = &text[at..];
        at += match part {
            Part::Run(alphabet, min, max) => match alphabet.run(here, *max) {
                n if n < *min => return None,
                n => n,
            },
            Part::Lit(literal) if here.starts_with(literal.as_bytes()) => literal.len(),
            Part::Lit(_) => return None,
            Part::Maybe(parts) => matched(parts, here).unwrap_or(0),
            Part::OneOf(literals) => literals.iter().find(|l| here.starts_with(l.as_bytes()))?.len(),
        };
    }
    Some(at)
}

/// Whether a body is a mask: `xxxx`, `XXXX`, `****`, `....`, perhaps in groups.
pub(super) fn is_mask(body: &[u8]) -> bool {
    let masked = body.iter().filter(|b| matches!(b, b'x' | b'X' | b'*' | b'.')).count();
    let rest =
        body.iter().filter(|b| !matches!(b, b'x' | b'X' | b'*' | b'.' | b'-' | b'_' | b'/' | b' ' | b'='));
    masked >= 3 && rest.count() * 8 <= masked
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::engine::detect::Hints;

    fn site(text: &str, at: usize) -> Site<'_> {
        Site { text: text.as_bytes(), part: 0..text.len(), floor: 0, at, key: b"", hints: Hints::NONE }
    }

    /// A made-up body: every part at its shortest, drawn from its alphabet.
    fn body(parts: &[Part], salt: usize, out: &mut String) {
        for part in parts {
            match part {
                Part::Run(alphabet, min, _) => fill(*alphabet, *min, salt, out),
                Part::Lit(literal) => out.push_str(literal),
                Part::Maybe(_) => {}
                Part::OneOf(literals) => out.push_str(literals[0]),
            }
        }
    }

    fn fill(alphabet: Alphabet, length: usize, salt: usize, out: &mut String) {
        let letters: Vec<char> = (b'0'..=b'z')
            .map(char::from)
            .filter(|c| c.is_ascii_alphanumeric() && alphabet.has(*c as u8))
            .collect();
        // Only letters that no mask is made of; the step shares no factor with the usual alphabet sizes.
        let letters: Vec<char> = letters.into_iter().filter(|c| !matches!(c, 'x' | 'X')).collect();
        (0..length).for_each(|i| out.push(letters[(salt + i * 7 + i * i * 3) % letters.len()]));
    }

    fn made(token: &Token, salt: usize) -> (String, usize) {
        let mut text = String::from(token.host);
        fill(token.before.0, token.before.1, salt, &mut text);
        let at = text.len();
        text.push_str(token.prefix);
        body(token.parts, salt, &mut text);
        (text, at)
    }

    /// Every line of a table hits its own sample, alone and in a sentence, and misses what is cut off.
    pub fn check_table(table: &Table) {
        for (salt, token) in table.tokens.iter().enumerate() {
            assert!(token.prefix.len() >= 3 && token.prefix.is_ascii(), "{}", token.prefix);
            let (text, at) = made(token, salt);
            let kept = if token.keep { at + token.prefix.len() } else { 0 };
            assert_eq!(table.find(&site(&text, at)), Check::Hit { start: kept, end: text.len() }, "{text}");
            let sentence = format!("use '{text}', now");
            assert_eq!(
                table.find(&site(&sentence, at + 5)),
                Check::Hit { start: kept + 5, end: text.len() + 5 },
                "{sentence}"
            );
            let cut = &text[..at + token.prefix.len()];
            if !token.parts.iter().all(|p| matches!(p, Part::Run(_, 0, _))) {
                assert!(!matches!(table.find(&site(cut, at)), Check::Hit { .. }), "{cut}");
            }
            if token.prefix.len() < 8 && token.before.1 == 0 && token.host.is_empty() {
                let glued = format!("abcd{text}");
                assert!(!matches!(table.find(&site(&glued, at + 4)), Check::Hit { .. }), "{glued}");
            }
        }
    }

    #[test]
    fn masks() {
        for mask in ["xxxxxxxx", "XXXX-XXXX-XXXX", "********", "...", "xxxxxxxxxxxxxxxx1"] {
            assert!(is_mask(mask.as_bytes()), "{mask}");
        }
        for body in ["", "abcxyz", "x", "9xx8xx7xx6"] {
            assert!(!is_mask(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn the_longest_line_wins() {
        use crate::engine::detect::check::alphabet::ALNUM;
        const TABLE: Table = table![
            Token::new("ab_", &[Part::Run(ALNUM, 4, 8)]).any(),
            Token::new("ab_cd", &[Part::Run(ALNUM, 4, 20)]).any(),
        ];
        assert_eq!(TABLE.find(&site("ab_cdefghijklmn", 0)), Check::Hit { start: 0, end: 15 });
        assert_eq!(TABLE.find(&site("ab_cde", 0)), Check::No);
        assert_eq!(TABLE.find(&site("ab_efghijklm", 0)), Check::Miss(Why::Boundary));
        assert_eq!(TABLE.find(&site("ab_xxxxxx", 0)), Check::Miss(Why::Placeholder));
    }
}
