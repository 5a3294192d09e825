//! `redactd keys`: makes, derives and lists the keys of correlation IDs. Nothing it says shows a secret; secrets go to
//! the file of `-o`, or to standard output if that is no terminal.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use comfy_table::Table;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::not_printed;
use super::report::{Exit, Failure, quoted};
use crate::engine::correlate::derive::{self, Epoch, EpochError};
use crate::engine::correlate::ring::{self, time_text};
use crate::engine::correlate::{Key, Kid};
use crate::keys::{self, KeyFileError};

/// Make, derive and list the keys of correlation IDs
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Keys {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  redactd keys new -o ring                 a key ring for one machine; it does not expire
  redactd --key-file ring app.log          the same person, the same ID, in every run

  redactd keys new --master -o master      where the rings of a fleet are made, and nowhere else
  redactd keys derive --master master --from 2026-03-04 --epoch 24h --count 3 -o ring
  redactd keys derive --master master --from 2026-03-04 --verify-only -o collector-ring
  redactd keys list ring

A ring is text: one key per line, `KID NOT-BEFORE NOT-AFTER BASE64`, comments from `#` on. Two
rings are joined with `cat`. Of the keys that are valid the newest makes IDs; all of them
recognise theirs, for ever.";

#[derive(Subcommand)]
enum Command {
    New(New),
    Derive(Derive),
    List(List),
}

/// Make a key ring with one random key, or a master
///
/// The ring works on any clock: its key has no bounds. The file is readable by its owner only (0600) and no file is
/// ever overwritten.
#[derive(Args)]
struct New {
    /// Make a master, from which rings are derived; `--key-file` refuses it
    #[arg(long)]
    master: bool,

    /// File to make; without it the text goes to standard output, unless that is a terminal
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Derive a ring of short-lived keys from a master
///
/// The same master, day and epoch give the same keys on every machine and at any time. Epochs follow each other without
/// gaps; days begin at midnight UTC, weeks on Monday. Each epoch has IDs of its own: with 24h a person has one ID per
/// day, and whoever holds this ring can compute the IDs of these epochs and of no other.
#[derive(Args)]
struct Derive {
    /// The master, made by `redactd keys new --master`
    #[arg(long, value_name = "FILE")]
    master: PathBuf,

    /// The first epoch is the one in which this day (UTC) begins, such as 2026-03-04
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: Date,

    /// How long each key makes IDs: whole hours, days or weeks (1h, 24h, 7d, 2w)
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = epoch_seconds)]
    epoch: u32,

    /// How many epochs: today's, and enough of the next to outlast a missed delivery
    #[arg(long, value_name = "N", default_value_t = 3)]
    count: u32,

    /// Leave out what computes IDs: such a ring only recognises them, for collectors
    #[arg(long)]
    verify_only: bool,

    /// File to make, 0600, never overwritten; without it the text goes to standard output, unless that is a terminal
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Say which keys a ring has, newest first, without their secrets
#[derive(Args)]
struct List {
    /// The key ring
    file: PathBuf,

    /// Table for people, JSON for programs
    #[arg(long, value_enum, default_value_t)]
    format: ListFormat,
}

/// How keys and IDs are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON array.
    Json,
}

/// Runs one of the commands.
pub fn run(keys: Keys) -> Result<Exit, Failure> {
    match keys.command {
        Command::New(new) => make(&new),
        Command::Derive(derive) => derive_ring(&derive),
        Command::List(list) => list_ring(&list),
    }
}

fn make(new: &New) -> Result<Exit, Failure> {
    let text = if new.master {
        let secret = keys::new_master().map_err(|error| refused(None, &error))?;
        ring::write_master(
            "redactd master: rings are derived from it. Keep it where rings are made, never where logs are written.",
            &secret,
        )
    } else {
        let key = keys::new_key().map_err(|error| refused(None, &error))?;
        ring::write("redactd key ring: whoever has it can compute anybody's ID.", &[key])
    };
    write_secret(new.output.as_deref(), &text)
}

fn derive_ring(wanted: &Derive) -> Result<Exit, Failure> {
    let master = keys::read_master(&wanted.master).map_err(|error| refused(Some(&wanted.master), &error))?;
    let midnight = wanted
        .from
        .to_zoned_datetime(TimeZone::UTC)
        .map_err(|_| failed_epochs(EpochError::Range))?
        .timestamp();
    let first = Epoch::containing(midnight.as_second(), wanted.epoch).map_err(failed_epochs)?;
    let entries = derive::derive(&master, first, wanted.count, wanted.verify_only).map_err(failed_epochs)?;
    let what = if wanted.verify_only { "recognises IDs, makes none" } else { "makes and recognises IDs" };
    write_secret(wanted.output.as_deref(), &ring::write(&format!("redactd key ring: {what}."), &entries))
}

