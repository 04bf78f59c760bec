//! Ready-made checks, each light, behind a feature when it needs more than the standard library's arithmetic.
//!
//! A database or a cache needs none of them: a closure over the program's own client is one line, and looks at
//! what the program really uses.

mod any_of;
#[cfg(feature = "tls")]
mod der;
#[cfg(feature = "disk")]
mod disk;
#[cfg(feature = "dns")]
mod dns;
#[cfg(feature = "file")]
mod file;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "memory")]
mod memory;
mod queue;
#[cfg(feature = "smtp")]
mod smtp;
#[cfg(feature = "tcp")]
mod tcp;
#[cfg(feature = "tls")]
mod tls;

pub use any_of::AnyOf;
#[cfg(feature = "disk")]
pub use disk::disk_space;
#[cfg(feature = "dns")]
pub use dns::Dns;
#[cfg(feature = "file")]
pub use file::file_age;
#[cfg(feature = "http")]
pub use http::{Http, UrlError};
#[cfg(feature = "memory")]
pub use memory::memory;
pub use queue::queue_depth;
#[cfg(feature = "smtp")]
pub use smtp::SmtpGreeting;
#[cfg(feature = "tcp")]
pub use tcp::Tcp;
#[cfg(feature = "tls")]
pub use tls::Certificate;

#[cfg(all(test, feature = "http", feature = "smtp", feature = "dns"))]
mod tests;
