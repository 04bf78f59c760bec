//! A run of a check that may block its thread without harm to the runtime's other tasks.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

use crate::check::CheckError;

type Run = Pin<Box<dyn Future<Output = Result<(), CheckError>> + Send>>;

/// Hands the worker's other tasks over before each poll, where the runtime has workers.
///
/// On a runtime of one thread there is nobody to hand them to, and a check that blocks delays everything.
pub(super) struct Isolated {
    run: Run,
}

// === impl Isolated ===

impl Isolated {
    pub(super) fn new(run: Run) -> Self {
        Self { run }
    }
}

impl Future for Isolated {
    type Output = Result<(), CheckError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
            return self.run.as_mut().poll(context);
        }
        // What the run holds is dropped here as well, when it ends: a destructor may block, too.
        block_in_place(|| self.run.as_mut().poll(context))
    }
}
