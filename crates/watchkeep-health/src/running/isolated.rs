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
    run: Option<Run>,
}

// === impl Isolated ===

impl Isolated {
    pub(super) fn new(run: Run) -> Self {
        Self { run: Some(run) }
    }

    fn poll_run(&mut self, context: &mut Context<'_>) -> Poll<Result<(), CheckError>> {
        let Some(run) = &mut self.run else {
            return Poll::Pending;
        };
        let result = run.as_mut().poll(context);
        if result.is_ready() {
            // Dropped here, because a destructor may block or panic too.
            self.run = None;
        }
        result
    }
}

impl Future for Isolated {
    type Output = Result<(), CheckError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
            return self.poll_run(context);
        }
        block_in_place(|| self.poll_run(context))
    }
}
