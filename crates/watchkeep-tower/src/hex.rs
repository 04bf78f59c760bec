//! Hexadecimal digits in lower case, eight at a time.

use std::str;

use http::HeaderValue;

/// A byte of this in each of the eight.
const ONES: u64 = 0x0101_0101_0101_0101;

/// Returns the lowest `N` digits of a number; `N` is at most 32 and a multiple of 8, or 2.
pub(crate) fn encode<const N: usize>(number: u128) -> [u8; N] {
    let mut digits = [0; N];
    let mut rest = number;
    for chunk in digits.rchunks_mut(8) {
        // The lower 32 bits are what eight digits say.
        let eight = spread(rest as u32).to_be_bytes();
        chunk.copy_from_slice(&eight[8 - chunk.len()..]);
        rest >>= 32;
    }
    digits
}

/// Returns the number that the digits say, where all of them are digits; there are at most 32.
#[inline(always)]
pub(crate) fn decode(digits: &[u8]) -> Option<u128> {
    let (first, chunks) = digits.as_rchunks::<8>();
    let mut number = match first {
        [] => 0,
        _ => {
            let mut padded = [b'0'; 8];
            padded[8 - first.len()..].copy_from_slice(first);
            u128::from(gather(u64::from_be_bytes(padded))?)
        }
    };
    for chunk in chunks {
        number = number << 32 | u128::from(gather(u64::from_be_bytes(*chunk))?);
    }
    Some(number)
}

/// Returns ASCII that this crate made as text.
pub(crate) fn as_text(ascii: &[u8]) -> &str {
    str::from_utf8(ascii).expect("hexadecimal digits and dashes are ASCII")
}

/// Returns ASCII that this crate made as a header's value.
pub(crate) fn header_value(ascii: &[u8]) -> HeaderValue {
    HeaderValue::from_bytes(ascii).expect("hexadecimal digits and dashes are a valid header value")
}

/// Returns the eight digits of a number, the first in the highest byte.
const fn spread(number: u32) -> u64 {
    let mut nibbles = number as u64;
    nibbles = (nibbles | nibbles << 16) & 0x0000_ffff_0000_ffff;
    nibbles = (nibbles | nibbles << 8) & 0x00ff_00ff_00ff_00ff;
    nibbles = (nibbles | nibbles << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    digits(nibbles)
}

/// Returns the number that eight digits say, the first in the highest byte.
#[inline(always)]
const fn gather(text: u64) -> Option<u32> {
    // A letter has bit 6 and counts from 1, so it is 9 more than its lower half says.
    let letters = (text >> 6) & ONES;
    let nibbles = (text & (0x0f * ONES)) + letters * 9;
    // What is no digit has another value, or is written in another way.
    if nibbles & (0xf0 * ONES) != 0 || digits(nibbles) != text {
        return None;
    }
    let mut number = nibbles;
    number = (number | number >> 4) & 0x00ff_00ff_00ff_00ff;
    number = (number | number >> 8) & 0x0000_ffff_0000_ffff;
    Some((number | number >> 16) as u32)
}

/// Returns the digit of each of eight values below 16.
const fn digits(nibbles: u64) -> u64 {
    let letters = ((nibbles + 6 * ONES) >> 4) & ONES;
    nibbles + (b'0' as u64) * ONES + letters * ((b'a' - b'0' - 10) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_standard_library_writes_them() {
        for number in [
            0,
            1,
            0x9a,
            u128::MAX,
            0x0123_4567_89ab_cdef_fedc_ba98_7654_3210,
        ] {
            let text = format!("{number:032x}");
            assert_eq!(as_text(&encode::<32>(number)), text);
            assert_eq!(as_text(&encode::<16>(number)), &text[16..]);
            assert_eq!(as_text(&encode::<2>(number)), &text[30..]);
            assert_eq!(decode(text.as_bytes()), Some(number));
            assert_eq!(decode(&text.as_bytes()[30..]), Some(number & 0xff));
        }
    }

    #[test]
    fn of_all_bytes_only_the_sixteen_digits_are_read_in_any_place() {
        for place in 0..10 {
            for byte in 0..=u8::MAX {
                let mut text = [b'7'; 10];
                text[place] = byte;
                let expected = str::from_utf8(&text).ok().and_then(|text| {
                    let is_lower = text
                        .bytes()
                        .all(|byte| !byte.is_ascii_uppercase() && byte != b'+');
                    u128::from_str_radix(text, 16).ok().filter(|_| is_lower)
                });
                assert_eq!(decode(&text), expected, "{byte} at {place}");
            }
        }
        assert_eq!(decode(b""), Some(0));
    }
}
