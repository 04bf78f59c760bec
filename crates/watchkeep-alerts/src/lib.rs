//! An alert engine in the process: Alertmanager's routing, and nothing lost on a crash.
//!
//! ```
//! use std::time::Duration;
//! use watchkeep_alerts::{Alert, Alerting, Level, notifiers};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), watchkeep_alerts::Error> {
//! let alerting = Alerting::builder("oracle")
//!     .notifier("chat", notifiers::Log::new())
//!     .route(Level::Error, &["chat"])
//!     .route(Level::Critical, &["chat"])
//!     .build()?;
//!
//! // An event: equal ones are one alert, and it ends five minutes after the last.
//! let ack = alerting
//!     .trigger(Alert::new("AiTimeout", Level::Error, "AI processing timeout").with_detail("user_id", 7))
//!     .await?;
//! assert!(ack.is_new());
//!
//! // A state: it lasts until it is resolved.
//! let down = alerting.fire(Alert::new("DatabaseDown", Level::Critical, "Database connection failed")).await?;
//! assert_eq!(alerting.active().await.len(), 2);
//! alerting.resolve(down.fingerprint()).await?;
//!
//! assert!(alerting.shutdown(Duration::from_secs(5)).await);
//! # Ok(())
//! # }
//! ```
//!
//! # Overview
//!
//! - [`Alert`] is what the program says: a name, a [`Level`], a message, details. Its labels are its identity.
//! - [`Alerting`] holds what is active, tells each receiver once, again after the repeat interval, and when a state ends.
//! - [`Notifier`] is a channel; those in [`notifiers`] come with the crate, and a program brings its own.
//! - A [`config`] routes, groups, mutes and inhibits as Alertmanager does; [`AlertingBuilder::route`] is enough for routes by level.
//! - A [`journal`] keeps alerts, silences and what is to be delivered; an [`Ack`] says what the alert outlives.
//! - Each channel has its own bounded queue and task: one that hangs or fails delays no other. Tries are repeated with a growing random wait, or when the receiver asks for it; what is given up is a dead letter.
//! - [`testing`] has a receiver that records and a clock that stands still.
//! - Every alert and its end is also a log line (target `watchkeep_alerts`), and `watchkeep_alerts_*` metrics count alerts and notices.
//!
//! Without a [journal](AlertingBuilder::journal) alerts are held in memory: what is active when the process dies is forgotten.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `alertmanager` | `notifiers::Alertmanager`, for a cluster of Alertmanagers |
//! | `discord` | `notifiers::Discord`, for webhooks |
//! | `email` | `notifiers::Email`, with TLS required by default |
//! | `pagerduty` | `notifiers::PagerDuty`, Events API v2 |
//! | `slack` | `notifiers::Slack`, for incoming webhooks |
//! | `sqlite` | `journal::Sqlite`, the journal on disk |
//! | `teams` | `notifiers::Teams`, for workflows |
//! | `telegram` | `notifiers::Telegram`, Bot API |
//! | `webhook` | `notifiers::Webhook`, with Alertmanager's body and Standard Webhooks signatures |
//!
//! None is on by default: they bring an HTTP client, a mailer or SQLite.

mod alert;
mod alerting;
#[cfg(feature = "_bench")]
#[doc(hidden)]
pub mod bench;
mod builder;
mod clock;
pub mod config;
mod driver;
pub mod dry_run;
mod error;
pub mod explain;
mod fingerprint;
mod incoming;
pub mod interval;
pub mod journal;
mod level;
mod line;
pub mod matcher;
mod notification;
mod notifier;
pub mod notifiers;
mod numbers;
mod outbox;
pub mod route;
mod state;
pub mod testing;
mod text;
mod texts;
mod timestamp;
mod view;

pub use async_trait::async_trait;

pub use crate::alert::{Alert, Labels, is_label_name};
pub use crate::alerting::{Ack, Alerting, GroupWalk, SilenceAck, Walk};
pub use crate::builder::AlertingBuilder;
pub use crate::error::Error;
pub use crate::fingerprint::{AlertKey, Fingerprint};
pub use crate::incoming::Incoming;
pub use crate::level::{Level, ParseLevelError};
pub use crate::notification::Notification;
pub use crate::notifier::{Limits, Notifier, NotifyError, NotifyErrorKind, Rate};
pub use crate::state::{GroupListing, ListedAlert};
pub use crate::timestamp::{ParseTimestampError, Timestamp};
pub use crate::view::{
    AlertKind, AlertQuery, AlertReport, AlertView, DeadLetterView, DecisionView, DeliveryOutcome,
    DeliveryView, GroupView, SilenceRequest, SilenceView, Status, TestDelivery,
};
