//! The answers to the probes, small enough for one atomic word.

use std::time::Duration;

use crate::status::{Probe, ProbeAnswer};

/// How readiness stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Readiness {
    Draining,
    NotReady,
    Ready,
    Starting,
}

/// The answers to the probes for readiness and for the start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Answers {
    pub(crate) readiness: Readiness,
    pub(crate) started: bool,
    /// Until when they hold, counted from the registry's birth; `None` when nothing can go stale.
    pub(crate) holds_for: Option<Duration>,
}

/// Answers as one word: two bits of readiness, one of the start, and whole milliseconds from bit 8 on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Packed(pub(crate) u64);

const READINESS: u64 = 0b011;
const STARTED: u64 = 0b100;
const TIME_SHIFT: u32 = 8;
/// The time of answers that hold for ever.
const FOR_EVER: u64 = u64::MAX >> TIME_SHIFT;

// === impl Answers ===

impl Answers {
    /// What changes when an answer changes; the time they hold is no part of it.
    pub(crate) fn words(self) -> (Readiness, bool) {
        (self.readiness, self.started)
    }

    pub(crate) fn pack(self) -> Packed {
        let readiness = match self.readiness {
            Readiness::Draining => 0,
            Readiness::NotReady => 1,
            Readiness::Ready => 2,
            Readiness::Starting => 3,
        };
        let started = if self.started { STARTED } else { 0 };
        let millis = self.holds_for.map_or(FOR_EVER, |time| {
            u64::try_from(time.as_millis()).map_or(FOR_EVER, |millis| millis.min(FOR_EVER))
        });
        Packed(readiness | started | millis << TIME_SHIFT)
    }
}

// === impl Packed ===

impl Packed {
    /// Whether the answers hold this long after the registry's birth; a millisecond too early they do not.
    pub(crate) fn holds_at(self, since_birth: Duration) -> bool {
        let until = self.0 >> TIME_SHIFT;
        until == FOR_EVER || since_birth < Duration::from_millis(until)
    }

    pub(crate) fn readiness(self) -> Readiness {
        match self.0 & READINESS {
            0 => Readiness::Draining,
            1 => Readiness::NotReady,
            2 => Readiness::Ready,
            _ => Readiness::Starting,
        }
    }

    pub(crate) fn answer(self, probe: Probe) -> ProbeAnswer {
        match probe {
            Probe::Live => ProbeAnswer::new(true, "live"),
            Probe::Ready => match self.readiness() {
                Readiness::Draining => ProbeAnswer::new(false, "draining"),
                Readiness::NotReady => ProbeAnswer::new(false, "not ready"),
                Readiness::Ready => ProbeAnswer::new(true, "ready"),
                Readiness::Starting => ProbeAnswer::new(false, "starting"),
            },
            Probe::Startup if self.0 & STARTED != 0 => ProbeAnswer::new(true, "started"),
            Probe::Startup => ProbeAnswer::new(false, "starting"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_survive_packing() {
        for (readiness, word) in [
            (Readiness::Draining, "draining"),
            (Readiness::NotReady, "not ready"),
            (Readiness::Ready, "ready"),
            (Readiness::Starting, "starting"),
        ] {
            for started in [false, true] {
                let packed = Answers {
                    readiness,
                    started,
                    holds_for: None,
                }
                .pack();
                assert_eq!(packed.readiness(), readiness);
                assert_eq!(packed.answer(Probe::Ready).word, word);
                assert_eq!(packed.answer(Probe::Startup).ok, started);
            }
        }
    }

    #[test]
    fn answers_hold_until_their_time_and_not_beyond() {
        let packed = |holds_for| {
            Answers {
                readiness: Readiness::Ready,
                started: true,
                holds_for,
            }
            .pack()
        };
        let time = Duration::from_micros(1_500);
        assert!(packed(Some(time)).holds_at(Duration::from_micros(999)));
        assert!(!packed(Some(time)).holds_at(Duration::from_millis(1)));
        assert!(!packed(Some(time)).holds_at(time));
        assert!(packed(None).holds_at(Duration::MAX));
        assert!(packed(Some(Duration::MAX)).holds_at(Duration::MAX));
    }
}
