//! The status of a gRPC call, which HTTP's status says nothing about.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::outcome::Outcome;

static STATUS: HeaderName = HeaderName::from_static("grpc-status");

const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// One of the 17 codes of gRPC.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Code(u8);

impl Code {
    const OK: Self = Self(0);
    const CANCELLED: Self = Self(1);
    const UNKNOWN: Self = Self(2);

    /// Returns what `grpc-status` says: in the trailers, or in the headers of a response that has only those.
    ///
    /// A code that gRPC does not know is UNKNOWN, as its specification asks of clients.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(&STATUS)?;
        let code = value.to_str().ok().and_then(|text| text.parse().ok());
        Some(code.map_or(Self::UNKNOWN, Self::from_number))
    }

    fn from_number(number: u8) -> Self {
        match usize::from(number) < NAMES.len() {
            true => Self(number),
            false => Self::UNKNOWN,
        }
    }

    /// Returns the code of a call that ended without one.
    pub(crate) fn missing(outcome: Outcome) -> Self {
        match outcome {
            Outcome::CancelledBeforeResponse | Outcome::CancelledInBody => Self::CANCELLED,
            Outcome::BodyError
            | Outcome::Completed
            | Outcome::Panicked
            | Outcome::ServiceError
            | Outcome::Upgraded => Self::UNKNOWN,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        NAMES[usize::from(self.0)]
    }

    /// Returns a number below 32.
    pub(crate) fn number(self) -> u8 {
        self.0
    }

    /// Says whether the call did what it was asked.
    pub(crate) fn is_ok(self) -> bool {
        self == Self::OK
    }

    /// Says whether the server is to blame; the same codes as in OpenTelemetry's conventions for gRPC servers.
    pub(crate) fn is_failure(self) -> bool {
        matches!(
            self.as_str(),
            "UNKNOWN"
                | "DEADLINE_EXCEEDED"
                | "UNIMPLEMENTED"
                | "INTERNAL"
                | "UNAVAILABLE"
                | "DATA_LOSS"
        )
    }
}

/// Says whether the headers are those of a gRPC call; gRPC-Web, whose status is in the body, is none.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .map(HeaderValue::as_bytes)
        .and_then(|value| value.strip_prefix(b"application/grpc"))
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: &str, name: &str) {
        let mut headers = HeaderMap::new();
        headers.insert(&STATUS, HeaderValue::from_str(status).unwrap());
        assert_eq!(Code::from_headers(&headers).unwrap().as_str(), name);
    }

    #[test]
    fn codes_have_names_and_all_else_is_unknown() {
        check("0", "OK");
        check("12", "UNIMPLEMENTED");
        check("16", "UNAUTHENTICATED");
        for strange in ["17", "99", "256", "-1", "abc", "", "ä"] {
            check(strange, "UNKNOWN");
        }
        assert_eq!(Code::from_headers(&HeaderMap::new()), None);
    }

    #[test]
    fn calls_are_told_by_their_content_type() {
        for (value, expected) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("application/grpc; charset=x", true),
            ("application/grpc-web", false),
            ("application/json", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
            assert_eq!(is_grpc(&headers), expected, "{value}");
        }
    }
}
