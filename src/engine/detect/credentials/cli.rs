//! Passwords in commands, that no word announces: `curl -u name:pw`, `mysql -ppw`, `sshpass -p pw`, `net user name pw`,
//! `IDENTIFIED BY 'pw'`, `AUTH PLAIN …`. What a flag means depends on the program, so both are in the table.

use super::super::check::alphabet::B64;
use super::super::check::base64::decode_start;
use super::super::{Anchor, Check, Detector, Family, NearMiss, Sample, Site, Why};
use super::edges::{before, mentions, rest};
use super::value::is_placeholder;

pub(super) const CLI_SECRET: Detector = Detector {
    name: "cli_secret",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(&literals::<{ COMMANDS.len() }>())],
    check,
    samples: &[
        Sample { field: "", text: "curl -u bob:n0tReal https://a.example", hit: "n0tReal" },
        Sample { field: "", text: "curl -s --user 'bob:n0t~Real' https://a.example", hit: "n0t~Real" },
        Sample { field: "", text: "curl --user bob:'n0tReal' -iX PATCH", hit: "n0tReal" },
        Sample { field: "", text: "curl -u \":n0tReal\" https://a.example", hit: "n0tReal" },
        Sample { field: "", text: "mysql -u root -pn0tReal app", hit: "n0tReal" },
        Sample { field: "", text: "sshpass -p 'n0tReal' ssh bob@a.example", hit: "n0tReal" },
        Sample { field: "", text: "docker login -u bob -p n0tReal registry.example", hit: "n0tReal" },
        Sample { field: "", text: "redis-cli -h cache -a n0tReal ping", hit: "n0tReal" },
        Sample { field: "", text: "PsExec \\\\host -u DOM\\bob -p n0tReal cmd", hit: "n0tReal" },
        Sample { field: "", text: "plink.exe -ssh bob@a.example -pw n0tReal ls", hit: "n0tReal" },
        Sample { field: "", text: "sqlcmd -S db -U sa -P n0tReal -Q x", hit: "n0tReal" },
        Sample { field: "", text: "smbclient //a.example/x -U bob%n0tReal", hit: "n0tReal" },
        Sample { field: "", text: "net user bob n0tReal /add", hit: "n0tReal" },
        Sample { field: "", text: "cmdkey /add:a.example /user:bob /pass:n0tReal", hit: "n0tReal" },
        Sample { field: "", text: "CREATE USER 'bob'@'%' IDENTIFIED BY 'n0t Real'", hit: "n0t Real" },
        Sample { field: "", text: "smtp > AUTH PLAIN AGJvYgBuMHRSZWFs", hit: "AGJvYgBuMHRSZWFs" },
        Sample { field: "", text: "ftp: USER bob / PASS n0tReal", hit: "n0tReal" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "curl -u bob https://a.example" },
        NearMiss { field: "", text: "curl -u \"${name}:${word}\" https://a.example" },
        NearMiss { field: "", text: "curl -u <user:password> https://a.example" },
        NearMiss { field: "", text: "git push -u origin main:release" },
        NearMiss { field: "", text: "mkdir -p /var/lib/app" },
        NearMiss { field: "", text: "ssh -p 2222 bob@a.example" },
        NearMiss { field: "", text: "docker run -p 8080:80 mysql" },
        NearMiss { field: "", text: "ls -a /tmp" },
        NearMiss { field: "", text: "curl --user-agent toy:1.0 https://a.example" },
        NearMiss { field: "", text: "curl -sL --user \"$1:$2\" \"$3\"" },
        NearMiss { field: "", text: "net user bob /delete" },
        NearMiss { field: "", text: "net user bob *" },
        NearMiss { field: "", text: "PASS 12 tests of the ftp client" },
        NearMiss { field: "", text: "IDENTIFIED BY PASSWORD '*'" },
        NearMiss { field: "", text: "AUTH PLAIN LOGIN CRAM-MD5" },
        NearMiss { field: "", text: "mysql -u root --protocol tcp" },
    ],
};

/// Where the password stands, seen from the literal.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// It is the next word.
    Word,
    /// It follows the `:` in the next word.
    AfterColon,
    /// It follows the `%` in the next word.
    AfterPercent,
    /// It follows the next word, which is a name.
    AfterName,
    /// It is the next word if that is quoted.
    Quoted,
    /// It follows this flag, without a space, later in the command.
    Glued(&'static str),
    /// The next word is `\0user\0password` in base64.
    Plain,
}

