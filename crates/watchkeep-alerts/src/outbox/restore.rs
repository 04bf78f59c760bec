//! What an earlier process left on its way.

use std::collections::BTreeMap;

use crate::clock::Now;
use crate::journal::{Row, Table};
use crate::outbox::dead::{Dead, LetterRow};
use crate::outbox::item::{self, ItemRow, RowError};
use crate::outbox::{Effect, LaneSettings, Outbox, Settings};
use crate::state::Lane;

impl Outbox {
    /// Goes on with what an earlier process left: the same notices, with the same ids.
    ///
    /// What was under way when that process died may have arrived; it is sent again.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub(crate) fn restore(
        settings: Settings,
        lanes: BTreeMap<Lane, LaneSettings>,
        rows: &[Row],
        now: Now,
    ) -> Result<(Self, Vec<Effect>), RowError> {
        let mut outbox = Self::new(settings, lanes);
        let of = |table| rows.iter().filter(move |row| row.table == table);
        for row in of(Table::DeadLetters) {
            let letter: LetterRow = item::read(row)?;
            outbox.dead.put(letter.letter(now));
        }
        let mut items = Vec::new();
        for row in of(Table::Deliveries) {
            items.push(item::read::<ItemRow>(row)?);
        }
        items.sort_by_key(|row| row.sequence);
        let mut effects = Vec::new();
        for row in items {
            outbox.sequence = outbox.sequence.max(row.sequence);
            let budgets = outbox.settings.budgets;
            let item = row.item(now, |level| budgets[level.index()]);
            let Some(queue) = outbox.queues.get_mut(&item.job.lane) else {
                outbox.give_up(now, item, Dead::NoReceiver, &mut effects);
                continue;
            };
            if queue.waits(&item.slot()) {
                // Older and newer of one group, the older of which was under way.
                outbox.take_in(now, item, &mut effects);
            } else {
                queue.put(now, item);
            }
        }
        outbox.forget_dead_letters(now, &mut effects);
        Ok((outbox, effects))
    }
}
