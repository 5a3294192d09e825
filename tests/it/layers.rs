//! Imports point down only. What a room may know is written down here once; what it does know is read from its sources.

use std::{fs, path::Path};

/// Every room, and the rooms below it that it may name (itself included).
const ROOMS: &[(&str, &[&str])] = &[
    ("limits", &["limits"]),
    ("document", &["document", "limits"]),
    ("engine::scan", &["engine::scan", "limits"]),
    ("engine::numbering", &["engine::numbering"]),
    ("engine::detect", &["engine::detect", "engine::scan", "engine::numbering", "limits"]),
    ("engine::correlate", &["engine::correlate", "engine::scan", "engine::numbering", "limits"]),
    (
        "engine::policy",
        &["engine::policy", "engine::detect", "engine::correlate", "engine::scan", "document", "limits"],
    ),
    (
        "engine::redact",
        &[
            "engine::redact",
            "engine::policy",
            "engine::detect",
            "engine::correlate",
            "engine::scan",
            "limits",
        ],
    ),
    ("engine::otlp", &["engine::otlp", "engine::redact", "engine::scan", "limits"]),
    ("engine", &["engine", "document", "limits"]),
    ("keys", &["keys", "engine", "limits"]),
    ("policies", &["policies", "engine", "limits"]),
    ("metrics", &["metrics", "limits"]),
    ("protocol", &["protocol", "engine", "limits"]),
    ("pipeline", &["pipeline", "protocol", "engine", "metrics", "limits"]),
    ("source", &["source", "pipeline", "protocol", "engine", "metrics", "limits"]),
    ("sink", &["sink", "pipeline", "protocol", "engine", "metrics", "limits"]),
    (
        "daemon",
        &[
            "daemon", "document", "source", "sink", "pipeline", "keys", "policies", "engine", "metrics",
            "limits",
        ],
    ),
    (
        "cli",
        &[
            "cli", "daemon", "document", "source", "sink", "pipeline", "keys", "policies", "engine",
            "metrics", "limits",
        ],
    ),
];

#[test]
fn imports_point_down_only() {
    let mut wrong = Vec::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    visit(&src, &mut |file| {
        let module = module_of(file.strip_prefix(&src).unwrap());
        let Some(module) = module else { return };
        let Some((room, below)) = ROOMS.iter().find(|(room, _)| inside(&module, room)) else {
            return wrong.push(format!("{module}: no room of that name, add it to ROOMS"));
        };
        for name in names_in(&fs::read_to_string(file).unwrap(), &module) {
            if !below.iter().any(|b| inside(&name, b)) {
                wrong.push(format!("{}: {room} must not know {name}", file.display()));
            }
        }
    });
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn names_are_found_in_every_spelling() {
    let text = "use crate::{limits, engine::{scan::json, policy as p}};\n// crate::cli\nfn f() -> super::super::sink::X { g(crate::keys::read) }";
    let expected = ["limits", "engine::scan::json", "engine::policy", "sink::X", "keys::read"];
    assert_eq!(names_in(text, "source::file"), expected);
}

fn inside(name: &str, room: &str) -> bool {
    name.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn visit(dir: &Path, each: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, each);
        } else if path.extension().is_some_and(|e| e == "rs") {
            each(&path);
        }
    }
}

/// `engine/scan/json.rs` → `engine::scan::json`; the crate's own two roots see everything and are no room.
fn module_of(file: &Path) -> Option<String> {
    let name = file.with_extension("").to_str().unwrap().replace('/', "::");
    let name = name.strip_suffix("::mod").unwrap_or(&name);
    (name != "lib" && name != "main").then(|| name.to_owned())
}

/// Full names behind `crate::…` and `super::…`, use trees taken apart. Unit tests, at the bottom of a file, may look
/// anywhere.
fn names_in(text: &str, module: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let code: String =
        text.lines().filter(|l| !l.trim_start().starts_with("//")).map(|l| format!("{l}\n")).collect();
    // Who may see something is no import.
    let code = code.replace("pub(in crate::", "pub(in ");
    let mut names = Vec::new();
    let mut rest = code.as_str();
    while let Some(at) = [rest.find("crate::"), rest.find("super::")].into_iter().flatten().min() {
        let word_border = !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        rest = &rest[at..];
        let mut base: Vec<&str> = module.split("::").collect();
        if let Some(after) = rest.strip_prefix("crate::") {
            (base, rest) = (Vec::new(), after);
        }
        while let Some(after) = rest.strip_prefix("super::") {
            base.pop();
            rest = after;
        }
        if word_border {
            tree(rest, &base.join("::"), &mut names);
        }
    }
    names
}

/// Adds the leaves of a use tree, as `a::{b, c::d as e}`, to `names`; answers what follows it.
fn tree<'a>(text: &'a str, base: &str, names: &mut Vec<String>) -> &'a str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
    let name = [base, text[..end].trim_end_matches(':')]
        .into_iter()
        .filter(|s| !s.is_empty())
        .collect::<Vec<_>>()
        .join("::");
    let Some(mut rest) = text[end..].strip_prefix('{') else {
        names.push(name);
        return &text[end..];
    };
    loop {
        rest = tree(rest.trim_start(), &name, names);
        let stop = rest.find([',', '}']).unwrap_or(rest.len());
        match rest[stop..].strip_prefix(',') {
            Some(after) if !after.trim_start().starts_with('}') => rest = after,
            _ => return rest[stop..].trim_start_matches([',', '}', ' ', '\n']),
        }
    }
}
