//! Channels of alerts beside the real servers that they talk to.

mod alertmanager;
mod mail;
