//! The registry: a handle that everybody may hold.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::check::CheckError;
use crate::error::{Error, Kind};
use crate::message;
use crate::report::Report;
use crate::running::Running;
use crate::state::Source;
use crate::status::{Probe, ProbeAnswer, Status};
use crate::transition::{Changed, PastTransition, Transitions};

mod builder;
mod demand;
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

    fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
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
        self.inner.report()
    }

    /// Answers a probe; runs no check for it, takes no lock and allocates nothing while no result goes stale,
    /// and takes as long with a thousand components as with one.
    pub fn probe(&self, probe: Probe) -> ProbeAnswer {
        self.inner.probe(probe)
    }

    /// The latest changes of components' statuses, oldest first, as many as
    /// [`history`](RegistryBuilder::history) says.
    pub fn history(&self) -> Vec<PastTransition> {
        self.inner
            .with(|_, _| (), |state, now| state.history().list(now))
    }

    /// Runs the check of a component now, and returns how the component is then.
    ///
    /// Callers share a run: those who ask while one is under way wait for its result. When the last result is
    /// younger than the component's [cache](crate::Component::on_demand) (a second, or the interval when that is
    /// shorter, for one that runs in the background), it is the answer. Whatever comes, this waits no longer
    /// than twice the component's timeout and a second, and then says what is known.
    ///
    /// # Errors
    ///
    /// When there is no such component, when it has no check, and when the checks do not run.
    ///
    /// # Cancel safety
    ///
    /// The run goes on when the future is dropped.
    pub async fn run_now(&self, name: &str) -> Result<Status, Error> {
        let inner = &self.inner;
        let Some(index) = inner.components.iter().position(|it| it.name == name) else {
            return Err(Kind::Unknown(name.to_owned()).into());
        };
        let component = &inner.components[index];
        if component.work.is_none() {
            return Err(Kind::Manual(name.to_owned()).into());
        }
        if !inner.is_running() {
            return Err(Kind::NotRunning.into());
        }
        if !inner.is_fresh(index) {
            let patience = component.timeout.saturating_mul(2);
            // What is known answers as well when the time was not enough.
            let _ = inner.demands[index]
                .ask(patience.saturating_add(Duration::from_secs(1)))
                .await;
        }
        Ok(inner.with(|_, _| (), |state, _| state.status(index)))
    }

    /// Opens a latch of the builder, for good: the start no longer waits for it.
    ///
    /// # Errors
    ///
    /// When there is no such latch.
    pub fn release(&self, latch: &str) -> Result<(), Error> {
        let mut known = false;
        self.inner
            .with(|state, _| known = state.release(latch), |_, _| ());
        if known {
            return Ok(());
        }
        Err(Kind::UnknownLatch(latch.to_owned()).into())
    }

    /// How the component is now; `None` when there is none of that name.
    pub fn status(&self, name: &str) -> Option<Status> {
        self.inner.with(
            |_, _| (),
            |state, _| state.find(name).map(|index| state.status(index)),
        )
    }

    /// How the component is now, and how much it matters.
    #[cfg(feature = "grpc")]
    pub(crate) fn component(&self, name: &str) -> Option<(Status, crate::Criticality)> {
        let index = self
            .inner
            .components
            .iter()
            .position(|it| it.name == name)?;
        let status = self.inner.with(|_, _| (), |state, _| state.status(index));
        Some((status, self.inner.components[index].criticality))
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

    /// Says how a [manual](crate::Component::manual) component is.
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
        })?;
        if status == Status::Healthy {
            self.inner.export_success(name);
        }
        Ok(())
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
        })?;
        if error.is_none() {
            self.inner.export_success(name);
        }
        Ok(())
    }

    /// The program stops: from now on, and for good, it is not ready. It stays live.
    pub fn begin_drain(&self) {
        let mut first = false;
        self.inner.with(|state, _| first = state.drain(), |_, _| ());
        if first {
            tracing::info!("draining, no longer ready");
        }
    }

    /// Whether the program stops; whoever streams to viewers ends the streams then.
    pub fn is_draining(&self) -> bool {
        self.inner.with(|_, _| (), |state, _| state.is_draining())
    }

    /// Wakes whenever a status or a probe's answer changes from now on; for liveness within a second, and only while
    /// the checks run.
    pub fn changed(&self) -> Changed {
        self.inner.changed()
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
