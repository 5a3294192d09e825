//! `in:` selectors and the segments of a path. A selector matches a run of segments at the end of a path, at any depth.
//! Segments compare ignoring case and separators, so a run is compared as one joined text: `client_ip`, `clientIp`
//! and `client.ip` are the same selector and the same path.

use crate::limits::{SELECTOR_BYTES_MAX, SELECTOR_PIECES_MAX};

/// One key segment of a path, as selectors see it. Keys split at dots (see [`segments`]), arrays add none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The words in lower case, without anything between them (`clientip`). Empty for a key without letters and digits;
    /// only wildcards match that.
    pub joined: String,
    /// The words in lower case (`client`, `ip`): split at separators and at camel humps.
    pub words: Vec<String>,
}

/// The segments of one key: at least one. Dots split, and so do the brackets of form names (`user[email]`, where a
/// number counts as an array index and adds nothing), the colon of a namespace (`custom:ssn`), and in a key that is a
/// URL its slashes (`https://claims.example/email`). Bytes that are no UTF-8 separate words.
pub fn segments(key: &[u8]) -> Vec<Segment> {
    let text = String::from_utf8_lossy(key);
    let slash = text.contains("://");
    let border = |c: char| matches!(c, '.' | '[' | ']' | ':') || (slash && matches!(c, '/' | '#'));
    let mut parts: Vec<Segment> = Vec::with_capacity(1);
    let mut indexed = false;
    for part in text.split_inclusive(border) {
        let body = part.trim_end_matches(border);
        let index = indexed && part.ends_with(']') && body.bytes().all(|b| b.is_ascii_digit());
        indexed = part.ends_with('[');
        if body.is_empty() || index {
            continue;
        }
        parts.push(Segment::of(body));
    }
    if parts.is_empty() {
        parts.push(Segment::of(&text));
    }
    parts
}

impl Segment {
    /// One segment, whatever dots it holds.
    pub fn of(text: &str) -> Segment {
        let words = words(text);
        Segment { joined: words.concat(), words }
    }
}

/// Lower-case words: split at everything that is no letter or digit, before a capital that follows a small letter or a
/// digit (`userId`), and before the last capital of several that a small letter follows (`HTTPServer`).
fn words(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(2);
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let next_is_small = chars.peek().is_some_and(|n| n.is_lowercase());
        let hump = c.is_uppercase()
            && (before.is_lowercase() || before.is_numeric() || (before.is_uppercase() && next_is_small));
        if (hump || !c.is_alphanumeric()) && !word.is_empty() {
            out.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

/// A parsed selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    text: String,
    anchored: bool,
    pieces: Vec<Piece>,
}

/// What a selector asks of the path, from left to right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// One or more whole segments that, joined, are this text. Neighbouring literal segments are one piece, so that
    /// `client.ip` also fits a single segment.
    Literal(String),
    /// `*`: one segment.
    One,
    /// One segment, by its words: `*_token`.
    Words(Vec<Part>),
    /// `**`: any number of segments, none included.
    Any,
}

/// A part of a segment with wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// One or more whole words that, joined, are this text.
    Text(String),
    /// A `*`: at least `min` words, 1 where a separator stands beside it (`*_token`), else 0 (`*token`).
    Star {
        /// 0 or 1.
        min: usize,
    },
}

/// Why a text is no selector. Offsets are bytes in that text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// Nothing there.
    #[error("a selector is empty")]
    Empty,
    /// Longer than [`SELECTOR_BYTES_MAX`] or of more than [`SELECTOR_PIECES_MAX`] segments.
    #[error("a selector is longer than {SELECTOR_BYTES_MAX} bytes or {SELECTOR_PIECES_MAX} segments")]
    TooLong,
    /// Two dots in a row, or one at an end.
    #[error("a selector has an empty segment")]
    EmptySegment(usize),
    /// A segment of separators only.
    #[error("a segment has no letter, digit or `*`")]
    NothingToCompare(usize),
    /// Three stars, or two beside other text.
    #[error("`**` must be a whole segment")]
    Stars(usize),
    /// `$` elsewhere than in a leading `$.`.
    #[error("`$` can only begin a selector, as `$.`")]
    Dollar(usize),
    /// `[0]`, `[*]`.
    #[error("selectors have no brackets")]
    Brackets(usize),
    /// A character that no selector has.
    #[error("`{0}` cannot be part of a selector")]
    Character(char, usize),
}

