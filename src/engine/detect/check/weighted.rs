//! Weighted sums: most national and tax ids multiply each digit by a weight and look at the sum modulo a number.

/// The sum of `digits` (values 0-9, or up to 35 for letters) times `weights`, as far as both go.
pub fn weighted(digits: &[u8], weights: &[u8]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| u32::from(*digit) * u32::from(*weight)).sum()
}

/// The same where products of two digits count as the sum of these.
pub fn weighted_digits(digits: &[u8], weights: &[u8]) -> u32 {
    let cross = |n: u32| n / 10 + n % 10;
    digits.iter().zip(weights).map(|(digit, weight)| cross(u32::from(*digit) * u32::from(*weight))).sum()
}

/// Whether the last digit fits: `(11 - sum) mod 11`, a check of 10 is never given out.
pub fn mod11_complement(digits: &[u8], weights: &[u8]) -> bool {
    let Some((check, digits)) = digits.split_last() else { return false };
    (11 - weighted(digits, weights) % 11) % 11 == u32::from(*check)
}

/// Whether the last digit fits: `(11 - sum) mod 11`, a check of 10 is written 0.
pub fn mod11_complement_or_zero(digits: &[u8], weights: &[u8]) -> bool {
    let Some((check, digits)) = digits.split_last() else { return false };
    (11 - weighted(digits, weights) % 11) % 11 % 10 == u32::from(*check)
}

/// Whether the last digit fits: `sum mod 11 mod 10`.
pub fn mod11_mod10(digits: &[u8], weights: &[u8]) -> bool {
    let Some((check, digits)) = digits.split_last() else { return false };
    weighted(digits, weights) % 11 % 10 == u32::from(*check)
}

/// Whether the last digit fits: `(10 - sum) mod 10`.
pub fn mod10_complement(digits: &[u8], weights: &[u8]) -> bool {
    let Some((check, digits)) = digits.split_last() else { return false };
    (10 - weighted(digits, weights) % 10) % 10 == u32::from(*check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_as_documented() {
        assert_eq!(weighted(&[1, 2, 3], &[3, 2, 1]), 10);
        assert_eq!(weighted_digits(&[9, 9], &[2, 1]), 18);
    }

    #[test]
    fn known_numbers_pass_and_wrong_last_digits_fail() {
        type Check = fn(&[u8], &[u8]) -> bool;
        let rows: [(Check, &[u8], &[u8]); 4] = [
            // An ISBN-10, a CPF's first check digit, an EGN, a bank routing number.
            (mod11_complement, &[0, 3, 0, 6, 4, 0, 6, 1, 5, 2], &[10, 9, 8, 7, 6, 5, 4, 3, 2]),
            (mod11_complement_or_zero, &[1, 1, 1, 4, 4, 4, 7, 7, 7, 3], &[10, 9, 8, 7, 6, 5, 4, 3, 2]),
            (mod11_mod10, &[7, 5, 2, 3, 1, 6, 9, 2, 6, 3], &[2, 4, 8, 5, 10, 9, 7, 3, 6]),
            (mod10_complement, &[0, 1, 1, 0, 0, 0, 0, 1, 5], &[3, 7, 1, 3, 7, 1, 3, 7]),
        ];
        for (check, valid, weights) in rows {
            assert!(check(valid, weights), "{valid:?}");
            let mut wrong = valid.to_vec();
            let last = wrong.len() - 1;
            for other in 1..10 {
                wrong[last] = (valid[last] + other) % 10;
                assert!(!check(&wrong, weights), "{wrong:?}");
            }
        }
        assert!(!mod11_complement(&[], &[]));
    }
}
