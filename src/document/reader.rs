//! Taking a tree apart: maps with known keys, texts, lists of texts. Complains and goes on.

use std::ops::Range;
use std::sync::Arc;

use super::{At, Complaint, Key, Mistake, Node, Shape, SourceText, Value, nearest};

/// Collects what is wrong with one file.
pub struct Reader<'a, P> {
    /// The file.
    pub source: &'a Arc<SourceText>,
    /// What was found so far.
    pub errors: Vec<Mistake<P>>,
}

/// A key and its value, if the key is there.
pub type Member<'n> = Option<&'n (Key, Node)>;

impl<P: Complaint> Reader<'_, P> {
    /// Complains about a place.
    pub fn error(&mut self, span: Range<usize>, problem: impl Into<P>) {
        let (source, problem) = (self.source.clone(), problem.into());
        self.errors.push(Mistake { source, span: Some(span), problem, also: None });
    }

    /// Complains about something that was there before.
    pub fn again(&mut self, span: Range<usize>, first: &Range<usize>, problem: impl Into<P>) {
        self.error(span, problem);
        if let Some(error) = self.errors.last_mut() {
            error.also = Some((first.clone(), "first here"));
        }
    }

    /// The members of a map, after complaints about those that are unknown, `reserved` for later versions or there twice.
    pub fn map<'n>(
        &mut self,
        node: &'n Node,
        of: &'static str,
        known: &'static [&'static str],
        reserved: &[&str],
    ) -> Option<&'n [(Key, Node)]> {
        let Value::Map(members) = &node.value else {
            self.error(node.span.clone(), Shape::NotAMap { of, got: node.kind() });
            return None;
        };
        for (i, (key, _)) in members.iter().enumerate() {
            let word = key.text.as_str();
            if let Some((first, _)) = members[..i].iter().find(|(first, _)| first.text == key.text) {
                self.again(key.span.clone(), &first.span, Shape::KeyTwice(key.text.clone()));
            } else if known.contains(&word) {
            } else if reserved.contains(&word) {
                self.error(key.span.clone(), Shape::Reserved(key.text.clone()));
            } else {
                let near = nearest(word, known.iter().copied());
                self.error(key.span.clone(), Shape::UnknownKey { key: key.text.clone(), of, near, known });
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
                self.error(at.span.clone(), Shape::EmptyList(key));
                Vec::new()
            }
            Some((_, value)) => {
                self.error(value.span.clone(), Shape::Type { key, want: "a list", got: value.kind() });
                Vec::new()
            }
        }
    }

    /// A text.
    pub fn text(&mut self, node: &Node, key: &'static str) -> Option<At<String>> {
        if let Value::Text(text) = &node.value {
            return Some(At { value: text.clone(), span: node.span.clone() });
        }
        self.error(node.span.clone(), Shape::Type { key, want: "a text", got: node.kind() });
        None
    }

    /// The member `key`: one text or a list of texts. Empty where it is absent.
    pub fn list_of(&mut self, map: &[(Key, Node)], key: &'static str) -> Vec<At<String>> {
        member(map, key).map_or(Vec::new(), |(_, value)| self.texts(value, key, false))
    }

    /// One text or a list of texts.
    pub fn texts(&mut self, node: &Node, key: &'static str, may_be_empty: bool) -> Vec<At<String>> {
        match &node.value {
            Value::List(items) if items.is_empty() && !may_be_empty => {
                self.error(node.span.clone(), Shape::EmptyList(key));
                Vec::new()
            }
            Value::List(items) => items.iter().filter_map(|item| self.text(item, key)).collect(),
            Value::Text(_) => self.text(node, key).into_iter().collect(),
            _ => {
                let want = "a text or a list of texts";
                self.error(node.span.clone(), Shape::Type { key, want, got: node.kind() });
                Vec::new()
            }
        }
    }
}

/// The first member of that name.
pub fn member<'n>(map: &'n [(Key, Node)], key: &str) -> Member<'n> {
    map.iter().find(|(k, _)| k.text == key)
}
