//! Check characters of ISO 7064 other than MOD 97-10: MOD 11-2 (identity numbers of China) and MOD 11,10 (tax numbers of
//! Germany and Croatia).

/// MOD 11-2: whether `check` (0-9, 10 for `X`) fits `digits` (values 0-9).
pub fn mod11_2(digits: &[u8], check: u8) -> bool {
    let product = digits.iter().fold(0, |product, digit| (product + u32::from(*digit)) * 2 % 11);
    (product + u32::from(check)) % 11 == 1
}

/// MOD 11,10: whether the last of `digits` (values 0-9) fits those before.
pub fn mod11_10(digits: &[u8]) -> bool {
    let Some((check, digits)) = digits.split_last() else { return false };
    let product = digits.iter().fold(10, |product, digit| {
        let sum = (product + u32::from(*digit)) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    !digits.is_empty() && (product + u32::from(*check)) % 10 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mod11_2_passes_valid_and_no_wrong_digit() {
        let digits = [1, 1, 0, 1, 0, 1, 1, 9, 9, 0, 0, 3, 0, 7, 2, 3, 1];
        let fits: Vec<u8> = (0..=10).filter(|check| mod11_2(&digits, *check)).collect();
        assert_eq!(fits.len(), 1);
        // The example of the standard: 0794 has the check digit 0.
        assert!(mod11_2(&[0, 7, 9, 4], 0) && !mod11_2(&[0, 7, 9, 5], 0) && mod11_2(&[0, 7, 9], 10));
    }

    #[test]
    fn mod11_10_passes_valid_and_no_wrong_digit() {
        for valid in [[0, 7, 9, 4, 5].as_slice(), &[3, 3, 3, 9, 2, 0, 0, 5, 9, 6, 1]] {
            assert!(mod11_10(valid), "{valid:?}");
            for place in 0..valid.len() {
                for other in 1..10 {
                    let mut wrong = valid.to_vec();
                    wrong[place] = (wrong[place] + other) % 10;
                    assert!(!mod11_10(&wrong), "{wrong:?}");
                }
            }
        }
        assert!(!mod11_10(&[]) && !mod11_10(&[1]));
    }
}
