//! What a policy weakens compared with the one that is in force: the guard of a reload. What a changed pattern finds
//! nobody can tell from its text: that is judged by the policy's own tests.

use std::fmt;

use super::{Action, Except, Find, Partial, Policy, Rule, Selector, ValuePattern};
use crate::engine::detect::DetectorIndex;

/// One thing that a new policy treats weaker than the old one did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weaker {
    /// `layer/rule` of the old policy, or `scope` or `canonical`: what a top-level `loosens` names.
    pub name: String,
    /// How.
    pub why: Why,
}

/// How a rule is weaker than it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The rule is gone.
    Gone,
    /// Its action is less strict, or leaves more of a value.
    Action,
    /// It does not look everywhere where it looked.
    Fields,
    /// It does not look for all it looked for.
    Find,
    /// It no longer takes booleans and containers.
    Types,
    /// Another rule may weaken it now.
    Shadowed,
    /// A new exception spares values from it.
    Except,
    /// Identifiers get other correlation IDs than before.
    Ids,
}

impl Policy {
    /// What this policy treats weaker than `active`, whether or not it says so.
    pub fn weaker_than(&self, active: &Policy) -> Vec<Weaker> {
        let mut found = Vec::new();
        let mut add = |name: &str, why| {
            let weaker = Weaker { name: name.to_owned(), why };
            if !found.contains(&weaker) {
                found.push(weaker);
            }
        };
        for old in &active.rules {
            match self.rules.iter().find(|new| new.qualified == old.qualified) {
                None => add(&old.qualified, Why::Gone),
                Some(new) => rule(old, new).into_iter().for_each(|why| add(&old.qualified, why)),
            }
        }
        let edges = |policy: &Policy| {
            let names = |rule: &Rule| {
                let lower = rule.loosens.iter().map(|&lower| &policy.rules[usize::from(lower)]);
                let weaker = lower.filter(|lower| lower.action.strictness() > rule.action.strictness());
                weaker.map(|lower| (rule.qualified.clone(), lower.qualified.clone())).collect::<Vec<_>>()
            };
            policy.rules.iter().flat_map(names).collect::<Vec<_>>()
        };
        let known = edges(active);
        for edge in edges(self).iter().filter(|edge| !known.contains(edge)) {
            add(&edge.1, Why::Shadowed);
        }
        for except in &self.excepts {
            for spared in spared(self, except) {
                let same = |old: &Except| says(active, old) == says(self, except);
                let was = active.excepts.iter().filter(|old| same(old));
                // A rule that was not there before has nothing to lose.
                let is_old = active.rules.iter().any(|old| old.qualified == spared);
                if is_old && !was.flat_map(|old| self::spared(active, old)).any(|old| old == spared) {
                    add(spared, Why::Except);
                }
            }
        }
        if self.scope != active.scope {
            add("scope", Why::Ids);
        }
        if self.canonical != active.canonical {
            add("canonical", Why::Ids);
        }
        found
    }

    /// Of `weaker`, what no top-level `loosens` of this policy names.
    pub fn unsaid(&self, weaker: Vec<Weaker>) -> Vec<Weaker> {
        weaker.into_iter().filter(|weaker| !self.loosens.iter().any(|said| weaker.is_named(said))).collect()
    }

    /// What a top-level `loosens` of this policy names though it is not `weaker`.
    pub fn said_in_vain<'a>(&'a self, weaker: &[Weaker]) -> Vec<&'a str> {
        let in_vain = |said: &&String| !weaker.iter().any(|weaker| weaker.is_named(said));
        self.loosens.iter().filter(in_vain).map(String::as_str).collect()
    }
}

impl Weaker {
    /// Whether an entry of `loosens` means it: `layer/rule`, `layer/*`, or a bare rule id.
    fn is_named(&self, said: &str) -> bool {
        match (said.split_once('/'), self.name.split_once('/')) {
            (Some((of, "*")), Some((layer, _))) => of == layer,
            (None, Some((_, id))) => said == id,
            _ => said == self.name,
        }
    }
}

fn rule(old: &Rule, new: &Rule) -> Vec<Why> {
    let everywhere = new.within.is_empty() && new.find != Find::Field;
    let covered = |old: &Selector| new.within.iter().any(|new| new.canonical() == old.canonical());
    let fields = everywhere || (!old.within.is_empty() && old.within.iter().all(covered));
    [
        (!at_least(&new.action, &old.action), Why::Action),
        (!fields, Why::Fields),
        (!finds(&new.find, &old.find), Why::Find),
        (old.all_types && !new.all_types, Why::Types),
    ]
    .into_iter()
    .filter_map(|(weaker, why)| weaker.then_some(why))
    .collect()
}

/// Whether `new` leaves no more of a value than `old`.
fn at_least(new: &Action, old: &Action) -> bool {
    match (new, old) {
        (Action::Partial(new), Action::Partial(old)) => match (new, old) {
            (Partial::Domain, Partial::Domain) => true,
            (Partial::Ends { first, last }, Partial::Ends { first: old_first, last: old_last }) => {
                first <= old_first && last <= old_last
            }
            (Partial::Domain, Partial::Ends { .. }) | (Partial::Ends { .. }, Partial::Domain) => false,
        },
        _ => new.strictness() >= old.strictness(),
    }
}

/// Whether `new` finds, where it looks, what `old` found there.
fn finds(new: &Find, old: &Find) -> bool {
    match (new, old) {
        (Find::Field, _) | (Find::Pattern(_), Find::Pattern(_)) => true,
        (Find::Detectors(new), Find::Detectors(old)) => old.iter().all(|detector| new.contains(detector)),
        _ => false,
    }
}

