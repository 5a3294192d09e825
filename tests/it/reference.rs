//! The engine once more, as plainly as it can be written: parse the line, walk the values, try one regex after the other,
//! write the document anew. Slow, JSON and text only, a handful of rules; what both know they must agree on.

use redactd::Keyring;
use redactd::engine::correlate::{CanonicalOptions, canonical};
use regex::{Regex, RegexSet};
use serde_json::{Map, Value};

/// What is done to what was found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Do {
    Mask,
    Correlate,
}

/// Fields by the end of their names.
pub struct FieldRule {
    pub id: &'static str,
    /// Whole names, without separators and in lower case.
    pub names: &'static [&'static str],
    /// Last words of names.
    pub last_words: &'static [&'static str],
    pub action: Do,
    /// What its values are, if they are nothing better known.
    pub kind: &'static str,
    /// Whether booleans and containers are taken too.
    pub all_types: bool,
}

/// Values in text: the first group of the pattern, or all of it.
pub struct TextRule {
    pub id: &'static str,
    pub pattern: &'static str,
    pub check: fn(&str) -> bool,
    pub action: Do,
    pub kind: &'static str,
}

pub struct Reference<'k> {
    ring: &'k Keyring,
    fields: &'static [FieldRule],
    texts: &'static [TextRule],
    patterns: Vec<Regex>,
    set: RegexSet,
    pair: Regex,
}

/// What a find is: innermost field, field around it, part of a text.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Pair,
    Field,
    Text,
}

/// A find in a text. In this order the first of what overlaps decides.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Find {
    weak: bool,
    place: Place,
    start: usize,
    shortness: std::cmp::Reverse<usize>,
    order: usize,
    with: String,
}

impl<'k> Reference<'k> {
    pub fn new(ring: &'k Keyring, fields: &'static [FieldRule], texts: &'static [TextRule]) -> Reference<'k> {
        Reference {
            ring,
            fields,
            texts,
            patterns: texts.iter().map(|rule| Regex::new(rule.pattern).unwrap()).collect(),
            set: RegexSet::new(texts.iter().map(|rule| rule.pattern)).unwrap(),
            pair: Regex::new(r#"([A-Za-z][\w.-]*)=([^\s&,;"'<>()\[\]{}]+)"#).unwrap(),
        }
    }

    /// The redacted document.
    pub fn value(&self, value: Value) -> Value {
        match value {
            Value::Object(members) => {
                let members =
                    members.into_iter().map(|(key, value)| (self.text(&key), self.member(&key, value)));
                Value::Object(members.collect::<Map<_, _>>())
            }
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.value(item)).collect()),
            Value::String(text) => match serde_json::from_str::<Value>(&text) {
                Ok(inner @ (Value::Object(_) | Value::Array(_))) => {
                    Value::String(self.value(inner).to_string())
                }
                _ => Value::String(self.text(&text)),
            },
            Value::Number(number) => {
                let text = number.to_string();
                let redacted = if text.len() >= 7 { self.text(&text) } else { text.clone() };
                if redacted == text { Value::Number(number) } else { Value::String(redacted) }
            }
            other => other,
        }
    }

    fn member(&self, key: &str, value: Value) -> Value {
        let Some(rule) = self.fields.iter().find(|rule| rule.takes(key)) else {
            return match value {
                Value::Array(items) => {
                    Value::Array(items.into_iter().map(|item| self.member(key, item)).collect())
                }
                other => self.value(other),
            };
        };
        match value {
            Value::Null => value,
            Value::String(text) if text.is_empty() => Value::String(text),
            Value::Array(ref items) if items.is_empty() => value,
            Value::Object(ref members) if members.is_empty() => value,
            Value::String(text) => Value::String(self.field(rule, &text)),
            Value::Number(number) => Value::String(self.field(rule, &number.to_string())),
            Value::Array(items) if !rule.all_types => {
                Value::Array(items.into_iter().map(|item| self.member(key, item)).collect())
            }
            other if rule.all_types => Value::String(self.replacement(rule, &other.to_string())),
            other => self.value(other),
        }
    }

