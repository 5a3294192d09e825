//! Layers as written → one [`Policy`]. Everything that needs packs, detectors or other layers is judged here.

use std::ops::Range;
use std::sync::Arc;

use super::error::{PolicyError, PolicyErrors, Problem};
use super::fields::FieldIndex;
use super::file::{ExceptText, FindText, RuleText};
use super::layers::{self, Layer, Read};
use super::selector::Selector;
use super::{
    Except, Expect, Find, Pattern, Policy, PolicyId, PolicyLayer, PolicyTest, Rule, RuleIndex, RuleSet,
    ValuePattern, effect, identity, packs, pattern,
};
use crate::document::{At, Node, Value, nearest};
use crate::engine::correlate::{CanonicalOptions, LABEL_BYTES_MAX};
use crate::engine::detect::{self, DetectorIndex};
use crate::limits::{PATTERNS_BYTES_MAX, PATTERNS_MAX, RULES_MAX};

/// How much is wanted beyond rules that work.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Everything: tests, what is weakened, what has no effect.
    Check,
    /// The rules and nothing else: packs, which were checked when the program was built, at each start of the program.
    Start,
}

/// Compiles the named policies and all they stand on.
pub(super) fn compile(
    policies: &[&str],
    purpose: Purpose,
    read: &mut Read<'_>,
) -> Result<Policy, PolicyErrors> {
    // The tests of a pack hold for the pack, not for what somebody builds on it.
    let pack_tests = purpose == Purpose::Check && policies.iter().all(|policy| packs::text(policy).is_some());
    let (layers, errors) = layers::resolve(policies, pack_tests, read);
    let mut compiler = Compiler { layers: &layers, known: known(&layers), errors };
    let (mut rules, mut patterns, mut excepts) = (Vec::new(), Vec::new(), Vec::new());
    for (layer, text) in layers.iter().enumerate() {
        for (order, rule) in (0..).zip(&text.file.rules) {
            rules.extend(compiler.rule(layer, order, rule, &rules, &mut patterns));
        }
    }
    for (layer, text) in layers.iter().enumerate() {
        for except in &text.file.excepts {
            excepts.push(compiler.except(layer, except, &rules));
        }
    }
    compiler.totals(&rules, &patterns);
    let mut errors = compiler.errors;
    if !errors.is_empty() {
        let file =
            |error: &PolicyError| layers.iter().position(|layer| Arc::ptr_eq(&layer.source, &error.source));
        errors.sort_by_key(|error| (file(error), error.span.as_ref().map(|span| span.start)));
        return Err(PolicyErrors { errors });
    }
    let mut policy = assemble(&layers, rules, patterns, excepts);
    if purpose == Purpose::Check {
        policy.loosenings = effect::loosenings(&policy);
        policy.warnings = effect::warnings(&policy, &layers);
    }
    Ok(policy)
}

/// What follows from rules that are right.
fn assemble(layers: &[Layer], rules: Vec<Rule>, patterns: Vec<Pattern>, excepts: Vec<Except>) -> Policy {
    let mut by_detector = vec![Vec::new(); detect::all().len()];
    for (index, rule) in (0..).zip(&rules) {
        if let (true, Find::Detectors(detectors)) = (rule.within.is_empty(), &rule.find) {
            for &detector in detectors {
                by_detector[usize::from(detector)].push(index);
            }
        }
    }
    let fields = FieldIndex::new(
        (0..).zip(&rules).flat_map(|(index, rule)| rule.within.iter().map(move |selector| (index, selector))),
        (0..)
            .zip(&excepts)
            .flat_map(|(index, except)| except.within.iter().map(move |selector| (index, selector))),
    );
    // Of each setting the highest layer that has it decides.
    let from_above = || layers.iter().rev().map(|layer| &layer.file);
    let mut policy = Policy {
        id: PolicyId([0; 32]),
        layers: layers
            .iter()
            .map(|layer| PolicyLayer {
                name: layer.name.clone(),
                file: layer.source.name.clone(),
                pack: layer.pack,
            })
            .collect(),
        fields,
        by_detector,
        patterns,
        scope: from_above()
            .find_map(|file| file.scope.as_ref())
            .map_or(String::new(), |scope| scope.value.clone()),
        canonical: CanonicalOptions {
            email_plus_strip: from_above().find_map(|file| file.email_plus_strip).unwrap_or(false),
            phone_region: from_above().find_map(|file| file.phone_region.clone()),
        },
        tests: layers.iter().enumerate().flat_map(|(layer, text)| tests(layer, text)).collect(),
        loosens: layers.iter().flat_map(|layer| &layer.file.loosens).map(|at| at.value.clone()).collect(),
        loosenings: Vec::new(),
        warnings: Vec::new(),
        rules,
        excepts,
    };
    policy.id = identity::of(&policy);
    policy
}

