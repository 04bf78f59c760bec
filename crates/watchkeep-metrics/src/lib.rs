//! A recorder behind the [`metrics`] facade: atomics, Prometheus and OpenMetrics text, snapshots and a short history.
//!
//! ```
//! use metrics::{counter, describe_counter, histogram};
//! use watchkeep_metrics::{Format, Recorder};
//!
//! # fn main() -> Result<(), watchkeep_metrics::Error> {
//! let recorder = Recorder::builder()
//!     .with_buckets_for("task_seconds", &[0.1, 1.0, 10.0])
//!     .build()?;
//! recorder.install()?;
//!
//! describe_counter!("tasks_total", "Tasks that came to an end.");
//! counter!("tasks_total", "outcome" => "done").increment(1);
//! histogram!("task_seconds").record(0.25);
//!
//! let mut page = Vec::new();
//! recorder.render(Format::Prometheus, &mut page);
//! let page = String::from_utf8_lossy(&page);
//! assert!(page.contains("tasks_total{outcome=\"done\"} 1"));
//! assert!(page.contains("task_seconds_bucket{le=\"1.0\"} 1"));
//! assert_eq!(recorder.snapshot().counter("tasks_total", &[]), 1.0);
//! # Ok(())
//! # }
//! ```
//!
//! # Overview
//!
//! * [`Recorder`] keeps every series as atomics. A histogram has a fixed array of buckets, so memory does not grow with
//!   observations and nothing has to run in the background.
//! * [`Recorder::render`] writes a [`Format`]; [`negotiate`] reads `Accept` and `Accept-Encoding`.
//! * [`Recorder::snapshot`] gives the numbers back; [`History`] keeps sums of some for a while, [`SeriesHistory`] single series,
//!   [`Daily`] counts per local day, [`Summary`] sums a service up.
//! * [`Recorder::expire_idle`] forgets series that nobody uses, [`Lazy`] handles may be made before the recorder is installed,
//!   and [`RecorderBuilder::with_exemplars`] ties buckets to traces.
//! * What is refused is counted in `watchkeep_metrics_rejected_total`, label sets over the limit in
//!   `watchkeep_metrics_overflow_total`, panics of [`Recorder::before_render`]'s functions in `watchkeep_metrics_hook_panics_total`.
//!
//! # Features
//!
//! * `process`: the usual `process_*` metrics, see `process::register`.

mod buckets;
mod build_info;
mod builder;
mod cell;
pub mod clock;
mod daily;
mod error;
mod exemplar;
mod exposition;
mod family;
mod group;
mod histogram;
mod history;
mod index;
mod label;
mod lazy;
mod name;
pub mod negotiate;
mod number;
mod own;
#[cfg(feature = "process")]
pub mod process;
mod recorder;
mod registry;
mod samples;
mod selector;
mod series;
mod snapshot;
mod summary;
mod sync;
mod timestamp;

pub use crate::build_info::build_info;
pub use crate::builder::RecorderBuilder;
pub use crate::daily::Daily;
pub use crate::error::Error;
pub use crate::exemplar::TraceId;
pub use crate::exposition::Format;
pub use crate::histogram::HistogramSnapshot;
pub use crate::history::{
    History, HistoryLimits, KeptSeries, Rows, Selection, SeriesHistory, SeriesLabels, is_stale,
};
pub use crate::lazy::{Handle, Lazy};
pub use crate::recorder::{FloatCounter, Recorder};
pub use crate::selector::Selector;
pub use crate::snapshot::{FamilySnapshot, Kind, SeriesSnapshot, Snapshot, Value};
pub use crate::summary::{Summary, SummaryBuilder};
pub use crate::timestamp::Timestamp;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
