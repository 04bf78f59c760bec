//! When a group is evaluated, and how often samples are taken for it.

use std::time::Duration;

use watchkeep_metrics::Timestamp;

/// The shortest distance of samples that windows ask for: a second.
const FINEST: Duration = Duration::from_secs(1);

/// How many samples the shortest window should have.
const SAMPLES: u32 = 4;

/// When a group was evaluated last, and is again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    interval: Duration,
    last: Option<Timestamp>,
}

impl Schedule {
    pub(super) const fn new(interval: Duration) -> Self {
        Self {
            interval,
            last: None,
        }
    }

    pub(super) const fn interval(&self) -> Duration {
        self.interval
    }

    /// Whether it is time, when somebody asks every `tick`; half a tick early is in time, and a clock set back too.
    pub(super) fn is_due(&self, now: Timestamp, tick: Duration) -> bool {
        self.last
            .is_none_or(|last| now < last || now.saturating_sub(last) + tick / 2 >= self.interval)
    }

    pub(super) const fn evaluated(&mut self, now: Timestamp) {
        self.last = Some(now);
    }
}

/// How often samples are taken: a part of all intervals, and a quarter of the shortest window unless that is below a second.
pub(super) fn tick(
    intervals: impl Iterator<Item = Duration>,
    windows: impl Iterator<Item = Duration>,
) -> Duration {
    let common = intervals
        .map(|interval| interval.as_millis().max(1))
        .reduce(greatest_common_divisor)
        .unwrap_or(60_000);
    let common = Duration::from_millis(u64::try_from(common).unwrap_or(u64::MAX));
    let shortest = windows.filter(|window| !window.is_zero()).min();
    let wanted = shortest.map_or(common, |window| (window / SAMPLES).max(FINEST));
    if wanted >= common {
        return common;
    }
    // A whole number of them makes an interval.
    let parts = common.as_millis().div_ceil(wanted.as_millis().max(1));
    common / u32::try_from(parts).unwrap_or(u32::MAX)
}

const fn greatest_common_divisor(mut left: u128, mut right: u128) -> u128 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_as_near_as_intervals_and_windows_need() {
        let of = |intervals: &[u64], windows: &[u64]| {
            let seconds = |numbers: &[u64]| -> Vec<Duration> {
                numbers.iter().copied().map(Duration::from_secs).collect()
            };
            tick(seconds(intervals).into_iter(), seconds(windows).into_iter()).as_millis()
        };
        assert_eq!(of(&[60], &[300]), 60_000);
        assert_eq!(of(&[60, 45], &[]), 15_000);
        assert_eq!(of(&[60], &[60, 300, 0]), 15_000);
        assert_eq!(of(&[60], &[1]), 1_000);
        assert_eq!(of(&[50], &[60]), 12_500);
        assert_eq!(of(&[], &[]), 60_000);
        let fast = tick([Duration::from_millis(100)].into_iter(), [].into_iter());
        assert_eq!(fast, Duration::from_millis(100));
    }

    #[test]
    fn a_group_is_due_after_its_interval_give_or_take_half_a_tick() {
        let (tick, at) = (Duration::from_secs(10), |second: i64| {
            Timestamp::from_millis(second * 1_000)
        });
        let mut schedule = Schedule::new(Duration::from_secs(60));
        assert!(schedule.is_due(at(0), tick));
        schedule.evaluated(at(100));
        for (second, due) in [
            (100, false),
            (154, false),
            (155, true),
            (160, true),
            (99, true),
        ] {
            assert_eq!(schedule.is_due(at(second), tick), due, "{second}");
        }
    }
}
