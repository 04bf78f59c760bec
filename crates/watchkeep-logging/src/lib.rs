//! Structured logging in one call: console, rotating text files, an errors-only file and ECS JSON.
//!
//! ```no_run
//! let _guard = watchkeep_logging::init("api")?;
//! tracing::info!(addr = "127.0.0.1:8000", "listening");
//! # Ok::<(), watchkeep_logging::Error>(())
//! ```
//!
//! That writes to standard output, `logs/api.log`, `logs/api_errors.log` and, in production, `logs/api_json.log`, as the
//! environment says (see [`LogConfig`]). Everything can also be set in code, and the [`Layer`] goes into a registry of your own:
//!
//! ```
//! use tracing_subscriber::layer::SubscriberExt;
//! use watchkeep_logging::{Console, LogConfig};
//!
//! # let folder = tempfile::tempdir()?;
//! let (layer, guard) = LogConfig::new("api")
//!     .with_console(Console::Off)
//!     .with_dir(Some(folder.path().to_owned()))
//!     .with_json(true)
//!     .build()?;
//! let subscriber = tracing_subscriber::registry().with(layer);
//! tracing::subscriber::with_default(subscriber, || {
//!     tracing::error!(user_id = 7, error.code = "E42", "it broke");
//! });
//! assert!(guard.flush(std::time::Duration::from_secs(5)).is_complete());
//! let text = std::fs::read_to_string(folder.path().join("api_errors.log"))?;
//! assert!(text.ends_with("it broke user_id=7 error.code=E42\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it promises
//!
//! - The thread that logs never touches a disk: it renders the event once, copies the bytes into the bounded queue of each sink,
//!   and goes on. A full queue drops the line and counts it ([`SinkStats`]); the sink says so itself once it can.
//! - A line is written whole, in one file. Control and bidirectional characters from any value are escaped.
//! - A JSON line is valid ECS: `@timestamp`, `log.level` and `message` come first, no key comes twice, and fields that ECS does not
//!   know are strings under `labels`. Both kinds of lines carry the fields of the spans around an event.
//! - An error of the disk loses nothing that the queue can hold: the lines are written once it works again.
//! - Nothing here panics, and no value that panics in its formatting takes the line with it.
//! - A panic is a line too, and the last lines are written before it ends the process.
//! - Two processes do not share a file: the second one is refused.
//!
//! # Features
//!
//! All are off, since each brings a crate of its own.
//!
//! | feature | what it adds |
//! |---|---|
//! | `appender` | sinks over any `MakeWriter`, and over tracing-appender's non-blocking writer |
//! | `elasticsearch` | the error report of `query` from Elasticsearch |
//! | `exit` | the last lines also at `std::process::exit` |
//! | `gzip` | compression of rotated text files; `query` reads compressed JSON files |
//! | `opentelemetry` | `trace.id` and `span.id` are those of `tracing-opentelemetry` in the same registry |
//! | `query` | reading the JSON files again |

mod clock;
mod config;
mod error;
mod escape;
#[cfg(feature = "exit")]
mod exit;
mod fields;
mod filter;
mod handle;
mod init;
mod layer;
mod levels;
mod limit;
mod panic;
#[cfg(feature = "query")]
pub mod query;
mod queue;
mod recent;
mod redact;
mod render;
mod rolling;
mod shared;
mod sink;
mod stats;
pub mod testing;

#[cfg(feature = "appender")]
pub use self::config::LineFormat;
pub use self::config::{Console, LogConfig};
pub use self::error::{ConfigError, Error, LevelError};
pub use self::escape::{one_line, one_line_json};
pub use self::filter::{Filter, FilterError};
pub use self::handle::{LogGuard, LogHandle};
pub use self::init::{init, layer};
pub use self::layer::Layer;
pub use self::levels::FilterState;
pub use self::queue::{OnFull, QueueConfig, QueueGuard, QueueWriter};
pub use self::recent::RecentRecord;
pub use self::rolling::{Compression, RollingFile, RollingFileBuilder, RollingFileWriter};
pub use self::stats::{FlushReport, LineCounts, Losses, SinkStats};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
