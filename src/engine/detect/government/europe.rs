//! Europe.

use super::super::check::iso7064::mod11_10;
use super::super::check::luhn::luhn;
use super::super::check::verhoeff::verhoeff;
use super::super::check::weighted::{
    mod10_complement, mod11_complement, mod11_complement_or_zero, mod11_mod10, weighted, weighted_digits,
};
use super::super::keyword::Labels;
use super::scheme::{Alone, Scheme, Values, is_char, is_date, is_one_of, letter, number};

pub const SCHEMES: &[Scheme] = &[
    row("uk_nino", Labels::UK, &["AA999999A"], Some(nino), Alone::Capitals, "AB123456C"),
    row("uk_nhs", Labels::UK.with(Labels::HEALTH), &["9999999999"], Some(nhs), Alone::Never, "1646991737"),
    row("uk_utr", Labels::UK, &["9999999999", "9999999999A"], Some(utr), Alone::Never, "5631081151"),
    row("uk_temporary", Labels::UK, &["99A99999"], None, Alone::Never, "95G82191"),
    row(
        "uk_driver",
        Labels::UK.with(Labels::LICENCE),
        &["XXXXX999999XXXXX", "XXXXX999999XXXXX99"],
        Some(uk_driver),
        Alone::Capitals,
        "MUSTE812131J99ZX",
    ),
    row("de_tax", Labels::DE, &["99999999999"], Some(mod11_10), Alone::Never, "36574261809"),
    row("de_pension", Labels::DE, &["99999999A999"], Some(de_pension), Alone::Never, "77700786F047"),
    row(
        "de_card",
        Labels::DE.with(Labels::PASSPORT),
        &["XXXXXXXXX9", "XXXXXXXXX9A"],
        Some(de_card),
        Alone::Never,
        "6WZST2BC45",
    ),
    row(
        "de_serial",
        Labels::DE.with(Labels::PASSPORT),
        &["AXXXXXXXX", "AXXXXXXXXA"],
        Some(de_serial),
        Alone::Never,
        "L93335PV6",
    ),
    row("de_health", Labels::DE, &["A999999999"], Some(de_health), Alone::Never, "B400911087"),
    row("de_doctor", Labels::DE, &["999999999"], Some(de_doctor), Alone::Never, "275038345"),
    row(
        "fr_nir",
        Labels::FR,
        &["999999999999999", "99999X999999999"],
        Some(fr_nir),
        Alone::Written("9 99 99 99 999 999 99"),
        "401051277328984",
    ),
    row("fr_tax", Labels::FR, &["9999999999999"], Some(fr_tax), Alone::Never, "0239560284418"),
    row("es_dni", Labels::ES, &["99999999A", "9999999A"], Some(es_dni), Alone::Never, "12345678Z"),
    row("es_nie", Labels::ES, &["A9999999A"], Some(es_nie), Alone::Capitals, "X7625939J"),
    row("es_cif", Labels::ES, &["A9999999X"], Some(es_cif), Alone::Never, "J70165303"),
    row(
        "es_social",
        Labels::ES,
        &["99999999999", "999999999999", "9999999999999"],
        None,
        Alone::Never,
        "85582939827",
    ),
    row("it_person", Labels::IT, &["AAAAAAXXAXXAXXXA"], Some(it_person), Alone::Capitals, "LBFGEJ8UC31W728T"),
    row("it_vat", Labels::IT, &["99999999999"], Some(luhn), Alone::Never, "40380460507"),
    row("it_card", Labels::IT, &["AA99999AA", "AA9999999"], None, Alone::Never, "WM51375OA"),
    row("nl_bsn", Labels::NL, &["999999999", "99999999"], Some(nl_bsn), Alone::Never, "284591828"),
    row(
        "be_person",
        Labels::BE,
        &["99999999999"],
        Some(be_person),
        Alone::Written("99.99.99-999.99"),
        "79003836260",
    ),
    row("at_social", Labels::AT, &["9999999999"], Some(at_social), Alone::Never, "3501409983"),
    row("pt_tax", Labels::PT, &["999999999"], Some(pt_tax), Alone::Never, "575881038"),
    row(
        "ie_pps",
        Labels::IE,
        &["9999999A", "9999999AA", "9999999AAA"],
        Some(ie_pps),
        Alone::Never,
        "3256633V",
    ),
    row("gr_tax", Labels::GR, &["999999999"], Some(gr_tax), Alone::Never, "344486710"),
    row("gr_social", Labels::GR, &["99999999999"], Some(gr_social), Alone::Never, "01011674163"),
    row("lu_person", Labels::LU, &["9999999999999"], Some(lu_person), Alone::Never, "2488100682596"),
    row(
        "fi_person",
        Labels::FI,
        &["999999999X", "999999A999X"],
        Some(fi_person),
        Alone::Written("999999-9999"),
        "1002254224",
    ),
    row(
        "se_person",
        Labels::SE,
        &["9999999999", "999999999999"],
        Some(se_person),
        Alone::Never,
        "5010281490",
    ),
    row("dk_person", Labels::DK, &["9999999999"], Some(dk_person), Alone::Never, "3012299443"),
    row("no_person", Labels::NO, &["99999999999"], Some(no_person), Alone::Never, "52010039525"),
    row("ee_lt_person", Labels::BALTIC, &["99999999999"], Some(ee_lt_person), Alone::Never, "68003105137"),
    row("lv_person", Labels::BALTIC, &["99999999999"], Some(lv_person), Alone::Never, "21017862145"),
    row("pl_person", Labels::PL, &["99999999999"], Some(pl_person), Alone::Never, "85503020128"),
    row("pl_tax", Labels::PL, &["9999999999"], Some(pl_tax), Alone::Never, "3301828178"),
    row("pl_firm", Labels::PL, &["999999999"], Some(pl_firm), Alone::Never, "410230317"),
    row("pl_card", Labels::PL, &["AAA999999"], Some(pl_card), Alone::Never, "BAP291916"),
    row("cz_person", Labels::CZ, &["9999999999", "999999999"], Some(cz_person), Alone::Never, "7210149727"),
    row("hu_social", Labels::HU, &["999999999"], Some(hu_social), Alone::Never, "357605521"),
    row("hu_tax", Labels::HU, &["9999999999"], Some(hu_tax), Alone::Never, "8498104637"),
    row("ro_person", Labels::RO, &["9999999999999"], Some(ro_person), Alone::Never, "9200812375505"),
    row("bg_person", Labels::BG, &["9999999999"], Some(bg_person), Alone::Never, "0802184101"),
    row(
        "yu_person",
        Labels::YU.with(Labels::HR),
        &["9999999999999"],
        Some(yu_person),
        Alone::Never,
        "2801218200680",
    ),
    row("si_tax", Labels::YU, &["99999999"], Some(si_tax), Alone::Never, "16028163"),
    row("hr_person", Labels::HR, &["99999999999"], Some(mod11_10), Alone::Never, "02445209489"),
    row(
        "ch_social",
        Labels::CH,
        &["9999999999999"],
        Some(ch_social),
        Alone::Written("999.9999.9999.99"),
        "7564722280315",
    ),
    row("tr_person", Labels::TR, &["99999999999"], Some(tr_person), Alone::Never, "53020653138"),
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

/// No D, F, I, Q, U, V in front, no O second; some pairs are never given out; the suffix is A to D.
fn nino(id: &Values) -> bool {
    const NEVER: [[u8; 2]; 7] = [*b"BG", *b"GB", *b"NK", *b"KN", *b"TN", *b"NT", *b"ZZ"];
    let pair = [id[0], id[1]];
    !is_one_of(id[0], "DFIQUV")
        && !is_one_of(id[1], "DFIOQUV")
        && !NEVER.iter().any(|never| [letter(never[0]), letter(never[1])] == pair)
        && is_one_of(id[8], "ABCD")
}

fn nhs(id: &Values) -> bool {
    mod11_complement(id, &[10, 9, 8, 7, 6, 5, 4, 3, 2])
}

/// The check digit comes first.
fn utr(id: &Values) -> bool {
    let sum = weighted(&id[1..10], &[6, 7, 8, 9, 10, 5, 4, 3, 2]);
    is_char(id[0], b"21987654321", u64::from(sum % 11))
}

/// Five letters of the name, padded with 9; decade, month (plus 50 for women), day, year; initials.
fn uk_driver(id: &Values) -> bool {
    let name = id[..5].iter().rposition(|v| *v != 9).is_some_and(|last| id[..=last].iter().all(|v| *v > 9));
    let month = number(&id[6..8]) % 50;
    let initials = id[11] > 9 && id[12] >= 9;
    name && (1..=12).contains(&month) && (1..=31).contains(&number(&id[8..10])) && initials && id[13] < 10
}

/// A letter in the middle counts as its place in the alphabet, two digits.
fn de_pension(id: &Values) -> bool {
    let place = id[8] - 9;
    let digits =
        [id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7], place / 10, place % 10, id[9], id[10]];
    let day = number(&id[2..4]) % 50;
    (1..=31).contains(&day)
        && (1..=12).contains(&number(&id[4..6]))
        && weighted_digits(&digits, &[2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]) % 10 == u32::from(id[11])
}

