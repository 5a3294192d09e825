//! Classes of bytes, 64 at a time: the only unsafe code of the crate. With AVX2 where the machine has it, else with code
//! that the compiler vectorises for the machine it knows; both give the same masks, byte for byte.

#![allow(unsafe_code)]

use super::map::{Masks, Sink};

/// Hands the masks of each 64 bytes of `text` to `sink`; the last block is filled up with spaces.
pub(super) fn blocks(text: &[u8], sink: Sink<'_>) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the function needs nothing but AVX2, which was just found.
        unsafe { avx2::blocks(text, sink) };
        return;
    }
    let mut sink = sink;
    let (whole, rest) = text.as_chunks::<64>();
    for block in whole {
        sink.take(portable(block));
    }
    if !rest.is_empty() {
        sink.take(portable(&filled(rest)));
    }
}

/// A last block.
fn filled(rest: &[u8]) -> [u8; 64] {
    let mut block = [b' '; 64];
    block[..rest.len()].copy_from_slice(rest);
    block
}

fn portable(block: &[u8; 64]) -> Masks {
    let is = |byte: u8| bits(block, |b| b == byte);
    let digit = bits(block, |b| b.wrapping_sub(b'0') < 10);
    let letter = bits(block, |b| (b | 0x20).wrapping_sub(b'a') < 26);
    Masks {
        stops: bits(block, |b| b == b'"' || b == b'\\' || b < 0x20),
        backslash: is(b'\\'),
        at: is(b'@'),
        colon: is(b':'),
        equals: is(b'='),
        percent: is(b'%'),
        open: bits(block, |b| b | 0x20 == b'{'),
        dash: is(b'-'),
        dot: is(b'.'),
        digit,
        letter,
        word: digit | letter,
    }
}

/// One bit per byte. Eight bytes of 0 or 1 become eight bits by one multiplication: byte `i` times the bit `7 * (8 - i)`
/// of the factor is bit `56 + i` of the product, and no two terms meet.
#[inline(always)]
fn bits(block: &[u8; 64], class: impl Fn(u8) -> bool) -> u64 {
    let mut flags = [0u8; 64];
    for (flag, &byte) in flags.iter_mut().zip(block) {
        *flag = u8::from(class(byte));
    }
    let mut out = 0;
    let (eights, _) = flags.as_chunks::<8>();
    for (index, eight) in eights.iter().enumerate() {
        out |= (u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (index * 8);
    }
    out
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set1_epi8, _mm256_sub_epi8,
    };

    use super::{Masks, Sink};

    #[target_feature(enable = "avx2")]
    pub(super) fn blocks(text: &[u8], mut sink: Sink<'_>) {
        let (whole, rest) = text.as_chunks::<64>();
        for block in whole {
            sink.take(masks(block));
        }
        if !rest.is_empty() {
            sink.take(masks(&super::filled(rest)));
        }
    }

    /// Not inlined: where the compiler sees what becomes of the masks, it takes them apart bit by bit.
    #[inline(never)]
    #[target_feature(enable = "avx2")]
    fn masks(block: &[u8; 64]) -> Masks {
        let pointer = block.as_ptr().cast::<__m256i>();
        // SAFETY: both read 32 of the 64 bytes of the array; the instruction asks for no alignment.
        let (low, high) = unsafe { (_mm256_loadu_si256(pointer), _mm256_loadu_si256(pointer.add(1))) };
        Masks {
            stops: mask(stop(low), stop(high)),
            backslash: is(low, high, b'\\'),
            at: is(low, high, b'@'),
            colon: is(low, high, b':'),
            equals: is(low, high, b'='),
            percent: is(low, high, b'%'),
            open: is(lower(low), lower(high), b'{'),
            dash: is(low, high, b'-'),
            dot: is(low, high, b'.'),
            digit: mask(digit(low), digit(high)),
            letter: mask(letter(low), letter(high)),
            word: mask(_mm256_or_si256(digit(low), letter(low)), _mm256_or_si256(digit(high), letter(high))),
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn lower(bytes: __m256i) -> __m256i {
        _mm256_or_si256(bytes, _mm256_set1_epi8(0x20))
    }

    /// Quotes, backslashes and what is below a space.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn stop(bytes: __m256i) -> __m256i {
        let quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'"' as i8));
        let backslash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'\\' as i8));
        let control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
        _mm256_or_si256(_mm256_or_si256(quote, backslash), control)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn is(low: __m256i, high: __m256i, byte: u8) -> u64 {
        let byte = _mm256_set1_epi8(byte as i8);
        mask(_mm256_cmpeq_epi8(low, byte), _mm256_cmpeq_epi8(high, byte))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn digit(bytes: __m256i) -> __m256i {
        among(bytes, b'0', 10)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn letter(bytes: __m256i) -> __m256i {
        among(lower(bytes), b'a', 26)
    }

    /// Unsigned `byte - first < count`.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn among(bytes: __m256i, first: u8, count: i8) -> __m256i {
        let bytes = _mm256_sub_epi8(bytes, _mm256_set1_epi8(first as i8));
        _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(count - 1)), bytes)
    }

    /// The highest bit of each byte.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn mask(low: __m256i, high: __m256i) -> u64 {
        let (low, high) = (_mm256_movemask_epi8(low) as u32, _mm256_movemask_epi8(high) as u32);
        u64::from(low) | u64::from(high) << 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plain way.
    fn plain(block: &[u8; 64]) -> Masks {
        let mut masks = Masks::default();
        for (index, &byte) in block.iter().enumerate() {
            let bit = 1u64 << index;
            let set = |mask: &mut u64, holds: bool| *mask |= if holds { bit } else { 0 };
            set(&mut masks.stops, matches!(byte, b'"' | b'\\' | 0..0x20));
            set(&mut masks.backslash, byte == b'\\');
            set(&mut masks.at, byte == b'@');
            set(&mut masks.colon, byte == b':');
            set(&mut masks.equals, byte == b'=');
            set(&mut masks.percent, byte == b'%');
            set(&mut masks.open, matches!(byte, b'{' | b'['));
            set(&mut masks.dash, byte == b'-');
            set(&mut masks.dot, byte == b'.');
            set(&mut masks.digit, byte.is_ascii_digit());
            set(&mut masks.letter, byte.is_ascii_alphabetic());
            set(&mut masks.word, byte.is_ascii_alphanumeric());
        }
        masks
    }

    #[test]
    fn all_ways_give_the_same_masks_for_every_byte_at_every_place() {
        for place in 0..64 {
            for byte in 0..=255u8 {
                let mut block = [byte.wrapping_mul(31); 64];
                block[place] = byte;
                assert_eq!(portable(&block), plain(&block));
                #[cfg(target_arch = "x86_64")]
                if is_x86_feature_detected!("avx2") {
                    let mut blocks = crate::engine::scan::map::Map::masks_of(&block);
                    assert_eq!(blocks.pop(), Some(plain(&block)));
                }
            }
        }
    }
}
