//! The channels that come with the engine.

mod log;

#[cfg(feature = "_http")]
mod http;
#[cfg(feature = "webhook")]
mod signature;
#[cfg(feature = "slack")]
mod slack;
#[cfg(feature = "webhook")]
mod webhook;

#[cfg(feature = "_http")]
#[cfg(test)]
mod sink;

pub use log::Log;
#[cfg(feature = "slack")]
pub use slack::Slack;
#[cfg(feature = "webhook")]
pub use webhook::Webhook;
