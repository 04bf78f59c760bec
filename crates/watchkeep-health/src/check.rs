//! What a check is, and what it says when it fails.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::message;

/// Looks at one thing that the program depends on.
///
/// A check runs in a task of its own: it may be slow, hang or panic without harm to the others. At most one run
/// of a check is under way at any time. One that blocks its thread is bad manners, see
/// [`Component::blocking`](crate::Component::blocking), but on a runtime with worker threads it delays nobody
/// else: the worker hands its other tasks over before it looks.
///
/// # Cancel safety
///
/// A run that is not over within its timeout is dropped at its next `.await`.
#[async_trait]
pub trait Check: Send + Sync + 'static {
    /// Looks once.
    ///
    /// # Errors
    ///
    /// Whatever is wrong, in words that help an operator.
    async fn check(&self) -> Result<(), CheckError>;
}

/// Why a check failed, in words.
///
/// It is made from any error by `?`; for that it is no [`std::error::Error`] itself. The text is cleaned when it
/// is made: at most 500 characters, no control characters, and of a URL all but scheme, host and port masked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CheckError {
    message: String,
}

/// How a component is looked at.
#[derive(Clone)]
pub(crate) enum Work {
    /// In a task.
    Async(Arc<dyn Check>),
    /// On a thread that may be blocked.
    Blocking(Arc<dyn Fn() -> Result<(), CheckError> + Send + Sync>),
}

/// A check that is a closure.
pub(crate) struct FnCheck<F>(pub(crate) F);

// === impl CheckError ===

impl CheckError {
    /// Makes an error of this text.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message::clean(&message.into()),
        }
    }

    /// Makes an error of this one and its causes: `outer: inner: innermost`.
    ///
    /// A cause whose text already ends what was written before it is not repeated.
    pub fn from_error(error: &dyn StdError) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        // A chain is short; the bound is for one that bites its own tail.
        for _ in 0..16 {
            let Some(error) = cause else { break };
            let next = error.to_string();
            if !text.ends_with(&next) {
                text.push_str(": ");
                text.push_str(&next);
            }
            cause = error.source();
        }
        Self::new(text)
    }

    /// The text.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl<E: StdError> From<E> for CheckError {
    fn from(error: E) -> Self {
        Self::from_error(&error)
    }
}

// === impl FnCheck ===

#[async_trait]
impl<F, Fut> Check for FnCheck<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), CheckError>> + Send + 'static,
{
    async fn check(&self) -> Result<(), CheckError> {
        (self.0)().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the pool is empty")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn any_error_becomes_a_check_error_with_its_causes() {
        fn fails() -> Result<(), CheckError> {
            Err(Outer(std::io::Error::other("connection refused")))?;
            Ok(())
        }
        assert_eq!(
            fails().unwrap_err().to_string(),
            "the pool is empty: connection refused"
        );
    }

    /// An error that tells how many more stand behind it.
    #[derive(Debug)]
    struct Nested(usize, Option<Box<Self>>);

    impl Nested {
        fn deep(depth: usize) -> Self {
            let inner = (depth > 0).then(|| Box::new(Self::deep(depth - 1)));
            Self(depth, inner)
        }
    }

    impl fmt::Display for Nested {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "<{}>", self.0)
        }
    }

    impl StdError for Nested {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            self.1.as_deref().map(|inner| inner as _)
        }
    }

    #[test]
    fn causes_are_told_to_the_sixteenth_and_none_twice() {
        let text = |depth| CheckError::from_error(&Nested::deep(depth)).to_string();
        assert_eq!(text(2), "<2>: <1>: <0>");
        assert!(text(16).ends_with(": <0>"));
        assert!(text(17).ends_with(": <1>"));
        let quotes = Quoting(std::io::Error::other("refused"));
        let message = CheckError::from_error(&quotes).to_string();
        assert_eq!(message, "cannot connect: refused");
    }

    /// An error that has its cause in its own text already.
    #[derive(Debug, thiserror::Error)]
    #[error("cannot connect: {0}")]
    struct Quoting(#[source] std::io::Error);
}
