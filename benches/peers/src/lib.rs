//! What the comparisons with peers share; each topic is a binary of its own under `bin/`.

mod allocations;
mod callgrind;
mod cli;
mod clock;
mod rounds;
mod spread;
mod table;
mod watched;

pub use self::allocations::{CountingAllocator, thread_allocations};
pub use self::callgrind::main_thread_instructions;
pub use self::cli::{ended, grouped, number};
pub use self::clock::Stopwatch;
pub use self::rounds::Rounds;
pub use self::spread::Spread;
pub use self::table::Table;
pub use self::watched::{End, Watched};
