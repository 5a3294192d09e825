//! A policy as the user wrote it, with the place of each part. What can be judged without knowing other layers, packs
//! or detectors is judged here: keys, shapes, names. Reading never stops at an error.

use std::ops::Range;
use std::sync::Arc;

use super::action::{Action, Partial};
use super::error::{PolicyError, Problem, SourceText, nearest};
use super::tree::{self, Key, Node, Value};
use crate::engine::correlate::canonical::is_phone_region;
use crate::engine::correlate::is_label;
use crate::limits::{PARTIAL_CHARS_MAX, REPLACE_BYTES_MAX, SCOPE_BYTES_MAX};

/// How a policy file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// YAML, and JSON, which is YAML as well.
    Yaml,
    /// TOML.
    Toml,
}

/// Something and its place in the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct At<T> {
    pub value: T,
    pub span: Range<usize>,
}

/// A file, as far as it could be read.
#[derive(Debug, Default)]
pub(super) struct PolicyFile {
    pub name: Option<At<String>>,
    /// `None` where the key is absent.
    pub extends: Option<Vec<At<String>>>,
    pub rules: Vec<RuleText>,
    pub excepts: Vec<ExceptText>,
    pub scope: Option<At<String>>,
    pub email_plus_strip: Option<bool>,
    pub phone_region: Option<String>,
    pub tests: Vec<TestText>,
}

/// `None` where something is missing or wrong; the error is reported already.
#[derive(Debug)]
pub(super) struct RuleText {
    pub id: Option<At<String>>,
    pub within: Vec<At<String>>,
    pub find: Option<FindText>,
    pub action: Option<Action>,
    pub all_types: bool,
    pub kind: Option<String>,
    pub label: Option<String>,
    pub loosens: Vec<At<String>>,
}

#[derive(Debug)]
pub(super) enum FindText {
    Field,
    Detectors(Vec<At<String>>),
    Pattern(At<String>),
}

#[derive(Debug)]
pub(super) struct ExceptText {
    pub span: Range<usize>,
    pub find: Vec<At<String>>,
    pub values: Vec<At<String>>,
    pub within: Vec<At<String>>,
    pub loosens: Vec<At<String>>,
}

#[derive(Debug)]
pub(super) struct TestText {
    pub name: At<String>,
    pub given: Node,
    pub expect: Node,
}

const FILE: &[&str] = &["version", "name", "extends", "rules", "except", "correlate", "tests"];
const RULE: &[&str] = &["id", "in", "find", "do", "types", "kind", "as", "loosens"];
const EXCEPT: &[&str] = &["find", "values", "in", "loosens"];
const TEST: &[&str] = &["name", "given", "expect"];
/// What `do` may be.
pub(super) const ACTIONS: &[&str] = &["mask", "correlate", "shape", "drop", "partial", "replace"];
/// Words that the language reserves and this version does not have, wherever they stand.
const RESERVED: &[&str] = &[
    "near",
    "not_near",
    "words",
    "words_file",
    "entropy",
    "secrets_from",
    "unlisted",
    "listed",
    "learn",
    "message",
    "generalize",
    "withhold",
    "seal",
    "mode",
    "numbers",
];

/// Reads a file. What could be read is returned beside the errors, so that later checks add theirs.
pub(super) fn read(source: &Arc<SourceText>, syntax: Syntax) -> (PolicyFile, Vec<PolicyError>) {
    let mut reader = Reader { source, errors: Vec::new() };
    let tree = match syntax {
        Syntax::Yaml => tree::read_yaml(&source.text),
        Syntax::Toml => tree::read_toml(&source.text),
    };
    let file = match tree {
        Ok(node) => reader.file(&node),
        Err(error) => {
            reader.error(error.span, Problem::Syntax(error.message));
            PolicyFile::default()
        }
    };
    (file, reader.errors)
}

/// Whether a text can be a rule id or a layer's name: `[a-z][a-z0-9_-]{0,47}`.
pub(super) fn is_id(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= 48
        && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

struct Reader<'a> {
    source: &'a Arc<SourceText>,
    errors: Vec<PolicyError>,
}

type Member<'n> = Option<&'n (Key, Node)>;

