//! Alerts that have begun where an event was, before the lanes of their group came to know that it had ended.

use crate::fingerprint::Fingerprint;
use crate::state::State;
use crate::state::effect::Lane;
use crate::state::flush::Flush;
use crate::state::settings::Telling;
use crate::view::AlertKind;

impl State {
    /// Lets events that have begun since the last flush be told, and states that have begun where an event was, also where the lane believes that they go on (D11); says whether it did.
    ///
    /// An end is noted by the flush after it: what begins between the two would count as told, and wait for the repeat.
    /// A lane that is told the end of events keeps the earlier one as held back, so that it is told an end also if it hears nothing before (D3); others forget it.
    /// A state that follows a state needs none of this: who was told that it fires has heard nothing else since, and it does.
    pub(super) fn begin_anew(&mut self, flush: &Flush<'_>, lane: &Lane, telling: Telling) -> bool {
        let begun = flush.items.iter().filter(|item| item.anew && !item.gone);
        let begun: Vec<Fingerprint> = begun.map(|item| item.fingerprint).collect();
        let book = self.log.book(&flush.group.key);
        if begun.is_empty() || book.is_none_or(|book| !book.lanes.contains_key(lane)) {
            return false;
        }
        let keeps = telling.tells_end(AlertKind::Event, self.settings.strict);
        let entry = self.log.entry_mut(&flush.group.key, lane);
        entry.begin_anew(&begun, keeps)
    }
}
