//! What a start waits for beside components: latches, which can only be released.

/// The latches of a registry by name.
#[derive(Debug, Default)]
pub(crate) struct Latches {
    names: Vec<String>,
    closed: Vec<bool>,
}

impl Latches {
    pub(crate) fn new(names: Vec<String>) -> Self {
        Self {
            closed: vec![true; names.len()],
            names,
        }
    }

    /// Releases one, for good; `false` when there is none of that name.
    pub(crate) fn release(&mut self, name: &str) -> bool {
        let Some(index) = self.names.iter().position(|each| each == name) else {
            return false;
        };
        self.closed[index] = false;
        true
    }

    pub(crate) fn are_open(&self) -> bool {
        !self.closed.contains(&true)
    }

    /// The names of those that are still closed.
    pub(crate) fn closed(&self) -> Vec<String> {
        let names = self.names.iter().zip(&self.closed);
        names
            .filter(|(_, closed)| **closed)
            .map(|(name, _)| name.clone())
            .collect()
    }
}