/// A rule by name, whether or not it compiles: a broken rule must not make errors elsewhere.
struct Known {
    layer: usize,
    id: String,
    qualified: String,
}

fn known(layers: &[Layer]) -> Vec<Known> {
    let rules = layers.iter().enumerate().flat_map(|(layer, text)| {
        let ids = text.file.rules.iter().filter_map(|rule| rule.id.as_ref());
        ids.map(move |id| Known {
            layer,
            id: id.value.clone(),
            qualified: format!("{}/{}", text.name, id.value),
        })
    });
    rules.collect()
}

struct Compiler<'a> {
    layers: &'a [Layer],
    known: Vec<Known>,
    errors: Vec<PolicyError>,
}

impl Compiler<'_> {
    fn error(&mut self, layer: usize, span: &Range<usize>, problem: Problem) {
        let source = self.layers[layer].source.clone();
        self.errors.push(PolicyError { source, span: Some(span.clone()), problem, also: None });
    }

    fn rule(
        &mut self,
        layer: usize,
        order: u16,
        text: &RuleText,
        rules: &[Rule],
        patterns: &mut Vec<Pattern>,
    ) -> Option<Rule> {
        let within = self.selectors(layer, &text.within);
        let find = match &text.find {
            None => None,
            Some(FindText::Field) => Some(Find::Field),
            Some(FindText::Detectors(names)) => Some(Find::Detectors(self.detectors(layer, names))),
            Some(FindText::Pattern(pattern)) => self.pattern(layer, pattern, rules.len(), patterns),
        };
        let loosens = self.loosens(layer, &text.loosens);
        let loosened = |rule: &Rule| loosens.iter().any(|target| target.is(rule));
        let id = text.id.as_ref()?.value.clone();
        Some(Rule {
            layer: layer as u8,
            qualified: format!("{}/{id}", self.layers[layer].name),
            id_label: id_label(&id),
            order,
            action: text.action.clone()?,
            all_types: text.all_types,
            kind: text.kind.clone(),
            label: text.label.clone(),
            within,
            find: find?,
            loosens: indices(rules, loosened),
            id,
        })
    }

    fn except(&mut self, layer: usize, text: &ExceptText, rules: &[Rule]) -> Except {
        let mut values = Vec::new();
        for value in &text.values {
            match value_pattern(&value.value) {
                Some(pattern) => values.push(pattern),
                None => self.error(layer, &value.span, Problem::ValuePattern),
            }
        }
        let loosens = self.loosens(layer, &text.loosens);
        let mut spares = RuleSet::default();
        for rule in indices(rules, |rule| {
            usize::from(rule.layer) == layer || loosens.iter().any(|target| target.is(rule))
        }) {
            spares.insert(rule);
        }
        Except {
            layer: layer as u8,
            detectors: self.detectors(layer, &text.find),
            values,
            within: self.selectors(layer, &text.within),
            spares,
        }
    }

    fn selectors(&mut self, layer: usize, texts: &[At<String>]) -> Vec<Selector> {
        let mut selectors = Vec::with_capacity(texts.len());
        for text in texts {
            match Selector::parse(&text.value) {
                Ok(selector) => selectors.push(selector),
                Err(error) => {
                    let span = self.inside(layer, text, error.offset());
                    self.error(layer, &span, Problem::Selector(error));
                }
            }
        }
        selectors
    }

    fn detectors(&mut self, layer: usize, names: &[At<String>]) -> Vec<DetectorIndex> {
        let mut detectors = Vec::with_capacity(names.len());
        for name in names {
            match detect::by_name(&name.value) {
                Some(detector) => detectors.push(detector),
                None => {
                    let near = nearest(&name.value, detect::all().iter().map(|detector| detector.name));
                    self.error(
                        layer,
                        &name.span,
                        Problem::UnknownDetector { name: name.value.clone(), near },
                    );
                }
            }
        }
        detectors.sort_unstable();
        detectors.dedup();
        detectors
    }

    fn pattern(
        &mut self,
        layer: usize,
        text: &At<String>,
        rule: usize,
        patterns: &mut Vec<Pattern>,
    ) -> Option<Find> {
        match pattern::compile(&text.value) {
            Ok(regex) => {
                patterns.push(Pattern { rule: rule as RuleIndex, regex, text: text.value.clone() });
                Some(Find::Pattern(patterns.len() - 1))
            }
            Err(problem) => {
                let span = match problem {
                    Problem::Pattern { at, .. } => self.inside(layer, text, at),
                    _ => text.span.clone(),
                };
                self.error(layer, &span, problem);
                None
            }
        }
    }

    /// What `loosens` names: rules of lower layers.
    fn loosens(&mut self, layer: usize, names: &[At<String>]) -> Vec<Target> {
        let mut targets = Vec::with_capacity(names.len());
        for name in names {
            let lower = |known: &&Known| known.layer < layer;
            let found: Vec<&Known> = match name.value.split_once('/') {
                Some((of, "*")) => self
                    .known
                    .iter()
                    .filter(lower)
                    .filter(|known| self.layers[known.layer].name == of)
                    .collect(),
                Some(_) => {
                    self.known.iter().filter(lower).filter(|known| known.qualified == name.value).collect()
                }
                None => self.known.iter().filter(lower).filter(|known| known.id == name.value).collect(),
            };
            let problem = match found.as_slice() {
                [] => {
                    let near =
                        nearest(&name.value, self.known.iter().filter(lower).map(|k| k.qualified.as_str()));
                    Problem::LoosensNothing { name: name.value.clone(), near }
                }
                [_, _, ..] if !name.value.contains('/') => {
                    let rules = found.iter().map(|known| known.qualified.clone()).collect();
                    Problem::LoosensSeveral { name: name.value.clone(), rules }
                }
                found => {
                    targets.extend(
                        found.iter().map(|known| Target { layer: known.layer, id: known.id.clone() }),
                    );
                    continue;
                }
            };
            // Where a lower layer could not be read whole, its rules are not known.
            let own = &self.layers[layer].source;
            if self.errors.iter().all(|error| Arc::ptr_eq(&error.source, own)) {
                self.error(layer, &name.span, problem);
            }
        }
        targets
    }

    /// Limits that concern all layers together.
    fn totals(&mut self, rules: &[Rule], patterns: &[Pattern]) {
        let Some(highest) = self.layers.len().checked_sub(1) else { return };
        let bytes: usize = patterns.iter().map(|pattern| pattern.regex.memory_usage()).sum();
        if self.known.is_empty() && self.errors.is_empty() {
            self.error(highest, &(0..0), Problem::NoRules);
        }
        if rules.len() > RULES_MAX {
            self.error(highest, &(0..0), Problem::TooManyRules);
        }
        if patterns.len() > PATTERNS_MAX || bytes > PATTERNS_BYTES_MAX {
            self.error(highest, &(0..0), Problem::TooManyPatterns);
        }
    }

    /// The place of byte `at` of a text, if the file spells the text as it is (no escapes); else all of it.
    fn inside(&self, layer: usize, text: &At<String>, at: usize) -> Range<usize> {
        let written = self.layers[layer].source.text.get(text.span.clone()).unwrap_or("");
        match written.find(&text.value) {
            Some(start) if at < text.value.len() => {
                let len = text.value[at..].chars().next().map_or(1, char::len_utf8);
                let at = text.span.start + start + at;
                at..at + len
            }
            _ => text.span.clone(),
        }
    }
}

