//! What several keys say together: names that must exist, paths that must differ, what needs what.

use std::path::{Path, PathBuf};

use super::super::file::{ConfigFile, MultilineFile, SinkFile, SourceFile};
use super::super::problem::ConfigProblem;
use super::Builder;
use crate::document::{At, nearest};
use crate::source::file::{Settings, SettingsError};

impl Builder {
    pub(super) fn relations(&mut self, file: &ConfigFile) {
        self.inputs(file);
        self.used_once(file);
        self.one_language(file);
        self.listeners(file);
        let files = self.files(file);
        self.outputs(file, &files);
    }

    /// Every input is a source, and every source is somebody's input.
    fn inputs(&mut self, file: &ConfigFile) {
        let names: Vec<&str> = file.source_names.iter().map(String::as_str).collect();
        for (_, sink) in &file.sinks {
            for input in sink.shared().inputs.iter().flat_map(|inputs| &inputs.value) {
                if !names.contains(&input.value.as_str()) {
                    let near = nearest(&input.value, names.iter().copied());
                    self.error(input, ConfigProblem::UnknownInput { name: input.value.clone(), near });
                }
            }
        }
        for (name, _) in &file.sources {
            let takes = |sink: &&SinkFile| sink.takes(&name.value);
            let mut sinks = file.sinks.iter().map(|(_, sink)| sink).filter(takes).peekable();
            if sinks.peek().is_none() {
                self.warn(name, format!("no sink takes what the source `{}` reads", name.value));
            } else if !sinks.any(|sink| sink.shared().required) {
                let message = format!(
                    "nothing that the source `{}` reads waits for a sink: none is required",
                    name.value
                );
                self.warn(name, message);
            }
        }
    }

    /// There is one standard input and one standard output.
    fn used_once(&mut self, file: &ConfigFile) {
        let inputs = file.sources.iter().filter(|(_, source)| matches!(source, SourceFile::Stdin(_)));
        for (name, _) in inputs.skip(1) {
            self.error(name, ConfigProblem::Twice("standard input"));
        }
        let outputs = file.sinks.iter().filter(|(_, sink)| matches!(sink, SinkFile::Stdout(_)));
        for (name, _) in outputs.skip(1) {
            self.error(name, ConfigProblem::Twice("standard output"));
        }
        for (name, sink) in &file.sinks {
            let shared = sink.shared();
            if !matches!(sink, SinkFile::Http(_) | SinkFile::Otlp(_))
                && (shared.timeout.is_some() || shared.dead_letter.is_some())
            {
                let message = format!(
                    "`timeout` and `dead_letter` have no effect on `{}`: nobody refuses records there",
                    name.value
                );
                self.warn(name, message);
            }
        }
    }

    /// The file sources whose patterns hold.
    fn files(&mut self, file: &ConfigFile) -> Vec<Settings> {
        let mut all = Vec::new();
        for (name, source) in &file.sources {
            let SourceFile::File(files) = source else { continue };
            if file.data_dir.is_none() {
                self.error(name, ConfigProblem::NeedsDataDir("a file source"));
            }
            if files.include.value.is_empty() {
                continue;
            }
            let settings = self.file_settings(&name.value, files, file);
            match settings.check() {
                Ok(()) => all.push(settings),
                Err(error @ SettingsError::Start(_)) => {
                    let at = match &files.multiline {
                        MultilineFile::Start(pattern) => pattern.span.clone(),
                        _ => name.span.clone(),
                    };
                    self.error(&At { value: (), span: at }, ConfigProblem::Pattern(error.to_string()));
                }
                Err(error) => self.error(&files.include, ConfigProblem::Pattern(error.to_string())),
            }
        }
        all
    }

    /// No two sinks write one file, and none writes what a source reads.
    fn outputs(&mut self, file: &ConfigFile, files: &[Settings]) {
        let mut seen: Vec<PathBuf> = Vec::new();
        for (_, sink) in &file.sinks {
            let path = match sink {
                SinkFile::File(file) if !file.path.value.is_empty() => Some(&file.path),
                _ => None,
            };
            for at in path.into_iter().chain(&sink.shared().dead_letter) {
                self.output(at, &mut seen, files);
            }
            let (url, of) = match sink {
                SinkFile::Http(http) => (http.url.as_ref(), "an http sink without `dead_letter`"),
                SinkFile::Otlp(otlp) => (otlp.endpoint.as_ref(), "an otlp sink without `dead_letter`"),
                SinkFile::File(_) | SinkFile::Stdout(_) => continue,
            };
            if sink.shared().dead_letter.is_none()
                && file.data_dir.is_none()
                && let Some(url) = url
            {
                self.error(url, ConfigProblem::NeedsDataDir(of));
            }
        }
    }

    fn output(&mut self, at: &At<String>, seen: &mut Vec<PathBuf>, files: &[Settings]) {
        let path = self.path(&at.value);
        if seen.contains(&path) {
            self.error(at, ConfigProblem::Twice("the path"));
        }
        let rotated = PathBuf::from(format!("{}.1", path.display()));
        let reads = |path: &Path| files.iter().find(|files| files.covers(path));
        if let Some(files) = reads(&path).or_else(|| reads(&rotated)) {
            self.error(at, ConfigProblem::Circle(files.name.clone()));
        }
        seen.push(path);
    }
}
