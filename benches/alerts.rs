//! What an alert costs the state machine, from its beginning to its end, by how many are active.

use criterion::{Criterion, criterion_group, criterion_main};
use watchkeep_alerts::bench::Turnover;

/// An alert is raised, grouped, told, written, resolved and told again; the same with a hundred times as many beside it.
fn turnover(criterion: &mut Criterion) {
    for active in [1_000, 10_000, 100_000] {
        let mut turnover = Turnover::new(active);
        criterion.bench_function(&format!("an alert's life, {active} active"), |bencher| {
            bencher.iter(|| turnover.exchange());
        });
    }
}

criterion_group!(benches, turnover);
criterion_main!(benches);
