//! Names of accounts in the sentences of [`IDIOMS`]. Fields (`user=ann`) are the policy's; so is which names are nobody's
//! (`root`).

use super::super::check::alphabet::{ALNUM, Alphabet, HEX};
use super::super::{Anchor, Check, Detector, Family, NearMiss, Sample, Site, Why};
use super::idioms::{IDIOMS, LITERALS, Place};

/// Longest name; those of Windows have up to 20 characters, those of directories more.
const NAME_BYTES_MAX: usize = 64;
/// What a name is made of, besides everything that is not ASCII. The backslash parts it from its domain.
const NAME: Alphabet = ALNUM.and(b"._-@$+\\");

pub(super) const DETECTOR: Detector = Detector {
    name: "user_name",
    kind: "user",
    family: Family::Account,
    anchors: &[Anchor::Literal(&LITERALS)],
    check,
    samples: &[
        sample("Failed password for ann from 8.8.4.4 port 4711 ssh2", "ann"),
        sample("Failed password for invalid user ann.lee from 8.8.4.4 port 4711 ssh2", "ann.lee"),
        sample("Accepted publickey for ann from 8.8.4.4 port 4711 ssh2: ED25519", "ann"),
        sample("Invalid user ann from 8.8.4.4", "ann"),
        sample("input_userauth_request: invalid user ann [preauth]", "ann"),
        sample("Connection closed by authenticating user ann 8.8.4.4 port 4711 [preauth]", "ann"),
        sample("pam_unix(sshd:session): session opened for user ann by (uid=0)", "ann"),
        sample("session opened for user ann(uid=1000) by (uid=0)", "ann"),
        sample("pam_unix(su:session): session closed for user ann", "ann"),
        sample("sudo:      ann : TTY=pts/0 ; PWD=/srv ; COMMAND=/bin/ls", "ann"),
        sample("ann : user NOT in sudoers ; TTY=pts/1", "ann"),
        sample("FAILED SU (to root) ann on pts/2", "ann"),
        sample("Successful su for ann by root", "ann"),
        sample("CROND[4711]: (ann) CMD (/usr/bin/backup)", "ann"),
        sample("New session 5 of user ann.", "ann"),
        sample("FATAL:  password authentication failed for user \"ann\"", "ann"),
        sample("role \"ann\" does not exist", "ann"),
        sample("Access denied for user 'ann'@'web-1' (using password: YES)", "ann"),
        sample("Successfully authenticated as principal ann on admin", "ann"),
        sample("User ann logged in", "ann"),
        sample("user 'CORP\\ann' was locked", "CORP\\ann"),
        sample("logged in as ann", "ann"),
        sample("Account Name:\t\tann\n", "ann"),
        sample("[ann] OK LOGIN: Client \"8.8.4.4\"", "ann"),
        sample("user ann: authentication failure for \"/private\"", "ann"),
        sample("10.1.2.3 - ann [26/Mar/2026:10:11:12 +0000] \"GET / HTTP/1.1\" 200 12", "ann"),
        sample("arn:aws:iam::123456789012:user/team/ann", "ann"),
        sample("arn:aws:sts::123456789012:assumed-role/Admin/ann.lee", "ann.lee"),
        sample(
            "10 10.0.0.8 TCP_MISS/200 507 GET http://x.example/y ann HIER_DIRECT/8.8.4.4 text/html",
            "ann",
        ),
        sample("%ASA-6-113039: Group <Staff> User <ann> IP <8.8.4.4> connected", "ann"),
        sample("User[ann] is locked", "ann"),
        sample("session opened for user 안나 by (uid=0)", "안나"),
    ],
    near_misses: &[
        miss("check pass; user unknown"),
        miss("Failed password for the vault at startup"),
        miss("10.1.2.3 - - [26/Mar/2026:10:11:12 +0000] \"GET / HTTP/1.1\" 200 12"),
        miss("released on 26/Mar/2026"),
        miss("Account Name:\t\tWEB-1$\n"),
        miss("Account Name:\t\t-\n"),
        miss("Account Name:\t\tNETWORK SERVICE\n"),
        miss("the user \"<name>\" is a placeholder"),
        miss("user '%s' not found"),
        miss("no user logged in"),
        miss("the user has logged out"),
        miss("quotas of user namespaces"),
        miss("superuser \"x"),
        miss("arn:aws:sts::123456789012:assumed-role/Node/i-0abc12345def67890"),
        miss("GET /api/user/4711"),
        miss("10 10.0.0.8 TCP_MISS/200 507 GET http://x.example/y - HIER_DIRECT/8.8.4.4 text/html"),
        miss("usage: login <user>"),
        miss("session opened for user "),
        miss("Invalid user from 8.8.4.4"),
        miss("authenticated as the service"),
    ],
};

