//! Which alerts are asked for.

use crate::matcher::{Matcher, Matchers};

/// Which alerts are asked for, in the words of Alertmanager's API: by default all that fire.
#[derive(Clone, Debug)]
#[must_use = "a query does nothing until it is handed to the engine"]
pub struct AlertQuery {
    pub(crate) active: bool,
    pub(crate) silenced: bool,
    pub(crate) inhibited: bool,
    pub(crate) matchers: Matchers,
    pub(crate) receiver: Option<Matcher>,
}

impl AlertQuery {
    /// Asks for all that fire.
    pub fn new() -> Self {
        Self {
            active: true,
            silenced: true,
            inhibited: true,
            matchers: Matchers::default(),
            receiver: None,
        }
    }

    /// Takes alerts that are neither silenced nor inhibited, or leaves them out.
    pub const fn active(mut self, taken: bool) -> Self {
        self.active = taken;
        self
    }

    /// Takes alerts that are silenced, or leaves them out.
    pub const fn silenced(mut self, taken: bool) -> Self {
        self.silenced = taken;
        self
    }

    /// Takes alerts that are inhibited, or leaves them out.
    pub const fn inhibited(mut self, taken: bool) -> Self {
        self.inhibited = taken;
        self
    }

    /// Takes only alerts for whose labels all of these hold.
    pub fn matching(mut self, matchers: Matchers) -> Self {
        self.matchers = matchers;
        self
    }

    /// Takes only alerts of receivers whose name passes this matcher; the matcher's own name does not count.
    pub fn of_receiver(mut self, matcher: Matcher) -> Self {
        self.receiver = Some(matcher);
        self
    }

    pub(crate) fn takes_receiver(&self, name: &str) -> bool {
        let matcher = self.receiver.as_ref();
        matcher.is_none_or(|matcher| matcher.holds_for(name))
    }
}

impl Default for AlertQuery {
    fn default() -> Self {
        Self::new()
    }
}