/// Nine characters and the check digit of machine-readable documents (ICAO 9303); `D` may follow.
fn de_card(id: &Values) -> bool {
    id.get(10).is_none_or(|last| *last == letter(b'D'))
        && weighted(&id[..9], &[7, 3, 1, 7, 3, 1, 7, 3, 1]) % 10 == u32::from(id[9])
}

/// The same without check digit: letters that no vowel is among, at least four digits.
fn de_serial(id: &Values) -> bool {
    let digits = id[..9].iter().filter(|v| **v < 10).count();
    digits >= 4
        && is_one_of(id[0], "CFGHJKLMNPRTVWXYZ")
        && id[1..9].iter().all(|v| *v < 10 || is_one_of(*v, "CFGHJKLMNPRTVWXYZ"))
        && id.get(9).is_none_or(|last| *last == letter(b'D'))
}

fn de_health(id: &Values) -> bool {
    let place = id[0] - 9;
    let mut digits = [place / 10, place % 10, 0, 0, 0, 0, 0, 0, 0, 0];
    digits[2..].copy_from_slice(&id[1..9]);
    weighted_digits(&digits, &[1, 2, 1, 2, 1, 2, 1, 2, 1, 2]) % 10 == u32::from(id[9])
}

/// Six digits, their check digit, two of the specialty; practices (BSNR) have the same length and no check.
fn de_doctor(id: &Values) -> bool {
    !id.iter().all(|v| *v == 0)
}

