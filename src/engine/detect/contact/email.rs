//! Mail addresses, in any script, and what looks like one: repositories, versions, file and unit names, algorithms.

use super::super::{Anchor, Check, Detector, Family, NearMiss, Sample, Site, Why};

pub(super) const DETECTOR: Detector = Detector {
    name: "email",
    kind: "email",
    family: Family::Contact,
    anchors: &[Anchor::Byte(b'@'), Anchor::Literal(OTHER_SIGNS)],
    check: email,
    samples: &[
        Sample {
            field: "",
            text: "write to ann.lee+shop@mail.corp.example.",
            hit: "ann.lee+shop@mail.corp.example",
        },
        Sample { field: "", text: "from=<Bob@Corp.Example>, size=3", hit: "Bob@Corp.Example" },
        Sample { field: "", text: "owner=ops@build.test;", hit: "ops@build.test" },
        Sample {
            field: "", text: "jürgen.groß@bücher.example fehlt", hit: "jürgen.groß@bücher.example"
        },
        Sample { field: "", text: "k@xn--bcher-kva.example", hit: "k@xn--bcher-kva.example" },
        Sample { field: "", text: "ann@corp.example。", hit: "ann@corp.example" },
        Sample { field: "", text: "메일ann@corp.example입니다", hit: "ann@corp.example" },
        Sample { field: "", text: "write to ann＠corp.example", hit: "ann＠corp.example" },
        Sample { field: "", text: "write to ann&#64;corp.example", hit: "ann&#64;corp.example" },
        Sample {
            field: "",
            text: "to a\u{200b}nn@co\u{200d}rp.example\u{200b}",
            hit: "a\u{200b}nn@co\u{200d}rp.example",
        },
        Sample { field: "", text: "don't ask o'hara@corp.example's", hit: "o'hara@corp.example" },
        Sample { field: "", text: r"to:\nann@corp.example\n", hit: "ann@corp.example" },
        Sample { field: "", text: "用户@例子.公司", hit: "用户@例子.公司" },
        Sample {
            field: "",
            text: "bounce+ann=corp.example@list.example",
            hit: "bounce+ann=corp.example@list.example",
        },
        Sample { field: "", text: "\"say \"\"ann@corp.example\"\" now\"", hit: "ann@corp.example" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "日*****@corp.example" },
        NearMiss { field: "", text: "git clone git@code.example.com:team/repo.git" },
        NearMiss { field: "", text: "src@node-admin1 root@localhost" },
        NearMiss { field: "", text: "loaded icons/logo@2x.png and logo@3x.webp" },
        NearMiss { field: "", text: "added left-pad@1.3.0 and @types/node@20.1.4-beta.next" },
        NearMiss { field: "", text: "kex: server->client chacha20-poly1305@openssh.com" },
        NearMiss { field: "", text: "offers curve25519-sha256@libssh.org,zlib@openssh.com" },
        NearMiss { field: "", text: "Started user@1000.service, getty@tty1.service" },
        NearMiss { field: "", text: "@decorator and QuorumCnxManager$Listener@493 at Foo@1f2e3d.x" },
        NearMiss { field: "", text: "reply to someone@{domain} or @corp.example" },
    ],
};

/// Other ways to write the `@`: full-width, small, and as HTML has it.
const OTHER_SIGNS: &[&str] = &["＠", "﹫", "&#64;", "&#x40;", "&#X40;", "&commat;"];

/// Longest part before the `@` and longest domain that are looked at, in bytes; RFC 5321 allows 64 and 255.
const SIDE_BYTES_MAX: usize = 255;

fn email(site: &Site<'_>) -> Check {
    let sign = OTHER_SIGNS.iter().find(|sign| site.rest(site.at).starts_with(sign.as_bytes()));
    let at_bytes = sign.map_or(1, |sign| sign.len());
    let start = local_start(site.upto(site.at));
    let local = &site.upto(site.at)[start..];
    let start = site.part.start + start;
    let rest = site.rest(site.at + at_bytes);
    let domain = &rest[..domain_end(rest)];
    if local.is_empty() || domain.is_empty() {
        return Check::No;
    }
    let after = &rest[domain.len()..];
    match kept(local, domain, after) {
        Some(why) => Check::Miss(Why::Kept(why)),
        None => Check::Hit { start, end: site.at + at_bytes + domain.len() },
    }
}

/// Where the part before the `@` begins.
fn local_start(before: &[u8]) -> usize {
    let from = before.len().saturating_sub(SIDE_BYTES_MAX);
    let mut start = before.len();
    let mut foreign_fits = true;
    while start > from {
        let byte = before[start - 1];
        match byte {
            b'=' if is_verp(before, from, start) => start -= 1,
            // Asterisks stand for letters that are gone.
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' => {
                foreign_fits = false;
                start -= 1;
            }
            b'.' | b'_' | b'-' | b'+' | b'~' | b'&' | b'#' | b'$' | b'!' => start -= 1,
            b'%' if !before[start..].get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) => {
                start -= 1
            }
            // An apostrophe is inside a name or a quotation mark.
            b'\'' if start - 1 > from && before[start - 2].is_ascii_alphanumeric() => start -= 1,
            0x80.. => match last_char(&before[from..start]) {
                Some(c) if c.is_alphanumeric() && (!is_foreign(c) || foreign_fits) => start -= c.len_utf8(),
                Some(c) if has_no_width(c) => start -= c.len_utf8(),
                _ => break,
            },
            _ => break,
        }
    }
    // An escape that was left as it is (`\n`, `\u003c`, `%3C`) ends before the address.
    let escape = |n: usize| before.get(start..start + n).is_some();
    if start > 0 && before[start - 1] == b'\\' {
        match before.get(start) {
            Some(b'u') if escape(5) => start += 5,
            Some(b'n' | b'r' | b't') if escape(1) => start += 1,
            _ => {}
        }
    } else if start > 0 && before[start - 1] == b'%' && escape(2) {
        start += 2;
    }
    loop {
        match first_char(&before[start..]) {
            Some(c) if ".-'&!*#".contains(c) || has_no_width(c) => start += c.len_utf8(),
            _ => return start,
        }
    }
}

