//! All that can be wrong with a configuration: what is said, under which code, and what to write instead.
//!
//! Texts that came out of an environment variable are never shown, and neither is what stands behind a key that the
//! program does not know: both may be secrets.

use crate::document::{Complaint, Shape, list};
use crate::engine::policy::Unreadable;
use crate::limits::CONFIG_COMPONENTS_MAX;

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigProblem {
    /// The configuration file cannot be used at all.
    #[error("the configuration file cannot be used: {0}")]
    Unreadable(Unreadable),
    /// Keys, types, spelling.
    #[error(transparent)]
    Shape(#[from] Shape),
    /// Empty, or nothing but a version.
    #[error("the configuration says nothing")]
    SaysNothing,
    /// `${VAR}` without a variable of that name.
    #[error("the environment variable `{0}` is not set")]
    Unset(String),
    /// `${VAR:?message}` without such a variable, or with an empty one.
    #[error("the environment variable `{name}` is missing: {message}")]
    Wanted {
        /// Of the variable.
        name: String,
        /// As written behind `:?`.
        message: String,
    },
    /// `${` and then no name, or no `}`.
    #[error("`${{` begins no reference to an environment variable")]
    Reference,
    /// No such type of source or sink.
    #[error("there is no {of} of type `{name}`")]
    UnknownType {
        /// `source` or `sink`.
        of: &'static str,
        /// As written.
        name: String,
        /// The type that may be meant.
        near: Option<String>,
        /// All there are.
        known: &'static [&'static str],
    },
    /// A type of a later version.
    #[error("the {of} type `{name}` is not in this version")]
    LaterType {
        /// `source` or `sink`.
        of: &'static str,
        /// As written.
        name: String,
    },
    /// A name of a source or sink with other characters than it may have.
    #[error("`{0}` cannot be the name of a source or sink")]
    Name(String),
    /// Over [`CONFIG_COMPONENTS_MAX`].
    #[error("more than {CONFIG_COMPONENTS_MAX} {0}")]
    TooMany(&'static str),
    /// A text that is no duration, size, address, URL or the like.
    #[error("`{key}` is no {want}")]
    Spelling {
        /// The key.
        key: &'static str,
        /// What it should be.
        want: &'static str,
        /// How that is written.
        hint: &'static str,
    },
    /// A value out of its bounds.
    #[error("`{key}` must be between {least} and {most}")]
    Range {
        /// The key.
        key: &'static str,
        /// With its unit.
        least: String,
        /// With its unit.
        most: String,
    },
    /// `inputs` names no source.
    #[error("there is no source `{name}`")]
    UnknownInput {
        /// As written.
        name: String,
        /// The source that may be meant.
        near: Option<String>,
    },
    /// Standard input or output, or a path, twice.
    #[error("{0} is used twice")]
    Twice(&'static str),
    /// A sink would write what a source reads.
    #[error("the source `{0}` would read what this sink writes")]
    Circle(String),
    /// `http://` to another machine.
    #[error("records would cross the network unencrypted")]
    Insecure,
    /// A listener that other machines reach, without TLS.
    #[error("records would cross the network unencrypted")]
    ListensInsecurely,
    /// A source of lines before a sink of OTLP.
    #[error("the source `{name}` reads lines, and this sink sends OTLP requests")]
    LinesToOtlp {
        /// Its name.
        name: String,
    },
    /// A source of OTLP before a sink of lines.
    #[error("the source `{name}` takes OTLP requests, and this sink writes lines")]
    OtlpToLines {
        /// Its name.
        name: String,
    },
    /// A user name or password in a URL.
    #[error("a URL must not hold a user name or password")]
    Userinfo,
    /// The admin listener may only be reached from this machine.
    #[error("the admin listener must be on a loopback address")]
    AdminExposed,
    /// Something needs `data_dir`.
    #[error("{0} needs `data_dir`")]
    NeedsDataDir(&'static str),
    /// Two keys that exclude each other, or a key without the one it belongs to.
    #[error("`{key}` {what}")]
    Together {
        /// The key.
        key: &'static str,
        /// What is wrong about it.
        what: &'static str,
    },
    /// A pattern of a file source.
    #[error("{0}")]
    Pattern(String),
    /// The policy of these layers has errors of its own, which are shown before.
    #[error("the policy named here is not valid: {0}")]
    Policy(String),
    /// Headers or certificates of a sink cannot be used.
    #[error("headers or certificates of this sink cannot be used: {0}")]
    Credentials(String),
    /// A file that is named cannot be used.
    #[error("{what} cannot be used: {why}")]
    File {
        /// What it is (`the key ring`).
        what: &'static str,
        /// Why, without its content.
        why: String,
        /// What to do.
        hint: Option<String>,
    },
}

impl ConfigProblem {
    /// Whether nothing else of the file could be read.
    pub fn is_syntax(&self) -> bool {
        matches!(self, ConfigProblem::Shape(Shape::Syntax(_)) | ConfigProblem::SaysNothing)
    }
}

impl Complaint for ConfigProblem {
    fn code(&self) -> String {
        let code = match self {
            ConfigProblem::Shape(shape) => shape.code(),
            ConfigProblem::Unreadable(_) => "unreadable",
            ConfigProblem::SaysNothing => "empty",
            ConfigProblem::Unset(_) | ConfigProblem::Wanted { .. } => "variable",
            ConfigProblem::Reference => "reference",
            ConfigProblem::UnknownType { .. } => "unknown_type",
            ConfigProblem::LaterType { .. } => "not_in_this_version",
            ConfigProblem::Name(_) => "name",
            ConfigProblem::TooMany(_) => "too_many",
            ConfigProblem::Spelling { .. } => "spelling",
            ConfigProblem::Range { .. } => "range",
            ConfigProblem::UnknownInput { .. } => "unknown_input",
            ConfigProblem::Twice(_) => "twice",
            ConfigProblem::Circle(_) => "circle",
            ConfigProblem::Insecure | ConfigProblem::ListensInsecurely => "insecure",
            ConfigProblem::LinesToOtlp { .. } | ConfigProblem::OtlpToLines { .. } => "lines_and_otlp",
            ConfigProblem::Userinfo => "userinfo",
            ConfigProblem::AdminExposed => "admin_exposed",
            ConfigProblem::NeedsDataDir(_) => "data_dir",
            ConfigProblem::Together { .. } => "together",
            ConfigProblem::Pattern(_) => "pattern",
            ConfigProblem::Policy(_) => "policy",
            ConfigProblem::Credentials(_) | ConfigProblem::File { .. } => "file",
        };
        format!("config::{code}")
    }

    fn hint(&self) -> Option<String> {
        let meant = |near: &Option<String>| near.as_ref().map(|near| format!("did you mean `{near}`?"));
        let text = match self {
            ConfigProblem::Shape(shape) => return shape.hint(),
            ConfigProblem::Unreadable(Unreadable::Writable(_)) => {
                "whoever can write it decides where records go: run `chmod go-w` on it"
            }
            ConfigProblem::Unreadable(_)
            | ConfigProblem::Pattern(_)
            | ConfigProblem::Policy(_)
            | ConfigProblem::Credentials(_)
            | ConfigProblem::Range { .. }
            | ConfigProblem::Together { .. } => return None,
            ConfigProblem::SaysNothing => {
                "it needs `version: 1`, one of `sources` and one of `sinks`; `redactd schema config` has the rest"
            }
            ConfigProblem::Unset(_) => "set it, or give a default: `${NAME:-default}`; a `$` itself is `$$`",
            ConfigProblem::Wanted { .. } => "set it to something that is not empty",
            ConfigProblem::Reference => {
                "write `${NAME}`, `${NAME:-default}` or `${NAME:?message}`; a `$` itself is `$$`"
            }
            ConfigProblem::UnknownType { near, known, .. } => {
                return meant(near).or_else(|| Some(format!("there are {}", list(known))));
            }
            ConfigProblem::LaterType { .. } => {
                "the daemon will have it; this version of the program does not"
            }
            ConfigProblem::Name(_) => "a letter, then at most 47 letters, digits, `-` and `_`",
            ConfigProblem::TooMany(_) => "run another process for the rest",
            ConfigProblem::Spelling { hint, .. } => hint,
            ConfigProblem::UnknownInput { near, .. } => {
                return meant(near).or_else(|| {
                    Some("`inputs` holds names of `sources`; without it a sink takes all of them".to_owned())
                });
            }
            ConfigProblem::Twice("standard output") => "two sinks would mix their lines",
            ConfigProblem::Twice("standard input") => "each line can be read once only",
            ConfigProblem::Twice(_) => "give each sink a path of its own",
            ConfigProblem::Circle(_) => "write elsewhere, or `exclude` it there",
            ConfigProblem::Insecure => "write `https://`, or say `insecure: true` beside the URL",
            ConfigProblem::ListensInsecurely => {
                "listen at 127.0.0.1, name certificates in `tls`, or say `insecure: true`"
            }
            ConfigProblem::LinesToOtlp { .. } => {
                "name sources of `type: otlp` in the sink's `inputs`; this version turns no lines into log records"
            }
            ConfigProblem::OtlpToLines { .. } => {
                "name other sources in the sink's `inputs`; this version turns no OTLP into lines"
            }
            ConfigProblem::Userinfo => {
                "put an `Authorization: Basic …` line into a file and name it in `headers_file`"
            }
            ConfigProblem::AdminExposed => "write `{socket: PATH}`, or an address such as 127.0.0.1:8687",
            ConfigProblem::NeedsDataDir(_) => {
                "name a directory of this process alone: `data_dir: /var/lib/redactd`"
            }
            ConfigProblem::File { hint, .. } => return hint.clone(),
        };
        Some(text.to_owned())
    }

    fn label(&self) -> String {
        match self {
            ConfigProblem::Shape(shape) => shape.label(),
            ConfigProblem::Unset(_) | ConfigProblem::Wanted { .. } => "not set".to_owned(),
            ConfigProblem::UnknownType { .. } => "no such type".to_owned(),
            ConfigProblem::LaterType { .. } => "not in this version".to_owned(),
            ConfigProblem::UnknownInput { .. } => "no such source".to_owned(),
            ConfigProblem::Twice(_) => "again".to_owned(),
            ConfigProblem::Insecure | ConfigProblem::ListensInsecurely => "unencrypted".to_owned(),
            ConfigProblem::Policy(_) | ConfigProblem::File { .. } => "named here".to_owned(),
            _ => "here".to_owned(),
        }
    }
}
