//! Private keys as text blocks: PEM (PKCS 1, PKCS 8, EC, DSA, OpenSSH, encrypted or not), PGP, SSH2, PuTTY, and whole blocks
//! in base64. The hit is the block with its armour. Real line ends, `\n`, `\r\n`, spaces or nothing between the lines, quoted
//! and joined lines of source code, a block cut off without its end: all hit; public keys and certificates do not.

use super::super::check::alphabet::{ALNUM, B64};
use super::super::check::base64::decode_start;
use super::super::{Anchor, Check, Detector, Family, NearMiss, Sample, Site, Why};
use super::edges::{begins, rest};

pub(super) const PRIVATE_KEY: Detector = Detector {
    name: "private_key",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(&["-----BEGIN", "---- BEGIN SSH2", "PuTTY-User-Key-File-", "LS0tLS1CRUdJT"])],
    check,
    samples: &[
        Sample {
            field: "",
            text: "-----BEGIN RSA PRIVATE KEY-----\nTm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE=\n-----END RSA PRIVATE KEY-----\nnext line",
            hit: "-----BEGIN RSA PRIVATE KEY-----\nTm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE=\n-----END RSA PRIVATE KEY-----",
        },
        Sample {
            field: "",
            text: r"key -----BEGIN PRIVATE KEY-----\nTm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE=\n-----END PRIVATE KEY-----\n, done",
            hit: r"-----BEGIN PRIVATE KEY-----\nTm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE=\n-----END PRIVATE KEY-----",
        },
        Sample {
            field: "",
            text: "-----BEGIN EC PRIVATE KEY-----\r\nTm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE=\r\n-----END EC PRIVATE KEY-----\r\n",
            hit: "-----BEGIN EC PRIVATE KEY-----\r\nTm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE=\r\n-----END EC PRIVATE KEY-----",
        },
        Sample {
            field: "",
            text: "-----BEGIN OPENSSH PRIVATE KEY-----\nTm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE\nand then it was cut",
            hit: "-----BEGIN OPENSSH PRIVATE KEY-----\nTm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE",
        },
        Sample {
            field: "",
            text: "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: None v1 (Toy/OS)\n\nTm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE\n=abCD\n-----END PGP PRIVATE KEY BLOCK-----",
            hit: "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: None v1 (Toy/OS)\n\nTm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE\n=abCD\n-----END PGP PRIVATE KEY BLOCK-----",
        },
        Sample {
            field: "",
            text: "k = \"-----BEGIN RSA PRIVATE KEY-----\" +\n\"Tm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE\" +\n\"Tm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE\"; f()",
            hit: "-----BEGIN RSA PRIVATE KEY-----\" +\n\"Tm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE\" +\n\"Tm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE",
        },
        Sample {
            field: "",
            text: "tls.key: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpUbTkwUVZKbFlXeExaWGs9Cg== end",
            hit: "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpUbTkwUVZKbFlXeExaWGs9Cg==",
        },
        Sample {
            field: "",
            text: "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: toy\nPublic-Lines: 1\nAAAAB3NzaC1yc2EAAAA=\nPrivate-Lines: 1\nTm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE=\nPrivate-MAC: 00",
            hit: "Tm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE=",
        },
    ],
    near_misses: &[
        NearMiss {
            field: "",
            text: "-----BEGIN PUBLIC KEY-----\nTm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE=\n-----END PUBLIC KEY-----",
        },
        NearMiss {
            field: "",
            text: "-----BEGIN CERTIFICATE-----\nTm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE=\n-----END CERTIFICATE-----",
        },
        NearMiss { field: "", text: "-----BEGIN PRIVATE KEY-----\nanything\n-----END PRIVATE KEY-----" },
        NearMiss { field: "", text: "expected -----BEGIN RSA PRIVATE KEY----- at the start of the file" },
        NearMiss { field: "", text: "ca: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tClRtOTBRVkpsWVd4TFpYaz0K" },
        NearMiss { field: "", text: "----- BEGIN TRANSACTION -----" },
        NearMiss {
            field: "",
            text: "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nTm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE\n-----END PGP PUBLIC KEY BLOCK-----",
        },
    ],
};

/// Longest label between the dashes.
const LABEL_BYTES_MAX: usize = 64;
/// Fewest base64 characters that make a key.
const BODY_CHARS_MIN: usize = 24;
/// Shortest line of a block that was cut off; the last one may be shorter.
const CUT_LINE_CHARS_MIN: usize = 20;

fn check(site: &Site<'_>) -> Check {
    let text = rest(site, site.at);
    if text.starts_with(b"LS0t") {
        return in_base64(site, text);
    }
    if text.starts_with(b"PuTTY") {
        return putty(site, text);
    }
    // The label ends with dashes on the same line: `RSA PRIVATE KEY`, `RSA+PRIVATE+KEY`, `PGP PRIVATE KEY BLOCK`.
    let label = &text[text.len().min(5)..text.len().min(5 + LABEL_BYTES_MAX)];
    let Some(label_end) = label.windows(4).position(|w| w == b"----") else { return Check::No };
    let label = &label[..label_end];
    if label.contains(&b'\n') || !contains(label, b"PRIVATE") || !contains(label, b"KEY") {
        return Check::No;
    }
    let dashes = text[5 + label_end..].iter().take_while(|&&b| b == b'-').count();
    match block(text, 5 + label_end + dashes) {
        0 => Check::Miss(Why::LowEntropy),
        end => Check::Hit { start: site.at, end: site.at + end },
    }
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(hay, needle).is_some()
}