    /// A whole text that a field rule takes; what is stricter inside it decides for all of it.
    fn field(&self, rule: &FieldRule, text: &str) -> String {
        let order = self.fields.iter().position(|other| other.id == rule.id).unwrap_or(0);
        let mut finds = self.finds(text);
        finds.push(Find::new(rule.action, Place::Field, 0..text.len(), order, self.replacement(rule, text)));
        splice(text, finds)
    }

    fn replacement(&self, rule: &FieldRule, text: &str) -> String {
        match rule.action {
            Do::Mask => format!("[redacted:{}]", rule.id),
            Do::Correlate => self.id(self.kind_of_whole(text).unwrap_or(rule.kind), text),
        }
    }

    /// What a whole value is.
    fn kind_of_whole(&self, text: &str) -> Option<&'static str> {
        let groups: Vec<usize> = text.split('-').map(str::len).collect();
        if groups == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit()) {
            return Some("uuid");
        }
        let whole = |index: &usize| {
            let found = self.patterns[*index].find(text);
            // Under a field a private address is one, too.
            let is_one = self.texts[*index].id == "ip" || (self.texts[*index].check)(text);
            found.is_some_and(|found| found.as_str() == text) && is_one
        };
        (0..self.texts.len())
            .filter(|&index| self.texts[index].action == Do::Correlate)
            .find(whole)
            .map(|i| self.texts[i].kind)
    }

    /// The redacted text.
    pub fn text(&self, text: &str) -> String {
        splice(text, self.finds(text))
    }

    fn finds(&self, text: &str) -> Vec<Find> {
        let mut finds: Vec<Find> = Vec::new();
        for index in self.set.matches(text) {
            let rule = &self.texts[index];
            for groups in self.patterns[index].captures_iter(text) {
                let found = groups.get(1).unwrap_or_else(|| groups.get_match());
                if !(rule.check)(found.as_str()) || !has_borders(text, found.start(), found.end()) {
                    continue;
                }
                let with = match rule.action {
                    Do::Mask => format!("[redacted:{}]", rule.id),
                    Do::Correlate => self.id(rule.kind, found.as_str()),
                };
                finds.push(Find::new(rule.action, Place::Text, found.range(), index, with));
            }
        }
        for groups in self.pair.captures_iter(text) {
            let (Some(key), Some(value)) = (groups.get(1), groups.get(2)) else { continue };
            if let Some(order) = self.fields.iter().position(|rule| rule.takes(key.as_str())) {
                let rule = &self.fields[order];
                let with = self.replacement(rule, value.as_str());
                finds.push(Find::new(rule.action, Place::Pair, value.range(), order, with));
            }
        }
        finds
    }

    fn id(&self, kind: &str, value: &str) -> String {
        let (mut form, mut out) = (Vec::new(), Vec::new());
        canonical(kind, value.as_bytes(), &CanonicalOptions::default(), &mut form);
        self.ring.append_id(kind, kind, "", &form, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }
}

impl Find {
    fn new(action: Do, place: Place, range: std::ops::Range<usize>, order: usize, with: String) -> Find {
        let shortness = std::cmp::Reverse(range.end);
        Find { weak: action == Do::Correlate, place, start: range.start, shortness, order, with }
    }

    fn end(&self) -> usize {
        self.shortness.0
    }
}

/// Replaces the union of what overlaps by what the first of it says.
fn splice(text: &str, mut finds: Vec<Find>) -> String {
    finds.sort_by_key(|find| (find.start, find.shortness));
    let mut out = String::new();
    let mut at = 0;
    let mut finds = finds.into_iter().peekable();
    while let Some(mut best) = finds.next() {
        let (start, mut end) = (best.start, best.end());
        while let Some(next) = finds.next_if(|next| next.start < end) {
            end = end.max(next.end());
            best = best.min(next);
        }
        out.push_str(&text[at..start]);
        out.push_str(&best.with);
        at = end;
    }
    out + &text[at..]
}

/// Whether the range is no part of a longer word or number.
fn has_borders(text: &str, start: usize, end: usize) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    !part(text[..start].chars().next_back()) && !part(text[end..].chars().next())
}

