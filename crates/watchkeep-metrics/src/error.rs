//! The error of this crate.

use std::fmt;

/// Why a recorder could not be built or installed, or a time zone not be found.
///
/// All of these happen at start-up; once a recorder runs it never fails, it counts what it refuses in
/// `watchkeep_metrics_rejected_total`.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct Error {
    kind: Kind,
    #[source]
    cause: Option<jiff::Error>,
}

#[derive(Debug)]
pub(crate) enum Kind {
    AlreadyInstalled,
    Buckets {
        metric: Option<String>,
        bound: Option<f64>,
    },
    GlobalLabel(String),
    Limit(&'static str),
    TimeZone(String),
}

impl Error {
    pub(crate) const fn new(kind: Kind) -> Self {
        Self { kind, cause: None }
    }

    pub(crate) const fn caused_by(kind: Kind, cause: jiff::Error) -> Self {
        Self {
            kind,
            cause: Some(cause),
        }
    }

    /// Tells whether the process already has a global recorder.
    #[must_use]
    pub const fn is_already_installed(&self) -> bool {
        matches!(self.kind, Kind::AlreadyInstalled)
    }

    /// Tells whether the builder was given bounds, labels or limits that make no sense.
    #[must_use]
    pub const fn is_invalid_configuration(&self) -> bool {
        matches!(
            self.kind,
            Kind::Buckets { .. } | Kind::GlobalLabel(_) | Kind::Limit(_)
        )
    }

    /// Tells whether a time zone is not known to this system.
    #[must_use]
    pub const fn is_unknown_time_zone(&self) -> bool {
        matches!(self.kind, Kind::TimeZone(_))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyInstalled => f.write_str("a global metrics recorder is already installed"),
            Self::Buckets { metric, bound } => {
                match metric {
                    Some(metric) => write!(f, "buckets of `{metric}`: ")?,
                    None => f.write_str("default buckets: ")?,
                }
                match bound {
                    Some(bound) => write!(
                        f,
                        "bound {bound} is not finite, or not above the one before it"
                    ),
                    None => f.write_str("there must be from 1 to 512 finite bounds"),
                }
            }
            Self::GlobalLabel(name) => write!(
                f,
                "global label `{name}` is not a label name, or stands there twice"
            ),
            Self::Limit(name) => write!(f, "`{name}` must be at least 1"),
            Self::TimeZone(name) => write!(f, "time zone `{name}` is not known to this system"),
        }
    }
}