/// The end of the block whose body begins at `from`, 0 if there is no key in it.
fn block(text: &[u8], from: usize) -> usize {
    let mut at = from;
    let mut body = 0; // base64 characters
    let mut end = 0; // one past the last that surely belongs to the key
    while at < text.len() {
        let here = &text[at..];
        if here.starts_with(b"----") {
            return if body >= BODY_CHARS_MIN { footer(text, at).unwrap_or(end) } else { 0 };
        }
        let skip = gap(here);
        let skip = if skip == 0 { header(here) } else { skip };
        if skip > 0 {
            at += skip;
            continue;
        }
        let line = B64.run(here, here.len());
        let after = &here[line..];
        let last = after.is_empty() || after.starts_with(b"\"") || closes(after);
        if line == 0 || (line < CUT_LINE_CHARS_MIN && !last) {
            break; // words, not key material
        }
        body += line;
        at += line;
        end = at;
    }
    if body >= BODY_CHARS_MIN { end } else { 0 }
}

/// The end of `-----END … KEY-----`, if that is what stands at `at`.
fn footer(text: &[u8], at: usize) -> Option<usize> {
    let dashes = |from: usize| text[from..].iter().take_while(|&&b| b == b'-').count();
    let label = at + dashes(at);
    let length = text[label..].iter().take(LABEL_BYTES_MAX).position(|&b| b == b'-' || b == b'\n')?;
    let closing = label + length;
    text[label..].trim_ascii_start().starts_with(b"END").then(|| closing + dashes(closing))
}

/// Length of a line such as `Proc-Type: 4,ENCRYPTED` or `Comment: …`, 0 if there is none.
fn header(here: &[u8]) -> usize {
    let name = ALNUM.and(b"-").run(here, 20);
    if name == 0 || !here[name..].starts_with(b": ") {
        return 0;
    }
    let length = here.iter().take(200).position(|&b| matches!(b, b'\n' | b'\\' | b'"'));
    length.unwrap_or(0)
}

/// Whether the block ends after the next gap: with its footer or with its checksum.
fn closes(here: &[u8]) -> bool {
    let after = &here[gap(here)..];
    after.starts_with(b"----") || (after.starts_with(b"=") && B64.run(after, 6) == 5)
}

/// Length of what may stand between two lines: white space, `\n` as two characters, and closing and opening quotes of joined
/// strings (`" +` newline `"`).
fn gap(here: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let rest = &here[at..];
        at += match rest {
            [b' ' | b'\t' | b'\r' | b'\n', ..] => 1,
            [b'\\', b'n' | b'r' | b't', ..] => 2,
            [b'\\', b'\n' | b'\r' | b'\\', ..] => 1,
            [quote @ (b'"' | b'\''), ..] => match joint(&rest[1..], *quote) {
                0 => return at,
                n => 1 + n,
            },
            _ => return at,
        };
    }
}

/// Length of ` + newline "` after a closing quote, 0 if the string simply ends.
fn joint(rest: &[u8], quote: u8) -> usize {
    let glue = rest
        .iter()
        .take(80)
        .take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'+' | b'\\' | b'.'))
        .count();
    let joined = rest[..glue].iter().any(|b| matches!(b, b'+' | b'\\' | b'\n' | b'.'));
    if joined && rest.get(glue) == Some(&quote) { glue + 1 } else { 0 }
}

fn in_base64(site: &Site<'_>, text: &[u8]) -> Check {
    let length = B64.run(text, text.len());
    let mut out = [0u8; 5 + LABEL_BYTES_MAX];
    let n = decode_start(&text[..length], &mut out);
    if !contains(&out[..n], b"PRIVATE") || length < 48 {
        return Check::No;
    }
    if begins(site, site.at) {
        Check::Hit { start: site.at, end: site.at + length }
    } else {
        Check::Miss(Why::Boundary)
    }
}

/// PuTTY keys: only the private lines are secret.
fn putty(site: &Site<'_>, text: &[u8]) -> Check {
    let Some(lines) = memchr::memmem::find(text, b"Private-Lines:") else { return Check::No };
    let after = lines + b"Private-Lines:".len();
    let count = text[after..].iter().take_while(|b| !ALNUM.has(**b) || b.is_ascii_digit()).take(8).count();
    let start = after + count + gap(&text[after + count..]);
    let mut end = start;
    loop {
        let line = B64.run(&text[end..], text.len());
        if line == 0 || text.get(end + line) == Some(&b'-') {
            break;
        }
        end += line;
        let between = gap(&text[end..]);
        if between == 0 || B64.run(&text[end + between..], CUT_LINE_CHARS_MIN) < CUT_LINE_CHARS_MIN {
            break;
        }
        end += between;
    }
    if end >= start + BODY_CHARS_MIN {
        Check::Hit { start: site.at + start, end: site.at + end }
    } else {
        Check::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_stops_where_the_next_field_begins() {
        let text = br#"-----","user":"ann","note":"Tm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE""#;
        assert_eq!(block(text, 5), 0);
        let text = br#"-----\nTm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE","user":"ann""#;
        assert_eq!(block(text, 5), text.len() - br#"","user":"ann""#.len());
    }

    #[test]
    fn total_over_every_cut() {
        for sample in PRIVATE_KEY.samples {
            for cut in 0..=sample.text.len() {
                let text = &sample.text.as_bytes()[..cut];
                for at in 0..cut {
                    if [&b"-----"[..], b"---- ", b"PuTTY", b"LS0t"].iter().any(|a| text[at..].starts_with(a))
                    {
                        let hints = crate::engine::detect::Hints::NONE;
                        check(&Site { text, part: 0..cut, floor: 0, at, key: b"", hints });
                    }
                }
            }
        }
    }
}
