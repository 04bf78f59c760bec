//! The registry: a handle that everybody may hold.

use std::fmt;
use std::sync::Arc;

use crate::check::CheckError;
use crate::component::Component;
use crate::error::{Error, Kind};
use crate::message;
use crate::report::Report;
use crate::running::Running;
use crate::state::{Source, State};
use crate::status::{Probe, ProbeAnswer, Status};
use crate::transition::Transitions;

mod builder;
mod inner;

pub use builder::RegistryBuilder;
pub(crate) use inner::Inner;

/// Knows the health of every component, and never makes anybody wait for it.
///
/// A clone is another handle to the same registry. Every method but [`start`](Self::start) may be called from any
/// thread, with a runtime or without, and takes no longer than it takes to copy a report.
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

// === impl Registry ===

impl Registry {
    /// Begins a registry for a program of this version.
    pub fn builder(version: impl Into<String>) -> RegistryBuilder {
        RegistryBuilder::new(version.into())
    }

    fn new(version: String, components: Vec<Component>) -> Self {
        Self {
            inner: Arc::new(Inner::new(version, components)),
        }
    }

    /// Starts the checks, one task each, all at once, and registers the metrics with the present recorder.
    ///
    /// The checks run until the last [`Running`] is dropped; after that every checked component goes stale.
    /// A second call while they run starts nothing and returns another handle to the same run.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, or in one without a timer.
    pub fn start(&self) -> Running {
        self.inner.start()
    }

    /// How everything is now.
    pub fn report(&self) -> Report {
        self.inner.with(|_, _| (), State::report)
    }

    /// Answers a probe; runs no check for it.
    pub fn probe(&self, probe: Probe) -> ProbeAnswer {
        self.inner.with(|_, _| (), |state, _| state.probe(probe))
    }

    /// How the component is now; `None` when there is none of that name.
    pub fn status(&self, name: &str) -> Option<Status> {
        self.inner.with(
            |_, _| (),
            |state, _| state.find(name).map(|index| state.status(index)),
        )
    }

    /// The latest error of the component, or what the program said with its status.
    ///
    /// `None` when the latest result was a success, and when there is no component of that name. The text is
    /// for operators: masked and cut, see [`CheckError`], but not meant for the public.
    pub fn message(&self, name: &str) -> Option<String> {
        self.inner.with(
            |_, _| (),
            |state, _| state.find(name).and_then(|index| state.message(index)),
        )
    }

    /// Says how a [manual](Component::manual) component is.
    ///
    /// A critical component that is said to be degraded degrades the whole and takes readiness away. An optional
    /// one that is said to be unhealthy reads degraded. Whatever was [observed](Self::observe) before is
    /// forgotten.
    ///
    /// # Errors
    ///
    /// When there is no such component, or when it has a check.
    pub fn set_status(
        &self,
        name: &str,
        status: Status,
        message: Option<&str>,
    ) -> Result<(), Error> {
        let message = message.map(message::clean);
        self.inner.on(name, |state, index, now| {
            if state.is_checked(index) {
                return Err(Kind::Checked(name.to_owned()));
            }
            state.say(index, status, message, now);
            Ok(())
        })
    }

    /// Tells how a real call to the component went.
    ///
    /// Calls turn the component, and turn it back, by the same thresholds as its check, but are counted on their
    /// own: a check that merely connects does not hide that every call fails. The component fails while either
    /// says so. When nobody has called for as long as a result counts, the calls say nothing any more.
    ///
    /// # Errors
    ///
    /// When there is no such component.
    pub fn observe(&self, name: &str, result: Result<(), CheckError>) -> Result<(), Error> {
        let error = result.err();
        self.inner.on(name, |state, index, now| {
            let message = error.as_ref().map(CheckError::message);
            state.record(index, Source::Call, message, now);
            Ok(())
        })
    }

    /// The program stops: from now on, and for good, it is not ready. It stays live.
    pub fn begin_drain(&self) {
        let mut first = false;
        self.inner.with(|state, _| first = state.drain(), |_, _| ());
        if first {
            tracing::info!("draining, no longer ready");
        }
    }

    /// Every change of a component's status from now on.
    pub fn subscribe(&self) -> Transitions {
        self.inner.subscribe()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("components", &self.inner.components)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
