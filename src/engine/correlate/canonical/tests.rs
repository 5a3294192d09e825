use std::collections::HashMap;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

fn form(kind: &str, value: &[u8], options: &CanonicalOptions) -> Vec<u8> {
    let mut out = b"kept".to_vec();
    canonical(kind, value, options, &mut out);
    assert!(out.starts_with(b"kept"), "only ever appends");
    out.split_off(4)
}

/// Reads the escapes of `v1.tsv`.
fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let mut push = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        match c {
            '\\' => match rest.next().unwrap() {
                't' => push('\t'),
                'n' => push('\n'),
                's' => push(' '),
                '\\' => push('\\'),
                'x' => {
                    let digits: String = rest.by_ref().take(2).collect();
                    out.push(u8::from_str_radix(&digits, 16).unwrap());
                }
                'u' => {
                    let digits: String = rest.by_ref().skip(1).take_while(|&c| c != '}').collect();
                    push(char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap());
                }
                other => panic!("\\{other}"),
            },
            c => push(c),
        }
    }
    out
}

fn options(text: &str) -> CanonicalOptions {
    match text {
        "-" => CanonicalOptions::default(),
        "plus" => CanonicalOptions { email_plus_strip: true, phone_region: None },
        region => CanonicalOptions { email_plus_strip: false, phone_region: Some(region.to_owned()) },
    }
}

#[test]
fn table_of_forms() {
    let (mut rows, mut kinds) = (0, HashMap::<&str, usize>::new());
    let mut wrong = Vec::new();
    for (number, line) in include_str!("v1.tsv").lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let columns: Vec<&str> = line.split('\t').collect();
        let &[kind, opts, value, expected] = &columns[..] else { panic!("line {}: {line}", number + 1) };
        let got = form(kind, &unescape(value), &options(opts));
        if got != unescape(expected) {
            wrong.push(format!("line {}: {line}: got {}", number + 1, got.escape_ascii()));
        }
        let again = form(kind, &got, &options(opts));
        if again != got {
            wrong.push(format!("line {}: {line}: not idempotent: {}", number + 1, again.escape_ascii()));
        }
        rows += 1;
        *kinds.entry(kind).or_default() += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rows >= 200, "{rows} rows");
    for kind in ["email", "phone", "ip", "mac", "card", "iban", "uuid", "us_ssn", "national_id", "opaque"] {
        assert!(kinds[kind] >= 9, "{kind}: {}", kinds[kind]);
    }
}

#[test]
fn phone_regions_are_those_of_numbering_plans() {
    for (code, known) in
        [("US", true), ("DE", true), ("QQ", false), ("us", false), ("USA", false), ("", false)]
    {
        assert_eq!(is_phone_region(code), known, "{code}");
    }
}

const KINDS: [&str; 9] = ["email", "phone", "ip", "mac", "card", "iban", "uuid", "us_ssn", "opaque"];

/// Values near enough to identifiers that the forms do something with them.
fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        "[ \\PC]{0,30}".prop_map(String::into_bytes),
        "[A-Za-zÀ-ʯΑ-ωİıſẞßﬁ\u{300}-\u{308}+._@]{1,12}@[A-Za-zà-žΑ-ω\u{308}０-９．。@xn-]{1,12}(\\.[a-zA-Z]{2,4})?"
            .prop_map(String::into_bytes),
        "[+＋]?[ 0-9()./x-]{3,22}".prop_map(String::into_bytes),
        "\\+(1|44|49|39|55|7|52|54|81|225|242|800|881|979)[ 0]{0,3}[0-9]{4,12}".prop_map(String::into_bytes),
        "\\[?[0-9a-fA-F:.%]{2,30}\\]?".prop_map(String::into_bytes),
        "([0-9a-fA-F]{2}[:.-]?){5,8}".prop_map(String::into_bytes),
        "[{]?[0-9a-fA-F-]{32,36}[}]?".prop_map(String::into_bytes),
        "[0-9A-Za-z \u{a0}./\u{2013}-]{1,30}".prop_map(String::into_bytes),
    ]
}

fn any_options() -> impl Strategy<Value = CanonicalOptions> {
    let region = prop_oneof![Just(None), "(US|GB|DE|IT|BR|AR|MX|RU|AU|QQ)".prop_map(Some)];
    (any::<bool>(), region)
        .prop_map(|(email_plus_strip, phone_region)| CanonicalOptions { email_plus_strip, phone_region })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn forms_are_idempotent(kind in proptest::sample::select(&KINDS), value in value(), options in any_options()) {
        let once = form(kind, &value, &options);
        let twice = form(kind, &once, &options);
        prop_assert_eq!(once.escape_ascii().to_string(), twice.escape_ascii().to_string());
    }

    #[test]
    fn blanks_around_do_not_count(kind in proptest::sample::select(&KINDS), value in "[ -~]{0,30}") {
        let padded = format!(" \t{value}\r\n");
        let options = CanonicalOptions::default();
        prop_assert_eq!(form(kind, value.as_bytes(), &options), form(kind, padded.as_bytes(), &options));
    }

    #[test]
    fn addresses_read_back_as_themselves(bits in any::<u128>(), v4 in any::<u32>()) {
        let address = Ipv6Addr::from_bits(bits);
        let written = form("ip", address.to_string().as_bytes(), &CanonicalOptions::default());
        let read: IpAddr = String::from_utf8(written).unwrap().parse().unwrap();
        prop_assert_eq!(read, IpAddr::V6(address).to_canonical());
        let v4 = Ipv4Addr::from_bits(v4);
        let mapped = form("ip", v4.to_ipv6_mapped().to_string().as_bytes(), &CanonicalOptions::default());
        prop_assert_eq!(mapped, v4.to_string().into_bytes());
    }
}
