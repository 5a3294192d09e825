//! What the configuration names and does not hold: policies, keys, directories, outputs.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::super::reload::{Print, last_good};
use super::super::file::{ConfigFile, SinkFile, SourceFile};
use super::super::problem::ConfigProblem;
use super::{Builder, Depth, Layers, Outside, compile};
use crate::document::At;
use crate::engine::correlate::Keyring;
use crate::engine::policy::{Policy, is_pack};
use crate::engine::selftest;
use crate::keys;
use crate::policies::Part;
use crate::sink::{Credentials, OtlpSink};
use crate::source::otlp;

impl Builder {
    pub(super) fn outside(&mut self, file: &ConfigFile) -> Outside {
        let mut policies = Vec::new();
        let policy_of =
            file.sources.iter().map(|(_, source)| self.policy(source, file, &mut policies)).collect();
        // Before it is read: a change between the two is then seen once more instead of never.
        let ring_print = file.keys.as_ref().map(|keys| Print::of(&self.path(&keys.value)));
        let ring = self.ring(file.keys.as_ref());
        if let Some(dir) = &file.data_dir {
            self.data_dir(dir);
        }
        for (name, source) in &file.sources {
            if let SourceFile::Otlp(source) = source
                && let Err(error) = otlp::check(&self.otlp_source(source))
            {
                let (what, why) = ("a file of this source", error.to_string());
                self.error(name, ConfigProblem::File { what, why, hint: None });
            }
        }
        for (name, sink) in &file.sinks {
            self.credentials(name, sink, file);
        }
        if self.depth == Depth::Check {
            for (_, sink) in &file.sinks {
                if let SinkFile::File(file) = sink {
                    self.output_directory(&file.path);
                }
                if let Some(path) = &sink.shared().dead_letter {
                    self.output_directory(path);
                }
            }
        }
        Outside { policies, policy_of, ring, ring_print }
    }

    /// The position of a source's policy. Sources with the same layers share one.
    fn policy(&mut self, source: &SourceFile, file: &ConfigFile, policies: &mut Vec<Layers>) -> usize {
        let written = source.policy().or(file.policy.as_ref());
        let names: Vec<PathBuf> = match written {
            None => vec![PathBuf::from("default")],
            Some(layers) => layers
                .value
                .iter()
                .map(|at| if is_pack(&at.value) { PathBuf::from(&at.value) } else { self.path(&at.value) })
                .collect(),
        };
        if let Some(same) = policies.iter().position(|layers| layers.names == names) {
            return same;
        }
        let data_dir = file.data_dir.as_ref().map(|dir| self.path(&dir.value));
        policies.push(self.compiled(names, written, data_dir.as_deref()));
        policies.len() - 1
    }

    /// The policy of these layers. Where it is not valid: the last good copy, if there is one; else one that the caller will
    /// not run.
    fn compiled(
        &mut self,
        names: Vec<PathBuf>,
        at: Option<&At<Vec<At<String>>>>,
        data_dir: Option<&Path>,
    ) -> Layers {
        let (compiled, parts) = compile(&names);
        let why = match compiled {
            Ok(policy) => {
                let policy = Arc::new(policy);
                let failed = selftest::run(&policy);
                let Some(first) = failed.first() else {
                    self.warn_weaker(&names, &policy, at, data_dir);
                    return Layers { names, policy, parts, kept: false };
                };
                format!(
                    "{} of its {} tests fail, first `{}`",
                    failed.len(),
                    policy.tests.len(),
                    first.test.name
                )
            }
            Err(errors) => {
                let count = errors.errors.len();
                let said = errors.errors.first().map_or(String::new(), |first| format!(": {first}"));
                if let Some(layers) = self.kept(&names, &parts, at, data_dir, &said) {
                    return layers;
                }
                self.policy_errors.push(errors);
                if count == 1 { "1 error".to_owned() } else { format!("{count} errors") }
            }
        };
        if let Some(layers) = self.kept(&names, &parts, at, data_dir, &format!(": {why}")) {
            return layers;
        }
        if let Some(at) = at {
            self.error(at, ConfigProblem::Policy(why));
        }
        Layers { names, policy: Arc::new(Policy::default_policy()), parts, kept: false }
    }

    /// The last good copy of a policy whose files cannot be used now. Only a start may run on it.
    fn kept(
        &mut self,
        names: &[PathBuf],
        parts: &[Part],
        at: Option<&At<Vec<At<String>>>>,
        data_dir: Option<&Path>,
        why: &str,
    ) -> Option<Layers> {
        let at = at.filter(|_| self.depth == Depth::Start)?;
        let (policy, _) = last_good::kept_policy(data_dir?, names)?;
        self.warn(
            at,
            format!("the policy is not valid, and its last good copy {} is in force{why}", policy.id),
        );
        Some(Layers { names: names.to_vec(), policy, parts: parts.to_vec(), kept: true })
    }

