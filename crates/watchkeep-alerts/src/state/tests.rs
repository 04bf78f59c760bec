//! The state machine under a hand-made clock.

mod caps;
mod deviations;
mod faults;
mod identity;
mod model;
mod properties;
mod reloads;
mod restores;
mod silencing;
mod support;
mod telling;
mod trace;
mod views;
