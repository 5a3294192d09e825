//! The Luhn check (ISO/IEC 7812-1, annex B): every second digit from the right is doubled, digits are summed up, the sum
//! is a multiple of ten. Finds every wrong digit and most swaps.

/// Whether the last digit of `digits` (values 0-9) is the Luhn check digit of those before.
pub fn luhn(digits: &[u8]) -> bool {
    const DOUBLED: [u8; 10] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, digit)| u32::from(if i % 2 == 1 { DOUBLED[usize::from(*digit % 10)] } else { *digit }))
        .sum();
    digits.len() > 1 && sum.is_multiple_of(10)
}

/// The same over the decimal digits of `prefix` and then `digits`: ids whose check digit counts a prefix that is not
/// written (the issuer of a US provider number).
pub fn luhn_with_prefix(prefix: &[u8], digits: &[u8]) -> bool {
    let all: Vec<u8> = prefix.iter().chain(digits).copied().collect();
    luhn(&all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|b| b - b'0').collect()
    }

    #[test]
    fn valid_numbers_pass_and_any_wrong_digit_fails() {
        for text in ["79927398713", "4111111111111111", "378282246310005", "18", "4222222222222"] {
            let valid = digits(text);
            assert!(luhn(&valid), "{text}");
            for place in 0..valid.len() {
                for other in 1..10 {
                    let mut wrong = valid.clone();
                    wrong[place] = (wrong[place] + other) % 10;
                    assert!(!luhn(&wrong), "{wrong:?}");
                }
            }
        }
    }

    #[test]
    fn swaps_are_found_but_for_09() {
        assert!(!luhn(&digits("97927398713")));
        assert!(!luhn(&digits("79927398731")));
    }

    #[test]
    fn nothing_and_single_digits_are_no_numbers() {
        assert!(!luhn(&[]) && !luhn(&[0]));
    }

    #[test]
    fn a_prefix_counts() {
        assert!(luhn_with_prefix(&[8, 0, 8, 4, 0], &digits("1234567893")));
        assert!(!luhn_with_prefix(&[8, 0, 8, 4, 0], &digits("1234567894")));
    }
}
