//! The pure state machine: alerts, silences and times in; notices, rows and reasons out.

mod effect;
mod event;
mod settings;
mod silence;

pub(crate) use effect::{Decision, Effect, Job, JobKind, Lane, Refusal, Why};
pub(crate) use event::{Ends, Event, Outcome, Settled, SilenceDraft, SilenceOp};
pub(crate) use settings::{Limit, Limits, Settings, Telling};
pub(crate) use silence::SilenceError;