impl FieldRule {
    /// Whether it takes the field of that key.
    pub fn takes(&self, key: &str) -> bool {
        let last = key.rsplit('.').next().unwrap_or(key);
        let joined: String = last.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
        self.names.contains(&joined.as_str()) || self.last_words.contains(&last_word(last).as_str())
    }
}

/// The last word of a key, cut at separators and camel humps; "" if it is the only one.
fn last_word(key: &str) -> String {
    let last = key.rsplit(['_', '-', ' ']).next().unwrap_or(key);
    let hump =
        last.char_indices().filter(|(at, c)| *at > 0 && c.is_uppercase()).map(|(at, _)| at).next_back();
    let word = &last[hump.unwrap_or(0)..];
    if word.len() == key.len() { String::new() } else { word.to_lowercase() }
}

/// The rules that the engine is compared on, and the same as a policy.
pub const FIELDS: &[FieldRule] = &[
    FieldRule {
        id: "password",
        names: &["password", "pin"],
        last_words: &["password"],
        action: Do::Mask,
        kind: "",
        all_types: true,
    },
    FieldRule {
        id: "token",
        names: &["token", "apikey"],
        last_words: &["token"],
        action: Do::Mask,
        kind: "",
        all_types: true,
    },
    FieldRule {
        id: "user",
        names: &["userid", "username"],
        last_words: &[],
        action: Do::Correlate,
        kind: "user",
        all_types: false,
    },
];

pub const TEXTS: &[TextRule] = &[
    TextRule {
        id: "email",
        pattern: r"[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
        check: |_| true,
        action: Do::Correlate,
        kind: "email",
    },
    TextRule {
        id: "card",
        pattern: r"\d(?:[ -]?\d){12,18}",
        check: is_card,
        action: Do::Correlate,
        kind: "card",
    },
    TextRule {
        id: "ip",
        pattern: r"\d{1,3}(?:\.\d{1,3}){3}",
        check: is_public,
        action: Do::Correlate,
        kind: "ip",
    },
    TextRule {
        id: "jwt",
        pattern: r"eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+",
        check: |_| true,
        action: Do::Mask,
        kind: "",
    },
    TextRule {
        id: "bearer",
        pattern: r"(?i)bearer +([A-Za-z0-9._~+/-]{16,}=*)",
        check: |_| true,
        action: Do::Mask,
        kind: "",
    },
];

pub const POLICY: &str = r#"
version: 1
name: reference
extends: []
rules:
  - {id: password, in: [password, pin, "*_password"], types: all, do: mask}
  - {id: token, in: [token, api_key, "*_token"], types: all, do: mask}
  - {id: user, in: [user_id, username], do: correlate, kind: user}
  - {id: email, find: email, do: correlate}
  - {id: card, find: credit_card, do: correlate}
  - {id: ip, find: ipv4, do: correlate}
  - {id: jwt, find: jwt, do: mask}
  - {id: bearer, find: bearer, do: mask}
"#;

/// Prefix and length of the large brands, and the check digit.
pub fn is_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let prefix = |n: usize| digits.iter().take(n).fold(0, |sum, d| sum * 10 + d);
    let brand = match digits.len() {
        15 => matches!(prefix(2), 34 | 37),
        16 => prefix(1) == 4 || matches!(prefix(2), 51..=55 | 65) || matches!(prefix(4), 2221..=2720 | 6011),
        _ => false,
    };
    let double = |d: u32| d * 2 / 10 + d * 2 % 10;
    let sum: u32 =
        digits.iter().rev().enumerate().map(|(i, &d)| if i % 2 == 0 { d } else { double(d) }).sum();
    brand && sum.is_multiple_of(10)
}

fn is_public(text: &str) -> bool {
    let octets: Vec<u32> = text.split('.').filter_map(|octet| octet.parse().ok()).collect();
    let [a, b, ..] = octets[..] else { return false };
    octets.iter().all(|&octet| octet < 256)
        && !matches!(
            (a, b),
            (0 | 10 | 127 | 224.., _) | (172, 16..=31) | (192, 168) | (100, 64..=127) | (169, 254)
        )
}
