//! Tokens that begin with letters and digits as words do, and are known by their shape: Twilio's `SK` and `AC` with 32
//! hexadecimal digits, Discord's three parts of which the first is a number in base64.

use super::super::check::alphabet::{B64URL, HEX};
use super::super::check::base64::decode_start;
use super::super::check::entropy::Makeup;
use super::super::{Check, Site, Why};
use super::edges::{begins, ends, rest};

/// What [`super::vendor::MESSAGING_TOKEN`] finds at words.
pub(super) fn check(site: &Site<'_>) -> Check {
    let text = rest(site, site.at);
    let length = match text {
        [b'S', b'K', id @ ..] | [b'A', b'C', id @ ..]
            if HEX.run(id, 33) == 32 && Makeup::of(&id[..32]).distinct > 4 =>
        {
            34
        }
        [b'M' | b'N' | b'O', ..] => discord(text),
        _ => 0,
    };
    match length {
        0 => Check::No,
        n if !begins(site, site.at) || !ends(site, site.at + n) => Check::Miss(Why::Boundary),
        n => Check::Hit { start: site.at, end: site.at + n },
    }
}

/// A snowflake in base64, six characters, 27 to 38 characters.
fn discord(text: &[u8]) -> usize {
    let id = B64URL.run(text, 32);
    if !(23..=28).contains(&id) || text.get(id) != Some(&b'.') {
        return 0;
    }
    let time = B64URL.run(&text[id + 1..], 8);
    let mac_at = id + 1 + time + 1;
    if !(5..=7).contains(&time) || text.get(mac_at - 1) != Some(&b'.') {
        return 0;
    }
    let mac = B64URL.run(&text[mac_at..], 48);
    // Not all of what people call such a token decodes to digits; it begins so.
    let mut digits = [0u8; 3];
    decode_start(text, &mut digits);
    let number = digits.iter().filter(|b| b.is_ascii_digit()).count() >= 2;
    if number && (27..=40).contains(&mac) && Makeup::of(&text[mac_at..mac_at + mac]).looks_drawn() {
        mac_at + mac
    } else {
        0
    }
}
