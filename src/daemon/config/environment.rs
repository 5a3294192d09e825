//! `${VAR}` in values. It is resolved in the tree, after parsing: whatever a variable holds, it cannot become a key, a
//! comment or a second document.

use std::collections::HashSet;
use std::ops::Range;

use super::problem::ConfigProblem;
use crate::document::{Node, Value};

/// Where variables come from; `None` checks the text alone.
pub type Variables<'a> = Option<&'a dyn Fn(&str) -> Option<String>>;

/// What was found in a tree.
#[derive(Default)]
pub struct Resolved {
    /// Where values begin that only the environment knows, which is not looked at.
    pub unknown: HashSet<usize>,
    /// What was wrong.
    pub problems: Vec<(Range<usize>, ConfigProblem)>,
}

/// Replaces all references in the texts of `node`.
pub fn resolve(node: &mut Node, variables: Variables<'_>) -> Resolved {
    let mut resolved = Resolved::default();
    visit(node, variables, &mut resolved);
    resolved
}

fn visit(node: &mut Node, variables: Variables<'_>, resolved: &mut Resolved) {
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| visit(item, variables, resolved)),
        Value::Map(members) => members.iter_mut().for_each(|(_, value)| visit(value, variables, resolved)),
        Value::Text(text) if text.contains('$') => match expand(text, variables) {
            Ok(Some(expanded)) => *text = expanded,
            Ok(None) => {
                resolved.unknown.insert(node.span.start);
            }
            Err(problem) => {
                // It cannot be judged any further.
                resolved.unknown.insert(node.span.start);
                resolved.problems.push((node.span.clone(), problem));
            }
        },
        _ => {}
    }
}

/// The text with its references replaced; `None` if that needs a variable and none may be looked at.
fn expand(text: &str, variables: Variables<'_>) -> Result<Option<String>, ConfigProblem> {
    let mut out = Some(String::new());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        push(&mut out, &rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            push(&mut out, "$");
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let (reference, after) = after.split_once('}').ok_or(ConfigProblem::Reference)?;
            match value(reference, variables)? {
                Some(value) => push(&mut out, &value),
                None => out = None,
            }
            rest = after;
        } else {
            // A lone `$` is itself: patterns end in one.
            push(&mut out, "$");
        }
    }
    push(&mut out, rest);
    Ok(out)
}

fn push(out: &mut Option<String>, text: &str) {
    if let Some(out) = out {
        out.push_str(text);
    }
}

/// What stands for `NAME`, `NAME:-default` or `NAME:?message`.
fn value(reference: &str, variables: Variables<'_>) -> Result<Option<String>, ConfigProblem> {
    let end = reference.find(':').unwrap_or(reference.len());
    let (name, otherwise) = reference.split_at(end);
    let mut bytes = name.bytes();
    if !bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        || !bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return Err(ConfigProblem::Reference);
    }
    let Some(variables) = variables else {
        return Ok(otherwise.strip_prefix(":-").map(str::to_owned));
    };
    let found = variables(name);
    match otherwise.get(..2) {
        None if otherwise.is_empty() => found.map(Some).ok_or_else(|| ConfigProblem::Unset(name.to_owned())),
        Some(":-") => Ok(Some(found.filter(|value| !value.is_empty()).unwrap_or(otherwise[2..].to_owned()))),
        Some(":?") => found.filter(|value| !value.is_empty()).map(Some).ok_or_else(|| {
            ConfigProblem::Wanted { name: name.to_owned(), message: otherwise[2..].to_owned() }
        }),
        _ => Err(ConfigProblem::Reference),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(name: &str) -> Option<String> {
        match name {
            "HOST" => Some("logs.example".to_owned()),
            "EMPTY" => Some(String::new()),
            "TRICK" => Some("x: y # ${HOST}".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn references_are_replaced_once() {
        for (text, expected) in [
            ("https://${HOST}/in", "https://logs.example/in"),
            ("${HOST}${HOST}", "logs.examplelogs.example"),
            ("${NONE:-8080}", "8080"),
            ("${EMPTY:-8080}", "8080"),
            ("${NONE:-}", ""),
            ("a${EMPTY}b", "ab"),
            ("${HOST:?say where}", "logs.example"),
            ("$${HOST} costs $$5", "${HOST} costs $5"),
            ("^\\d+$", "^\\d+$"),
            ("${TRICK}", "x: y # ${HOST}"),
        ] {
            assert_eq!(expand(text, Some(&variables)), Ok(Some(expected.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_replaced_is_said_without_its_value() {
        use ConfigProblem::{Reference, Unset, Wanted};
        for (text, expected) in [
            ("${NONE}", Unset("NONE".to_owned())),
            ("${EMPTY:?say where}", Wanted { name: "EMPTY".to_owned(), message: "say where".to_owned() }),
            ("${HOST", Reference),
            ("${}", Reference),
            ("${1A}", Reference),
            ("${A B}", Reference),
            ("${HOST:+x}", Reference),
            ("${HOST:}", Reference),
        ] {
            assert_eq!(expand(text, Some(&variables)), Err(expected), "{text}");
        }
    }

    #[test]
    fn without_an_environment_only_defaults_are_known() {
        assert_eq!(expand("a ${X} b", None), Ok(None));
        assert_eq!(expand("${X:?m}", None), Ok(None));
        assert_eq!(expand("${X:-1}", None), Ok(Some("1".to_owned())));
        assert_eq!(expand("$$", None), Ok(Some("$".to_owned())));
        assert_eq!(expand("${", None), Err(ConfigProblem::Reference));
    }
}
