//! Recording does not allocate; alone in its binary, since it replaces the process's allocator.

#![expect(
    unsafe_code,
    reason = "counting allocations takes a global allocator of our own"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use metrics::{counter, gauge, histogram, with_local_recorder};
use watchkeep_metrics::Recorder;

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
