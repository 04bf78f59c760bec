//! When everything that does not end by itself has to: a future that all who wait share.

use std::fmt;
use std::future::pending;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

/// The word that the service stops; it never comes unless there is somebody to give it.
#[derive(Clone, Default)]
pub(crate) struct Shutdown {
    given: Option<Shared<BoxFuture<'static, ()>>>,
}

impl Shutdown {
    pub(crate) fn when(shutdown: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            given: Some(shutdown.boxed().shared()),
        }
    }

    /// Waits for the word.
    pub(crate) async fn given(self) {
        match self.given {
            Some(given) => given.await,
            None => pending().await,
        }
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown")
            .field("is_known", &self.given.is_some())
            .finish()
    }
}
