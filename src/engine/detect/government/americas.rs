//! The Americas, and health care in the United States.

use super::super::check::luhn::{luhn, luhn_with_prefix};
use super::super::check::weighted::{mod11_complement, mod11_complement_or_zero, weighted};
use super::super::keyword::Labels;
use super::scheme::{Alone, Scheme, Values, is_char, is_date, is_one_of, is_repeated, letter};

pub const SCHEMES: &[Scheme] = &[
    row("us_npi", Labels::HEALTH, &["9999999999"], Some(us_npi), Alone::Never, "9212712985"),
    row("us_dea", Labels::HEALTH, &["AX9999999"], Some(us_dea), Alone::Never, "T97178569"),
    row("us_mbi", Labels::HEALTH, &["9AX9AX9AA99"], Some(us_mbi), Alone::Capitals, "6EP2G36PD05"),
    row("us_ein", Labels::US, &["999999999"], None, Alone::Never, "439260328"),
    row("us_driver", Labels::LICENCE, &["A9999999", "A999999999999"], None, Alone::Never, "R1681859"),
    row("ca_sin", Labels::CA, &["999999999"], Some(ca_sin), Alone::Never, "633582283"),
    row(
        "br_cpf",
        Labels::BR,
        &["99999999999"],
        Some(br_cpf),
        Alone::Written("999.999.999-99"),
        "16118934703",
    ),
    row(
        "br_cnpj",
        Labels::BR,
        &["XXXXXXXXXXXX99"],
        Some(br_cnpj),
        Alone::Written("99.999.999/9999-99"),
        "11222333000181",
    ),
    row("mx_curp", Labels::MX, &["AAAA999999AAAAAAX9"], Some(mx_curp), Alone::Capitals, "LBTM070325HCCEJP26"),
    row(
        "mx_rfc",
        Labels::MX,
        &["AAAA999999XXX", "AAA999999XXX"],
        Some(mx_rfc),
        Alone::Never,
        "EHNL860116R27",
    ),
    row("ar_cuit", Labels::AR, &["99999999999"], Some(ar_cuit), Alone::Never, "20125852670"),
    row("cl_rut", Labels::CL, &["99999999X", "9999999X"], Some(cl_rut), Alone::Never, "050230112"),
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

/// Luhn with the prefix of US health care issuers.
fn us_npi(id: &Values) -> bool {
    luhn_with_prefix(&[8, 0, 8, 4, 0], id)
}

fn us_dea(id: &Values) -> bool {
    let digits = &id[2..];
    weighted(digits, &[1, 2, 1, 2, 1, 2]) % 10 == u32::from(digits[6]) && id[1] >= 9
}

/// Letters without S, L, O, I, B, Z.
fn us_mbi(id: &Values) -> bool {
    id[0] != 0 && !id.iter().any(|v| is_one_of(*v, "SLOIBZ"))
}

fn ca_sin(id: &Values) -> bool {
    !matches!(id[0], 0 | 8) && luhn(id)
}

fn br_cpf(id: &Values) -> bool {
    !is_repeated(id)
        && mod11_complement_or_zero(&id[..10], &[10, 9, 8, 7, 6, 5, 4, 3, 2])
        && mod11_complement_or_zero(id, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
}

/// Since 2026 the first twelve characters may be letters, which count as their code less that of `0`.
fn br_cnpj(id: &Values) -> bool {
    let mut codes = [0; 14];
    for (code, value) in codes.iter_mut().zip(id) {
        *code = if *value > 9 { value + 7 } else { *value };
    }
    !is_repeated(id)
        && mod11_complement_or_zero(&codes[..13], &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
        && mod11_complement_or_zero(&codes, &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
}

/// Name, date of birth, sex, state, name again.
fn mx_curp(id: &Values) -> bool {
    // The alphabet has an Ñ after the N.
    let value = |v: u8| u32::from(if v > letter(b'N') { v + 1 } else { v });
    let sum: u32 = id[..17].iter().zip((2..=18).rev()).map(|(v, weight)| value(*v) * weight).sum();
    is_date(&id[6..8], &id[8..10]) && is_one_of(id[10], "HMX") && (10 - sum % 10) % 10 == u32::from(id[17])
}

fn mx_rfc(id: &Values) -> bool {
    let date = id.len() - 9;
    is_date(&id[date + 2..date + 4], &id[date + 4..date + 6])
}

fn ar_cuit(id: &Values) -> bool {
    matches!(id[..2], [2, 0 | 3 | 4 | 5 | 6 | 7] | [3, 0 | 3 | 4] | [5, _])
        && mod11_complement(id, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
}

fn cl_rut(id: &Values) -> bool {
    let (last, digits) = (id[id.len() - 1], &id[..id.len() - 1]);
    let sum: u32 =
        digits.iter().rev().zip([2, 3, 4, 5, 6, 7, 2, 3]).map(|(v, weight)| u32::from(*v) * weight).sum();
    is_char(last, b"0K987654321", u64::from(sum % 11))
}
