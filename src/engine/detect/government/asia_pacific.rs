//! Asia, Africa and the Pacific.

use super::super::check::iso7064::mod11_2;
use super::super::check::luhn::luhn;
use super::super::check::verhoeff::verhoeff;
use super::super::check::weighted::{mod10_complement, mod11_complement, weighted};
use super::super::keyword::Labels;
use super::scheme::{Alone, Scheme, Values, is_char, is_date, is_one_of, letter, number};

pub const SCHEMES: &[Scheme] = &[
    row("in_aadhaar", Labels::IN, &["999999999999"], Some(in_aadhaar), Alone::Never, "850099167224"),
    row("in_pan", Labels::IN, &["AAAAA9999A"], Some(in_pan), Alone::Never, "HWXJY5225E"),
    row("in_gstin", Labels::IN, &["99AAAAA9999AXXX"], Some(in_gstin), Alone::Never, "27AAPFU0939F1ZV"),
    row("in_voter", Labels::IN, &["AAA9999999"], None, Alone::Never, "NFT2035103"),
    row(
        "cn_person",
        Labels::CN,
        &["99999999999999999X"],
        Some(cn_person),
        Alone::Capitals,
        "410106199804085451",
    ),
    row("kr_person", Labels::KR, &["9999999999999"], Some(kr_person), Alone::Never, "2011111524190"),
    row("jp_person", Labels::JP, &["999999999999"], Some(jp_person), Alone::Never, "130504549187"),
    row("tw_person", Labels::TW, &["A999999999"], Some(tw_person), Alone::Never, "A123456789"),
    row("hk_person", Labels::HK, &["A999999X", "AA999999X"], Some(hk_person), Alone::Never, "X8407024"),
    row("sg_person", Labels::SG, &["A9999999A"], Some(sg_person), Alone::Capitals, "T3616578I"),
    row("th_person", Labels::TH, &["9999999999999"], Some(th_person), Alone::Never, "4141832306722"),
    row("il_person", Labels::IL, &["999999999"], Some(luhn), Alone::Never, "700053689"),
    row("za_person", Labels::ZA, &["9999999999999"], Some(za_person), Alone::Never, "0708273544120"),
    row("ng_person", Labels::NG, &["99999999999"], None, Alone::Never, "73409739164"),
    row("au_tfn", Labels::AU, &["999999999", "99999999"], Some(au_tfn), Alone::Never, "334836630"),
    row("au_abn", Labels::AU, &["99999999999"], Some(au_abn), Alone::Never, "95043408777"),
    row("au_acn", Labels::AU, &["999999999"], Some(au_acn), Alone::Never, "080744074"),
    row(
        "au_medicare",
        Labels::AU.with(Labels::HEALTH),
        &["9999999999", "99999999999"],
        Some(au_medicare),
        Alone::Never,
        "6312554992",
    ),
    row("nz_ird", Labels::NZ, &["999999999", "99999999"], Some(nz_ird), Alone::Never, "020262613"),
];

const fn row(
    name: &'static str,
    labels: Labels,
    layouts: &'static [&'static str],
    check: Option<fn(&Values) -> bool>,
    alone: Alone,
    sample: &'static str,
) -> Scheme {
    Scheme { name, labels, layouts, check, alone, sample }
}

fn in_aadhaar(id: &Values) -> bool {
    id[0] > 1 && verhoeff(id)
}

/// The fourth letter says what the holder is.
fn in_pan(id: &Values) -> bool {
    is_one_of(id[3], "ABCEFGHJKLPT")
}

/// State, the holder's PAN, a number, a letter, a check character: every second value doubled in base 36.
fn in_gstin(id: &Values) -> bool {
    let sum: u32 = id[..14]
        .iter()
        .enumerate()
        .map(|(i, v)| {
            let product = u32::from(*v) * (1 + i as u32 % 2);
            product / 36 + product % 36
        })
        .sum();
    in_pan(&id[2..12]) && (36 - sum % 36) % 36 == u32::from(id[14])
}

