//! A silence: matchers, a time, who and why; and why one is refused.

use crate::alert::Labels;
use crate::matcher::{MatchOp, Matcher, Matchers};
use crate::state::event::SilenceDraft;
use crate::timestamp::Timestamp;

/// A silence: alerts that it matches are not told while it is active.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Silence {
    pub(crate) id: String,
    pub(crate) matchers: Matchers,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) created_by: String,
    pub(crate) comment: String,
}

/// How far a silence is; it follows from the time alone.
///
/// At the instant of its end a silence is over, for notices as for those who ask; in Alertmanager notices see it one instant longer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SilenceState {
    Active,
    Expired,
    Pending,
}

/// Why a silence was not made, changed or ended.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum SilenceError {
    /// There are as many as there may be.
    #[error("there are {0} silences already")]
    Full(usize),
    /// It lets no alert through, or has no matcher at all.
    #[error("at least one matcher must not match the empty string")]
    MatchesAll,
    /// Its end is not after its start.
    #[error("its end is not after its start")]
    Order,
    /// Its end is not in the future.
    #[error("its end is in the past")]
    Over,
    /// Its texts are too long.
    #[error("its texts have {bytes} bytes, more than {most}")]
    TooLong { bytes: usize, most: usize },
    /// No silence has this id.
    #[error("no silence has this id")]
    Unknown,
}

// === impl Silence ===

impl Silence {
    /// Makes a valid one.
    pub(super) fn new(
        draft: SilenceDraft,
        id: String,
        now: Timestamp,
        most: usize,
    ) -> Result<Self, SilenceError> {
        if draft.matchers.iter().all(matches_anything) {
            return Err(SilenceError::MatchesAll);
        }
        let texts = draft.created_by.len() + draft.comment.len();
        let text = |matcher: &Matcher| matcher.name().len() + matcher.value().len();
        let bytes = texts + draft.matchers.iter().map(text).sum::<usize>();
        if bytes > most {
            return Err(SilenceError::TooLong { bytes, most });
        }
        if draft.ends_at <= draft.starts_at {
            return Err(SilenceError::Order);
        }
        if draft.ends_at <= now {
            return Err(SilenceError::Over);
        }
        Ok(Self {
            id,
            matchers: draft.matchers,
            starts_at: draft.starts_at,
            ends_at: draft.ends_at,
            updated_at: now,
            created_by: draft.created_by,
            comment: draft.comment,
        })
    }

    pub(crate) fn state(&self, now: Timestamp) -> SilenceState {
        if now < self.starts_at && self.starts_at < self.ends_at {
            SilenceState::Pending
        } else if now < self.ends_at {
            SilenceState::Active
        } else {
            SilenceState::Expired
        }
    }

    /// Says whether it can be changed into the draft, rather than ended and made anew.
    ///
    /// So with the same matchers, and when active with a start in the same second, when pending with one that is not past.
    pub(super) fn may_become(&self, draft: &Self, now: Timestamp) -> bool {
        let second = |at: Timestamp| at.as_millis().div_euclid(1_000);
        self.matchers == draft.matchers
            && match self.state(now) {
                SilenceState::Active => second(self.starts_at) == second(draft.starts_at),
                SilenceState::Pending => draft.starts_at >= now,
                SilenceState::Expired => false,
            }
    }

    /// Takes what may change from the draft: the times, who, and why.
    pub(super) fn become_like(&mut self, draft: Self, now: Timestamp) {
        if self.state(now) == SilenceState::Pending {
            self.starts_at = draft.starts_at;
        }
        self.ends_at = draft.ends_at;
        self.updated_at = now;
        self.created_by = draft.created_by;
        self.comment = draft.comment;
    }

    /// Ends it now; what had not begun never begins.
    pub(super) fn expire(&mut self, now: Timestamp) {
        self.starts_at = self.starts_at.min(now);
        self.ends_at = now;
        self.updated_at = now;
    }
}

/// Says whether a matcher asks for nothing: it holds for the empty text, and says so. As in Alertmanager, `a!="b"` asks for something.
fn matches_anything(matcher: &Matcher) -> bool {
    match matcher.op() {
        MatchOp::Equal | MatchOp::Regex => matcher.matches(&Labels::new()),
        MatchOp::NotEqual | MatchOp::NotRegex => false,
    }
}
