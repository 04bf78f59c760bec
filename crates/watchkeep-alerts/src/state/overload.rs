//! What happens when there are too many alerts: one is refused, and one alert says so.

use std::time::Duration;

use crate::alert::{Alert, Labels};
use crate::clock::Now;
use crate::fingerprint::Fingerprint;
use crate::level::Level;
use crate::route::RouteId;
use crate::state::effect::{Effect, Refusal};
use crate::state::event::Ends;
use crate::state::packed::Packed;
use crate::state::raise::refused;
use crate::state::settings::Limit;
use crate::state::stored::Said;
use crate::state::{State, no_later};
use crate::view::AlertKind;

/// The name of the alert that says that alerts are refused.
pub(crate) const OVERLOAD: &str = "AlertingOverload";
/// The least time between two occurrences of that alert: a storm of refusals is one alert, and few writes.
const OVERLOAD_EVERY: Duration = Duration::from_secs(60);

impl State {
    /// Refuses what there is no room for.
    pub(super) fn check_room(
        &self,
        said: &Said,
        new: bool,
        places: &[(RouteId, Labels)],
    ) -> Result<(), Refusal> {
        let limits = &self.settings.limits;
        let own = self.alerts.of_name(OVERLOAD).min(1);
        if new && self.alerts.len() - own >= limits.alerts {
            return Err(Refusal::Full(Limit::Alerts));
        }
        if new && self.alerts.of_name(said.alert.name()) >= limits.alerts_per_name {
            return Err(Refusal::Full(Limit::AlertsPerName));
        }
        // Where there is room for all of them nobody has to look which are there.
        if self.groups.len() + places.len() <= limits.groups {
            return Ok(());
        }
        let missing = |place: &&(RouteId, Labels)| self.groups.find(place).is_none();
        let more = places.iter().filter(missing).count();
        if more > 0 && self.groups.len() + more > limits.groups {
            return Err(Refusal::Full(Limit::Groups));
        }
        Ok(())
    }

    /// Refuses an alert, and sees to it that one alert says so.
    pub(super) fn refuse(
        &mut self,
        now: Now,
        level: Level,
        limit: Limit,
        effects: &mut Vec<Effect>,
    ) {
        let most = match limit {
            Limit::Alerts => self.settings.limits.alerts,
            Limit::AlertsPerName => self.settings.limits.alerts_per_name,
            Limit::Groups => self.settings.limits.groups,
        };
        let lately = self
            .overloaded
            .is_some_and(|at| no_later(now, at, OVERLOAD_EVERY));
        if lately {
            effects.push(refused(level, Refusal::Full(limit), false));
            return;
        }
        let text = format!("alerts are refused: there are {most} {limit}");
        let mut alert = Alert::new(OVERLOAD, Level::Error, text);
        alert.adopt(&self.settings.service);
        let fires = self.alerts.get(Fingerprint::of(alert.labels()));
        let first = !fires.is_some_and(|stored| stored.firing);
        effects.push(refused(level, Refusal::Full(limit), first));
        self.overloaded = Some(now.elapsed);
        if let Some(said) = self.said(
            now,
            Packed::of(&alert),
            AlertKind::Event,
            None,
            Ends::Unsaid,
        ) {
            let mut own = Vec::new();
            // It is bounded by being one; that it collides with another is as good as impossible, and said by the refusals.
            let _ = self.put(now, said, None, false, &mut own);
            own.retain(|effect| !matches!(effect, Effect::Accepted { .. }));
            effects.append(&mut own);
        }
    }
}