/// A rule that `loosens` names.
struct Target {
    layer: usize,
    id: String,
}

impl Target {
    fn is(&self, rule: &Rule) -> bool {
        usize::from(rule.layer) == self.layer && rule.id == self.id
    }
}

fn indices(rules: &[Rule], is: impl Fn(&Rule) -> bool) -> Vec<RuleIndex> {
    (0..).zip(rules).filter(|(_, rule)| is(rule)).map(|(index, _)| index).collect()
}

/// The rule id as a label: `_` for `-`, cut to the length of a label.
fn id_label(id: &str) -> String {
    let label: String = id.chars().take(LABEL_BYTES_MAX).map(|c| if c == '-' { '_' } else { c }).collect();
    label.trim_end_matches('_').to_owned()
}

fn value_pattern(text: &str) -> Option<ValuePattern> {
    let pattern = match (text.strip_prefix('*'), text.strip_suffix('*')) {
        (Some(suffix), _) => ValuePattern::Suffix(suffix.to_owned()),
        (None, Some(prefix)) => ValuePattern::Prefix(prefix.to_owned()),
        (None, None) => ValuePattern::Exact(text.to_owned()),
    };
    let (ValuePattern::Exact(rest) | ValuePattern::Prefix(rest) | ValuePattern::Suffix(rest)) = &pattern;
    (!rest.is_empty() && !rest.contains('*')).then_some(pattern)
}

fn tests(layer: usize, text: &Layer) -> impl Iterator<Item = PolicyTest> + use<'_> {
    let line = |node: &Node| {
        let mut line = String::new();
        match &node.value {
            Value::Text(text) => text.clone_into(&mut line),
            _ => node.write_json(&mut line),
        }
        line
    };
    text.file.tests.iter().map(move |test| PolicyTest {
        layer: layer as u8,
        file: text.source.name.clone(),
        line: text.source.line(test.name.span.start),
        name: test.name.value.clone(),
        given: line(&test.given),
        expect: match &test.expect.value {
            Value::Text(text) if text == "unchanged" => Expect::Unchanged,
            Value::Text(text) => Expect::Line(text.clone()),
            _ => Expect::Json(line(&test.expect)),
        },
    })
}
