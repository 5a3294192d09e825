//! The policies inside the binary.

/// A pack: its name and its text. The name in the text is the same; a test sees to it.
const PACKS: &[(&str, &str)] = &[
    ("default", include_str!("../../../policies/default.yaml")),
    ("secrets", include_str!("../../../policies/secrets.yaml")),
];

/// The text of the pack of that name.
pub(super) fn text(name: &str) -> Option<&'static str> {
    PACKS.iter().find(|(pack, _)| *pack == name).map(|(_, text)| *text)
}

/// The same without its tests, which are half of the text: what a start needs.
pub(super) fn rules(name: &str) -> Option<&'static str> {
    text(name).map(|text| text.split_once("\ntests:\n").map_or(text, |(rules, _)| rules))
}

/// Names of all packs.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    PACKS.iter().map(|(name, _)| *name)
}

/// Their names for messages.
pub(super) fn names() -> String {
    all().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::policy::{Policy, Unreadable};

    #[test]
    fn packs_compile_under_their_own_names_without_warnings() {
        for name in all() {
            let policy = Policy::load(&[name], &mut |_, _| Err(Unreadable::Missing)).unwrap();
            assert_eq!(policy.layers.last().map(|layer| layer.name.as_str()), Some(name));
            assert_eq!(policy.warnings, []);
            assert!(policy.tests.len() > 20);
        }
    }

    #[test]
    fn leaving_out_the_tests_changes_no_rule() {
        let policy = Policy::default_policy();
        assert_eq!(policy.tests, []);
        let tested = Policy::load(&["default"], &mut |_, _| Err(Unreadable::Missing)).unwrap();
        assert_eq!(policy.id, tested.id);
        assert_eq!(policy.rules.len(), tested.rules.len());
    }
}
