//! What the command lines of the programs have in common.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;
use std::str::FromStr;

/// Parses a number from 1 to `most`.
///
/// # Errors
///
/// It is none; the message says what was given.
pub fn number<T>(text: &str, most: T) -> Result<T, String>
where
    T: Copy + FromStr + PartialOrd + Display + From<u8>,
{
    match text.trim().parse() {
        Ok(number) if T::from(1) <= number && number <= most => Ok(number),
        Ok(_) | Err(_) => Err(format!("not a number from 1 to {most}: {text}")),
    }
}

/// Returns how a program ends, and says on standard error why when it failed.
#[must_use]
pub fn ended(outcome: io::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes a number with a comma between thousands.
#[must_use]
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(999.4), "999");
        assert_eq!(grouped(1_000.0), "1,000");
        assert_eq!(grouped(12_345_678.0), "12,345,678");
    }

    #[test]
    fn numbers_are_taken_within_their_bounds() {
        assert_eq!(number(" 7 ", 7_u64), Ok(7));
        for text in ["0", "8", "-1", "x", ""] {
            assert!(number(text, 7_u64).is_err(), "{text}");
        }
    }
}
