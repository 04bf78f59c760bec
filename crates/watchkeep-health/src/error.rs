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
    #[error(
        "two latches or local checks are called `{0}`; upper and lower case make no difference"
    )]
    DuplicateGuard(String),
    #[error("two components are called `{0}`; upper and lower case make no difference")]
    Duplicate(String),
    #[error(
        "an upper bound of {0:?} for the interval of the checks is too short; 10 ms is the least"
    )]
    Interval(std::time::Duration),
    #[error("a history of {0} changes is too long; 65536 is the most")]
    History(usize),
    #[error("`{0}` has no check that could be run")]
    Manual(String),
    #[error(
        "`{0}` is no name; it takes 1 to 100 bytes without `:`, control characters and outer spaces"
    )]
    Name(String),
    #[error(
        "no critical component holds readiness back, so the program would be ready whatever fails; add one, or say `ready_without_checks`"
    )]
    NoReadyCheck,
    #[error("the checks do not run")]
    NotRunning,
    #[error("{count} {what} are too many; {most} is the most")]
    TooMany {
        what: &'static str,
        count: usize,
        most: usize,
    },
    #[error("there is no component `{0}`")]
    Unknown(String),
    #[error("there is no latch `{0}`")]
    UnknownLatch(String),
    #[error("a watchdog's limit of {0:?} is too short; 1 s is the least")]
    Watchdog(std::time::Duration),
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

    /// Whether nothing holds readiness back.
    pub fn is_no_ready_check(&self) -> bool {
        matches!(self.0, Kind::NoReadyCheck)
    }

    /// Whether a check was to be run while the checks of the registry do not run.
    pub fn is_not_running(&self) -> bool {
        matches!(self.0, Kind::NotRunning)
    }

    /// Whether the registry has no component of that name.
    pub fn is_unknown_component(&self) -> bool {
        matches!(self.0, Kind::Unknown(_))
    }
}
