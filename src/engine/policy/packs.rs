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

/// Names of all packs.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    PACKS.iter().map(|(name, _)| *name)
}

/// Their names for messages.
pub(super) fn names() -> String {
    all().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
