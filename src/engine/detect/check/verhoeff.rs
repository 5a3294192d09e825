//! The Verhoeff check (J. Verhoeff, "Error detecting decimal codes", 1969): digits are permuted by place and combined in
//! the dihedral group of order ten. Finds every wrong digit and every swap of neighbours.

/// Products of the dihedral group D5.
const PRODUCT: [[u8; 10]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];

/// What a digit becomes at the places 0, 1, 2, … from the right; repeats after eight.
const PLACE: [[u8; 10]; 8] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
    [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
    [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
    [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
    [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
    [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
    [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
];

/// Whether the last digit of `digits` (values 0-9) is the Verhoeff check digit of those before.
pub fn verhoeff(digits: &[u8]) -> bool {
    let product = digits.iter().rev().enumerate().fold(0, |product: u8, (i, digit)| {
        PRODUCT[usize::from(product)][usize::from(PLACE[i % 8][usize::from(*digit % 10)])]
    });
    digits.len() > 1 && product == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_numbers_pass_any_wrong_digit_and_any_swap_fail() {
        for valid in [[2, 3, 6, 3].as_slice(), &[1, 2, 3, 4, 5, 1], &[2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 6]] {
            assert!(verhoeff(valid), "{valid:?}");
            for place in 0..valid.len() {
                for other in 1..10 {
                    let mut wrong = valid.to_vec();
                    wrong[place] = (wrong[place] + other) % 10;
                    assert!(!verhoeff(&wrong), "{wrong:?}");
                }
                if place > 0 && valid[place] != valid[place - 1] {
                    let mut wrong = valid.to_vec();
                    wrong.swap(place, place - 1);
                    assert!(!verhoeff(&wrong), "{wrong:?}");
                }
            }
        }
    }
}
