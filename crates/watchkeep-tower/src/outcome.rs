//! How a request ended.

use std::fmt;

/// How a request ended; each request ends in exactly one of these.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Outcome {
    /// The body failed after the response had begun.
    BodyError,
    /// The response's future was dropped before it was ready: the client went away, or a timeout struck.
    CancelledBeforeResponse,
    /// The response's body was dropped before its end.
    CancelledInBody,
    /// The response was delivered up to its last byte, whatever its status.
    Completed,
    /// The service panicked: when called, while it worked, or while it produced the body.
    Panicked,
    /// The service gave an error instead of a response.
    ServiceError,
    /// The connection was handed over: status 101, or a 2xx answer to `CONNECT`.
    Upgraded,
}

impl Outcome {
    /// Returns the word that metrics and logs use, for example `cancelled_in_body`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BodyError => "body_error",
            Self::CancelledBeforeResponse => "cancelled_before_response",
            Self::CancelledInBody => "cancelled_in_body",
            Self::Completed => "completed",
            Self::Panicked => "panicked",
            Self::ServiceError => "service_error",
            Self::Upgraded => "upgraded",
        }
    }

    /// Says whether the service is to blame, and not the client.
    pub(crate) const fn is_failure(self) -> bool {
        match self {
            Self::BodyError | Self::Panicked | Self::ServiceError => true,
            Self::CancelledBeforeResponse
            | Self::CancelledInBody
            | Self::Completed
            | Self::Upgraded => false,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