const fn sample(text: &'static str, hit: &'static str) -> Sample {
    Sample { field: "", text, hit }
}

const fn miss(text: &'static str) -> NearMiss {
    NearMiss { field: "", text }
}

fn check(site: &Site<'_>) -> Check {
    let rest = site.rest(site.at);
    // Where one literal begins with another, the longer one is meant.
    let fits = IDIOMS.iter().filter(|idiom| rest.starts_with(idiom.literal.as_bytes()));
    let Some(idiom) = fits.max_by_key(|idiom| idiom.literal.len()) else { return Check::No };
    let end = site.at + idiom.literal.len();
    match idiom.place {
        Place::After(followers) => after(site, end, followers),
        Place::OfSession => {
            let word = site.upto(site.at).rsplitn(3, |b| *b == b' ').nth(1);
            if word.is_some_and(|word| word.ends_with(b"ession")) { after(site, end, &[]) } else { Check::No }
        }
        Place::Before(leaders) => before(site, site.at, leaders),
        Place::Quoted => quoted(site, end),
        Place::Column => column(site, end),
        Place::Arn => arn(site, end),
        Place::BeforeDate => before_date(site),
    }
}

/// A name at `at`, and one of `followers` or nothing after it.
fn after(site: &Site<'_>, mut at: usize, followers: &[&str]) -> Check {
    for word in ["invalid user ", "illegal user ", "user ", "principal "] {
        if site.rest(at).starts_with(word.as_bytes()) {
            at += word.len();
        }
    }
    if matches!(site.get(at), Some(b'"' | b'\'')) {
        return between_quotes(site, at + 1);
    }
    let mut end = at + length(site.rest(at));
    // A full stop ends the sentence.
    while end > at && site.text[end - 1] == b'.' {
        end -= 1;
    }
    let follows = site.rest(end);
    if follows.iter().all(|b| b.is_ascii_whitespace() || *b == b'.')
        || followers.iter().any(|follower| follows.starts_with(follower.as_bytes()))
    {
        name(site, at, end)
    } else {
        Check::No
    }
}

/// A name that ends at `end`, and one of `leaders` before it.
fn before(site: &Site<'_>, end: usize, leaders: &[&str]) -> Check {
    let upto = site.upto(end);
    let length = upto.iter().rev().take(NAME_BYTES_MAX + 1).take_while(|b| in_name(**b)).count();
    let leader = &upto[..upto.len() - length];
    let fits =
        |word: &&str| if word.is_empty() { leader.is_empty() } else { leader.ends_with(word.as_bytes()) };
    if leaders.iter().any(fits) { name(site, end - length, end) } else { Check::No }
}

/// After `user "`: the word must be a word.
fn quoted(site: &Site<'_>, at: usize) -> Check {
    let inside = site.before(site.at).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if inside { Check::No } else { between_quotes(site, at) }
}

/// The name up to the quotation mark that stands before `at`.
fn between_quotes(site: &Site<'_>, at: usize) -> Check {
    let end = at + length(site.rest(at));
    if site.get(end).is_some() && site.get(end) == site.get(at - 1) { name(site, at, end) } else { Check::No }
}

