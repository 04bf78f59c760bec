//! The one error of all tasks: a sentence for the person who started the task.

use std::fmt;

pub(crate) type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Says why a task stopped.
#[derive(Debug)]
pub(crate) struct Error {
    message: String,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
