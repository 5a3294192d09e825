//! Passwords on command lines that no word announces: `curl -u name:pw`, `mysql -ppw`, `sshpass -p pw`.

use super::super::{Anchor, Check, Detector, Family, NearMiss, Sample, Site, Why};
use super::edges::{before, mentions, rest};
use super::value::is_placeholder;

pub(super) const CLI_SECRET: Detector = Detector {
    name: "cli_secret",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(&[
        " -u ",
        " --user ",
        " --user=",
        " --proxy-user ",
        " -U ",
        " -p ",
        " -a ",
        " -w ",
        "mysql ",
        "mysqldump ",
        "mysqladmin ",
        "mariadb ",
    ])],
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
    ],
};

/// How far before the flag the program's name may stand.
const PROGRAM_REACH: usize = 200;

fn check(site: &Site<'_>) -> Check {
    // After the space, or at the program's name.
    let text = rest(site, site.at + usize::from(site.text[site.at] == b' '));
    let flag_end = text.iter().position(|b| matches!(b, b' ' | b'=')).unwrap_or(text.len());
    let flag = &text[..flag_end];
    let program = |names: &[&str]| {
        let line = before(site, site.at, PROGRAM_REACH);
        let line = &line[memchr::memrchr(b'\n', line).map_or(0, |at| at + 1)..];
        names.iter().any(|name| mentions(line, name))
    };
    let (start, pair) = match flag {
        b"-u" | b"--user" | b"--proxy-user" | b"-U" if program(&["curl", "http", "wget"]) => (flag_end, true),
        b"-p" if program(&["login", "sshpass", "psexec", "mongo"]) => (flag_end, false),
        b"-a" if program(&["redis"]) => (flag_end, false),
        b"-w" if program(&["ldap"]) => (flag_end, false),
        b"mysql" | b"mysqldump" | b"mysqladmin" | b"mariadb" => match glued(text) {
            Some(start) => (start, false),
            None => return Check::No,
        },
        _ => return Check::No,
    };
    let gap = text[start..].iter().take(8).take_while(|b| matches!(b, b' ' | b'=')).count();
    let from = site.part.end - text.len() + start + gap;
    value(site, from, pair)
}

/// The password in `mysql -u root -psecret`: only these programs take it glued.
fn glued(line: &[u8]) -> Option<usize> {
    let line = &line[..line.len().min(PROGRAM_REACH)];
    let line = &line[..memchr::memchr(b'\n', line).unwrap_or(line.len())];
    let flag = memchr::memmem::find(line, b" -p")? + 3;
    line.get(flag).filter(|b| !b.is_ascii_whitespace()).map(|_| flag)
}

fn value(site: &Site<'_>, from: usize, pair: bool) -> Check {
    let text = rest(site, from);
    let quote = text.first().copied().filter(|b| matches!(b, b'"' | b'\''));
    let open = usize::from(quote.is_some());
    let ends = |&b: &u8| match quote {
        Some(quote) => b == quote,
        None => b.is_ascii_whitespace() || matches!(b, b'|' | b';'),
    };
    let mut end = open + text[open..].iter().position(ends).unwrap_or(text.len() - open);
    let mut start = open;
    if pair {
        let Some(colon) = memchr::memchr(b':', &text[..end]) else { return Check::No };
        start = colon + 1;
    }
    // `name:'word'`, `"name":"word"`
    if let Some(&inner @ (b'"' | b'\'')) = text.get(start)
        && quote.is_none()
    {
        start += 1;
        end = start + memchr::memchr(inner, &text[start..]).unwrap_or(text.len() - start);
    }
    if start >= end {
        return Check::No;
    }
    let word = &text[start..end];
    if is_placeholder(word) || is_placeholder(&text[open..end]) {
        return Check::Miss(Why::Placeholder);
    }
    // Ports, paths and flags are no passwords.
    if !pair
        && (word.len() < 3
            || matches!(word[0], b'-' | b'/')
            || word.iter().all(|b| b.is_ascii_digit() || *b == b':'))
    {
        return Check::No;
    }
    if word.ends_with(b">") || word.eq_ignore_ascii_case(b"token") {
        return Check::Miss(Why::Placeholder);
    }
    Check::Hit { start: from + start, end: from + end }
}