/// What announces a password, in which commands (a word before it on the line; none means in all), and where it stands.
type Command = (&'static str, &'static [&'static str], Form);

const COMMANDS: &[Command] = &[
    (" -u ", &["curl", "http", "wget"], Form::AfterColon),
    (" --user ", &["curl", "http"], Form::AfterColon),
    (" --user=", &["curl", "http"], Form::AfterColon),
    (" --proxy-user ", &["curl"], Form::AfterColon),
    (" -U ", &["curl"], Form::AfterColon),
    (" -U ", &["smb", "rpcclient", "net ads"], Form::AfterPercent),
    (" -p ", &["login", "sshpass", "psexec", "mongo"], Form::Word),
    (" -pw ", &["plink", "pscp", "psftp", "putty", "winscp"], Form::Word),
    (" -P ", &["sqlcmd", "osql", "bcp", "mosquitto", "zip "], Form::Word),
    (" -a ", &["redis"], Form::Word),
    (" -w ", &["ldap"], Form::Word),
    (" /pass:", &[], Form::Word),
    (" /p:", &["rdp", "mstsc"], Form::Word),
    (" /rp ", &["schtasks"], Form::Word),
    ("mysql ", &[], Form::Glued(" -p")),
    ("mysqldump ", &[], Form::Glued(" -p")),
    ("mysqladmin ", &[], Form::Glued(" -p")),
    ("mariadb ", &[], Form::Glued(" -p")),
    ("net user ", &[], Form::AfterName),
    ("add_user ", &["rabbitmqctl"], Form::AfterName),
    ("change_password ", &["rabbitmqctl"], Form::AfterName),
    ("IDENTIFIED BY ", &[], Form::Quoted),
    ("identified by ", &[], Form::Quoted),
    ("AUTH PLAIN ", &[], Form::Plain),
    ("PASS ", &["ftp", "pop3", "imap"], Form::Word),
];

const fn literals<const N: usize>() -> [&'static str; N] {
    let mut all = [""; N];
    let mut at = 0;
    while at < N {
        all[at] = COMMANDS[at].0;
        at += 1;
    }
    all
}

/// How far from the flag the program's name, or a later flag, may stand.
const PROGRAM_REACH: usize = 200;

fn check(site: &Site<'_>) -> Check {
    let text = rest(site, site.at);
    for &(literal, programs, form) in COMMANDS {
        if text.starts_with(literal.as_bytes()) && (programs.is_empty() || runs(site, programs)) {
            let from = site.at + literal.len();
            match password(site, from, form) {
                Check::No => {}
                found => return found,
            }
        }
    }
    Check::No
}

/// Whether one of the programs is named before the site, on the same line.
fn runs(site: &Site<'_>, programs: &[&str]) -> bool {
    let line = before(site, site.at, PROGRAM_REACH);
    let line = &line[memchr::memrchr(b'\n', line).map_or(0, |at| at + 1)..];
    programs.iter().any(|name| mentions(line, name))
}

fn password(site: &Site<'_>, from: usize, form: Form) -> Check {
    let text = rest(site, from);
    let word = word_at(text, 0);
    let (start, end) = match form {
        Form::Word => word,
        Form::AfterColon => match after_sign(text, word, b':') {
            Some(word) => word,
            None => return Check::No,
        },
        Form::AfterPercent => match after_sign(text, word, b'%') {
            Some(word) => word,
            None => return Check::No,
        },
        Form::AfterName => word_at(text, word.1),
        Form::Quoted if word.0 == 0 => return Check::No,
        Form::Quoted => word,
        Form::Glued(flag) => match glued(text, flag) {
            Some(at) => word_at(text, at),
            None => return Check::No,
        },
        Form::Plain => return plain(text, word, from),
    };
    let value = &text[start..end];
    if is_placeholder(value) || is_placeholder(&text[word.0..word.1]) || value.ends_with(b">") {
        return Check::Miss(Why::Placeholder);
    }
    // Ports, paths, other flags and bare numbers are no passwords.
    let odd = value.len() < 3
        || matches!(value[0], b'-' | b'/')
        || value.iter().all(|b| b.is_ascii_digit() || *b == b':')
        || value.eq_ignore_ascii_case(b"token");
    if odd { Check::No } else { Check::Hit { start: from + start, end: from + end } }
}

/// The word after white space at `at`, without its quotes.
fn word_at(text: &[u8], at: usize) -> (usize, usize) {
    let start =
        at + text[at..].iter().take(8).take_while(|b| matches!(b, b' ' | b'\t' | b'"' | b'\'')).count();
    let quote = start.checked_sub(1).map(|q| text[q]).filter(|q| matches!(q, b'"' | b'\''));
    let ends = |&b: &u8| match quote {
        Some(quote) => b == quote || b == b'\n',
        None => b.is_ascii_whitespace() || matches!(b, b'|' | b';' | b'"' | b'\''),
    };
    (start, start + text[start..].iter().position(ends).unwrap_or(text.len() - start))
}

/// What follows the sign in a word; in `name:'word'` and `"name":"word"` that is a word of its own.
fn after_sign(text: &[u8], word: (usize, usize), sign: u8) -> Option<(usize, usize)> {
    let name = memchr::memchr(sign, text.get(word.0..(word.1 + 2).min(text.len()))?)? + word.0;
    let start = name + 1;
    match text.get(start)? {
        b'"' | b'\'' => Some(word_at(text, start)),
        _ if start < word.1 => Some((start, word.1)),
        _ => None,
    }
}

/// Where the value glued to a flag begins.
fn glued(text: &[u8], flag: &str) -> Option<usize> {
    let line = &text[..text.len().min(PROGRAM_REACH)];
    let line = &line[..memchr::memchr(b'\n', line).unwrap_or(line.len())];
    // After the program's name at least one space was taken: look from it.
    let at = if line.starts_with(&flag.as_bytes()[1..]) {
        flag.len() - 1
    } else {
        memchr::memmem::find(line, flag.as_bytes())? + flag.len()
    };
    line.get(at).filter(|b| !b.is_ascii_whitespace()).map(|_| at)
}

fn plain(text: &[u8], word: (usize, usize), from: usize) -> Check {
    let value = &text[word.0..word.1];
    let mut out = [0u8; 64];
    let n = decode_start(value, &mut out);
    let credentials = out[..n].iter().filter(|&&b| b == 0).count() >= 2;
    if credentials && B64.run(value, value.len()) == value.len() {
        Check::Hit { start: from + word.0, end: from + word.1 }
    } else {
        Check::No
    }
}
