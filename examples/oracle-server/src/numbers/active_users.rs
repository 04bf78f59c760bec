//! Who was here in the last five minutes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// For how long a user counts as active after a message.
const WINDOW: Duration = Duration::from_secs(300);

/// The most users that are remembered, about 3 MB; beyond it the gauge stands still instead of the memory growing.
const MOST_USERS: usize = 100_000;

/// The distinct users of the last five minutes, up to 100,000.
#[derive(Debug, Default)]
pub(crate) struct ActiveUsers {
    last_seen: Mutex<HashMap<i64, Instant>>,
}

impl ActiveUsers {
    pub(crate) fn seen(&self, user_id: i64, now: Instant) {
        let mut last_seen = self
            .last_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if last_seen.len() >= MOST_USERS && !last_seen.contains_key(&user_id) {
            return;
        }
        last_seen.insert(user_id, now);
    }

    /// Counts them, and forgets those whose time is over.
    pub(crate) fn count(&self, now: Instant) -> usize {
        let mut last_seen = self
            .last_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        last_seen.retain(|_, seen| now.saturating_duration_since(*seen) < WINDOW);
        last_seen.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_count_once_and_for_five_minutes() {
        let users = ActiveUsers::default();
        let start = Instant::now();
        users.seen(1, start);
        users.seen(1, start + Duration::from_secs(100));
        users.seen(2, start);
        assert_eq!(users.count(start + Duration::from_secs(299)), 2);
        assert_eq!(users.count(start + Duration::from_secs(300)), 1);
        assert_eq!(users.count(start + Duration::from_secs(400)), 0);
    }

    #[test]
    fn memory_is_bounded() {
        let users = ActiveUsers::default();
        let now = Instant::now();
        for user in 0..=i64::try_from(MOST_USERS).expect("a small number") {
            users.seen(user, now);
        }
        assert_eq!(users.count(now), MOST_USERS);
    }
}
