//! The reference ORACLE server: people send it messages, an AI engine answers them, tokens and money are spent, and Watchkeep watches.
//!
//! Everything that is ORACLE's own lives here: its numbers ([`numbers`](crate::Server)), its components, its rules, its page.
//! The libraries know none of it.

mod alerts;
mod api;
mod arguments;
mod cache;
mod components;
mod config;
mod data_dir;
mod demo;
mod engine;
mod exchange;
mod json;
mod listeners;
pub mod names;
mod numbers;
mod reload;
mod run;
mod server;
mod store;
mod tls;

pub use config::{Config, Problems};
pub use run::run;
pub use server::{Server, StartError};