/// Sex, year, month, department (2A, 2B in Corsica), commune, order; 97 minus the remainder.
fn fr_nir(id: &Values) -> bool {
    let mut digits = [0; 13];
    digits.copy_from_slice(&id[..13]);
    let mut corsica = 0;
    if digits[6] > 9 {
        corsica = if digits[6] == letter(b'A') { 1_000_000 } else { 2_000_000 };
        digits[6] = 0;
    }
    matches!(id[0], 1..=4 | 7 | 8) && digits.iter().all(|v| *v < 10) && {
        let number = number(&digits);
        number >= corsica && 97 - (number - corsica) % 97 == self::number(&id[13..])
    }
}

fn fr_tax(id: &Values) -> bool {
    id[0] < 4 && number(&id[..10]) % 511 == number(&id[10..])
}

const ES_LETTERS: &[u8] = b"TRWAGMYFPDXBNJZSQVHLCKE";

fn es_dni(id: &Values) -> bool {
    let (last, digits) = (id[id.len() - 1], &id[..id.len() - 1]);
    is_char(last, ES_LETTERS, number(digits) % 23)
}

fn es_nie(id: &Values) -> bool {
    let first = match id[0] {
        x if x == letter(b'X') => 0,
        y if y == letter(b'Y') => 1,
        z if z == letter(b'Z') => 2,
        _ => return false,
    };
    is_char(id[8], ES_LETTERS, (first * 10_000_000 + number(&id[1..8])) % 23)
}

