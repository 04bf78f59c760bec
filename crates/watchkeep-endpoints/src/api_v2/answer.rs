//! Answers in Alertmanager's forms: JSON, nothing, a text as JSON, or a text with a code.

use std::error::Error;
use std::fmt::Write as _;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use crate::respond;

/// A required value is not there.
pub(super) const REQUIRED: u16 = 602;
/// A value is not of its type.
pub(super) const TYPE: u16 = 601;
/// A list is too long.
pub(super) const TOO_MANY: u16 = 611;
/// A list is too short.
pub(super) const TOO_FEW: u16 = 612;

/// Why a request is refused.
#[derive(Debug, PartialEq)]
pub(super) struct Problem {
    status: StatusCode,
    /// With a code when the request itself is malformed.
    code: Option<u16>,
    message: String,
}

#[derive(Serialize)]
struct Coded<'a> {
    code: u16,
    message: &'a str,
}

impl Problem {
    /// Refuses what is asked for.
    pub(super) fn said(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code: None,
            message: message.into(),
        }
    }

    /// Refuses how it is asked for.
    pub(super) fn coded(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code: Some(status.as_u16()),
            message: message.into(),
        }
    }

    /// Refuses a value that is not as it must be: 422, with a code that says in which way.
    pub(super) fn value(code: u16, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code: Some(code),
            message: message.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let message = self.message.as_str();
        match self.code {
            Some(code) => json(self.status, &Coded { code, message }),
            None => json(self.status, &message),
        }
    }
}

/// Answers with a value as JSON.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => respond::json(status, text + "\n"),
        Err(_) => respond::refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the answer could not be written as JSON\n",
        ),
    }
}

/// Answers that it was done.
pub(super) fn done() -> Response {
    let mut response = Response::default();
    respond::with(&mut response, http::header::CACHE_CONTROL, "no-store");
    response
}

/// Prints an error with its causes.
pub(super) fn in_full(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a text does not fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