impl SelectorError {
    /// Where, as byte offset in the selector.
    pub fn offset(&self) -> usize {
        match *self {
            SelectorError::Empty | SelectorError::TooLong => 0,
            SelectorError::EmptySegment(at)
            | SelectorError::NothingToCompare(at)
            | SelectorError::Stars(at)
            | SelectorError::Dollar(at)
            | SelectorError::Brackets(at)
            | SelectorError::Character(_, at) => at,
        }
    }

    /// What to write instead.
    pub fn hint(&self) -> &'static str {
        match self {
            SelectorError::Empty => {
                "write the field's name, such as `user.email`; leave `in` out to look everywhere"
            }
            SelectorError::TooLong => "a selector matches the end of a path: its last segments are enough",
            SelectorError::EmptySegment(_) => {
                "selectors match at any depth by themselves; `**` stands for any number of segments"
            }
            SelectorError::NothingToCompare(_) => "separators do not count when keys are compared",
            SelectorError::Stars(_) => {
                "`*` is one segment or whole words of one, `**` any number of segments"
            }
            SelectorError::Dollar(_) => "`$.user` is `user` at the root of its document",
            SelectorError::Brackets(_) => "arrays are skipped: `items[0].name` is written `items.name`",
            SelectorError::Character(',', _) => "several selectors are a list: `in: [user.email, phone]`",
            SelectorError::Character(..) => {
                "a selector is made of key names, dots, `*` and `**`; it is no pattern"
            }
        }
    }
}

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// When the text is none; the error says where and what to write instead.
    pub fn parse(text: &str) -> Result<Selector, SelectorError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(SelectorError::Empty);
        }
        if text.len() > SELECTOR_BYTES_MAX {
            return Err(SelectorError::TooLong);
        }
        let mut at = text.len() - text.trim_start().len();
        let (anchored, rest) = match trimmed.strip_prefix('$') {
            None => (false, trimmed),
            Some(rest) => {
                let rest = rest.strip_prefix('.').ok_or(SelectorError::Dollar(at))?;
                at += 2;
                (true, rest)
            }
        };
        if let Some((offset, c)) = rest.char_indices().find(|&(_, c)| forbidden(c)) {
            return Err(match c {
                '$' => SelectorError::Dollar(at + offset),
                '[' | ']' => SelectorError::Brackets(at + offset),
                c => SelectorError::Character(c, at + offset),
            });
        }
        let mut pieces: Vec<Piece> = Vec::new();
        for segment in rest.split(['.', ':']) {
            let piece = piece(segment, at)?;
            at += segment.len() + 1;
            match (pieces.last_mut(), piece) {
                (Some(Piece::Literal(run)), Piece::Literal(next)) => run.push_str(&next),
                (Some(Piece::Any), Piece::Any) => {}
                (_, piece) => pieces.push(piece),
            }
        }
        if pieces.len() > SELECTOR_PIECES_MAX {
            return Err(SelectorError::TooLong);
        }
        Ok(Selector { text: trimmed.to_owned(), anchored, pieces })
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// What makes two selectors the same: spelling aside.
    pub(super) fn canonical(&self) -> String {
        let mut out = String::from(if self.anchored { "$" } else { "" });
        for piece in &self.pieces {
            out.push('.');
            match piece {
                Piece::Literal(run) => out.push_str(run),
                Piece::One => out.push('*'),
                Piece::Any => out.push_str("**"),
                Piece::Words(parts) => {
                    for part in parts {
                        match part {
                            Part::Text(text) => out.push_str(text),
                            Part::Star { min } => out.push_str(if *min == 0 { "*" } else { "*_" }),
                        }
                    }
                }
            }
        }
        out
    }

    /// Whether the path ends in what the selector describes. `document_root` is how many segments of the path lie
    /// outside the document that the field belongs to: `$.` anchors there.
    pub fn matches(&self, path: &[Segment], document_root: usize) -> bool {
        let path = if self.anchored { &path[document_root.min(path.len())..] } else { path };
        // `ends[i]`: the pieces looked at so far fit `path[i..]`.
        let mut ends = vec![false; path.len() + 1];
        ends[path.len()] = true;
        for piece in self.pieces.iter().rev() {
            let mut next = vec![false; path.len() + 1];
            match piece {
                Piece::Any => {
                    let last = ends.iter().rposition(|&e| e).unwrap_or(0);
                    next[..=last].fill(true);
                }
                _ => {
                    for end in (1..=path.len()).filter(|&end| ends[end]) {
                        if let Some(start) = piece.start(&path[..end]) {
                            next[start] = true;
                        }
                    }
                }
            }
            if !next.contains(&true) {
                return false;
            }
            ends = next;
        }
        if self.anchored { ends[0] } else { true }
    }
}

