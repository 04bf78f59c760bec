//! Builds a registry, and refuses one that cannot work.

use std::time::Duration;

use crate::component::{Component, MIN_INTERVAL};
use crate::error::{Error, Kind};
use crate::registry::Registry;

/// More components than this are a mistake, and a burden on whoever stores the metrics.
const MAX_COMPONENTS: usize = 256;

/// Collects the components of a [`Registry`].
#[derive(Debug)]
#[must_use]
pub struct RegistryBuilder {
    version: String,
    components: Vec<Component>,
    max_interval: Option<Duration>,
}

// === impl RegistryBuilder ===

impl RegistryBuilder {
    pub(super) fn new(version: String) -> Self {
        Self {
            version,
            components: Vec::new(),
            max_interval: None,
        }
    }

    /// Adds a component; reports list them in the order in which they were added.
    pub fn component(mut self, component: Component) -> Self {
        self.components.push(component);
        self
    }

    /// Makes every check run at least this often: after the shorter one of its own interval and this.
    ///
    /// How long a result counts is not affected.
    pub fn max_interval(mut self, interval: Duration) -> Self {
        self.max_interval = Some(interval);
        self
    }

    /// Builds the registry. No check runs before [`Registry::start`].
    ///
    /// # Errors
    ///
    /// When two names differ in nothing but case; when a name is empty, longer than 100 bytes or has a `:`, a
    /// control character or outer spaces; when a time or a threshold is zero, an interval is under 10 ms, or a
    /// result would be stale before the next one can come; when a checked component is told its first status;
    /// and when there are more than 256 components.
    pub fn build(self) -> Result<Registry, Error> {
        let Self {
            version,
            mut components,
            max_interval,
        } = self;
        if components.len() > MAX_COMPONENTS {
            return Err(Kind::TooMany(components.len()).into());
        }
        if let Some(interval) = max_interval.filter(|interval| *interval < MIN_INTERVAL) {
            return Err(Kind::Interval(interval).into());
        }
        for (index, component) in components.iter().enumerate() {
            component.validate()?;
            let name = component.name.to_lowercase();
            if components[..index]
                .iter()
                .any(|earlier| earlier.name.to_lowercase() == name)
            {
                return Err(Kind::Duplicate(component.name.clone()).into());
            }
        }
        for component in &mut components {
            // Fixed now, because the default follows from the component's own interval.
            component.stale_after = component.staleness();
            component.interval =
                max_interval.map_or(component.interval, |most| component.interval.min(most));
        }
        Ok(Registry::new(version, components))
    }
}

#[cfg(test)]
mod tests;
