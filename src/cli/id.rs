//! `redactd id`: the correlation IDs of a known identifier, to find its lines in redacted logs.

use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Read};
use std::path::PathBuf;

use clap::Args;

use super::keys::{ListFormat, print, refused};
use super::policy;
use super::report::{self, Exit, Failure, quoted};
use crate::engine::correlate::ring::time_text;
use crate::engine::correlate::{CanonicalOptions, Key, canonical, is_label};
use crate::engine::detect::{Hints, kind_of_whole};
use crate::keys;
use crate::limits::LINE_BYTES_MAX;

/// Print the correlation IDs of an identifier read from standard input
///
/// One ID per key of the ring that makes IDs, valid or not, newest first. The same value, ring and options always give
/// the same IDs. The value's kind is found as in a log: an address is an `email`, a number that passes its checks a
/// `card`; what no detector knows is `opaque`, unless --kind says otherwise.
///
/// Logs may show an ID under another label, so search for its last 28 characters.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Id {
    /// The key ring that the logs were redacted with
    #[arg(long, value_name = "FILE", env = "REDACTD_KEY_FILE")]
    key_file: PathBuf,

    /// What the value is (`email`, `phone`, `employee`), if a detector cannot tell: the `kind:` of the rule
    #[arg(long, value_parser = label)]
    kind: Option<String>,

    /// What to write before the ID instead of its kind; changes nothing else
    #[arg(long, value_parser = label)]
    label: Option<String>,

    /// The policy that the logs were redacted with, if it sets `correlate:` options (its scope, how values are written);
    /// may be given more than once, the highest layer last
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,

    /// The scope of the IDs, instead of the policy's
    #[arg(long)]
    scope: Option<String>,

    /// One ID per line, or JSON that says more
    #[arg(long, value_enum, default_value_t)]
    format: ListFormat,

    // Taken only to be refused with better advice than the parser's.
    #[arg(hide = true)]
    value: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  echo 'ann@corp.example' | redactd id --key-file ring
  redactd id --key-file ring < value.txt | sed 's/.*_//' | grep -F -f - safe.log
  printf %s EMP-004711 | redactd id --key-file ring --kind employee --format json
  echo '(202) 555-0123' | redactd id --key-file ring --kind phone --policy shop.yaml

The value is never an argument: arguments are shown by `ps` and kept in the shell's history.
`echo` is part of the shell and not shown; to keep the line out of the history, begin it with a
blank or read the value from a file.";

/// Computes and prints the IDs.
pub fn run(id: Id) -> Result<Exit, Failure> {
    if !id.value.is_empty() {
        return Err(Failure::new(Exit::Usage, "the value is read from standard input, not from the command line")
            .hint("arguments are shown by `ps` and kept in the shell's history: `redactd id --key-file RING < FILE`"));
    }
    let ring = keys::read_ring(&id.key_file).map_err(|error| refused(Some(&id.key_file), &error))?;
    if !ring.keys().any(Key::can_make) {
        let name = quoted(&id.key_file);
        return Err(Failure::new(Exit::Invalid, format!("key file {name}: its keys only recognise IDs"))
            .hint("use the ring of the machines that write the logs"));
    }
    let (policy_scope, options) = correlation(&id.policy)?;
    let scope = id.scope.unwrap_or(policy_scope);
    let value = read_value()?;
    let value = value.trim_ascii();
    let found = kind_of_whole(value, Hints::NONE);
    let kind = id.kind.as_deref().or(found).unwrap_or("opaque");
    match found {
        None if id.kind.is_none() => {
            report::note("no detector knows this value, so its kind is `opaque`; name another with --kind");
        }
        // A rule's `kind:` is for values that no detector knows.
        Some(found) if found != kind => report::warning(format!(
            "a detector takes this value for `{found}`: where that decides, logs have the ID of that kind"
        )),
        _ => {}
    }
    let label = id.label.as_deref().unwrap_or(kind);
    let mut form = Vec::new();
    canonical(kind, value, &options, &mut form);
    let ids = ring.keys().filter_map(|key| {
        let mut out = Vec::new();
        key.append_id(label, kind, &scope, &form, &mut out)
            .then(|| (key, String::from_utf8_lossy(&out).into_owned()))
    });
    match id.format {
        ListFormat::Text => print(&ids.map(|(_, id)| id + "\n").collect::<String>()),
        ListFormat::Json => {
            let ids: Vec<serde_json::Value> = ids
                .map(|(key, id)| {
                    serde_json::json!({
                        "id": id,
                        "kind": kind,
                        "kid": key.kid().as_str(),
                        "not_before": key.not_before().map(|time| time_text(Some(time))),
                        "not_after": key.not_after().map(|time| time_text(Some(time))),
                    })
                })
                .collect();
            print(&format!("{}\n", serde_json::Value::from(ids)))
        }
    }
}

/// What the policy says about IDs; the default if none is named.
fn correlation(files: &[PathBuf]) -> Result<(String, CanonicalOptions), Failure> {
    if files.is_empty() {
        return Ok(Default::default());
    }
    let policy = policy::load(files)?;
    Ok((policy.scope, policy.canonical))
}

/// One line of standard input, without what ends it.
fn read_value() -> Result<Vec<u8>, Failure> {
    let mut value = Vec::new();
    let mut stdin = io::stdin().lock();
    let bounded = &mut (&mut stdin).take(LINE_BYTES_MAX as u64 + 1);
    let read = if io::stdin().is_terminal() {
        report::note("type the value, then Enter");
        bounded.read_until(b'\n', &mut value)
    } else {
        bounded.read_to_end(&mut value)
    };
    read.map_err(|error| Failure::new(Exit::InputOutput, format!("cannot read standard input: {error}")))?;
    if value.ends_with(b"\n") {
        value.pop();
    }
    if value.len() > LINE_BYTES_MAX {
        return Err(Failure::new(Exit::Usage, format!("the value is longer than {LINE_BYTES_MAX} bytes")));
    }
    if value.contains(&b'\n') {
        return Err(Failure::new(Exit::Usage, "standard input has more than one line")
            .hint("one value per run: `while read -r v; do printf %s \"$v\" | redactd id --key-file RING; done < FILE`"));
    }
    if value.trim_ascii().is_empty() {
        return Err(Failure::new(Exit::Usage, "standard input has no value"));
    }
    Ok(value)
}

fn label(text: &str) -> Result<String, &'static str> {
    if is_label(text.as_bytes()) {
        Ok(text.to_owned())
    } else {
        Err("expected a small letter, then at most 23 small letters, digits and `_`")
    }
}