/// Whether the `=` before `end` stands in an address that encodes another one (`bounce+ann=corp.example@list.example`).
fn is_verp(before: &[u8], from: usize, end: usize) -> bool {
    let left = &before[from..end - 1];
    let token = left.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || b"._-+".contains(b));
    before[end..].contains(&b'.') && token.into_iter().any(|b| *b == b'+')
}

/// Where the domain at the beginning of `rest` ends; 0 if there is none.
fn domain_end(rest: &[u8]) -> usize {
    let rest = &rest[..rest.len().min(SIDE_BYTES_MAX)];
    let (mut end, mut labels) = (0, 0);
    loop {
        let label = label_end(&rest[end..]);
        if label == 0 {
            // The dot before belongs to the sentence.
            end = end.saturating_sub(1);
            break;
        }
        labels += 1;
        end += label;
        if rest.get(end) != Some(&b'.') {
            break;
        }
        end += 1;
    }
    let Some(dot) = rest[..end].iter().rposition(|b| *b == b'.') else { return 0 };
    let last = &rest[dot + 1..end];
    let last = &last[..top_end(last)];
    let letters = last.iter().filter(|b| b.is_ascii_alphabetic() || **b >= 0x80).count();
    if labels < 2 || letters < 2 { 0 } else { dot + 1 + last.len() }
}

/// Length of the label at the beginning of `rest`, without hyphens at its end.
fn label_end(rest: &[u8]) -> usize {
    let mut end = 0;
    let mut kept = 0;
    while let Some(byte) = rest.get(end) {
        match byte {
            b'-' if end > 0 => end += 1,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {
                end += 1;
                kept = end;
            }
            0x80.. => match first_char(&rest[end..]) {
                Some(c) if c.is_alphanumeric() => {
                    end += c.len_utf8();
                    kept = end;
                }
                Some(c) if end > 0 && has_no_width(c) => end += c.len_utf8(),
                _ => break,
            },
            _ => break,
        }
    }
    kept
}

/// A top-level domain in ASCII ends where another script goes on (a particle after the address).
fn top_end(label: &[u8]) -> usize {
    let ascii = label.iter().position(|b| *b >= 0x80).unwrap_or(label.len());
    match first_char(&label[ascii..]) {
        Some(c) if ascii >= 2 && is_foreign(c) => ascii,
        _ => label.len(),
    }
}

/// Whether `c` belongs to a script that is not written with spaces, so that it touches an address without being part of it.
fn is_foreign(c: char) -> bool {
    c >= '\u{0e00}'
}

/// Whether nobody sees `c`: space, non-joiner, joiner, word joiner, soft hyphen, byte order mark.
fn has_no_width(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{ad}' | '\u{feff}')
}

fn first_char(text: &[u8]) -> Option<char> {
    let text = &text[..text.len().min(4)];
    match std::str::from_utf8(text) {
        Ok(text) => text.chars().next(),
        Err(error) => std::str::from_utf8(&text[..error.valid_up_to()]).ok()?.chars().next(),
    }
}

fn last_char(text: &[u8]) -> Option<char> {
    let tail = &text[text.len().saturating_sub(4)..];
    let start = tail.iter().rposition(|b| *b & 0xc0 != 0x80)?;
    std::str::from_utf8(&tail[start..]).ok()?.chars().next()
}

/// What looks like an address and is none.
fn kept(local: &[u8], domain: &[u8], after: &[u8]) -> Option<&'static str> {
    let labels = || domain.split(|b| *b == b'.');
    let top = labels().next_back().unwrap_or_default();
    let first = labels().next().unwrap_or_default();
    let is_one_of = |word: &[u8], list: &[&str]| list.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()));
    let digits = |label: &[u8]| label.iter().all(u8::is_ascii_digit);
    if is_one_of(local, &["git", "hg", "svn"]) && matches!(after, [b':' | b'/', b'!'..=b'~', ..]) {
        return Some("repository");
    }
    if labels().take(2).filter(|label| digits(label)).count() == 2 {
        return Some("version");
    }
    let scale = matches!(first, [b'1'..=b'9', b'x' | b'X']);
    if is_one_of(top, FILE_TYPES) || scale && domain.len() < 9 {
        return Some("file name");
    }
    if is_one_of(top, UNIT_TYPES) {
        return Some("unit name");
    }
    let algorithm = local.iter().any(|b| b.is_ascii_digit() || *b == b'-')
        || is_one_of(local, &["eow", "keepalive", "statvfs", "fstatvfs", "tun", "zlib"]);
    if algorithm && is_one_of(domain, &["openssh.com", "libssh.org", "lysator.liu.se", "ssh.com"]) {
        return Some("algorithm");
    }
    None
}

/// Ends of file names; none is a top-level domain.
const FILE_TYPES: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "css", "js", "json", "html", "xml", "yml", "yaml",
    "conf", "log",
];
/// Kinds of systemd units (`user@1000.service`).
const UNIT_TYPES: &[&str] =
    &["service", "socket", "device", "mount", "automount", "swap", "target", "timer", "slice", "scope"];
