//! Which probes a component holds back.

/// A probe that waits for components.
///
/// Liveness is none of them, on purpose: restarting the process mends no database, so what a component says can
/// never fail it. See [`LocalCheck`](crate::LocalCheck) for what can.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Gate {
    /// [`Probe::Ready`](crate::Probe::Ready): no requests while the component is not healthy.
    Ready,
    /// [`Probe::Startup`](crate::Probe::Startup): not started before the component was healthy.
    Startup,
}

/// A set of gates.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Gates {
    pub(crate) ready: bool,
    pub(crate) startup: bool,
}

// === impl Gates ===

impl Gates {
    pub(crate) const BOTH: Self = Self {
        ready: true,
        startup: true,
    };
}

impl FromIterator<Gate> for Gates {
    fn from_iter<I: IntoIterator<Item = Gate>>(gates: I) -> Self {
        gates
            .into_iter()
            .fold(Self::default(), |set, gate| match gate {
                Gate::Ready => Self { ready: true, ..set },
                Gate::Startup => Self {
                    startup: true,
                    ..set
                },
            })
    }
}
