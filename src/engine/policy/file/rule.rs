//! Reading one entry of `rules`.

use std::ops::Range;

use super::super::action::{Action, Partial};
use super::super::error::Problem;
use super::{ACTIONS, FindText, RESERVED, RULE, Reader, RuleText, is_id};
use crate::document::{At, Key, Node, Shape, Value, member, nearest};
use crate::engine::correlate::is_label;
use crate::limits::{PARTIAL_CHARS_MAX, REPLACE_BYTES_MAX};

impl Reader<'_> {
    pub(super) fn rule(&mut self, node: &Node, place: &Range<usize>) -> Option<RuleText> {
        let map = self.map(node, "a rule", RULE, RESERVED)?;
        let id = self.rule_id(map, place);
        let within = self.list_of(map, "in");
        let find = member(map, "find").map(|(_, value)| self.find(value));
        if member(map, "in").is_none() && find.is_none() {
            self.error(id.as_ref().map_or(place.clone(), |id| id.span.clone()), Problem::Nowhere);
        }
        let find = find.unwrap_or(Some(FindText::Field));
        let action = match member(map, "do") {
            Some((_, value)) => self.action(value),
            None => {
                let hint = "such as `do: mask` or `do: correlate`";
                let problem = Shape::Missing { key: "do", of: "a rule", hint };
                self.error(id.as_ref().map_or(place.clone(), |id| id.span.clone()), problem);
                None
            }
        };
        let mut all_types = false;
        if let Some((key, value)) = member(map, "types") {
            match &value.value {
                Value::Text(text) if text == "all" => all_types = true,
                other => {
                    let hint =
                        "strings and numbers are taken without it; `all` takes booleans and containers too";
                    let value_text =
                        if let Value::Text(text) = other { text.clone() } else { value.kind().to_owned() };
                    let problem = Shape::Value { key: "types", value: value_text, hint };
                    self.error(value.span.clone(), problem);
                }
            }
            if member(map, "find").is_some() {
                let why = "a rule with `find` searches the text of strings and numbers";
                self.error(key.span.clone(), Problem::Useless { key: "types", why });
            }
        }
        let correlates = !matches!(&action, Some(action) if *action != Action::Correlate);
        let kind = self.label(map, "kind", "kind", correlates);
        let label = self.label(map, "as", "label", correlates);
        let loosens = self.list_of(map, "loosens");
        Some(RuleText { id, within, find, action, all_types, kind, label, loosens })
    }

    fn rule_id(&mut self, map: &[(Key, Node)], place: &Range<usize>) -> Option<At<String>> {
        let Some((_, value)) = member(map, "id") else {
            let hint = "the id stands in placeholders and in `explain`: `id: employee-number`";
            self.error(place.clone(), Shape::Missing { key: "id", of: "a rule", hint });
            return None;
        };
        let id = self.text(value, "id")?;
        if !is_id(&id.value) {
            self.error(id.span.clone(), Problem::Name(id.value.clone(), "id", "rule"));
        }
        Some(id)
    }

    fn find(&mut self, node: &Node) -> Option<FindText> {
        match &node.value {
            Value::Map(_) => {
                let before = self.errors.len();
                let map = self.map(node, "`find`", &["regex"], RESERVED)?;
                let Some((_, pattern)) = member(map, "regex") else {
                    if self.errors.len() == before {
                        let hint = "`find: {regex: 'EMP-\\d{6}'}`, or the name of a detector: `find: email`";
                        self.error(node.span.clone(), Shape::Missing { key: "regex", of: "`find`", hint });
                    }
                    return None;
                };
                Some(FindText::Pattern(self.text(pattern, "regex")?))
            }
            _ => {
                let names = self.texts(node, "find", false);
                (!names.is_empty()).then_some(FindText::Detectors(names))
            }
        }
    }

    fn action(&mut self, node: &Node) -> Option<Action> {
        let shape = |action, what, hint| Problem::ActionShape { action, what, hint };
        match &node.value {
            Value::Text(name) => match name.as_str() {
                "mask" => return Some(Action::Mask),
                "drop" => return Some(Action::Drop),
                "shape" => return Some(Action::Shape),
                "correlate" => return Some(Action::Correlate),
                "partial" => {
                    let hint = "`do: {partial: {keep_last: 4}}`";
                    self.error(node.span.clone(), shape("partial", "needs what it keeps", hint));
                }
                "replace" => {
                    let hint = "`do: {replace: \"[name]\"}`";
                    self.error(node.span.clone(), shape("replace", "needs a text", hint));
                }
                _ => self.unknown_action(name, node.span.clone()),
            },
            Value::Map(members) => match members.as_slice() {
                [(key, value)] => match key.text.as_str() {
                    "partial" => return self.partial(value).map(Action::Partial),
                    "replace" => {
                        let text = self.text(value, "replace")?;
                        let inert = !text.value.chars().any(char::is_control);
                        if inert && (1..=REPLACE_BYTES_MAX).contains(&text.value.len()) {
                            return Some(Action::Replace(text.value));
                        }
                        self.error(text.span, Problem::Replace);
                    }
                    "mask" | "drop" | "shape" | "correlate" => {
                        let action = ACTIONS.iter().find(|action| **action == key.text)?;
                        self.error(
                            key.span.clone(),
                            shape(action, "takes nothing", "write it alone: `do: mask`"),
                        );
                    }
                    _ => self.unknown_action(&key.text, key.span.clone()),
                },
                _ => {
                    let problem = Shape::Type { key: "do", want: "one action", got: "several keys" };
                    self.error(node.span.clone(), problem);
                }
            },
            _ => {
                let problem = Shape::Type { key: "do", want: "an action", got: node.kind() };
                self.error(node.span.clone(), problem);
            }
        }
        None
    }

    fn unknown_action(&mut self, name: &str, span: Range<usize>) {
        let problem = if RESERVED.contains(&name) {
            Shape::Reserved(name.to_owned()).into()
        } else {
            Problem::UnknownAction { name: name.to_owned(), near: nearest(name, ACTIONS.iter().copied()) }
        };
        self.error(span, problem);
    }

    fn partial(&mut self, node: &Node) -> Option<Partial> {
        let map = self.map(node, "`partial`", &["keep_first", "keep_last", "keep"], RESERVED)?;
        let keep = member(map, "keep");
        let ends = [member(map, "keep_first"), member(map, "keep_last")];
        let hint = "`{keep_last: 4}`, `{keep_first: 6, keep_last: 4}` or `{keep: domain}`";
        let mut count = [0u8; 2];
        for ((key, end), count) in ["keep_first", "keep_last"].into_iter().zip(ends).zip(&mut count) {
            let Some((_, value)) = end else { continue };
            match &value.value {
                Value::Number(text) if text.parse().is_ok_and(|n| (1..=PARTIAL_CHARS_MAX).contains(&n)) => {
                    *count = text.parse().unwrap_or(1);
                }
                Value::Number(text) | Value::Text(text) => {
                    let hint = "a count of characters, 1 to 64";
                    self.error(value.span.clone(), Shape::Value { key, value: text.clone(), hint });
                    return None;
                }
                _ => {
                    let problem = Shape::Type { key, want: "a number", got: value.kind() };
                    self.error(value.span.clone(), problem);
                    return None;
                }
            }
        }
        match (keep, count) {
            (None, [0, 0]) => {
                let problem = Problem::ActionShape { action: "partial", what: "needs what it keeps", hint };
                self.error(node.span.clone(), problem);
                None
            }
            (None, [first, last]) => Some(Partial::Ends { first, last }),
            (Some((_, value)), [0, 0]) => match &value.value {
                Value::Text(text) if text == "domain" => Some(Partial::Domain),
                Value::Text(text) | Value::Number(text) => {
                    self.error(value.span.clone(), Shape::Value { key: "keep", value: text.clone(), hint });
                    None
                }
                _ => {
                    let problem = Shape::Type { key: "keep", want: "`domain`", got: value.kind() };
                    self.error(value.span.clone(), problem);
                    None
                }
            },
            (Some((key, _)), _) => {
                let why = "a value keeps its domain or its ends, not both";
                self.error(key.span.clone(), Problem::Useless { key: "keep", why });
                None
            }
        }
    }

    fn label(
        &mut self,
        map: &[(Key, Node)],
        key: &'static str,
        what: &'static str,
        correlates: bool,
    ) -> Option<String> {
        let (at, value) = member(map, key)?;
        let text = self.text(value, key)?;
        if !is_label(text.value.as_bytes()) {
            self.error(text.span, Problem::Name(text.value, what, "correlation ID"));
            return None;
        }
        if !correlates {
            let why = "only `do: correlate` makes correlation IDs";
            self.error(at.span.clone(), Problem::Useless { key, why });
        }
        Some(text.value)
    }
}
