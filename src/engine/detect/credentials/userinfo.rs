//! User and password in a URL: `scheme://user:password@host`. The password is a secret, the user a person or service; the
//! host stays. Passwords hold what they should not: `@`, `:`, `#`, `/`, and escapes of them.

use super::super::check::entropy::Makeup;
use super::super::{Anchor, Check, Detector, Family, NearMiss, Sample, Site, Why};
use super::edges::rest;
use super::value::is_placeholder;

const ANCHORS: &[&str] = &["://", ":\\/\\/", "jdbc:oracle:"];

pub(super) const URL_USERINFO: Detector = Detector {
    name: "url_userinfo",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(ANCHORS)],
    check: password,
    samples: &[
        Sample { field: "", text: "postgres://svc:n0tReal@db.internal:5432/app", hit: "n0tReal" },
        Sample { field: "", text: "try 'https://bob:word@example.org/x?a=b@c'", hit: "word" },
        Sample { field: "", text: "mongodb+srv://u:p%40ss@a.example,b.example/?x=1", hit: "p%40ss" },
        Sample { field: "", text: "redis://:only-word@cache:6379/0", hit: "only-word" },
        Sample { field: "", text: "amqp://u:a@b:c@mq/vhost", hit: "a@b:c" },
        Sample { field: "", text: "mysql://u:has#hash@db/x", hit: "has#hash" },
        Sample { field: "", text: "mysql://u:has/slash@db:3306/x", hit: "has/slash" },
        Sample { field: "", text: "jdbc:oracle:thin:scott/n0tReal@//db:1521/x", hit: "n0tReal" },
        Sample {
            field: "",
            text: "https://n0tRealn0tRealn0tReal99@git.example/x",
            hit: "n0tRealn0tRealn0tReal99",
        },
        Sample { field: "", text: r#"{"u":"ftp:\/\/u:n0tReal@host\/x"}"#, hit: "n0tReal" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "https://example.org:8443/path@version" },
        NearMiss { field: "", text: "ssh://git@example.org/x.git" },
        NearMiss { field: "", text: "mysql://user:${PASSWORD}@db/x" },
        NearMiss { field: "", text: "https://<user>:<password>@example.org" },
        NearMiss { field: "", text: "https://user:****@example.org" },
        NearMiss { field: "", text: "http://$(USER):$(PASS)@$(HOST)" },
        NearMiss { field: "", text: "https://{USER}:{PASS}@example.org" },
        NearMiss { field: "", text: "http://[::1]:8080/@scope/pkg" },
        NearMiss { field: "", text: "postgres:///path" },
        NearMiss { field: "", text: "https://example.org/?mail=a:b@example.org" },
        NearMiss { field: "", text: "https://user:REDACTED@example.org" },
        NearMiss { field: "", text: "see http://a.example, mail bob@example.org" },
    ],
};

pub(super) const URL_USER: Detector = Detector {
    name: "url_user",
    kind: "user",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(ANCHORS)],
    check: user,
    samples: &[
        Sample { field: "", text: "postgres://svc:n0tReal@db.internal:5432/app", hit: "svc" },
        Sample { field: "", text: "https://bob%40example.org:word@example.org", hit: "bob%40example.org" },
        Sample { field: "", text: "jdbc:mysql://app_user:w@db/x", hit: "app_user" },
        Sample { field: "", text: "jdbc:oracle:thin:scott/n0tReal@db:1521:x", hit: "scott" },
        Sample { field: "", text: "amqp://u:a@b:c@mq/vhost", hit: "u" },
        Sample { field: "", text: "ftp://bob.b:x@host", hit: "bob.b" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "redis://:only-word@cache:6379/0" },
        NearMiss { field: "", text: "ssh://git@example.org/x.git" },
        NearMiss { field: "", text: "https://${USER}:${PASS}@example.org" },
        NearMiss { field: "", text: "https://example.org:8443/path@version" },
        NearMiss { field: "", text: "https://{USER}:word@example.org" },
        NearMiss { field: "", text: "postgres:///path" },
    ],
};