/// Names of the rules that an exception spares from.
fn spared<'a>(policy: &'a Policy, except: &'a Except) -> impl Iterator<Item = &'a str> {
    except.spares.iter().map(|rule| policy.rules[usize::from(rule)].qualified.as_str())
}

/// What an exception is, apart from the rules it spares from.
fn says<'a>(
    policy: &'a Policy,
    except: &'a Except,
) -> (&'a str, &'a [DetectorIndex], &'a [ValuePattern], Vec<String>) {
    let within = except.within.iter().map(Selector::canonical).collect();
    (&policy.layers[usize::from(except.layer)].name, &except.detectors, &except.values, within)
}

impl fmt::Display for Weaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.why {
            Why::Gone => "is gone",
            Why::Action => "leaves more of a value",
            Why::Fields => "looks at fewer fields",
            Why::Find => "looks for less",
            Why::Types => "no longer takes all types",
            Why::Shadowed => "gives way to another rule",
            Why::Except => "spares more values",
            Why::Ids => "changes which IDs identifiers get",
        };
        write!(f, "`{}` {why}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::LayerSource;
    use super::*;

    fn policy(text: &str) -> Policy {
        let text = format!("version: 1\nname: shop\nextends: []\n{text}");
        Policy::compile(&[LayerSource::new("shop.yaml", text)]).unwrap()
    }

    /// One line: the whole policy.
    const OLD: &str = "rules:
  - {id: pin, in: [pin, code], do: mask, types: all}
  - {id: mail, find: [email, ipv4], do: correlate}
  - {id: tail, in: card, do: {partial: {keep_last: 4}}}
  - {id: staff, find: {regex: 'EMP-\\d{6}'}, do: mask}
except: [{find: email, values: [a@shop.example]}]
";

    #[test]
    fn every_way_to_be_weaker_is_found_and_what_is_no_weaker_is_not() {
        let old = policy(OLD);
        for (from, to, expected) in [
            ("", "", ""),
            ("do: mask, types", "do: drop, types", ""),
            ("[pin, code]", "[code, PIN, more]", ""),
            ("[email, ipv4]", "[email, ipv4, ipv6]", ""),
            ("keep_last: 4", "keep_last: 3", ""),
            ("EMP-\\d{6}", "EMP-\\d{6,7}", ""),
            ("'EMP-", "'STAFF-", ""),
            ("except: [{find: email, values: [a@shop.example]}]", "", ""),
            ("do: mask, types", "do: shape, types", "`shop/pin` leaves more of a value"),
            ("keep_last: 4", "keep_last: 5", "`shop/tail` leaves more of a value"),
            ("[pin, code]", "[pin]", "`shop/pin` looks at fewer fields"),
            ("find: [email, ipv4]", "in: x, find: [email, ipv4]", "`shop/mail` looks at fewer fields"),
            ("[email, ipv4]", "email", "`shop/mail` looks for less"),
            (", types: all", "", "`shop/pin` no longer takes all types"),
            ("id: tail", "id: rest", "`shop/tail` is gone"),
            ("a@shop.example", "b@shop.example", "`shop/mail` spares more values"),
            ("except:", "correlate: {scope: x}\nexcept:", "`scope` changes which IDs identifiers get"),
        ] {
            let new = policy(&OLD.replacen(from, to, 1));
            let found: Vec<String> = new.weaker_than(&old).iter().map(Weaker::to_string).collect();
            // An exception of a file spares from each of its rules.
            assert!(
                found.iter().any(|line| line == expected) || found.join("") == expected,
                "{to}: {found:?}"
            );
        }
    }

    #[test]
    fn a_rule_that_weakens_a_lower_one_is_found() {
        let load = |rules: &str| {
            let low = "{version: 1, name: low, extends: [], rules: [{id: mail, find: email, do: mask}]}";
            let high = format!("{{version: 1, name: high, extends: [./low.yaml], rules: [{rules}]}}");
            let sources = [LayerSource::new("low.yaml", low), LayerSource::new("high.yaml", high)];
            Policy::compile(&sources).unwrap()
        };
        let old = load("{id: pin, in: pin, do: mask}");
        let new = load("{id: pin, in: pin, do: mask}, {id: m, find: email, do: shape, loosens: [low/mail]}");
        let found: Vec<String> = new.weaker_than(&old).iter().map(Weaker::to_string).collect();
        assert_eq!(found, ["`low/mail` gives way to another rule"]);
        assert_eq!(new.weaker_than(&new), []);
    }

    #[test]
    fn what_is_said_is_allowed_and_what_is_said_in_vain_is_known() {
        let old = policy(OLD);
        for (said, unsaid, in_vain) in [
            ("loosens: [shop/tail]", 0, 0),
            ("loosens: [tail]", 0, 0),
            ("loosens: [shop/*]", 0, 0),
            ("loosens: [other/*, shop/pin]", 1, 2),
            ("", 1, 0),
        ] {
            let new = policy(&format!("{said}\n{}", OLD.replacen("keep_last: 4", "keep_last: 5", 1)));
            let weaker = new.weaker_than(&old);
            assert_eq!(new.said_in_vain(&weaker).len(), in_vain, "{said}");
            assert_eq!(new.unsaid(weaker).len(), unsaid, "{said}");
        }
        let said = policy(&format!("loosens: [shop/tail]\n{OLD}"));
        assert_eq!(said.id, old.id, "what may be weaker changes nothing by itself");
    }
}
