//! How much waits in a queue.

use std::future::{Ready, ready};

use crate::check::CheckError;

/// Fails while more than `most` entries wait, as `depth` counts them; for [`Component::from_fn`](crate::Component::from_fn).
///
/// `depth` must only read memory.
pub fn queue_depth<F>(
    most: usize,
    depth: F,
) -> impl Fn() -> Ready<Result<(), CheckError>> + Send + Sync + 'static
where
    F: Fn() -> usize + Send + Sync + 'static,
{
    move || {
        let waiting = depth();
        ready(if waiting > most {
            Err(CheckError::new(format!(
                "{waiting} entries wait, {most} may"
            )))
        } else {
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_queue_may_hold_as_many_as_it_may() {
        assert!(queue_depth(5, || 5)().await.is_ok());
        let error = queue_depth(5, || 6)().await.unwrap_err();
        assert_eq!(error.message(), "6 entries wait, 5 may");
    }
}
