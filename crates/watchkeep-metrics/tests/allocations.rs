//! Recording does not allocate, and rendering hardly; alone in its binary, since it replaces the process's allocator.

#![expect(
    unsafe_code,
    reason = "counting allocations takes a global allocator of our own"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use metrics::{counter, gauge, histogram, with_local_recorder};
use watchkeep_metrics::{Format, Recorder, Timestamp, TraceId};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged; the count is a thread-local without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the pointer came from `alloc` above, with this layout.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn recording_into_series_that_exist_allocates_nothing() {
    let recorder = Recorder::default();
    let cost = recorder.float_counter("cost_usd_total", "Money.", &[]);
    let allocations = with_local_recorder(&recorder, || {
        let record = || {
            counter!("c_total", "method" => "GET", "route" => "/").increment(1);
            gauge!("g").set(1.0);
            histogram!("h_seconds", "method" => "GET").record(0.2);
            cost.increment(0.5);
        };
        record();
        let before = ALLOCATIONS.get();
        for _ in 0..100 {
            record();
        }
        ALLOCATIONS.get() - before
    });
    assert_eq!(allocations, 0);
    assert_eq!(recorder.snapshot().counter("c_total", &[]), 101.0);
}

/// The allocations of a rendering after the first, of counters, gauges and histograms with exemplars.
fn of_a_rendering(series: u32, format: Format) -> usize {
    let recorder = Recorder::builder()
        .with_exemplars(|| TraceId::new(1), || Timestamp::from_millis(1_234))
        .with_created_timestamps(|| Timestamp::from_millis(5_678))
        .build()
        .expect("the settings are valid");
    let record = || {
        for label in 0..series {
            counter!("c_total", "l" => label.to_string()).increment(1);
            gauge!("g", "l" => label.to_string()).set(f64::from(label) / 7.0);
            histogram!("h_seconds", "l" => label.to_string()).record(0.2);
        }
    };
    with_local_recorder(&recorder, record);
    let mut text = Vec::new();
    recorder.render(format, &mut text);
    with_local_recorder(&recorder, record);
    let before = ALLOCATIONS.get();
    let mut text = Vec::new();
    recorder.render(format, &mut text);
    ALLOCATIONS.get() - before
}

#[test]
fn allocations_of_a_rendering_do_not_grow_with_the_series() {
    for format in [Format::Prometheus, Format::OpenMetrics] {
        let (few, many) = (of_a_rendering(10, format), of_a_rendering(5_000, format));
        assert_eq!(few, many, "{format:?}");
        assert!(few < 30, "{few} in {format:?}");
    }
}