/// The next word, which may be the first of two that name a service.
fn column(site: &Site<'_>, at: usize) -> Check {
    let at = at + site.rest(at).iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let end = at + length(site.rest(at));
    let follows = site.rest(end);
    match follows.first() {
        _ if follows.starts_with(b" SERVICE") || follows.starts_with(b" LOGON") => {
            Check::Miss(Why::Kept("system account"))
        }
        None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'\\' | b',') => name(site, at, end),
        _ => Check::No,
    }
}

/// The last segment of a path. Sessions of machines have names that programs made.
fn arn(site: &Site<'_>, at: usize) -> Check {
    if !site.before(site.at).is_some_and(|b| b.is_ascii_digit()) {
        return Check::No;
    }
    let path = &site.rest(at)[..length_of(site.rest(at), NAME.and(b"/,="))];
    let start = at + path.iter().rposition(|b| *b == b'/').map_or(0, |slash| slash + 1);
    let end = at + path.len();
    let word = &site.text[start..end];
    let made =
        [&b"i-"[..], b"botocore-session-", b"aws-", b"AWS"].iter().any(|prefix| word.starts_with(prefix))
            || word.iter().all(|b| b.is_ascii_digit() || *b == b'-' || HEX.has(*b) && word.len() >= 16);
    if made { Check::Miss(Why::Kept("session of a machine")) } else { name(site, start, end) }
}

/// In `HOST IDENT NAME [26/Mar/2026:…` the literal is `/Mar/20`.
fn before_date(site: &Site<'_>) -> Check {
    let upto = site.upto(site.at);
    let [head @ .., b' ', b'[', a, b] = upto else { return Check::No };
    if !(a.is_ascii_digit() && b.is_ascii_digit()) {
        return Check::No;
    }
    let end = site.at - 4;
    let length = head.iter().rev().take(NAME_BYTES_MAX + 1).take_while(|b| in_name(**b)).count();
    let [before @ .., b' '] = &head[..head.len() - length] else { return Check::No };
    // The host, a blank, and what identd said.
    let ident = before.iter().rev().take(NAME_BYTES_MAX).take_while(|b| !b.is_ascii_whitespace()).count();
    if ident > 0 && before.len() > ident && before[before.len() - ident - 1] == b' ' {
        name(site, end - length, end)
    } else {
        Check::No
    }
}

/// Whether what stands there can be the name of somebody.
fn name(site: &Site<'_>, start: usize, end: usize) -> Check {
    let word = &site.text[start..end];
    match word {
        [] => Check::No,
        _ if word.len() > NAME_BYTES_MAX => Check::No,
        [b'-' | b'$' | b'+' | b'.' | b'\\', ..] => Check::No,
        [.., b'$'] => Check::Miss(Why::Kept("account of a machine")),
        _ if NOBODY.iter().any(|nobody| word.eq_ignore_ascii_case(nobody.as_bytes())) => {
            Check::Miss(Why::Kept("ordinary word"))
        }
        _ => Check::Hit { start, end },
    }
}

/// Words that stand where names do.
const NOBODY: &[&str] = &[
    "a",
    "account",
    "all",
    "an",
    "and",
    "another",
    "any",
    "anonymous",
    "current",
    "default",
    "every",
    "from",
    "has",
    "is",
    "new",
    "no",
    "none",
    "not",
    "null",
    "of",
    "same",
    "that",
    "the",
    "this",
    "to",
    "unknown",
    "user",
    "users",
    "was",
    "which",
    "with",
    "your",
];

fn in_name(byte: u8) -> bool {
    NAME.has(byte) || byte >= 0x80
}

/// Length of the name at the beginning of `text`.
fn length(text: &[u8]) -> usize {
    text.iter().take(NAME_BYTES_MAX + 1).take_while(|b| in_name(**b)).count()
}

/// Length of what is of the alphabet at the beginning of `text`.
fn length_of(text: &[u8], alphabet: Alphabet) -> usize {
    text.iter().take(4 * NAME_BYTES_MAX).take_while(|b| alphabet.has(**b)).count()
}
