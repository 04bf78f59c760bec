//! Labels, however they are held: as a map of texts, or in one piece of memory.

use crate::alert::Labels;

/// Names and values, each name once.
pub(crate) trait Texts {
    /// Returns the value of a name; of one that is not there it is empty.
    fn value_of(&self, name: &str) -> &str;

    /// Returns the names and values, in the order of the names.
    fn each(&self) -> impl Iterator<Item = (&str, &str)>;
}

impl Texts for Labels {
    fn value_of(&self, name: &str) -> &str {
        self.get(name).map_or("", String::as_str)
    }

    fn each(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}