/// Region, date of birth, order; ISO 7064.
fn cn_person(id: &Values) -> bool {
    let check = match id[17] {
        digit @ 0..=9 => digit,
        x if x == letter(b'X') => 10,
        _ => return false,
    };
    (1..=8).contains(&id[0])
        && (1900..2100).contains(&number(&id[6..10]))
        && is_date(&id[10..12], &id[12..14])
        && mod11_2(&id[..17], check)
}

/// Numbers given out since 2020 have no check digit.
fn kr_person(id: &Values) -> bool {
    is_date(&id[2..4], &id[4..6]) && (1..=8).contains(&id[6])
}

fn jp_person(id: &Values) -> bool {
    let rest = weighted(&id[..11], &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    (if rest < 2 { 0 } else { 11 - rest }) == u32::from(id[11])
}

/// The letter counts as a number of two digits.
fn tw_person(id: &Values) -> bool {
    const PLACES: &[u8] = b"ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let Some(place) = PLACES.iter().position(|b| letter(*b) == id[0]) else { return false };
    let place = place as u32 + 10;
    let sum = place / 10 + place % 10 * 9 + weighted(&id[1..], &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    matches!(id[1], 1 | 2 | 8 | 9) && sum.is_multiple_of(10)
}

/// A missing first letter counts as a space, 36.
fn hk_person(id: &Values) -> bool {
    let letters = if id.len() == 8 {
        36 * 9 + u32::from(id[0]) * 8
    } else {
        u32::from(id[0]) * 9 + u32::from(id[1]) * 8
    };
    let digits = &id[id.len() - 7..];
    let sum = letters + weighted(&digits[..6], &[7, 6, 5, 4, 3, 2]);
    is_char(digits[6], b"0123456789A", u64::from((11 - sum % 11) % 11))
}

/// Citizens (S, T), foreigners (F, G) and, since 2022, M have alphabets of their own.
fn sg_person(id: &Values) -> bool {
    let sum = weighted(&id[1..8], &[2, 7, 6, 5, 4, 3, 2]);
    let (offset, alphabet): (u32, &[u8]) = match b'A' + id[0] - 10 {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"KLJNPQRTUWX"),
        _ => return false,
    };
    let place = (sum + offset) % 11;
    let place = if id[0] == letter(b'M') { 10 - place } else { place };
    is_char(id[8], alphabet, u64::from(place))
}

fn th_person(id: &Values) -> bool {
    !matches!(id[0], 0 | 9) && mod11_th(id)
}

/// `(11 - sum) mod 10`, as Thailand counts.
fn mod11_th(id: &Values) -> bool {
    (11 - weighted(&id[..12], &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 10 == u32::from(id[12])
}

fn za_person(id: &Values) -> bool {
    is_date(&id[2..4], &id[4..6]) && id[10] < 3 && luhn(id)
}

fn au_tfn(id: &Values) -> bool {
    let weights: &[u8] =
        if id.len() == 9 { &[1, 4, 3, 7, 5, 8, 6, 9, 10] } else { &[10, 7, 8, 4, 6, 3, 5, 1] };
    weighted(id, weights).is_multiple_of(11)
}

fn au_abn(id: &Values) -> bool {
    let sum = weighted(id, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    id[0] > 0 && (sum - 10).is_multiple_of(89)
}

fn au_acn(id: &Values) -> bool {
    mod10_complement(id, &[8, 7, 6, 5, 4, 3, 2, 1])
}

fn au_medicare(id: &Values) -> bool {
    (2..=6).contains(&id[0]) && weighted(&id[..8], &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == u32::from(id[8])
}

/// A second round of weights if the first gives 10.
fn nz_ird(id: &Values) -> bool {
    let mut digits = [0; 9];
    digits[9 - id.len()..].copy_from_slice(id);
    let first = (11 - weighted(&digits[..8], &[3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    if first == 10 {
        mod11_complement(&digits, &[7, 4, 3, 2, 5, 2, 7, 6])
    } else {
        first == u32::from(digits[8])
    }
}
