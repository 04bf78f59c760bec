//! One alert that is held: what was said of it, how long it lasts, and which groups have it.

use std::time::Duration;

use crate::clock::Now;
use crate::fingerprint::Fingerprint;
use crate::state::groups::GroupId;
use crate::state::inhibit::Roles;
use crate::state::moment::Moment;
use crate::state::packed::Packed;
use crate::state::silences::Matched;
use crate::timestamp::Timestamp;
use crate::view::{AlertKind, AlertView, Status};

/// What is said of an alert at one time.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) alert: Packed,
    pub(super) kind: AlertKind,
    pub(super) starts_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// When it ends unless more is said; none for a state that lasts until it is resolved.
    pub(super) ends: Option<Moment>,
    /// Whether the end is our guess, which a later word may shorten.
    pub(super) timeout: bool,
}

/// One alert that is held.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) said: Said,
    /// The number of its row in the journal: rows that begin together lie together, or each would touch a page of its own.
    pub(super) row: u64,
    pub(super) occurrences: u64,
    /// Its fingerprint as it was raised, when the service was added to it.
    pub(super) alias: Option<Fingerprint>,
    /// Whether its beginning was said and its end was not.
    pub(super) firing: bool,
    /// The groups that have still something to do with it.
    pub(super) groups: Vec<GroupId>,
    pub(super) roles: Roles,
    pub(super) matched: Matched,
}

impl Said {
    /// Says whether it is over at this time of the monotonic clock.
    pub(super) fn is_resolved(&self, elapsed: Duration) -> bool {
        self.ends.is_some_and(|end| end.elapsed <= elapsed)
    }

    /// Joins what was said before with what is said now, as Alertmanager does: only if the two overlap, else the new replaces the old.
    ///
    /// What lasts until it is resolved gets no end from a word that it fires, whatever the clock says of the two.
    pub(super) fn merge(mut self, old: &Self, elapsed: Duration) -> Self {
        if old.ends.is_none() && !self.is_resolved(elapsed) {
            self.ends = None;
        }
        if !self.overlaps(old) {
            return self;
        }
        let mut merged = self;
        merged.starts_at = merged.starts_at.min(old.starts_at);
        // Both are over, or both fire: the later end counts, by the clock that nobody sets.
        let alike = merged.is_resolved(elapsed) == old.is_resolved(elapsed);
        let guess = old.timeout && !merged.is_resolved(elapsed);
        if alike && !guess && merged.runs_until() < old.runs_until() {
            merged.ends = old.ends;
        }
        merged
    }

    fn overlaps(&self, old: &Self) -> bool {
        let inside = |at: Timestamp| at > old.starts_at && at < old.end();
        inside(self.end()) || inside(self.starts_at)
    }

    fn runs_until(&self) -> Duration {
        self.ends.map_or(Duration::MAX, |end| end.elapsed)
    }

    fn end(&self) -> Timestamp {
        let never = Timestamp::from_millis(i64::MAX);
        self.ends.map_or(never, |end| end.wall)
    }
}

impl Stored {
    pub(super) fn view(&self, fingerprint: Fingerprint, state: Status, now: Now) -> AlertView {
        let alert = &self.said.alert;
        let ends_at = match state {
            Status::Firing => None,
            Status::Resolved => Some(
                self.said
                    .ends
                    .map_or(now.wall, |end| end.wall)
                    .min(now.wall),
            ),
        };
        AlertView {
            fingerprint,
            labels: alert.labels().unpacked(),
            annotations: alert.annotations().unpacked(),
            state,
            kind: self.said.kind,
            level: alert.level(),
            starts_at: self.said.starts_at,
            ends_at,
            updated_at: self.said.updated_at,
            generator_url: alert.generator_url().to_owned(),
            occurrences: self.occurrences,
            deliveries: Vec::new(),
        }
    }
}