/// Shortest user that is taken for a token.
const TOKEN_BYTES_MIN: usize = 20;
/// Longest user information that is looked at.
const USERINFO_BYTES_MAX: usize = 2048;

/// User and password as offsets of the text, if the URL at the site has a password.
fn userinfo(site: &Site<'_>) -> Option<(std::ops::Range<usize>, std::ops::Range<usize>)> {
    let text = rest(site, site.at);
    if text.starts_with(b"jdbc") {
        return oracle(site, text);
    }
    let before = site.at.checked_sub(1).map(|at| site.text[at])?;
    if site.at == site.part.start || !before.is_ascii_alphanumeric() {
        return None;
    }
    let start = site.at + if text.get(1) == Some(&b'/') { 3 } else { 5 };
    let text = rest(site, start);
    let text = &text[..text.len().min(USERINFO_BYTES_MAX)];
    let end = text.iter().position(|&b| ends_userinfo(b)).unwrap_or(text.len());
    let text = &text[..end];
    let authority = text.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(end);
    let sign = match memchr::memrchr(b'@', &text[..authority]) {
        Some(sign) => sign,
        None => late_sign(text, authority)?,
    };
    let Some(colon) = memchr::memchr(b':', &text[..sign]) else {
        // `https://TOKEN@host`: nobody is called like that.
        let token = sign >= TOKEN_BYTES_MIN
            && Makeup::of(&text[..sign]).looks_drawn()
            && !text[..sign].contains(&b'%');
        return token.then_some((start..start, start..start + sign));
    };
    (colon + 1 < sign).then_some((start..start + colon, start + colon + 1..start + sign))
}

/// White space, quotes and brackets, which are always escaped in URLs, and which end them in text.
fn ends_userinfo(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | 0x7f)
}

/// The `@` of a password that holds a `/`, `?` or `#`: only where what comes before cannot be `host:port`.
fn late_sign(text: &[u8], authority: usize) -> Option<usize> {
    let colon = memchr::memchr(b':', &text[..authority])?;
    let port = &text[colon + 1..authority];
    if text.starts_with(b"[") || port.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let sign = authority + memchr::memchr(b'@', &text[authority..])?;
    text.get(sign + 1).filter(|b| b.is_ascii_alphanumeric()).map(|_| sign)
}

/// `jdbc:oracle:thin:user/password@…`
fn oracle(site: &Site<'_>, text: &[u8]) -> Option<(std::ops::Range<usize>, std::ops::Range<usize>)> {
    let head = b"jdbc:oracle:".len();
    let driver = text.get(head..)?.iter().take(8).position(|&b| b == b':')? + head + 1;
    let end =
        text[driver..].iter().take(USERINFO_BYTES_MAX).position(|&b| b == b'@' || ends_userinfo(b))? + driver;
    let slash = memchr::memchr(b'/', &text[driver..end])? + driver;
    let found = text[end] == b'@' && slash > driver && slash + 1 < end;
    found.then_some((site.at + driver..site.at + slash, site.at + slash + 1..site.at + end))
}

fn password(site: &Site<'_>) -> Check {
    match userinfo(site) {
        None => Check::No,
        Some((_, word)) if is_placeholder(&site.text[word.clone()]) => Check::Miss(Why::Placeholder),
        Some((_, word)) => Check::Hit { start: word.start, end: word.end },
    }
}

fn user(site: &Site<'_>) -> Check {
    match userinfo(site) {
        Some((name, _)) if name.is_empty() => Check::No,
        Some((name, _)) if is_placeholder(&site.text[name.clone()]) => Check::Miss(Why::Placeholder),
        Some((name, _)) => Check::Hit { start: name.start, end: name.end },
        None => Check::No,
    }
}
