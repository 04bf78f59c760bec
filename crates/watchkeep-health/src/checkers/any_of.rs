//! Several checks of which one is enough.

use std::fmt;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::check::{Check, CheckError};

/// Passes when any of its checks does: for replicas of which one suffices.
///
/// They run at the same time; the first that passes ends the others. When all fail, the message names each. One
/// without checks fails.
#[derive(Clone, Default)]
#[must_use]
pub struct AnyOf {
    checks: Vec<(String, Arc<dyn Check>)>,
}

// === impl AnyOf ===

impl AnyOf {
    /// No check yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check under a name for the message.
    pub fn or(mut self, name: impl Into<String>, check: impl Check) -> Self {
        self.checks.push((name.into(), Arc::new(check)));
        self
    }
}

#[crate::async_trait]
impl Check for AnyOf {
    async fn check(&self) -> Result<(), CheckError> {
        let mut runs = JoinSet::new();
        for (index, (_, check)) in self.checks.iter().enumerate() {
            let check = Arc::clone(check);
            runs.spawn(async move { (index, check.check().await) });
        }
        let mut failures: Vec<(usize, String)> = Vec::new();
        let mut panics = 0;
        while let Some(run) = runs.join_next().await {
            match run {
                Ok((_, Ok(()))) => return Ok(()),
                Ok((index, Err(error))) => failures.push((index, error.to_string())),
                Err(_) => panics += 1,
            }
        }
        failures.sort_by_key(|(index, _)| *index);
        let mut texts: Vec<String> = failures
            .into_iter()
            .map(|(index, error)| format!("{}: {error}", self.checks[index].0))
            .collect();
        if panics > 0 {
            texts.push(format!("{panics} panicked"));
        }
        Err(CheckError::new(format!(
            "none passes; {}",
            texts.join("; ")
        )))
    }
}

impl fmt::Debug for AnyOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.checks.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::FnCheck;

    fn fails(text: &'static str) -> impl Check {
        FnCheck(move || async move { Err(CheckError::new(text)) })
    }

    #[tokio::test]
    async fn one_that_passes_is_enough_even_beside_one_that_hangs() {
        let hangs = FnCheck(std::future::pending);
        let passes = FnCheck(|| async { Ok(()) });
        let any = AnyOf::new()
            .or("a", fails("x"))
            .or("b", hangs)
            .or("c", passes);
        assert_eq!(any.check().await, Ok(()));
    }

    #[tokio::test]
    async fn when_all_fail_each_is_named() {
        let panics = FnCheck(|| async { panic!("on purpose") });
        let any = AnyOf::new()
            .or("a", fails("x"))
            .or("b", fails("y"))
            .or("c", panics);
        let error = any.check().await.unwrap_err();
        assert_eq!(error.message(), "none passes; a: x; b: y; 1 panicked");
        assert!(AnyOf::new().check().await.is_err());
    }
}