impl Reader<'_> {
    fn error(&mut self, span: Range<usize>, problem: Problem) {
        self.errors.push(PolicyError { source: self.source.clone(), span: Some(span), problem, also: None });
    }

    fn file(&mut self, node: &Node) -> PolicyFile {
        let mut file = PolicyFile::default();
        if node.value == Value::Null {
            self.error(node.span.clone(), Problem::SaysNothing);
            return file;
        }
        let Some(map) = self.map(node, "the file", "a policy", FILE) else { return file };
        let rules = member(map, "rules");
        match member(map, "version") {
            None => self.error(node.span.clone(), Problem::VersionMissing),
            Some((_, value)) if value.value == Value::Number("1".to_owned()) => {}
            Some((_, value)) => self.error(value.span.clone(), Problem::Version),
        }
        if FILE.iter().all(|key| matches!(*key, "version" | "name") || member(map, key).is_none())
            && map.iter().all(|(key, _)| FILE.contains(&key.text.as_str()))
        {
            self.error(node.span.clone(), Problem::SaysNothing);
        }
        file.name = member(map, "name").and_then(|(_, value)| self.text(value, "name"));
        if let Some(name) = &file.name
            && !is_id(&name.value)
        {
            self.error(name.span.clone(), Problem::Name(name.value.clone(), "name", "policy"));
        }
        file.extends = member(map, "extends").map(|(_, value)| self.texts(value, "extends", true));
        for (place, rule) in self.items(rules, "rules") {
            if let Some(rule) = self.rule(rule, &place, &file.rules) {
                file.rules.push(rule);
            }
        }
        for (_, except) in self.items(member(map, "except"), "except") {
            file.excepts.extend(self.except(except));
        }
        for (_, test) in self.items(member(map, "tests"), "tests") {
            file.tests.extend(self.test(test));
        }
        if let Some((_, correlate)) = member(map, "correlate") {
            self.correlate(correlate, &mut file);
        }
        file
    }

    fn rule(&mut self, node: &Node, place: &Range<usize>, before: &[RuleText]) -> Option<RuleText> {
        let map = self.map(node, "rules", "a rule", RULE)?;
        let id = self.rule_id(map, place, before);
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
                let problem = Problem::Missing { key: "do", of: "a rule", hint };
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
                    let problem = Problem::Value { key: "types", value: value_text, hint };
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

    fn rule_id(
        &mut self,
        map: &[(Key, Node)],
        place: &Range<usize>,
        before: &[RuleText],
    ) -> Option<At<String>> {
        let Some((_, value)) = member(map, "id") else {
            let hint = "the id stands in placeholders and in `explain`: `id: employee-number`";
            self.error(place.clone(), Problem::Missing { key: "id", of: "a rule", hint });
            return None;
        };
        let id = self.text(value, "id")?;
        if !is_id(&id.value) {
            self.error(id.span.clone(), Problem::Name(id.value.clone(), "id", "rule"));
        }
        let mut ids = before.iter().filter_map(|rule| rule.id.as_ref());
        if let Some(first) = ids.find(|first| first.value == id.value) {
            self.error(id.span.clone(), Problem::RuleTwice(id.value.clone()));
            if let Some(error) = self.errors.last_mut() {
                error.also = Some((first.span.clone(), "first here"));
            }
        }
        Some(id)
    }

    fn find(&mut self, node: &Node) -> Option<FindText> {
        match &node.value {
            Value::Map(_) => {
                let map = self.map(node, "find", "find", &["regex"])?;
                let (_, pattern) = member(map, "regex")?;
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
                    let problem = Problem::Type { key: "do", want: "one action", got: "several keys" };
                    self.error(node.span.clone(), problem);
                }
            },
            _ => {
                let problem = Problem::Type { key: "do", want: "an action", got: node.kind() };
                self.error(node.span.clone(), problem);
            }
        }
        None
    }

    fn unknown_action(&mut self, name: &str, span: Range<usize>) {
        let problem = if RESERVED.contains(&name) {
            Problem::Reserved(name.to_owned())
        } else {
            Problem::UnknownAction { name: name.to_owned(), near: nearest(name, ACTIONS.iter().copied()) }
        };
        self.error(span, problem);
    }

    fn partial(&mut self, node: &Node) -> Option<Partial> {
        let map = self.map(node, "partial", "`partial`", &["keep_first", "keep_last", "keep"])?;
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
                    self.error(value.span.clone(), Problem::Value { key, value: text.clone(), hint });
                    return None;
                }
                _ => {
                    let problem = Problem::Type { key, want: "a number", got: value.kind() };
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
                    self.error(value.span.clone(), Problem::Value { key: "keep", value: text.clone(), hint });
                    None
                }
                _ => {
                    let problem = Problem::Type { key: "keep", want: "`domain`", got: value.kind() };
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

    fn except(&mut self, node: &Node) -> Option<ExceptText> {
        let map = self.map(node, "except", "an exception", EXCEPT)?;
        if EXCEPT.iter().all(|key| *key == "loosens" || member(map, key).is_none()) {
            self.error(node.span.clone(), Problem::ExceptAll);
        }
        if let Some((_, Node { value: Value::Map(_), span })) = member(map, "find") {
            let want = "the name of a detector or a list of names";
            self.error(span.clone(), Problem::Type { key: "find", want, got: "a map" });
            return None;
        }
        Some(ExceptText {
            span: node.span.clone(),
            find: self.list_of(map, "find"),
            values: self.list_of(map, "values"),
            within: self.list_of(map, "in"),
            loosens: self.list_of(map, "loosens"),
        })
    }

    fn test(&mut self, node: &Node) -> Option<TestText> {
        let map = self.map(node, "tests", "a test", TEST)?;
        for (key, hint) in [
            ("name", "what the test shows: `name: versions are not addresses`"),
            ("given", "a record: an object, or a text for a line as it stands"),
            ("expect", "the record that comes out, or `unchanged`"),
        ] {
            if member(map, key).is_none() {
                self.error(node.span.clone(), Problem::Missing { key, of: "a test", hint });
            }
        }
        let name = member(map, "name").and_then(|(_, value)| self.text(value, "name"));
        for key in ["given", "expect"] {
            if let Some((_, value)) = member(map, key)
                && matches!(value.value, Value::Null | Value::Bool(_) | Value::Number(_))
            {
                let problem = Problem::Type { key, want: "a text or an object", got: value.kind() };
                self.error(value.span.clone(), problem);
            }
        }
        Some(TestText {
            name: name?,
            given: member(map, "given")?.1.clone(),
            expect: member(map, "expect")?.1.clone(),
        })
    }

    fn correlate(&mut self, node: &Node, file: &mut PolicyFile) {
        let Some(map) = self.map(node, "correlate", "`correlate`", &["scope", "canonical"]) else { return };
        if let Some(scope) = member(map, "scope").and_then(|(_, value)| self.text(value, "scope")) {
            if scope.value.len() > SCOPE_BYTES_MAX || scope.value.chars().any(char::is_control) {
                self.error(scope.span.clone(), Problem::Scope);
            }
            file.scope = Some(scope);
        }
        let Some((_, canonical)) = member(map, "canonical") else { return };
        let Some(map) = self.map(canonical, "canonical", "`canonical`", &["email", "phone"]) else { return };
        if let Some((_, email)) = member(map, "email")
            && let Some(options) = self.map(email, "email", "`email`", &["plus"])
            && let Some(plus) = member(options, "plus").and_then(|(_, value)| self.text(value, "plus"))
        {
            match plus.value.as_str() {
                "strip" => file.email_plus_strip = Some(true),
                "keep" => file.email_plus_strip = Some(false),
                _ => {
                    let hint =
                        "`strip` gives ann+shop@corp.example the ID of ann@corp.example; `keep` does not";
                    self.error(plus.span, Problem::Value { key: "plus", value: plus.value, hint });
                }
            }
        }
        if let Some((_, phone)) = member(map, "phone")
            && let Some(options) = self.map(phone, "phone", "`phone`", &["region"])
            && let Some(region) = member(options, "region").and_then(|(_, value)| self.text(value, "region"))
        {
            if is_phone_region(&region.value) {
                file.phone_region = Some(region.value);
            } else {
                let hint = "the two capital letters of a country, such as `US`";
                self.error(region.span, Problem::Value { key: "region", value: region.value, hint });
            }
        }
    }

    /// The members of a map, after complaints about those that are unknown, reserved or there twice.
    fn map<'n>(
        &mut self,
        node: &'n Node,
        key: &'static str,
        of: &'static str,
        known: &'static [&'static str],
    ) -> Option<&'n [(Key, Node)]> {
        let Value::Map(members) = &node.value else {
            self.error(node.span.clone(), Problem::Type { key, want: "a map", got: node.kind() });
            return None;
        };
        for (i, (key, _)) in members.iter().enumerate() {
            let word = key.text.as_str();
            if let Some((first, _)) = members[..i].iter().find(|(first, _)| first.text == key.text) {
                self.error(key.span.clone(), Problem::KeyTwice(key.text.clone()));
                if let Some(error) = self.errors.last_mut() {
                    error.also = Some((first.span.clone(), "first here"));
                }
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
    fn items<'n>(&mut self, list: Member<'n>, key: &'static str) -> Vec<(Range<usize>, &'n Node)> {
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

    fn text(&mut self, node: &Node, key: &'static str) -> Option<At<String>> {
        if let Value::Text(text) = &node.value {
            return Some(At { value: text.clone(), span: node.span.clone() });
        }
        self.error(node.span.clone(), Problem::Type { key, want: "a text", got: node.kind() });
        None
    }

    /// The member `key`: one text or a list of texts. Empty where it is absent.
    fn list_of(&mut self, map: &[(Key, Node)], key: &'static str) -> Vec<At<String>> {
        member(map, key).map_or(Vec::new(), |(_, value)| self.texts(value, key, false))
    }

    fn texts(&mut self, node: &Node, key: &'static str, may_be_empty: bool) -> Vec<At<String>> {
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

fn member<'n>(map: &'n [(Key, Node)], key: &str) -> Member<'n> {
    map.iter().find(|(k, _)| k.text == key)
}
