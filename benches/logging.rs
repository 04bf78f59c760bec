//! What a line costs the thread that logs: through a queue, and rendered by the layer.

use std::io::Write;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tracing_subscriber::layer::SubscriberExt;
use watchkeep_logging::{Console, LogConfig, OnFull, QueueConfig, RollingFile};

const BLOCK: OnFull = OnFull::Block {
    at_most: Duration::MAX,
};

fn queue(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut group = criterion.benchmark_group("a line through a queue into a file");
    for bytes in [138, 500] {
        let path = folder.path().join(format!("{bytes}.log"));
        let file = RollingFile::builder(path)
            .open()
            .expect("the folder is new");
        let config = QueueConfig::new("bench").with_on_full(BLOCK);
        let (mut writer, _guard) = config.start(file).expect("the defaults are valid");
        let line = [vec![b'x'; bytes - 1], vec![b'\n']].concat();
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(format!("{bytes} bytes"), |bencher| {
            bencher.iter(|| writer.write_all(&line));
        });
    }
}

fn event(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = LogConfig::new("bench")
        .with_console(Console::Off)
        .with_dir(Some(folder.path().to_owned()))
        .with_json(true)
        .with_on_full(BLOCK);
    let (layer, _guard) = config.build().expect("the folder is new");
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        let span = tracing::info_span!("request", id = 7, user = "anna");
        let _entered = span.enter();
        criterion.bench_function("an event in a span, as text and as ECS JSON", |bencher| {
            bencher.iter(|| tracing::info!(a = "text", b = 42_u64, c = 1.5, d = true, "an event"));
        });
    });
}

criterion_group!(benches, queue, event);
criterion_main!(benches);
