//! Tests of the engine through its handle.

mod bounds;
mod delivery;
mod explaining;
mod journal;
mod routing;
pub(crate) mod support;
mod telling;