    /// At a start a valid policy wins over the one that was in force before; what it weakens is said.
    fn warn_weaker(
        &mut self,
        names: &[PathBuf],
        policy: &Policy,
        at: Option<&At<Vec<At<String>>>>,
        data_dir: Option<&Path>,
    ) {
        let Some(((before, _), at)) = data_dir.and_then(|dir| last_good::kept_policy(dir, names)).zip(at)
        else {
            return;
        };
        for weaker in policy.unsaid(policy.weaker_than(&before)) {
            self.warn(at, format!("weaker than the policy that was in force before: {weaker}"));
        }
    }

    fn ring(&mut self, at: Option<&At<String>>) -> Arc<Keyring> {
        let path = at.map(|at| self.path(&at.value));
        let nowhere = At { value: (), span: 0..0 };
        match keys::open(path.as_deref(), keys::now()) {
            Ok(opened) => {
                if let Some(why) = opened.ephemeral {
                    match at {
                        Some(at) => self.warn(at, why.to_string()),
                        None => self.warn(&nowhere, why.to_string()),
                    }
                }
                Arc::new(opened.ring)
            }
            Err(error) => {
                let hint = error.hint().map(str::to_owned);
                let problem = ConfigProblem::File { what: "the key ring", why: error.to_string(), hint };
                match at {
                    Some(at) => self.error(at, problem),
                    None => self.error(&nowhere, problem),
                }
                Arc::new(Keyring::ephemeral(&[0; 64]))
            }
        }
    }

    /// Headers and certificates of a sink can be used.
    fn credentials(&mut self, name: &At<String>, sink: &SinkFile, file: &ConfigFile) {
        let checked = match sink {
            SinkFile::Http(http) => self
                .http_settings(&name.value, http, file)
                .map(|settings| Credentials::load(&settings.access).map(drop)),
            SinkFile::Otlp(otlp) => {
                self.otlp_sink(&name.value, otlp, file).map(|settings| OtlpSink::check(&settings))
            }
            SinkFile::File(_) | SinkFile::Stdout(_) => None,
        };
        if let Some(Err(error)) = checked {
            let problem = ConfigProblem::Credentials(error.to_string());
            self.error(name, problem);
        }
    }

    /// It is there and ours alone, or can be made.
    fn data_dir(&mut self, at: &At<String>) {
        let path = self.path(&at.value);
        let what = "the data directory";
        match fs::metadata(&path) {
            Ok(about) if !about.is_dir() => {
                let why = "it is not a directory".to_owned();
                self.error(at, ConfigProblem::File { what, why, hint: None });
            }
            Ok(about) => {
                let mode = about.permissions().mode() & 0o7777;
                if mode & 0o022 != 0 {
                    let why = format!("others than its owner can write it (mode {mode:04o})");
                    let hint = Some("`chmod 0700` it, or name one that does not exist yet".to_owned());
                    self.error(at, ConfigProblem::File { what, why, hint });
                } else if mode & 0o055 != 0 {
                    self.warn(
                        at,
                        format!("others can look into the data directory (mode {mode:04o}): `chmod 0700` it"),
                    );
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.parent(at, what),
            Err(error) => {
                self.error(at, ConfigProblem::File { what, why: error.to_string(), hint: None });
            }
        }
    }

    /// An output file can be made.
    fn output_directory(&mut self, at: &At<String>) {
        if at.value.is_empty() {
            return;
        }
        let path = self.path(&at.value);
        let what = "the output file";
        match fs::metadata(&path) {
            Ok(about) if !about.is_file() => {
                let why = "it is not a regular file".to_owned();
                self.error(at, ConfigProblem::File { what, why, hint: None });
            }
            Ok(_) if !may_write(&path) => {
                let why = "writing it is not permitted".to_owned();
                self.error(at, ConfigProblem::File { what, why, hint: None });
            }
            Ok(_) => {}
            Err(_) => self.parent(at, what),
        }
    }

    fn parent(&mut self, at: &At<String>, what: &'static str) {
        let path = self.path(&at.value);
        let parent = path.parent().unwrap_or(Path::new("/"));
        let why = match fs::metadata(parent) {
            Ok(about) if about.is_dir() && may_write(parent) => return,
            Ok(about) if about.is_dir() => "its directory cannot be written".to_owned(),
            Ok(_) => "its directory is not a directory".to_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                "its directory does not exist".to_owned()
            }
            Err(error) => format!("its directory cannot be looked at: {error}"),
        };
        let hint = Some(format!("make the directory `{}`", parent.display()));
        self.error(at, ConfigProblem::File { what, why, hint });
    }
}

fn may_write(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}