impl Piece {
    /// Where the segments that this piece takes from the end of `path` begin.
    fn start(&self, path: &[Segment]) -> Option<usize> {
        match self {
            Piece::Literal(run) => {
                let mut rest = run.as_str();
                for (i, segment) in path.iter().enumerate().rev() {
                    if segment.joined.is_empty() {
                        return None;
                    }
                    rest = rest.strip_suffix(segment.joined.as_str())?;
                    if rest.is_empty() {
                        return Some(i);
                    }
                }
                None
            }
            Piece::One => Some(path.len() - 1),
            Piece::Words(parts) => words_match(parts, &path.last()?.words).then(|| path.len() - 1),
            Piece::Any => None,
        }
    }
}

fn forbidden(c: char) -> bool {
    c.is_control() || "[]$(){}^|\\,\"'`?=<>;!%".contains(c)
}

fn piece(segment: &str, at: usize) -> Result<Piece, SelectorError> {
    match segment.trim() {
        "" => return Err(SelectorError::EmptySegment(at)),
        "*" => return Ok(Piece::One),
        "**" => return Ok(Piece::Any),
        _ => {}
    }
    if let Some(stars) = segment.find("**") {
        return Err(SelectorError::Stars(at + stars));
    }
    if !segment.contains('*') {
        let joined = words(segment).concat();
        return if joined.is_empty() {
            Err(SelectorError::NothingToCompare(at))
        } else {
            Ok(Piece::Literal(joined))
        };
    }
    let separator = |c: Option<char>| c.is_some_and(|c| !c.is_alphanumeric());
    let mut parts = Vec::new();
    let mut before: Option<&str> = None;
    for chunk in segment.trim().split('*') {
        if let Some(before) = before {
            let apart = separator(before.chars().next_back()) || separator(chunk.chars().next());
            parts.push(Part::Star { min: usize::from(apart) });
        }
        let text = words(chunk).concat();
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        before = Some(chunk);
    }
    Ok(Piece::Words(parts))
}

fn words_match(parts: &[Part], words: &[String]) -> bool {
    // `starts[i]`: the parts looked at so far fit `words[..i]`.
    let mut starts = vec![false; words.len() + 1];
    starts[0] = true;
    for part in parts {
        let mut next = vec![false; words.len() + 1];
        match part {
            Part::Star { min } => {
                let Some(first) = starts.iter().position(|&start| start) else { return false };
                if let Some(after) = next.get_mut(first + min..) {
                    after.fill(true);
                }
            }
            Part::Text(text) => {
                for start in (0..words.len()).filter(|&start| starts[start]) {
                    if let Some(taken) = words_taken(text, &words[start..]) {
                        next[start + taken] = true;
                    }
                }
            }
        }
        starts = next;
    }
    starts[words.len()]
}

