//! What can be wrong with a registry, or with a call to it.

/// A registry that cannot be built, or a component that cannot be addressed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Kind);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    #[error("`{0}` is called from outside, but its status comes from its check")]
    Checked(String),
    #[error("component `{name}`: {problem}")]
    Component { name: String, problem: &'static str },
    #[error("two components are called `{0}`; upper and lower case make no difference")]
    Duplicate(String),
    #[error(
        "an upper bound of {0:?} for the interval of the checks is too short; 10 ms is the least"
    )]
    Interval(std::time::Duration),
    #[error(
        "`{0}` is no name for a component; it takes 1 to 100 bytes without `:`, control characters and outer spaces"
    )]
    Name(String),
    #[error("{0} components are too many; 256 is the most")]
    TooMany(usize),
    #[error("there is no component `{0}`")]
    Unknown(String),
}

impl Error {
    /// Whether the component's status comes from its check, so that nobody else may say it.
    pub fn is_checked(&self) -> bool {
        matches!(self.0, Kind::Checked(_))
    }

    /// Whether two components have the same name.
    pub fn is_duplicate(&self) -> bool {
        matches!(self.0, Kind::Duplicate(_))
    }

    /// Whether the registry has no component of that name.
    pub fn is_unknown_component(&self) -> bool {
        matches!(self.0, Kind::Unknown(_))
    }
}
