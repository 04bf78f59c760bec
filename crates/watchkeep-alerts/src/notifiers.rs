//! The channels that come with the engine.

mod log;

#[cfg(feature = "alertmanager")]
mod alertmanager;
#[cfg(any(
    feature = "discord",
    feature = "email",
    feature = "slack",
    feature = "teams",
    feature = "telegram"
))]
mod chat;
#[cfg(feature = "discord")]
mod discord;
#[cfg(feature = "email")]
mod email;
#[cfg(any(
    feature = "discord",
    feature = "email",
    feature = "pagerduty",
    feature = "teams"
))]
mod headline;
#[cfg(feature = "_http")]
mod http;
#[cfg(feature = "pagerduty")]
mod pagerduty;
#[cfg(feature = "webhook")]
mod signature;
#[cfg(feature = "slack")]
mod slack;
#[cfg(feature = "teams")]
mod teams;
#[cfg(feature = "telegram")]
mod telegram;
#[cfg(feature = "webhook")]
mod webhook;

#[cfg(all(
    feature = "alertmanager",
    feature = "discord",
    feature = "pagerduty",
    feature = "slack",
    feature = "teams",
    feature = "telegram",
    feature = "webhook"
))]
#[cfg(test)]
mod faults;
#[cfg(any(
    feature = "discord",
    feature = "slack",
    feature = "teams",
    feature = "telegram"
))]
#[cfg(test)]
mod readback;
#[cfg(any(feature = "_http", feature = "email"))]
#[cfg(test)]
mod samples;
#[cfg(feature = "_http")]
#[cfg(test)]
mod sink;

#[cfg(feature = "alertmanager")]
pub use alertmanager::Alertmanager;
#[cfg(feature = "discord")]
pub use discord::Discord;
#[cfg(feature = "email")]
pub use email::Email;
pub use log::Log;
#[cfg(feature = "pagerduty")]
pub use pagerduty::PagerDuty;
#[cfg(feature = "slack")]
pub use slack::Slack;
#[cfg(feature = "teams")]
pub use teams::Teams;
#[cfg(feature = "telegram")]
pub use telegram::Telegram;
#[cfg(feature = "webhook")]
pub use webhook::Webhook;
