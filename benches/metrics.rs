//! What recording and rendering cost through the `metrics` facade.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use watchkeep_metrics::{Format, Recorder};

/// Series that the rendering benches render.
const SERIES: u64 = 10_000;

fn recorder() -> Recorder {
    Recorder::builder().build().expect("the defaults are valid")
}

fn record(criterion: &mut Criterion) {
    let recorder = recorder();
    metrics::with_local_recorder(&recorder, || {
        let counter = metrics::counter!("cached_total");
        criterion.bench_function("counter, cached handle", |bencher| {
            bencher.iter(|| counter.increment(1));
        });
        let histogram = metrics::histogram!("cached_seconds");
        criterion.bench_function("histogram, cached handle", |bencher| {
            bencher.iter(|| histogram.record(0.042));
        });
        criterion.bench_function("counter by macro, one static label", |bencher| {
            bencher.iter(|| metrics::counter!("looked_up_total", "kind" => "static").increment(1));
        });
    });
}

fn render(criterion: &mut Criterion) {
    let recorder = recorder();
    metrics::with_local_recorder(&recorder, || {
        for series in 0..SERIES {
            metrics::counter!("rendered_total", "series" => series.to_string(), "region" => "eu")
                .increment(series);
        }
    });
    for format in [Format::Prometheus, Format::OpenMetrics] {
        criterion.bench_function(
            &format!("render {SERIES} counters, {format:?}"),
            |bencher| {
                bencher.iter_batched_ref(
                    Vec::new,
                    |text| recorder.render(format, text),
                    BatchSize::LargeInput,
                );
            },
        );
    }
}

fn render_histograms(criterion: &mut Criterion) {
    let recorder = recorder();
    metrics::with_local_recorder(&recorder, || {
        for series in 0..SERIES / 10 {
            metrics::histogram!("rendered_seconds", "series" => series.to_string()).record(0.042);
        }
    });
    criterion.bench_function(&format!("render {} histograms", SERIES / 10), |bencher| {
        bencher.iter_batched_ref(
            Vec::new,
            |text| recorder.render(Format::Prometheus, text),
            BatchSize::LargeInput,
        );
    });
    criterion.bench_function(
        &format!("snapshot of {} histograms", SERIES / 10),
        |bencher| {
            bencher.iter(|| recorder.snapshot());
        },
    );
}

criterion_group!(benches, record, render, render_histograms);
criterion_main!(benches);
