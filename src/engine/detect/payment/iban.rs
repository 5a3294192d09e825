//! International bank account numbers (ISO 13616): each country has one length and one layout.

use super::super::check::mod97;
use super::super::groups::sign;
use super::super::{Anchor, Check, Detector, Family, NearMiss, Sample, Site, Why};

pub(super) const DETECTOR: Detector = Detector {
    name: "iban",
    kind: "iban",
    family: Family::Payment,
    anchors: &[Anchor::Letters { min: 2, max: 2, word: 4, longest: 26 }],
    check: iban,
    samples: &[
        Sample { field: "", text: "to DE75512108001245126199.", hit: "DE75512108001245126199" },
        Sample { field: "", text: "iban=gb33-bukb-2020-1555-5555-55;", hit: "gb33-bukb-2020-1555-5555-55" },
        Sample {
            field: "",
            text: "FR76 3000 6000 0112 3456 7890 189",
            hit: "FR76 3000 6000 0112 3456 7890 189",
        },
        Sample {
            field: "",
            text: "GB33\u{a0}BUKB\u{a0}2020\u{a0}1555\u{a0}5555\u{a0}55",
            hit: "GB33\u{a0}BUKB\u{a0}2020\u{a0}1555\u{a0}5555\u{a0}55",
        },
        Sample { field: "", text: "NO83 3000 1234 567 Oslo", hit: "NO83 3000 1234 567" },
        Sample { field: "", text: "(CH56 0483 5012 3456 7800 9)", hit: "CH56 0483 5012 3456 7800 9" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "DE76512108001245126199" },
        NearMiss { field: "", text: "DE755121080012451261990" },
        NearMiss { field: "", text: "xDE75512108001245126199" },
        NearMiss { field: "", text: "DE00 XXXX XXXX XXXX XXXX XX" },
        NearMiss { field: "", text: "de7551210800124512619a" },
        NearMiss { field: "", text: "ab12cd34ef56ab12cd34ef56 ok12 ms10" },
        NearMiss { field: "", text: "DE75 5121 0800 1245 1261" },
    ],
};

/// The longest there is.
const LENGTH_MAX: usize = 34;

fn iban(site: &Site<'_>) -> Check {
    let rest = site.rest(site.at);
    // Two letters, two digits, and a letter or digit after them or after a separator.
    let [first, second, b'0'..=b'9', b'0'..=b'9', ..] = rest else { return Check::No };
    let country = [first.to_ascii_uppercase(), second.to_ascii_uppercase()];
    let Ok(found) = COUNTRIES.binary_search_by(|(code, _)| code.as_bytes().cmp(&country)) else {
        return Check::No;
    };
    let layout = COUNTRIES[found].1;
    let length = 4 + layout.len();
    let mut text = [0; LENGTH_MAX];
    let (mut count, mut at) = (0, 0);
    while count < length {
        let Some(byte) = rest.get(at) else { return Check::No };
        if byte.is_ascii_alphanumeric() {
            text[count] = *byte;
            count += 1;
            at += 1;
        } else if let Some((_, length)) = sign(&rest[at..])
            && rest.get(at + length).is_some_and(u8::is_ascii_alphanumeric)
        {
            at += length;
        } else {
            return Check::No;
        }
    }
    let text = &text[..length];
    let fits = |(byte, class): (&u8, u8)| match class {
        b'n' => byte.is_ascii_digit(),
        b'a' => byte.is_ascii_alphabetic(),
        _ => true,
    };
    if !text[4..].iter().zip(layout.bytes()).all(fits) {
        return Check::No;
    }
    let clean = |b: Option<&u8>| b.is_none_or(|b| !b.is_ascii_alphanumeric());
    if !clean(rest.get(at)) {
        return Check::Miss(Why::Boundary);
    }
    if mod97::iban(text) {
        Check::Hit { start: site.at, end: site.at + at }
    } else {
        Check::Miss(Why::Checksum)
    }
}

