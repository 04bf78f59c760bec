//! Listings for those who cannot wait for the whole: a part at a time, so that the engine goes on in between.

use std::sync::Arc;

use crate::alerting::Alerting;
use crate::error::{Error, Kind};
use crate::fingerprint::Fingerprint;
use crate::state::{GroupListing, GroupRef, ListedAlert};
use crate::view::{AlertQuery, SilenceView};

/// How many alerts are looked at before the engine goes on with its work: a millisecond or two.
const PART: usize = 500;

/// Goes through the alerts that pass a query, in the order of their fingerprints; see [`Alerting::walk`].
///
/// An alert that comes or goes meanwhile may be in it or not; every other one is in it once.
#[derive(Debug)]
pub struct Walk {
    alerting: Alerting,
    query: Arc<AlertQuery>,
    /// The last alert of the part before; none when there is no more.
    after: Option<Option<Fingerprint>>,
}

/// Goes through the groups with alerts that pass a query, in Alertmanager's order; see [`Alerting::walk_groups`].
#[derive(Debug)]
pub struct GroupWalk {
    alerting: Alerting,
    query: Arc<AlertQuery>,
    left: std::vec::IntoIter<GroupRef>,
}

impl Alerting {
    /// Begins to go through the alerts that pass a query.
    pub fn walk(&self, query: AlertQuery) -> Walk {
        Walk {
            alerting: self.clone(),
            query: Arc::new(query),
            after: Some(None),
        }
    }

    /// Begins to go through the groups with alerts that pass a query.
    ///
    /// # Errors
    /// When the engine's runtime has ended.
    pub async fn walk_groups(&self, query: AlertQuery) -> Result<GroupWalk, Error> {
        let query = Arc::new(query);
        let asked = Arc::clone(&query);
        let order = self.try_look(move |machine, _| machine.state.group_order(&asked));
        Ok(GroupWalk {
            alerting: self.clone(),
            query,
            left: order.await.ok_or(Kind::Closed)?.into_iter(),
        })
    }

    /// Returns one silence; none when there is none with this id, or the engine's runtime has ended.
    pub async fn find_silence(&self, id: &str) -> Option<SilenceView> {
        let id = id.to_owned();
        let find = self.try_look(move |machine, now| {
            let silence = machine.state.find_silence(&id)?;
            Some(SilenceView::new(silence, now.wall))
        });
        find.await.flatten()
    }
}

// === impl Walk ===

impl Walk {
    /// Shows the next part to `show`, which collects something of it; none when there is no more.
    ///
    /// It is called within the engine, and should take no longer than to write down what it sees.
    ///
    /// # Errors
    /// When the engine's runtime has ended.
    pub async fn next<T: Default + Send + 'static>(
        &mut self,
        show: impl Fn(&mut T, &ListedAlert<'_>) + Send + 'static,
    ) -> Result<Option<T>, Error> {
        let Some(after) = self.after else {
            return Ok(None);
        };
        let query = Arc::clone(&self.query);
        let look = self.alerting.try_look(move |machine, now| {
            let mut collected = T::default();
            let mut show = |alert: &ListedAlert<'_>| show(&mut collected, alert);
            let last = machine.state.list(now, &query, after, PART, &mut show);
            (collected, last)
        });
        let (collected, last) = look.await.ok_or(Kind::Closed)?;
        self.after = last.map(Some);
        Ok(Some(collected))
    }
}

// === impl GroupWalk ===

impl GroupWalk {
    /// Shows the next groups to `show`, which collects something of them; none when there is no more.
    ///
    /// It is called within the engine, and should take no longer than to write down what it sees.
    /// A group is shown as a whole.
    ///
    /// # Errors
    /// When the engine's runtime has ended.
    pub async fn next<T: Default + Send + 'static>(
        &mut self,
        show: impl Fn(&mut T, &GroupListing<'_>) + Send + 'static,
    ) -> Result<Option<T>, Error> {
        if self.left.as_slice().is_empty() {
            return Ok(None);
        }
        let query = Arc::clone(&self.query);
        let mut left = std::mem::take(&mut self.left);
        let look = self.alerting.try_look(move |machine, now| {
            let mut collected = T::default();
            let mut show = |group: &GroupListing<'_>| show(&mut collected, group);
            // Each group costs something, also when it has no alert to show.
            let mut cost = 0;
            for group in left.by_ref() {
                cost += 1 + machine.state.list_group(now, &query, group, &mut show);
                if cost >= PART {
                    break;
                }
            }
            (collected, left)
        });
        let (collected, left) = look.await.ok_or(Kind::Closed)?;
        self.left = left;
        Ok(Some(collected))
    }
}
