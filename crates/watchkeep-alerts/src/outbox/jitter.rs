//! Waits that grow and are random, from a seed: SplitMix64.

use std::time::Duration;

/// A source of waits; the same seed gives the same ones.
#[derive(Debug)]
pub(super) struct Jitter(u64);

impl Jitter {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a random time below the bound: full jitter.
    pub(super) fn below(&mut self, bound: Duration) -> Duration {
        bound.mul_f64(self.unit())
    }

    /// Returns a random time in the upper half of the bound.
    pub(super) fn upper_half(&mut self, bound: Duration) -> Duration {
        bound.mul_f64(self.unit().mul_add(0.5, 0.5))
    }

    /// Returns a number from 0 up to 1, without 1.
    #[expect(
        clippy::cast_precision_loss,
        reason = "53 bits are what a double holds exactly"
    )]
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Returns the bound of the wait after that many failures in a row: it doubles from the first to the longest.
pub(super) fn bound(first: Duration, longest: Duration, failures: u32) -> Duration {
    first
        .saturating_mul(1 << failures.saturating_sub(1).min(30))
        .min(longest)
}
