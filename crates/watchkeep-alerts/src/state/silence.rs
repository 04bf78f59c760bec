//! A silence: matchers, a time, who and why; and why one is refused.

/// Why a silence was not made, changed or ended.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum SilenceError {
    /// There are as many as there may be.
    #[error("there are {0} silences already")]
    Full(usize),
    /// It lets no alert through, or has no matcher at all.
    #[error("at least one matcher must not match the empty text")]
    MatchesAll,
    /// Its end is not after its start.
    #[error("its end is not after its start")]
    Order,
    /// Its end is not in the future.
    #[error("its end is in the past")]
    Over,
    /// Its texts are too long.
    #[error("its texts have {bytes} bytes, more than {most}")]
    TooLong { bytes: usize, most: usize },
    /// No silence has this id.
    #[error("no silence has this id")]
    Unknown,
}
