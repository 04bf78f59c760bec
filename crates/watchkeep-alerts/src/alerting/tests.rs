//! Tests of the engine through its handle, on a paused clock.

mod bounds;
mod delivery;
mod support;
mod telling;
