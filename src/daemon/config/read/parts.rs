//! Single members of a map: texts, words, durations, sizes, switches.

use std::collections::HashSet;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use super::super::problem::ConfigProblem;
use super::super::values::{self, Misspelt};
use crate::document::{At, Key, Node, Reader, Shape, Value, member};

/// Takes a configuration apart.
pub struct Parts<'a> {
    pub reader: Reader<'a, ConfigProblem>,
    /// Where values begin that cannot be judged.
    pub unknown: HashSet<usize>,
    /// What must not be shown.
    pub secrets: Vec<Range<usize>>,
}

type Map<'n> = &'n [(Key, Node)];

impl Parts<'_> {
    pub fn error(&mut self, span: Range<usize>, problem: impl Into<ConfigProblem>) {
        self.reader.error(span, problem);
    }

    /// The members of a map. What stands behind keys that nobody knows is taken for a secret.
    pub fn map<'n>(
        &mut self,
        node: &'n Node,
        of: &'static str,
        known: &'static [&'static str],
        reserved: &[&str],
    ) -> Option<Map<'n>> {
        let map = self.reader.map(node, of, known, reserved)?;
        for (key, value) in map {
            if !known.contains(&key.text.as_str()) {
                hide(value, &mut self.secrets);
            }
        }
        Some(map)
    }

    /// The value of a key that must be there; `node` is where its absence is shown.
    pub fn needs<'n>(
        &mut self,
        map: Map<'n>,
        key: &'static str,
        of: &'static str,
        hint: &'static str,
        node: &Node,
    ) -> Option<&'n Node> {
        let found = member(map, key).map(|(_, value)| value);
        if found.is_none() {
            self.error(node.span.clone(), Shape::Missing { key, of, hint });
        }
        found
    }

    /// A text that is not empty.
    pub fn text(&mut self, map: Map<'_>, key: &'static str) -> Option<At<String>> {
        let (_, node) = member(map, key)?;
        let text = self.reader.text(node, key)?;
        if self.is_unknown(&text.span) {
            return None;
        }
        if text.value.is_empty() {
            self.error(text.span, Shape::EmptyList(key));
            return None;
        }
        Some(text)
    }

    /// One text or a list of texts; those that cannot be judged are left out.
    pub fn texts(&mut self, map: Map<'_>, key: &'static str) -> Option<At<Vec<At<String>>>> {
        let (_, node) = member(map, key)?;
        let mut texts = self.reader.texts(node, key, false);
        texts.retain(|text| !self.is_unknown(&text.span));
        Some(At { value: texts, span: node.span.clone() })
    }

    /// A text that is written in some way.
    pub fn spelt<T>(
        &mut self,
        map: Map<'_>,
        key: &'static str,
        parse: fn(&str) -> Result<T, Misspelt>,
    ) -> Option<At<T>> {
        let text = self.text(map, key)?;
        match parse(&text.value) {
            Ok(value) => Some(At { value, span: text.span }),
            Err(Misspelt { want, hint }) => {
                self.error(text.span, ConfigProblem::Spelling { key, want, hint });
                None
            }
        }
    }

    /// One of a few words.
    pub fn word<T: Copy>(
        &mut self,
        map: Map<'_>,
        key: &'static str,
        words: &[(&str, T)],
        hint: &'static str,
    ) -> Option<T> {
        let text = self.text(map, key)?;
        let found = words.iter().find(|(word, _)| *word == text.value).map(|(_, value)| *value);
        if found.is_none() {
            let value = self.written(&text.span);
            self.error(text.span, Shape::Value { key, value, hint });
        }
        found
    }

    /// `true` or `false`, also from a variable.
    pub fn flag(&mut self, map: Map<'_>, key: &'static str) -> Option<bool> {
        let (_, node) = member(map, key)?;
        match &node.value {
            Value::Bool(value) => return Some(*value),
            Value::Text(_) if self.is_unknown(&node.span) => return None,
            Value::Text(text) if text == "true" => return Some(true),
            Value::Text(text) if text == "false" => return Some(false),
            _ => {}
        }
        let problem = Shape::Type { key, want: "`true` or `false`", got: node.kind() };
        self.error(node.span.clone(), problem);
        None
    }

    /// A whole number, also from a variable.
    pub fn count(&mut self, map: Map<'_>, key: &'static str, bounds: RangeInclusive<u32>) -> Option<At<u32>> {
        let (_, node) = member(map, key)?;
        let text = match &node.value {
            Value::Text(_) if self.is_unknown(&node.span) => return None,
            Value::Text(text) | Value::Number(text) => text,
            _ => {
                self.error(node.span.clone(), Shape::Type { key, want: "a number", got: node.kind() });
                return None;
            }
        };
        match text.parse() {
            Ok(value) if bounds.contains(&value) => Some(At { value, span: node.span.clone() }),
            _ => {
                let (least, most) = (bounds.start().to_string(), bounds.end().to_string());
                self.error(node.span.clone(), ConfigProblem::Range { key, least, most });
                None
            }
        }
    }

    /// A number of bytes, with or without unit.
    pub fn size(
        &mut self,
        map: Map<'_>,
        key: &'static str,
        bounds: RangeInclusive<usize>,
    ) -> Option<At<usize>> {
        let (_, node) = member(map, key)?;
        let size = if let Value::Number(text) = &node.value {
            let value = values::size(text).unwrap_or(usize::MAX);
            At { value, span: node.span.clone() }
        } else {
            self.spelt(map, key, values::size)?
        };
        if !bounds.contains(&size.value) {
            let (least, most) = (values::spell_size(*bounds.start()), values::spell_size(*bounds.end()));
            self.error(size.span, ConfigProblem::Range { key, least, most });
            return None;
        }
        Some(size)
    }

    /// A duration within bounds in milliseconds.
    pub fn time(
        &mut self,
        map: Map<'_>,
        key: &'static str,
        bounds_ms: RangeInclusive<u64>,
    ) -> Option<At<Duration>> {
        let (_, node) = member(map, key)?;
        if matches!(node.value, Value::Number(_)) {
            let Err(Misspelt { want, hint }) = values::duration("1") else { return None };
            self.error(node.span.clone(), ConfigProblem::Spelling { key, want, hint });
            return None;
        }
        let time = self.spelt(map, key, values::duration)?;
        let ms = u64::try_from(time.value.as_millis()).unwrap_or(u64::MAX);
        if !bounds_ms.contains(&ms) {
            let spell = |ms: &u64| values::spell_duration(Duration::from_millis(*ms));
            let (least, most) = (spell(bounds_ms.start()), spell(bounds_ms.end()));
            self.error(time.span, ConfigProblem::Range { key, least, most });
            return None;
        }
        Some(time)
    }

    /// Whether what begins there needs a variable that is not looked at.
    pub fn is_unknown(&self, span: &Range<usize>) -> bool {
        self.unknown.contains(&span.start)
    }

    /// What stands in the file: never what a variable put in its place.
    pub fn written(&self, span: &Range<usize>) -> String {
        let text = self.reader.source.text.get(span.clone()).unwrap_or_default();
        text.trim_matches(['"', '\'']).to_owned()
    }
}

/// All values inside of `node`.
fn hide(node: &Node, secrets: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| hide(item, secrets)),
        Value::Map(members) => members.iter().for_each(|(_, value)| hide(value, secrets)),
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::Text(_) => secrets.push(node.span.clone()),
    }
}
