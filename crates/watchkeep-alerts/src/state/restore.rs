//! The state of an earlier process, from its rows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Now;
use crate::config::Config;
use crate::journal::{Row, Table};
use crate::state::groups::{Group, GroupId, row_key};
use crate::state::inhibit::Roles;
use crate::state::moment::Moment;
use crate::state::rows::{self, AlertRow, EntryRow, GroupRow, RowError, SilenceRow};
use crate::state::settings::Settings;
use crate::state::silences::Matched;
use crate::state::stored::Stored;
use crate::state::{Effect, State, inside};
use crate::timestamp::Timestamp;
use crate::view::AlertKind;

impl State {
    /// Goes on from the rows of an earlier process, maybe with another configuration; returns what is to be done about that.
    ///
    /// Nothing is flushed here: when the first group is, all inhibitions and silences are known (D5).
    /// A group that was due while no process ran is due now, and a lease that ran out has run out.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub(crate) fn restore(
        config: Arc<Config>,
        settings: Settings,
        mut rows: Vec<Row>,
        now: Now,
    ) -> Result<(Self, Vec<Effect>), RowError> {
        let now = inside(now);
        let mut state = Self::new(config, settings);
        rows.sort_unstable_by(|a, b| (a.table, &a.key).cmp(&(b.table, &b.key)));
        let of = |table| rows.iter().filter(move |row| row.table == table);
        for row in of(Table::Silences) {
            let silence = rows::read::<SilenceRow>(row)?.silence(row)?;
            state
                .silences
                .put(silence, state.settings.silence_retention);
        }
        let mut groups = BTreeMap::new();
        for row in of(Table::Groups) {
            let id = state.restore_group(now, rows::read(row)?);
            groups.insert(row.key.as_str(), id);
        }
        let mut expires = BTreeMap::new();
        for row in of(Table::Notified) {
            state.restore_entry(now, &rows::read(row)?, &mut expires);
        }
        for row in of(Table::Alerts) {
            let number = rows::alert_number(row)?;
            state.rows = state.rows.max(number);
            state.restore_alert(now, number, &rows::read(row)?, &groups);
        }
        let mut effects = Vec::new();
        state.build_inhibition();
        state.catch_up_with_time(now);
        state.attach(now, &mut effects);
        state.retire_books(now, &expires, &mut effects);
        Ok((state, effects))
    }

    fn restore_group(&mut self, now: Now, row: GroupRow) -> GroupId {
        let key = Arc::from(row.key);
        self.log.open(&key);
        self.groups.add(Group {
            route: None,
            row_key: row_key(&row.receiver, &row.route, &row.labels),
            route_key: Arc::from(row.route),
            receiver: Arc::from(row.receiver),
            labels: row.labels,
            key,
            members: BTreeMap::new(),
            next: Moment::at(now, Timestamp::from_millis(row.next)),
            flushed: row.flushed,
        })
    }

    fn restore_entry(
        &mut self,
        now: Now,
        row: &EntryRow,
        expires: &mut BTreeMap<Arc<str>, Moment>,
    ) {
        let key = Arc::from(row.group.as_str());
        self.log.restore(&key, &row.lane, row.entry(now));
        if let Some(at) = row.expires {
            expires.insert(key, Moment::at(now, Timestamp::from_millis(at)));
        }
    }

    fn restore_alert(
        &mut self,
        now: Now,
        number: u64,
        row: &AlertRow,
        groups: &BTreeMap<&str, GroupId>,
    ) {
        let mut said = row.said(now);
        // A clock that was set back makes no lease of ours longer than it can be.
        let longest = match (said.timeout, said.kind) {
            (true, _) => Some(self.config.resolve_timeout),
            (false, AlertKind::Event) => Some(self.settings.event_ends_after),
            (false, AlertKind::State) => None,
        };
        if let Some(longest) = longest {
            let latest = Moment::of(now).after(longest);
            said.ends = said.ends.map(|end| end.min(latest));
        }
        let fingerprint = crate::fingerprint::Fingerprint::of_texts(&said.alert.labels());
        let mut stored = Stored {
            said,
            row: number,
            occurrences: row.occurrences,
            alias: row.alias,
            firing: row.firing,
            groups: Vec::new(),
            roles: Roles::default(),
            matched: Matched::default(),
        };
        for member in &row.groups {
            let Some(id) = groups.get(member.group.as_str()) else {
                continue;
            };
            if let Some(members) = self.groups.members_mut(*id) {
                members.insert(fingerprint, member.member());
                stored.groups.push(*id);
            }
        }
        self.alerts.put(fingerprint, stored);
    }

    /// Moves groups that were flushed before to their next flush: rows are not written at each.
    ///
    /// A flush at this very instant may be done twice, and says nothing new then.
    fn catch_up_with_time(&mut self, now: Now) {
        for (id, mut group) in self.groups.take_all() {
            let route = self.keys.find(&group.route_key);
            if let (true, Some(route)) = (group.flushed, route) {
                let interval = self.config.routes.get(route).group_interval;
                group.next = group.next.next_of(interval, just_before(now));
            }
            self.groups.put_back(id, group);
        }
    }

    /// Lets go of what was told of groups that are gone, when its time comes.
    fn retire_books(
        &mut self,
        now: Now,
        expires: &BTreeMap<Arc<str>, Moment>,
        effects: &mut Vec<Effect>,
    ) {
        let longest = Moment::of(now).after(self.settings.log_retention);
        let idle = self.log.iter().filter(|(_, book)| book.users == 0);
        let idle: Vec<_> = idle.map(|(key, _)| Arc::clone(key)).collect();
        for key in idle {
            let until = expires.get(&key).copied().unwrap_or(longest);
            self.close_book(&key, until.min(longest), effects);
        }
    }
}

fn just_before(now: Now) -> Now {
    Now {
        elapsed: now.elapsed.saturating_sub(Duration::from_nanos(1)),
        wall: now.wall,
    }
}
