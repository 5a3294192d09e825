//! Taking a tree apart: maps with known keys, texts, lists of texts. Complains and goes on.

use std::ops::Range;
use std::sync::Arc;

use super::super::error::{PolicyError, Problem, SourceText, nearest};
use super::super::tree::{Key, Node, Value};
use super::{At, RESERVED};

/// Collects what is wrong with one file.
pub(super) struct Reader<'a> {
    pub source: &'a Arc<SourceText>,
    pub errors: Vec<PolicyError>,
}

pub(super) type Member<'n> = Option<&'n (Key, Node)>;

impl Reader<'_> {
    pub fn error(&mut self, span: Range<usize>, problem: Problem) {
        self.errors.push(PolicyError { source: self.source.clone(), span: Some(span), problem, also: None });
    }

    /// Complains about something that was there before.
    pub fn again(&mut self, span: Range<usize>, first: &Range<usize>, problem: Problem) {
        self.error(span, problem);
        if let Some(error) = self.errors.last_mut() {
            error.also = Some((first.clone(), "first here"));
        }
    }

    /// The members of a map, after complaints about those that are unknown, reserved or there twice.
    pub fn map<'n>(
        &mut self,
        node: &'n Node,
        of: &'static str,
        known: &'static [&'static str],
    ) -> Option<&'n [(Key, Node)]> {
        let Value::Map(members) = &node.value else {
            self.error(node.span.clone(), Problem::NotAMap { of, got: node.kind() });
            return None;
        };
        for (i, (key, _)) in members.iter().enumerate() {
            let word = key.text.as_str();
            if let Some((first, _)) = members[..i].iter().find(|(first, _)| first.text == key.text) {
                self.again(key.span.clone(), &first.span, Problem::KeyTwice(key.text.clone()));
            } else if known.contains(&word) {
            } else if RESERVED.contains(&word) || (of == "a policy" && word == "loosens") {
                self.error(key.span.clone(), Problem::Reserved(key.text.clone()));
            } else {
                let near = nearest(word, known.iter().copied());
                self.error(key.span.clone(), Problem::UnknownKey { key: key.text.clone(), of, near, known });
            }
        }
        Some(members)
    }

    /// The items of a list of maps, each with its place.
    pub fn items<'n>(&mut self, list: Member<'n>, key: &'static str) -> Vec<(Range<usize>, &'n Node)> {
        match list {
            None => Vec::new(),
            Some((_, Node { value: Value::List(items), .. })) if !items.is_empty() => {
                items.iter().map(|item| (item.span.clone(), item)).collect()
            }
            Some((at, Node { value: Value::List(_) | Value::Null, .. })) => {
                self.error(at.span.clone(), Problem::EmptyList(key));
                Vec::new()
            }
            Some((_, value)) => {
                self.error(value.span.clone(), Problem::Type { key, want: "a list", got: value.kind() });
                Vec::new()
            }
        }
    }

    pub fn text(&mut self, node: &Node, key: &'static str) -> Option<At<String>> {
        if let Value::Text(text) = &node.value {
            return Some(At { value: text.clone(), span: node.span.clone() });
        }
        self.error(node.span.clone(), Problem::Type { key, want: "a text", got: node.kind() });
        None
    }

    /// The member `key`: one text or a list of texts. Empty where it is absent.
    pub fn list_of(&mut self, map: &[(Key, Node)], key: &'static str) -> Vec<At<String>> {
        member(map, key).map_or(Vec::new(), |(_, value)| self.texts(value, key, false))
    }

    pub fn texts(&mut self, node: &Node, key: &'static str, may_be_empty: bool) -> Vec<At<String>> {
        match &node.value {
            Value::List(items) if items.is_empty() && !may_be_empty => {
                self.error(node.span.clone(), Problem::EmptyList(key));
                Vec::new()
            }
            Value::List(items) => items.iter().filter_map(|item| self.text(item, key)).collect(),
            Value::Text(_) => self.text(node, key).into_iter().collect(),
            _ => {
                let want = "a text or a list of texts";
                self.error(node.span.clone(), Problem::Type { key, want, got: node.kind() });
                Vec::new()
            }
        }
    }
}

/// The first member of that name.
pub(super) fn member<'n>(map: &'n [(Key, Node)], key: &str) -> Member<'n> {
    map.iter().find(|(k, _)| k.text == key)
}
