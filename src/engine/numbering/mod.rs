//! Numbering plans: which digits are phone numbers of which country. The plans are libphonenumber's, which others keep
//! current (`plans.py` writes `plans.tsv` from them); here they become one small automaton per country code, built when a
//! number of that country is first seen, because a library that tries each kind of number of each region in turn takes
//! most of the time of a log with phones.

use std::sync::{LazyLock, OnceLock};

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

/// By country code: lengths, prefixes, numbers. See `plans.py`.
const PLANS: &str = include_str!("plans.tsv");
/// Country codes have one to three digits (ITU-T E.164, section 6.2.1).
const CODE_DIGITS_MAX: usize = 3;
/// One automaton, and what it takes to build it.
const PLAN_BYTES_MAX: usize = 8 << 20;

/// The numbers of one country code.
#[derive(Debug)]
struct Plan {
    /// Whole national numbers, as written and once one is asked for as run.
    patterns: &'static str,
    numbers: OnceLock<Option<dense::DFA<Vec<u32>>>>,
    /// Lengths of national numbers, as bits.
    lengths: u32,
    /// What is dialled before a national number inside the country only, and then rewritten or left out.
    trunk: Option<dense::DFA<Vec<u32>>>,
}

/// Whether `digits`, a country code first, are a number of a country. A zero that is dialled only inside the country may be
/// written all the same: `+49 (0)30 …`.
pub fn is_number(digits: &[u8]) -> bool {
    split(digits).is_some_and(|(plan, national)| {
        plan.has(national) || national.strip_prefix(b"0").is_some_and(|national| plan.has(national))
    })
}

/// Whether `digits`, a country code first, have the length of a number there and can be read in one way only: no part of them
/// could be a prefix that is dialled inside the country. They are their E.164 form.
pub fn is_plain(digits: &[u8]) -> bool {
    split(digits).is_some_and(|(plan, national)| {
        plan.has_length(national) && !plan.trunk.as_ref().is_some_and(|trunk| matches(trunk, national))
    })
}

impl Plan {
    fn has(&self, national: &[u8]) -> bool {
        let numbers = || self.numbers.get_or_init(|| automaton(self.patterns, r"\z")).as_ref();
        self.has_length(national) && numbers().is_some_and(|numbers| matches(numbers, national))
    }

    fn has_length(&self, national: &[u8]) -> bool {
        let length = u32::try_from(national.len()).unwrap_or(u32::MAX);
        1u32.checked_shl(length).is_some_and(|bit| self.lengths & bit != 0)
    }

    /// The plan of a country code, all its regions together.
    fn of(code: usize) -> Option<Plan> {
        let mut plans = PLANS.lines().map(|line| line.split('\t'));
        let mut fields =
            plans.find_map(|mut fields| (fields.next()?.parse() == Ok(code)).then_some(fields))?;
        let (lengths, prefixes, numbers) = (fields.next()?, fields.next()?, fields.next()?);
        let lengths = lengths.split(',').filter_map(|length| length.parse::<u32>().ok());
        Some(Plan {
            lengths: lengths.fold(0, |set, length| set | 1 << length),
            trunk: (!prefixes.is_empty()).then(|| automaton(prefixes, "")).flatten(),
            patterns: numbers,
            numbers: OnceLock::new(),
        })
    }
}

fn automaton(pattern: &str, end: &str) -> Option<dense::DFA<Vec<u32>>> {
    let config = dense::Config::new()
        .start_kind(StartKind::Anchored)
        .dfa_size_limit(Some(PLAN_BYTES_MAX))
        .determinize_size_limit(Some(PLAN_BYTES_MAX));
    let syntax = syntax::Config::new().unicode(false).utf8(false);
    dense::Builder::new().configure(config).syntax(syntax).build(&format!("(?:{pattern}){end}")).ok()
}

fn matches(automaton: &dense::DFA<Vec<u32>>, digits: &[u8]) -> bool {
    let input = Input::new(digits).anchored(Anchored::Yes).earliest(true);
    automaton.try_search_fwd(&input).is_ok_and(|found| found.is_some())
}

/// The plan of the number and its digits after the country code: no country code begins another one.
fn split(digits: &[u8]) -> Option<(&'static Plan, &[u8])> {
    static BY_CODE: LazyLock<Vec<OnceLock<Option<Plan>>>> = LazyLock::new(|| {
        let codes = 10usize.pow(CODE_DIGITS_MAX as u32);
        std::iter::repeat_with(OnceLock::new).take(codes).collect()
    });
    let mut code = 0;
    if digits.first() == Some(&b'0') {
        return None;
    }
    for (index, digit) in digits.iter().enumerate().take(CODE_DIGITS_MAX) {
        code = code * 10 + usize::from(digit.wrapping_sub(b'0'));
        if let Some(plan) = BY_CODE.get(code)?.get_or_init(|| Plan::of(code)) {
            return Some((plan, &digits[index + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat};

    use super::*;

    /// The library's opinion.
    fn number(digits: &str) -> Option<PhoneNumber> {
        PHONE_NUMBER_UTIL.parse(format!("+{digits}"), None).ok()
    }

    #[test]
    fn the_plans_agree_with_the_library() {
        let mut seed = 11u64;
        let mut examples = 0;
        for region in PHONE_NUMBER_UTIL.get_supported_regions() {
            let Ok(example) = PHONE_NUMBER_UTIL.get_example_number(region) else { continue };
            let digits = example.format_as(PhoneNumberFormat::E164)[1..].to_owned();
            assert!(is_number(digits.as_bytes()), "{digits}");
            examples += 1;
            for _ in 0..40 {
                let mut other = digits.clone().into_bytes();
                for _ in 0..3 {
                    seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    let at = (seed >> 33) as usize % other.len();
                    other[at] = b'0' + (seed >> 50) as u8 % 10;
                }
                let text = String::from_utf8(other.clone()).unwrap();
                let known = number(&text);
                let valid = known.as_ref().is_some_and(PhoneNumber::is_valid);
                let form = known.map(|number| number.format_as(PhoneNumberFormat::E164)[1..].to_owned());
                // What the library reads as another number, without a prefix, is none as it stands.
                let as_it_stands = form.as_deref() == Some(&text);
                assert!(!(valid && as_it_stands) || is_number(&other), "{text} is a number");
                assert!(as_it_stands || !is_plain(&other), "{text} is read as {form:?}");
            }
        }
        assert!(examples > 200);
    }

    #[test]
    fn what_is_no_number_is_none() {
        for digits in ["", "1", "49", "999", "1555", "0301234567", "12345678901234567890", "4930"] {
            assert!(!is_number(digits.as_bytes()), "{digits}");
        }
        assert!(is_number(b"12125550142") && is_number(b"49030901820") && is_plain(b"4930901820"));
        assert!(!is_plain(b"49030901820"));
    }
}
