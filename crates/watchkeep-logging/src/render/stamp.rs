//! Time stamps, of which all but the fraction is kept for a second.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const MICROS: i64 = 1_000_000;

/// The last second that was written, in both forms.
#[derive(Debug, Default)]
pub(crate) struct Stamps {
    /// `2026-08-22T10:15:30.123456Z`
    utc: Stamp<27>,
    /// `10:15:30.123`
    local: Stamp<12>,
}

#[derive(Debug)]
struct Stamp<const N: usize> {
    second: Option<i64>,
    text: [u8; N],
}

// === impl Stamps ===

impl Stamps {
    pub(crate) fn utc(&mut self, time: Timestamp) -> &[u8] {
        let (second, micros) = split(time);
        let text = &mut self.utc.text;
        if self.utc.second != Some(second) {
            let at = civil(second, &TimeZone::UTC);
            text.copy_from_slice(b"0000-00-00T00:00:00.000000Z");
            digits(&mut text[0..4], at.year().unsigned_abs().into());
            digits(&mut text[5..7], number(at.month()));
            digits(&mut text[8..10], number(at.day()));
            clock_face(&mut text[11..19], at);
            self.utc.second = Some(second);
        }
        digits(&mut text[20..26], micros);
        text
    }

    pub(crate) fn local(&mut self, time: Timestamp, zone: &TimeZone) -> &[u8] {
        let (second, micros) = split(time);
        let text = &mut self.local.text;
        if self.local.second != Some(second) {
            text.copy_from_slice(b"00:00:00.000");
            clock_face(&mut text[0..8], civil(second, zone));
            self.local.second = Some(second);
        }
        digits(&mut text[9..12], micros / 1000);
        text
    }
}

// === impl Stamp ===

impl<const N: usize> Default for Stamp<N> {
    fn default() -> Self {
        Self {
            second: None,
            text: [b'0'; N],
        }
    }
}

/// A clock before 1970 reads as 1970: four digits of a year must do.
fn split(time: Timestamp) -> (i64, u32) {
    let micros = time.as_microsecond().max(0);
    let fraction = u32::try_from(micros % MICROS).unwrap_or(0);
    (micros / MICROS, fraction)
}

fn civil(second: i64, zone: &TimeZone) -> DateTime {
    let time = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    zone.to_datetime(time)
}

fn clock_face(out: &mut [u8], at: DateTime) {
    digits(&mut out[0..2], number(at.hour()));
    digits(&mut out[3..5], number(at.minute()));
    digits(&mut out[6..8], number(at.second()));
}

fn number(part: i8) -> u32 {
    u32::from(part.unsigned_abs())
}

/// Fills `out` with the last digits of `value`.
fn digits(out: &mut [u8], mut value: u32) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
    }
}
