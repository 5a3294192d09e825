//! A policy as the user wrote it, with the place of each part. What can be judged without knowing other layers, packs
//! or detectors is judged here: keys, shapes, names. Reading never stops at an error.

mod rule;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::action::Action;
use super::error::{PolicyError, Problem};
use crate::document::{self, At, Node, Shape, SourceText, Syntax, Value, member};
use crate::engine::correlate::canonical::is_phone_region;
use crate::limits::SCOPE_BYTES_MAX;

/// Takes a policy apart.
pub(super) type Reader<'a> = document::Reader<'a, Problem>;

/// A file, as far as it could be read.
#[derive(Debug, Default)]
pub(super) struct PolicyFile {
    pub name: Option<At<String>>,
    /// `None` where the key is absent.
    pub extends: Option<Vec<At<String>>>,
    pub rules: Vec<RuleText>,
    pub excepts: Vec<ExceptText>,
    /// What may be weaker than in the policy in force before.
    pub loosens: Vec<At<String>>,
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

const FILE: &[&str] = &["version", "name", "extends", "rules", "except", "correlate", "loosens", "tests"];
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
    let file = match document::read(&source.text, syntax) {
        Ok(node) => reader.file(&node),
        Err(error) => {
            reader.error(error.span, Shape::Syntax(error.message));
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

/// Whether a text can stand in the `loosens` of a whole policy: the rule may be gone, so it need not be known.
fn is_loosening(text: &str) -> bool {
    match text.split_once('/') {
        None => is_id(text),
        Some((layer, rule)) => is_id(layer) && (rule == "*" || is_id(rule)),
    }
}

impl Reader<'_> {
    fn file(&mut self, node: &Node) -> PolicyFile {
        let mut file = PolicyFile::default();
        if node.value == Value::Null {
            self.error(node.span.clone(), Problem::SaysNothing);
            return file;
        }
        let Some(map) = self.map(node, "a policy", FILE, RESERVED) else { return file };
        let rules = member(map, "rules");
        match member(map, "version") {
            None => self.error(node.span.clone(), Shape::VersionMissing),
            Some((_, value)) if value.value == Value::Number("1".to_owned()) => {}
            Some((_, value)) => self.error(value.span.clone(), Shape::Version),
        }
        if FILE.iter().all(|key| matches!(*key, "version" | "name" | "loosens") || member(map, key).is_none())
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
            file.rules.extend(self.rule(rule, &place));
        }
        self.ids_differ(&file.rules);
        for (_, except) in self.items(member(map, "except"), "except") {
            file.excepts.extend(self.except(except));
        }
        file.loosens = self.list_of(map, "loosens");
        for name in &file.loosens {
            if !is_loosening(&name.value) {
                self.error(name.span.clone(), Problem::Loosens(name.value.clone()));
            }
        }
        for (_, test) in self.items(member(map, "tests"), "tests") {
            file.tests.extend(self.test(test));
        }
        if let Some((_, correlate)) = member(map, "correlate") {
            self.correlate(correlate, &mut file);
        }
        file
    }

    /// An id stands in a file once.
    fn ids_differ(&mut self, rules: &[RuleText]) {
        let mut first: HashMap<&str, &At<String>> = HashMap::new();
        for id in rules.iter().filter_map(|rule| rule.id.as_ref()) {
            if let Some(first) = first.get(id.value.as_str()) {
                self.again(id.span.clone(), &first.span, Problem::RuleTwice(id.value.clone()));
            } else {
                first.insert(&id.value, id);
            }
        }
    }

    fn except(&mut self, node: &Node) -> Option<ExceptText> {
        let map = self.map(node, "an exception", EXCEPT, RESERVED)?;
        if EXCEPT.iter().all(|key| *key == "loosens" || member(map, key).is_none()) {
            self.error(node.span.clone(), Problem::ExceptAll);
        }
        if let Some((_, Node { value: Value::Map(_), span })) = member(map, "find") {
            let want = "the name of a detector or a list of names";
            self.error(span.clone(), Shape::Type { key: "find", want, got: "a map" });
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
        let map = self.map(node, "a test", TEST, RESERVED)?;
        for (key, hint) in [
            ("name", "what the test shows: `name: versions are not addresses`"),
            ("given", "a record: an object, or a text for a line as it stands"),
            ("expect", "the record that comes out, or `unchanged`"),
        ] {
            if member(map, key).is_none() {
                self.error(node.span.clone(), Shape::Missing { key, of: "a test", hint });
            }
        }
        let name = member(map, "name").and_then(|(_, value)| self.text(value, "name"));
        for key in ["given", "expect"] {
            if let Some((_, value)) = member(map, key)
                && matches!(value.value, Value::Null | Value::Bool(_) | Value::Number(_))
            {
                let problem = Shape::Type { key, want: "a text or an object", got: value.kind() };
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
        let Some(map) = self.map(node, "`correlate`", &["scope", "canonical"], RESERVED) else { return };
        if let Some(scope) = member(map, "scope").and_then(|(_, value)| self.text(value, "scope")) {
            if scope.value.len() > SCOPE_BYTES_MAX || scope.value.chars().any(char::is_control) {
                self.error(scope.span.clone(), Problem::Scope);
            }
            file.scope = Some(scope);
        }
        let Some((_, canonical)) = member(map, "canonical") else { return };
        let Some(map) = self.map(canonical, "`canonical`", &["email", "phone"], RESERVED) else { return };
        if let Some((_, email)) = member(map, "email")
            && let Some(options) = self.map(email, "`email`", &["plus"], RESERVED)
            && let Some(plus) = member(options, "plus").and_then(|(_, value)| self.text(value, "plus"))
        {
            match plus.value.as_str() {
                "strip" => file.email_plus_strip = Some(true),
                "keep" => file.email_plus_strip = Some(false),
                _ => {
                    let hint =
                        "`strip` gives ann+shop@corp.example the ID of ann@corp.example; `keep` does not";
                    self.error(plus.span, Shape::Value { key: "plus", value: plus.value, hint });
                }
            }
        }
        if let Some((_, phone)) = member(map, "phone")
            && let Some(options) = self.map(phone, "`phone`", &["region"], RESERVED)
            && let Some(region) = member(options, "region").and_then(|(_, value)| self.text(value, "region"))
        {
            if is_phone_region(&region.value) {
                file.phone_region = Some(region.value);
            } else {
                let hint = "the two capital letters of a country, such as `US`";
                self.error(region.span, Shape::Value { key: "region", value: region.value, hint });
            }
        }
    }
}
