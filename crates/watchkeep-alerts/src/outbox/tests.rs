//! The outbox on a virtual clock.

mod delivery;
mod giving_up;
mod laws;
mod support;