fn es_cif(id: &Values) -> bool {
    let check = (10 - weighted_digits(&id[1..8], &[2, 1, 2, 1, 2, 1, 2]) % 10) % 10;
    is_one_of(id[0], "ABCDEFGHJNPQRSUVW")
        && (u32::from(id[8]) == check || is_char(id[8], b"JABCDEFGHI", u64::from(check)))
}

/// Characters at odd places count by a table, at even places by themselves.
fn it_person(id: &Values) -> bool {
    const ODD: [u8; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let plain = |v: u8| if v > 9 { v - 10 } else { v };
    let sum: u32 = id[..15]
        .iter()
        .enumerate()
        .map(|(i, v)| u32::from(if i % 2 == 0 { ODD[usize::from(plain(*v))] } else { plain(*v) }))
        .sum();
    is_one_of(id[8], "ABCDEHLMPRST") && sum % 26 == u32::from(plain(id[15]))
}

fn nl_bsn(id: &Values) -> bool {
    let (last, digits) = (id[id.len() - 1], &id[..id.len() - 1]);
    let weights = &[9, 8, 7, 6, 5, 4, 3, 2][9 - id.len()..];
    let sum = weighted(digits, weights);
    sum > 0 && (sum + 11 * 10 - u32::from(last)).is_multiple_of(11)
}

/// 97 minus the remainder; people born from 2000 on count with a 2 in front.
fn be_person(id: &Values) -> bool {
    let (birth, check) = (number(&id[..9]), number(&id[9..]));
    97 - birth % 97 == check || 97 - (2_000_000_000 + birth) % 97 == check
}

fn at_social(id: &Values) -> bool {
    let digits = [id[0], id[1], id[2], id[4], id[5], id[6], id[7], id[8], id[9]];
    weighted(&digits, &[3, 7, 9, 5, 8, 4, 2, 1, 6]) % 11 == u32::from(id[3])
}

fn pt_tax(id: &Values) -> bool {
    id[0] != 0 && mod11_complement_or_zero(id, &[9, 8, 7, 6, 5, 4, 3, 2])
}

/// A second letter counts nine times; W counts nothing.
fn ie_pps(id: &Values) -> bool {
    let second = id.get(8).map_or(0, |v| if *v == letter(b'W') { 0 } else { u32::from(*v) - 9 });
    let check = |second: u32| {
        let sum = weighted(&id[..7], &[8, 7, 6, 5, 4, 3, 2]) + 9 * second;
        is_char(id[7], b"WABCDEFGHIJKLMNOPQRSTUV", u64::from(sum % 23))
    };
    check(second) || check(0)
}

fn gr_tax(id: &Values) -> bool {
    let sum: u32 = id[..8].iter().enumerate().map(|(i, v)| u32::from(*v) << (8 - i)).sum();
    sum > 0 && sum % 11 % 10 == u32::from(id[8])
}

fn gr_social(id: &Values) -> bool {
    is_date(&id[2..4], &id[..2]) && luhn(id)
}

/// Two check digits over the first eleven: Luhn, Verhoeff.
fn lu_person(id: &Values) -> bool {
    let mut second = [0; 12];
    second[..11].copy_from_slice(&id[..11]);
    second[11] = id[12];
    is_date(&id[4..6], &id[6..8]) && luhn(&id[..12]) && verhoeff(&second)
}

/// Day, month, year, a sign or letter for the century, three digits, a check character.
fn fi_person(id: &Values) -> bool {
    let serial = id.len() - 4;
    let century = serial == 6 || is_one_of(id[6], "ABCDEFUVWXY");
    let index = (number(&id[..6]) * 1000 + number(&id[serial..serial + 3])) % 31;
    century
        && is_date(&id[2..4], &id[..2])
        && is_char(id[serial + 3], b"0123456789ABCDEFHJKLMNPRSTUVWXY", index)
}

/// Coordination numbers add 60 to the day; firms have a third digit of at least 2.
fn se_person(id: &Values) -> bool {
    let short = &id[id.len() - 10..];
    let day = number(&short[4..6]);
    let date = is_date(&short[2..4], &short[4..6]) || (61..=91).contains(&day);
    let century = id.len() == 10 || (18..=20).contains(&number(&id[..2]));
    luhn(short) && century && (date || id.len() == 10 && short[2] >= 2)
}

/// The check digit is no longer kept to since 2007.
fn dk_person(id: &Values) -> bool {
    is_date(&id[2..4], &id[..2])
}

fn no_person(id: &Values) -> bool {
    mod11_complement(&id[..10], &[3, 7, 6, 1, 8, 9, 4, 5, 2])
        && mod11_complement(id, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
}

/// Two rounds of weights: the second if the first gives 10.
fn ee_lt_person(id: &Values) -> bool {
    let first = weighted(&id[..10], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let second = weighted(&id[..10], &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
    let check = if first < 10 { first } else { second % 10 };
    (1..=8).contains(&id[0]) && check == u32::from(id[10])
}

/// Numbers from 2017 on begin with 32 and have no check.
fn lv_person(id: &Values) -> bool {
    let sum = weighted(&id[..10], &[1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    id.starts_with(&[3, 2]) || is_date(&id[2..4], &id[..2]) && (1101 - sum) % 11 % 10 == u32::from(id[10])
}

fn pl_person(id: &Values) -> bool {
    mod10_complement(id, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3])
}

fn pl_tax(id: &Values) -> bool {
    weighted(&id[..9], &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == u32::from(id[9])
}

fn pl_firm(id: &Values) -> bool {
    mod11_mod10(id, &[8, 9, 2, 3, 4, 5, 6, 7])
}

fn pl_card(id: &Values) -> bool {
    weighted(id, &[7, 3, 1, 9, 7, 3, 1, 7, 3]).is_multiple_of(10)
}

/// Women's months count 50 more, since 2004 another 20; nine digits until 1953 have no check.
fn cz_person(id: &Values) -> bool {
    let month = number(&id[2..4]) % 50;
    let check = id.len() == 9 || number(&id[..9]) % 11 % 10 == u64::from(id[9]);
    let day = number(&id[4..6]);
    check && matches!(month, 1..=12 | 21..=32) && (1..=31).contains(&day)
}

fn hu_social(id: &Values) -> bool {
    weighted(&id[..8], &[3, 7, 3, 7, 3, 7, 3, 7]) % 10 == u32::from(id[8])
}

fn hu_tax(id: &Values) -> bool {
    id[0] == 8 && weighted(&id[..9], &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11 == u32::from(id[9])
}

fn ro_person(id: &Values) -> bool {
    let sum = weighted(&id[..12], &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    id[0] != 0 && is_date(&id[3..5], &id[5..7]) && (if sum == 10 { 1 } else { sum }) == u32::from(id[12])
}

/// Months count 20 more before 1900, 40 more from 2000 on.
fn bg_person(id: &Values) -> bool {
    let month = number(&id[2..4]) % 20;
    (1..=12).contains(&month) && mod11_mod10(id, &[2, 4, 8, 5, 10, 9, 7, 3, 6])
}

fn yu_person(id: &Values) -> bool {
    is_date(&id[2..4], &id[..2]) && mod11_complement_or_zero(id, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
}

fn si_tax(id: &Values) -> bool {
    id[0] != 0 && mod11_complement_or_zero(id, &[8, 7, 6, 5, 4, 3, 2])
}

/// An article number (EAN-13) of the "country" 756.
fn ch_social(id: &Values) -> bool {
    id.starts_with(&[7, 5, 6]) && mod10_complement(id, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3])
}

fn tr_person(id: &Values) -> bool {
    let sum = |from: usize| id[from..9].iter().step_by(2).map(|v| u32::from(*v)).sum::<u32>();
    let tenth = (sum(0) * 7 + 90 - sum(1)) % 10;
    let all: u32 = id[..10].iter().map(|v| u32::from(*v)).sum();
    id[0] != 0 && tenth == u32::from(id[9]) && all % 10 == u32::from(id[10])
}