/// How many of the first words are, joined, `text`.
fn words_taken(text: &str, words: &[String]) -> Option<usize> {
    let mut rest = text;
    for (i, word) in words.iter().enumerate() {
        rest = rest.strip_prefix(word.as_str())?;
        if rest.is_empty() {
            return Some(i + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path as a record has it: keys separated by ` > `.
    fn path(keys: &str) -> Vec<Segment> {
        keys.split(" > ").flat_map(|key| segments(key.as_bytes())).collect()
    }

    #[test]
    fn words_of_keys() {
        for (key, words) in [
            ("user_id", "user id"),
            ("userId", "user id"),
            ("USER-ID", "user id"),
            ("User Id", "user id"),
            ("userID", "user id"),
            ("HTTPServer", "http server"),
            ("XMLHttpRequest", "xml http request"),
            ("X-CSRFToken", "x csrf token"),
            ("oauth2Token", "oauth2 token"),
            ("sha256", "sha256"),
            ("2fa", "2fa"),
            ("@password", "password"),
            ("pass\u{200b}word", "pass word"),
            ("ИмяКлиента", "имя клиента"),
            ("straßeNr", "straße nr"),
            ("a__b--c", "a b c"),
            ("--", ""),
            ("", ""),
        ] {
            assert_eq!(Segment::of(key).words.join(" "), words, "{key}");
            assert_eq!(Segment::of(key).joined, words.replace(' ', ""), "{key}");
        }
    }

    #[test]
    fn segments_of_keys() {
        for (key, expected) in [
            ("user", "user"),
            ("user.email", "user|email"),
            ("a..b", "a|b"),
            (".a.", "a"),
            ("user[email]", "user|email"),
            ("items[0][price]", "items|price"),
            ("items[0]", "items"),
            ("custom:ssn", "custom|ssn"),
            ("app.kubernetes.io/name", "app|kubernetes|ioname"),
            ("https://claims.example/email", "https|claims|example|email"),
            ("/users/login", "userslogin"),
            ("", ""),
            ("...", ""),
            ("[0]", "0"),
        ] {
            let joined: Vec<String> = segments(key.as_bytes()).into_iter().map(|s| s.joined).collect();
            assert_eq!(joined.join("|"), expected, "{key}");
        }
        assert_eq!(segments(b"caf\xe9_name")[0].words, ["caf", "name"]);
    }

    #[test]
    fn selectors_match() {
        for (selector, keys) in [
            // A whole key, at any depth, however it is spelled.
            ("password", "password"),
            ("password", "PASSWORD"),
            ("password", "Pass-Word"),
            ("password", "user > password"),
            ("password", "a > b > c > password"),
            ("api_key", "apiKey"),
            ("api_key", "API-KEY"),
            ("api_key", "Api Key"),
            ("api_key", "apikey"),
            ("apiKey", "api_key"),
            ("APIKEY", "api_key"),
            // A run of segments, joined or not, both ways.
            ("user.email", "user > email"),
            ("user.email", "user.email"),
            ("user.email", "data > user > email"),
            ("user.email", "user_email"),
            ("user.email", "userEmail"),
            ("client_ip", "client > ip"),
            ("client_ip", "client.ip"),
            ("client.ip", "clientIp"),
            ("client.ip", "net > client > ip"),
            ("a_b.c", "a > b_c"),
            ("http.request.body", "http.request_body"),
            ("email", "user[email]"),
            ("ssn", "custom:ssn"),
            ("custom:ssn", "custom:ssn"),
            ("email", "https://claims.example/email"),
            // A star alone is one segment.
            ("customer.*", "customer > name"),
            ("customer.*", "x > customer > name"),
            ("customer.*.name", "customer > 0 > name"),
            ("*", "anything"),
            ("*.name", "customer > name"),
            // A star in a segment is whole words.
            ("*_token", "access_token"),
            ("*_token", "accessToken"),
            ("*_token", "x > My-Access-TOKEN"),
            ("*_api_key", "openai_apikey"),
            ("*token", "token"),
            ("*token", "access_token"),
            ("cf-access-*", "Cf-Access-Jwt-Assertion"),
            ("cf-access-*", "cf_access_token"),
            ("x-amzn-oidc-*", "X-Amzn-Oidc-Data"),
            ("*assertion*", "client_assertion"),
            ("*assertion*", "assertion"),
            ("*assertion*", "SAMLAssertionXml"),
            ("*_user_*", "the_user_name"),
            ("db_*_pass", "db_main_pass"),
            ("user.*_id", "user > order_id"),
            ("*_id.value", "order_id > value"),
            // Two stars are any number of segments, none included.
            ("customer.**.name", "customer > name"),
            ("customer.**.name", "customer > a > b > name"),
            ("customer.**.name", "x > customer > a > name"),
            ("patient.**", "patient > x > y"),
            ("patient.**", "patient"),
            ("**.email", "email"),
            ("**", "anything > at > all"),
            ("a.**.b.**.c", "a > x > b > b > y > c"),
            ("a.**.**.c", "a > c"),
            // Other alphabets.
            ("имя", "ИМЯ"),
            ("straße", "Straße"),
        ] {
            let parsed = Selector::parse(selector).unwrap();
            assert!(parsed.matches(&path(keys), 0), "{selector} must match {keys}");
        }
    }

    #[test]
    fn selectors_do_not_match() {
        for (selector, keys) in [
            ("password", "password_policy"),
            ("password", "passwordless"),
            ("password", "password > value"),
            ("password", "pass"),
            ("password", ""),
            ("pin", "gpio_pin"),
            ("pin", "spin"),
            ("pin", "shop > in"),
            ("token", "token_count"),
            ("token", "tokens"),
            ("user.email", "email"),
            ("user.email", "user > x > email"),
            ("user.email", "xuser > email"),
            ("client_ip", "client > ip > port"),
            ("customer.*", "customer"),
            ("customer.*", "customer > a > b"),
            ("customer.*.name", "customer > name"),
            ("*_token", "token"),
            ("*_token", "tokenizer"),
            ("*_token", "token_count"),
            ("*_token", "access > token"),
            ("*_token", "accesstoken"),
            ("pass*", "password"),
            ("cf-access-*", "cf-access"),
            ("cf-access-*", "cf_ray"),
            ("*assertion*", "assertions"),
            ("*_user_*", "user_name"),
            ("db_*_pass", "db_pass"),
            ("customer.**.name", "name"),
            ("patient.**", "patients > x"),
            ("a.**.b.**.c", "a > c > b"),
            ("x", "--"),
        ] {
            let parsed = Selector::parse(selector).unwrap();
            assert!(!parsed.matches(&path(keys), 0), "{selector} must not match {keys}");
        }
    }

    #[test]
    fn a_dollar_anchors_at_the_root_of_the_document() {
        let user = Selector::parse("$.user.name").unwrap();
        assert!(user.matches(&path("user > name"), 0));
        assert!(!user.matches(&path("request > user > name"), 0));
        assert!(user.matches(&path("body > user > name"), 1), "in a document inside `body`");
        assert!(!user.matches(&path("user > name"), 1));
        assert!(!user.matches(&path("user > name"), 9), "a root beyond the path");
        let deep = Selector::parse("$.**.name").unwrap();
        assert!(deep.matches(&path("body > a > b > name"), 1));
        assert!(!Selector::parse("$.name").unwrap().matches(&path("body > name"), 0));
    }

    #[test]
    fn what_is_no_selector() {
        use SelectorError as E;
        for (text, error) in [
            ("", E::Empty),
            ("  ", E::Empty),
            (".", E::EmptySegment(0)),
            ("a..b", E::EmptySegment(2)),
            (".a", E::EmptySegment(0)),
            ("a.", E::EmptySegment(2)),
            ("a.-.b", E::NothingToCompare(2)),
            ("a.***", E::Stars(2)),
            ("a**b", E::Stars(1)),
            ("$", E::Dollar(0)),
            ("$a", E::Dollar(0)),
            ("a.$b", E::Dollar(2)),
            ("$.", E::EmptySegment(2)),
            ("items[0].name", E::Brackets(5)),
            ("a, b", E::Character(',', 1)),
            ("^user", E::Character('^', 0)),
            (r"a\.b", E::Character('\\', 1)),
        ] {
            assert_eq!(Selector::parse(text), Err(error), "{text}");
        }
        assert_eq!(Selector::parse(&"a".repeat(300)), Err(E::TooLong));
        assert_eq!(Selector::parse(&["a.*"; 20].join(".")), Err(E::TooLong));
    }
}
