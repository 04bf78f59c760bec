//! The project's own tasks: `cargo xtask ci|test|setup|deny|deploy|features|docs|peers`.
//!
//! Only the standard library is used, so that the first task starts within seconds of a fresh clone.
//! A task runs the same commands that a person would type, prints each of them, and stops at the first that fails.
//!
//! The integration tests use [`programs`] too: one list says which programs the tests need and where they are looked for.
//!
//! ```
//! let listed: Vec<&str> = xtask::programs::all().iter().map(|program| program.name()).collect();
//! assert!(listed.contains(&"prometheus"));
//! ```
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task talks to the person who started it"
)]

mod cli;

mod ci;
mod deny;
mod docs;
mod example;
mod features;
mod peers;
mod setup;
mod suite;

mod clock;
mod command;
mod error;
mod http;
mod manifest;
mod pinned;
mod stage;
mod workspace;

pub mod programs;

pub use self::cli::run;
