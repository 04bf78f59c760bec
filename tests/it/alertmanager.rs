//! The alert engine's configuration beside the real amtool: the same matchers, receivers and verdicts.

mod amtool;
mod export;
mod expressions;
mod files;
mod matchers;
mod mutations;
mod routes;

use std::env;

/// Returns how often a random test is repeated: four times as often with `RUN_SLOW_TESTS`.
fn rounds(few: usize) -> usize {
    match env::var_os("RUN_SLOW_TESTS") {
        Some(_) => few * 4,
        None => few,
    }
}

/// Returns a generator and its seed, which a failure prints; `WATCHKEEP_SEED` repeats one.
fn random() -> (fastrand::Rng, u64) {
    let seed = env::var("WATCHKEEP_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..));
    (fastrand::Rng::with_seed(seed), seed)
}

/// Picks one of these.
fn pick<'a, T: ?Sized>(random: &mut fastrand::Rng, items: &[&'a T]) -> &'a T {
    items[random.usize(..items.len())]
}