fn failed_epochs(error: EpochError) -> Failure {
    Failure { exit: Exit::Usage, message: error.to_string(), hint: error.hint().map(str::to_owned) }
}

fn write_secret(output: Option<&Path>, text: &str) -> Result<Exit, Failure> {
    match output {
        Some(path) => {
            keys::write_new(path, text).map(|()| Exit::Done).map_err(|error| refused(Some(path), &error))
        }
        None if io::stdout().is_terminal() => {
            Err(Failure::new(Exit::Usage, "a terminal is no place for a key").hint("name a file: `-o FILE`"))
        }
        None => print(text),
    }
}

fn list_ring(list: &List) -> Result<Exit, Failure> {
    let mut ring = keys::read_ring(&list.file).map_err(|error| refused(Some(&list.file), &error))?;
    let now = keys::now();
    let active = ring.select(now);
    match list.format {
        ListFormat::Text => {
            let mut table = Table::new();
            table.load_style(comfy_table::presets::NOTHING);
            table.set_header(["KEY", "FROM", "TO", "CAN", "NOW"]);
            for key in ring.keys() {
                table.add_row([
                    key.kid().to_string(),
                    time_text(key.not_before()),
                    time_text(key.not_after()),
                    abilities(key).to_owned(),
                    state(key, active, now).to_owned(),
                ]);
            }
            // The table pads its last column too.
            print(&table.lines().map(|line| format!("{}\n", line.trim())).collect::<String>())
        }
        ListFormat::Json => {
            let keys: Vec<serde_json::Value> = ring
                .keys()
                .map(|key| {
                    serde_json::json!({
                        "kid": key.kid().as_str(),
                        "not_before": key.not_before().map(|time| time_text(Some(time))),
                        "not_after": key.not_after().map(|time| time_text(Some(time))),
                        "makes_ids": key.can_make(),
                        "active": Some(key.kid()) == active,
                        "state": state(key, active, now),
                    })
                })
                .collect();
            print(&format!("{}\n", serde_json::Value::from(keys)))
        }
    }
}

fn abilities(key: &Key) -> &'static str {
    if key.can_make() { "make and recognise" } else { "recognise" }
}

fn state(key: &Key, active: Option<Kid>, now: i64) -> &'static str {
    if Some(key.kid()) == active {
        "active"
    } else if key.valid_at(now) {
        "valid"
    } else if key.not_before().is_some_and(|from| now < from) {
        "not yet"
    } else {
        "expired"
    }
}

/// What is said of a key file that cannot be used or made.
pub(super) fn refused(path: Option<&Path>, error: &KeyFileError) -> Failure {
    let exit = if error.is_output() { Exit::InputOutput } else { Exit::Invalid };
    let message = match path {
        Some(path) => format!("key file {}: {error}", quoted(path)),
        None => error.to_string(),
    };
    Failure { exit, message, hint: error.hint().map(str::to_owned) }
}

/// Writes a command's answer to standard output.
pub(super) fn print(text: &str) -> Result<Exit, Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map(|()| Exit::Done).or_else(not_printed)
}

fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "expected a day such as 2026-03-04".to_owned())
}

fn epoch_seconds(text: &str) -> Result<u32, String> {
    let (number, unit) = text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let seconds = match unit {
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return Err("expected hours, days or weeks, such as 24h, 7d or 2w".to_owned()),
    };
    let number: u32 = number.parse().map_err(|_| "expected a whole number before the unit".to_owned())?;
    let seconds = number.checked_mul(seconds).ok_or_else(|| EpochError::Length.to_string())?;
    Epoch::containing(i64::from(u32::MAX), seconds).map(|_| seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_are_read_in_hours_days_and_weeks() {
        for (text, seconds) in
            [("1h", 3600), ("24h", 86_400), ("1d", 86_400), ("2w", 1_209_600), ("366d", 31_622_400)]
        {
            assert_eq!(epoch_seconds(text), Ok(seconds), "{text}");
        }
        for bad in ["", "h", "24", "0h", "-1h", "1.5h", "30m", "367d", "9999999999w", "4294967295w", "1é"] {
            assert!(epoch_seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn days_are_dates() {
        assert!(day("2026-03-04").is_ok());
        for bad in ["", "today", "2026-13-01", "4.3.2026"] {
            assert!(day(bad).is_err(), "{bad}");
        }
    }
}
