//! Every HTTP surface of Watchkeep: metrics, health, probes, alerts and the dashboard, as axum routers.
//!
//! [`Endpoints`] takes the parts that a service has and makes one [`axum::Router`] of their surfaces.
//! What shows a service's inside (alerts, dashboard) stands behind [`Access`]; metrics, health and probes are open and give away no detail.
//!
//! | path | behind [`Access`] | what |
//! |---|---|---|
//! | `/metrics` | no | Prometheus text, OpenMetrics when asked, the JSON summary for `Accept: application/json`; gzip when asked |
//! | `/metrics/summary` | no | the JSON summary |
//! | `/health` | no, `?verbose` yes | the report; `Accept: application/health+json` gives that format, with `?verbose` in full |
//! | `/livez`, `/readyz`, `/startupz` | no | probes |
//! | `/api/v2/status`, `…/receivers`, `…/alerts`, `…/alerts/groups`, `…/silences`, `…/silence/{id}`, `/-/healthy`, `/-/ready` | yes | Alertmanager's API, for `amtool`, Prometheus and others |
//! | `/alerts` | yes | active alerts with their deliveries, dead letters |
//! | `/alerts/explain`, `/alerts/decisions`, `/alerts/export`, `/alerts/dead-letters` | yes | why somebody was told or not, what was decided, the configuration as Alertmanager's file, what could not be delivered |
//! | `POST /alerts/dry-run`, `/alerts/test/{receiver}`, `/alerts/dead-letters/{id}/replay`, `…/discard` | yes | what would be sent, a test notice, another try of a dead letter, or its end |
//! | `/logs/errors?since=1h` | yes | how many errors by code, and the last of them: from the JSON files, the ring of the last records, or Elasticsearch |
//! | `/log-level` | yes | the filter of the log, and with `PUT` another one, for a time or until the restart |
//! | `POST /-/reload` | yes | reads the service's files again |
//! | `/dashboard`, `/dashboard/style.css`, `/dashboard/script.js` | yes | the page, its style and script |
//! | `/dashboard/events`, `/dashboard/api/snapshot` | yes | the same as a stream of events, and as JSON |
//! | `/dashboard/silence`, `/dashboard/test`, `/dashboard/log-level` | yes | ask before something is done |
//! | `POST /dashboard/api/silence`, `…/test`, `…/log-level` | yes | do it |
//!
//! [`Endpoints::router`] is for a service with one listener, [`Endpoints::split`] for one whose operators have their own.
//! Both can be nested below any prefix, and a router of one part alone is that surface alone.
//!
//! ```
//! use watchkeep_endpoints::{Access, Endpoints};
//! use watchkeep_metrics::Recorder;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let recorder = Recorder::builder().build()?;
//! let address = "127.0.0.1:8000".parse()?;
//! let router = Endpoints::new(Access::for_listener(address))
//!     .with_metrics(recorder)
//!     .router();
//! # let _: axum::Router = router;
//! # Ok(())
//! # }
//! ```

mod access;
mod alerts;
mod api_v2;
mod dashboard;
mod endpoints;
mod errors;
#[cfg(feature = "exporter-prometheus")]
mod exporter_prometheus;
mod flight;
mod health;
mod log_level;
mod metrics;
mod reload;
mod respond;
mod route;
mod shutdown;

pub use access::Access;
pub use dashboard::{Dashboard, Section, Source, Tile};
pub use endpoints::{Endpoints, Split};
pub use route::{Audience, POLLED_PATHS, Route};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