/// Countries with the layout of what follows the four first characters: `n` digit, `a` letter, `c` either. From the
/// register that SWIFT keeps, and what banks of other countries use in the same manner.
const COUNTRIES: &[(&str, &str)] = &[
    ("AD", "nnnnnnnncccccccccccc"),
    ("AE", "nnnnnnnnnnnnnnnnnnn"),
    ("AL", "nnnnnnnncccccccccccccccc"),
    ("AO", "nnnnnnnnnnnnnnnnnnnnn"),
    ("AT", "nnnnnnnnnnnnnnnn"),
    ("AZ", "aaaacccccccccccccccccccc"),
    ("BA", "nnnnnnnnnnnnnnnn"),
    ("BE", "nnnnnnnnnnnn"),
    ("BF", "ccnnnnnnnnnnnnnnnnnnnnnn"),
    ("BG", "aaaannnnnncccccccc"),
    ("BH", "aaaacccccccccccccc"),
    ("BI", "nnnnnnnnnnnnnnnnnnnnnnn"),
    ("BJ", "ccnnnnnnnnnnnnnnnnnnnnnn"),
    ("BR", "nnnnnnnnnnnnnnnnnnnnnnnac"),
    ("BY", "ccccnnnncccccccccccccccc"),
    ("CF", "nnnnnnnnnnnnnnnnnnnnnnn"),
    ("CG", "nnnnnnnnnnnnnnnnnnnnnnn"),
    ("CH", "nnnnncccccccccccc"),
    ("CI", "ccnnnnnnnnnnnnnnnnnnnnnn"),
    ("CM", "nnnnnnnnnnnnnnnnnnnnnnn"),
    ("CR", "nnnnnnnnnnnnnnnnnn"),
    ("CV", "nnnnnnnnnnnnnnnnnnnnn"),
    ("CY", "nnnnnnnncccccccccccccccc"),
    ("CZ", "nnnnnnnnnnnnnnnnnnnn"),
    ("DE", "nnnnnnnnnnnnnnnnnn"),
    ("DJ", "nnnnnnnnnnnnnnnnnnnnnnn"),
    ("DK", "nnnnnnnnnnnnnn"),
    ("DO", "ccccnnnnnnnnnnnnnnnnnnnn"),
    ("DZ", "nnnnnnnnnnnnnnnnnnnnnn"),
    ("EE", "nnnnnnnnnnnnnnnn"),
    ("EG", "nnnnnnnnnnnnnnnnnnnnnnnnn"),
    ("ES", "nnnnnnnnnnnnnnnnnnnn"),
    ("FI", "nnnnnnnnnnnnnn"),
    ("FK", "aannnnnnnnnnnn"),
    ("FO", "nnnnnnnnnnnnnn"),
    ("FR", "nnnnnnnnnncccccccccccnn"),
    ("GA", "nnnnnnnnnnnnnnnnnnnnnnn"),
    ("GB", "aaaannnnnnnnnnnnnn"),
    ("GE", "aannnnnnnnnnnnnnnn"),
    ("GI", "aaaaccccccccccccccc"),
    ("GL", "nnnnnnnnnnnnnn"),
    ("GQ", "nnnnnnnnnnnnnnnnnnnnnnn"),
    ("GR", "nnnnnnncccccccccccccccc"),
    ("GT", "cccccccccccccccccccccccc"),
    ("GW", "ccnnnnnnnnnnnnnnnnnnn"),
    ("HN", "aaaannnnnnnnnnnnnnnnnnnn"),
    ("HR", "nnnnnnnnnnnnnnnnn"),
    ("HU", "nnnnnnnnnnnnnnnnnnnnnnnn"),
    ("IE", "aaaannnnnnnnnnnnnn"),
    ("IL", "nnnnnnnnnnnnnnnnnnn"),
    ("IQ", "aaaannnnnnnnnnnnnnn"),
    ("IR", "nnnnnnnnnnnnnnnnnnnnnn"),
    ("IS", "nnnnnnnnnnnnnnnnnnnnnn"),
    ("IT", "annnnnnnnnncccccccccccc"),
    ("JO", "aaaannnncccccccccccccccccc"),
    ("KM", "nnnnnnnnnnnnnnnnnnnnnnn"),
    ("KW", "aaaacccccccccccccccccccccc"),
    ("KZ", "nnnccccccccccccc"),
    ("LB", "nnnncccccccccccccccccccc"),
    ("LC", "aaaacccccccccccccccccccccccc"),
    ("LI", "nnnnncccccccccccc"),
    ("LT", "nnnnnnnnnnnnnnnn"),
    ("LU", "nnnccccccccccccc"),
    ("LV", "aaaaccccccccccccc"),
    ("LY", "nnnnnnnnnnnnnnnnnnnnn"),
    ("MA", "nnnnnnnnnnnnnnnnnnnnnnnn"),
    ("MC", "nnnnnnnnnncccccccccccnn"),
    ("MD", "cccccccccccccccccccc"),
    ("ME", "nnnnnnnnnnnnnnnnnn"),
    ("MG", "nnnnnnnnnnnnnnnnnnnnnnn"),
    ("MK", "nnnccccccccccnn"),
    ("ML", "ccnnnnnnnnnnnnnnnnnnnnnn"),
    ("MN", "nnnnnnnnnnnnnnnn"),
    ("MR", "nnnnnnnnnnnnnnnnnnnnnnn"),
    ("MT", "aaaannnnncccccccccccccccccc"),
    ("MU", "aaaannnnnnnnnnnnnnnnnnnaaa"),
    ("MZ", "nnnnnnnnnnnnnnnnnnnnn"),
    ("NE", "ccnnnnnnnnnnnnnnnnnnnnnn"),
    ("NI", "aaaannnnnnnnnnnnnnnnnnnn"),
    ("NL", "aaaannnnnnnnnn"),
    ("NO", "nnnnnnnnnnn"),
    ("OM", "nnncccccccccccccccc"),
    ("PK", "aaaacccccccccccccccc"),
    ("PL", "nnnnnnnnnnnnnnnnnnnnnnnn"),
    ("PS", "aaaaccccccccccccccccccccc"),
    ("PT", "nnnnnnnnnnnnnnnnnnnnn"),
    ("QA", "aaaaccccccccccccccccccccc"),
    ("RO", "aaaacccccccccccccccc"),
    ("RS", "nnnnnnnnnnnnnnnnnn"),
    ("RU", "nnnnnnnnnnnnnnccccccccccccccc"),
    ("SA", "nncccccccccccccccccc"),
    ("SC", "aaaannnnnnnnnnnnnnnnnnnnaaa"),
    ("SD", "nnnnnnnnnnnnnn"),
    ("SE", "nnnnnnnnnnnnnnnnnnnn"),
    ("SI", "nnnnnnnnnnnnnnn"),
    ("SK", "nnnnnnnnnnnnnnnnnnnn"),
    ("SM", "annnnnnnnnncccccccccccc"),
    ("SN", "ccnnnnnnnnnnnnnnnnnnnnnn"),
    ("SO", "nnnnnnnnnnnnnnnnnnn"),
    ("ST", "nnnnnnnnnnnnnnnnnnnnn"),
    ("SV", "aaaannnnnnnnnnnnnnnnnnnn"),
    ("TD", "nnnnnnnnnnnnnnnnnnnnnnn"),
    ("TG", "ccnnnnnnnnnnnnnnnnnnnnnn"),
    ("TL", "nnnnnnnnnnnnnnnnnnn"),
    ("TN", "nnnnnnnnnnnnnnnnnnnn"),
    ("TR", "nnnnnncccccccccccccccc"),
    ("UA", "nnnnnnccccccccccccccccccc"),
    ("VA", "nnnnnnnnnnnnnnnnnn"),
    ("VG", "aaaannnnnnnnnnnnnnnn"),
    ("XK", "nnnnnnnnnnnnnnnn"),
    ("YE", "aaaannnncccccccccccccccccc"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_fits() {
        assert!(COUNTRIES.is_sorted_by(|a, b| a.0 < b.0));
        for (country, layout) in COUNTRIES {
            assert!(layout.len() + 4 <= LENGTH_MAX && layout.len() >= 11, "{country}");
            assert!(layout.bytes().all(|b| b"nac".contains(&b)), "{country}");
        }
    }
}
