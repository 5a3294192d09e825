//! From the policies that somebody names to all layers they stand on, lowest first, each once.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::error::{PolicyError, Problem, Unreadable};
use super::file::{self, PolicyFile, is_id};
use super::packs;
use crate::document::{SourceText, Syntax, nearest};
use crate::limits::LAYERS_MAX;

/// The text of one policy.
#[derive(Clone, Debug)]
pub struct LayerSource {
    /// What errors call it: the path as given.
    pub name: String,
    /// What makes two paths the same file; equal to `name` if nothing better is known.
    pub identity: String,
    /// How it is written.
    pub syntax: Syntax,
    /// All of it.
    pub text: String,
}

impl LayerSource {
    /// A text under the name of a file, which also says the syntax: TOML for `*.toml`, else YAML (which JSON is, too).
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> LayerSource {
        let name = name.into();
        LayerSource { identity: name.clone(), syntax: Syntax::of(&name), name, text: text.into() }
    }
}

/// Hands out the text of a file. Arguments: the path as written, and the `name` of the policy that says so, if one does.
pub type Read<'a> = dyn FnMut(&str, Option<&str>) -> Result<LayerSource, Unreadable> + 'a;

/// A layer as read.
pub(super) struct Layer {
    pub name: String,
    pub source: Arc<SourceText>,
    pub file: PolicyFile,
    pub pack: bool,
}

/// All layers, and everything that was wrong on the way. The tests of packs can be left out.
pub(super) fn resolve(
    policies: &[&str],
    pack_tests: bool,
    read: &mut Read<'_>,
) -> (Vec<Layer>, Vec<PolicyError>) {
    let mut resolver = Resolver {
        read,
        pack_tests,
        layers: Vec::new(),
        open: Vec::new(),
        seen: HashSet::new(),
        errors: Vec::new(),
    };
    for &policy in policies {
        if packs::text(policy).is_some() {
            resolver.pack(policy);
            continue;
        }
        match (resolver.read)(policy, None) {
            Ok(source) => resolver.visit(source, false),
            Err(why) => {
                let source = Arc::new(SourceText { name: policy.to_owned(), text: String::new() });
                let problem = Problem::Unreadable(why);
                resolver.errors.push(PolicyError { source, span: None, problem, also: None });
            }
        }
    }
    resolver.name_twice();
    (resolver.layers, resolver.errors)
}

struct Resolver<'a, 'r> {
    read: &'a mut Read<'r>,
    pack_tests: bool,
    layers: Vec<Layer>,
    /// Identities of the policies whose `extends` is being followed.
    open: Vec<String>,
    seen: HashSet<String>,
    errors: Vec<PolicyError>,
}

impl Resolver<'_, '_> {
    fn pack(&mut self, name: &str) {
        if let Some(text) = if self.pack_tests { packs::text(name) } else { packs::rules(name) } {
            let mut source = LayerSource::new(name, text);
            source.identity = format!("pack {name}");
            self.visit(source, true);
        }
    }

    fn visit(&mut self, source: LayerSource, pack: bool) {
        if !self.seen.insert(source.identity.clone()) || self.seen.len() > LAYERS_MAX {
            return;
        }
        let text = Arc::new(SourceText { name: source.name, text: source.text });
        let (file, errors) = file::read(&text, source.syntax);
        self.errors.extend(errors);
        self.open.push(source.identity);
        match &file.extends {
            None => self.pack("default"),
            Some(names) => {
                for name in names {
                    self.follow(&name.value, &text, name.span.clone());
                }
            }
        }
        self.open.pop();
        let name = match &file.name {
            Some(name) => name.value.clone(),
            None => name_of(&text.name),
        };
        self.layers.push(Layer { name, source: text, file, pack });
    }

    /// One entry of `extends`.
    fn follow(&mut self, entry: &str, from: &Arc<SourceText>, span: Range<usize>) {
        let is_file =
            entry.contains('/') || [".yaml", ".yml", ".toml", ".json"].iter().any(|e| entry.ends_with(e));
        let problem = if !is_file {
            if packs::text(entry).is_some() {
                return self.pack(entry);
            }
            Problem::UnknownPack { name: entry.to_owned(), near: nearest(entry, packs::all()) }
        } else {
            match (self.read)(entry, Some(&from.name)) {
                Err(why) => Problem::Unreadable(why),
                Ok(source) if self.open.contains(&source.identity) => Problem::Cycle(source.name),
                Ok(_) if self.seen.len() >= LAYERS_MAX => Problem::TooManyLayers,
                Ok(source) => return self.visit(source, false),
            }
        };
        self.errors.push(PolicyError { source: from.clone(), span: Some(span), problem, also: None });
    }

    fn name_twice(&mut self) {
        for (i, layer) in self.layers.iter().enumerate() {
            if self.layers[..i].iter().any(|lower| lower.name == layer.name) {
                self.errors.push(PolicyError {
                    source: layer.source.clone(),
                    span: Some(layer.file.name.as_ref().map_or(0..0, |name| name.span.clone())),
                    problem: Problem::LayerTwice(layer.name.clone()),
                    also: None,
                });
            }
        }
    }
}

/// The name of a policy that has none: that of its file.
fn name_of(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let plain: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '-' })
        .take(48)
        .collect();
    let name = plain.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    if is_id(name) { name.to_owned() } else { "policy".to_owned() }
}
