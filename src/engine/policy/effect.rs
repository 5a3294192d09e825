//! What a valid policy weakens, and what in it has no effect: both are shown by `redactd check`.

use super::layers::Layer;
use super::selector::segments;
use super::{Except, Find, Loosening, Policy, Rule, RuleIndex, Warning};
use crate::engine::detect;

/// Rules that a warning names at most.
const NAMED_MAX: usize = 3;

/// Every place where a rule or exception gets its way against a stricter rule of a lower layer.
pub(super) fn loosenings(policy: &Policy) -> Vec<Loosening> {
    let mut out = Vec::new();
    for rule in &policy.rules {
        for target in rule.loosens.iter().map(|&target| &policy.rules[usize::from(target)]) {
            if target.action.strictness() > rule.action.strictness() {
                out.push(Loosening {
                    by: rule.qualified.clone(),
                    becomes: rule.action.name().to_owned(),
                    rule: target.qualified.clone(),
                    was: target.action.name(),
                });
            }
        }
    }
    for (index, except) in policy.excepts.iter().enumerate() {
        let number = policy.excepts[..index].iter().filter(|other| other.layer == except.layer).count() + 1;
        for target in except.spares.iter().map(|target| &policy.rules[usize::from(target)]) {
            if target.layer != except.layer {
                out.push(Loosening {
                    by: format!("{}/except {number}", policy.layers[usize::from(except.layer)].name),
                    becomes: "kept".to_owned(),
                    rule: target.qualified.clone(),
                    was: target.action.name(),
                });
            }
        }
    }
    out
}

/// What has no effect.
pub(super) fn warnings(policy: &Policy, layers: &[Layer]) -> Vec<Warning> {
    let mut out = Vec::new();
    let mut warn = |layer: u8, at: usize, message: String| {
        let source = &layers[usize::from(layer)].source;
        out.push(Warning { file: source.name.clone(), line: source.line(at), message });
    };
    for rule in &policy.rules {
        let text = &layers[usize::from(rule.layer)].file.rules[usize::from(rule.order)];
        let at = text.id.as_ref().map_or(0, |id| id.span.start);
        let stricter = winners(policy, rule);
        if !stricter.is_empty() {
            let message = format!(
                "`{}` may have no effect: {} is stricter than `{}`; to weaken it, name it in `loosens`",
                rule.id,
                named(policy, &stricter),
                rule.action.name()
            );
            warn(rule.layer, at, message);
        }
        if let Find::Pattern(index) = rule.find
            && !policy.patterns[index].regex.is_accelerated()
        {
            let message = format!(
                "`{}` is slow: its pattern has no fixed text that could be looked for first",
                rule.id
            );
            warn(rule.layer, at, message);
        }
        for &target in &rule.loosens {
            let target = &policy.rules[usize::from(target)];
            if target.action.strictness() <= rule.action.strictness() {
                let message = format!(
                    "`{}` loosens nothing of `{}`: `{}` is not stricter than `{}`",
                    rule.id,
                    target.qualified,
                    target.action.name(),
                    rule.action.name()
                );
                warn(rule.layer, at, message);
            }
        }
    }
    let texts = layers.iter().flat_map(|layer| &layer.file.excepts);
    for (except, text) in policy.excepts.iter().zip(texts) {
        let still = redacting(policy, except);
        if !still.is_empty() {
            warn(
                except.layer,
                text.span.start,
                format!("no effect: {} still redacts", named(policy, &still)),
            );
        } else if except.spares.is_empty() {
            let message =
                "no effect: the file has no rules of its own, and `loosens` names none of another layer";
            warn(except.layer, text.span.start, message.to_owned());
        }
    }
    out
}

/// Rules of lower layers that find what `rule` finds, are stricter and are not loosened by it.
fn winners(policy: &Policy, rule: &Rule) -> Vec<RuleIndex> {
    let mut found: Vec<RuleIndex> = match &rule.find {
        Find::Detectors(detectors) => detectors
            .iter()
            .flat_map(|&detector| &policy.by_detector[usize::from(detector)])
            .copied()
            .collect(),
        Find::Field => at_selectors(policy, rule),
        Find::Pattern(_) => Vec::new(),
    };
    found.retain(|&other| {
        let stricter = &policy.rules[usize::from(other)];
        stricter.layer < rule.layer
            && stricter.action.strictness() > rule.action.strictness()
            && !rule.loosens.contains(&other)
    });
    found.sort_unstable();
    found.dedup();
    found
}

/// Field rules that match where the selectors of `rule` do, as far as their texts are paths.
fn at_selectors(policy: &Policy, rule: &Rule) -> Vec<RuleIndex> {
    let paths = rule.within.iter().map(|selector| selector.as_str()).filter(|text| !text.contains('*'));
    paths.flat_map(|path| field_rules_at(policy, path)).collect()
}

fn field_rules_at(policy: &Policy, path: &str) -> Vec<RuleIndex> {
    let hits = policy.fields.decide(&segments(path.trim_start_matches("$.").as_bytes()), 0);
    let rules = hits.into_iter().map(|hit| hit.rule);
    rules.filter(|&rule| policy.rules[usize::from(rule)].find == Find::Field).collect()
}

/// Rules that an exception seems to mean but does not spare anything from.
fn redacting(policy: &Policy, except: &Except) -> Vec<RuleIndex> {
    let mut found: Vec<RuleIndex> = if except.detectors.is_empty() {
        let paths = except.within.iter().map(|selector| selector.as_str()).filter(|text| !text.contains('*'));
        paths.flat_map(|path| field_rules_at(policy, path)).collect()
    } else {
        let of = |&detector: &detect::DetectorIndex| &policy.by_detector[usize::from(detector)];
        except.detectors.iter().flat_map(of).copied().collect()
    };
    found.retain(|&rule| !except.spares.contains(rule));
    found.sort_unstable();
    found.dedup();
    found
}

fn named(policy: &Policy, rules: &[RuleIndex]) -> String {
    let mut names: Vec<String> = rules
        .iter()
        .take(NAMED_MAX)
        .map(|&rule| &policy.rules[usize::from(rule)])
        .map(|rule| format!("`{}` ({})", rule.qualified, rule.action.name()))
        .collect();
    if rules.len() > NAMED_MAX {
        names.push(format!("{} more", rules.len() - NAMED_MAX));
    }
    names.join(", ")
}
