//! Events that begin anew before the lanes of their groups have come to know that they had ended.

use std::sync::Arc;

use crate::fingerprint::Fingerprint;
use crate::state::State;
use crate::state::effect::{Effect, Lane};
use crate::state::groups::GroupId;
use crate::view::AlertKind;

impl State {
    /// Lets an event that begins be told, also where a lane believes that it goes on (D11).
    ///
    /// An end is noted by the flush after it: what begins between the two would count as told, and wait for the repeat.
    /// A lane that is told the end of events keeps it as held back, so that it is told this end if it hears nothing before (D3); others forget it.
    /// A state needs none of this: who was told that it fires has heard nothing else since, and it does.
    pub(super) fn begin_anew(&mut self, fingerprint: Fingerprint, effects: &mut Vec<Effect>) {
        let Some(stored) = self.alerts.get(fingerprint) else {
            return;
        };
        if self.settings.strict || stored.said.kind != AlertKind::Event {
            return;
        }
        for id in stored.groups.clone() {
            self.begin_anew_in(id, fingerprint, effects);
        }
    }

    fn begin_anew_in(&mut self, id: GroupId, fingerprint: Fingerprint, effects: &mut Vec<Effect>) {
        let Some(group) = self.groups.get(id) else {
            return;
        };
        let key = Arc::clone(&group.key);
        let telling = self.lanes.of(&group.receiver);
        let tells = |lane: &Lane| {
            let telling = telling.get(lane.integration);
            telling.is_some_and(|it| it.tells_end(AlertKind::Event, false))
        };
        for lane in self.log.begin_anew(&key, fingerprint, tells) {
            self.persist_entry(&key, &lane, effects);
        }
    }
}
