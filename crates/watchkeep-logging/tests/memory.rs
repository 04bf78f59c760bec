//! A binary of its own, because it counts what the whole process allocates.

#![expect(
    unsafe_code,
    reason = "an allocator that counts is unsafe to implement"
)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use watchkeep_logging::{OnFull, QueueConfig, QueueGuard, QueueWriter, RollingFile};

struct Counting;

/// Bytes in use, and the most there were since it was last asked.
static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        grow(size);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn grow(bytes: usize) {
    let now = NOW.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(now, Ordering::Relaxed);
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

const LONG: Duration = Duration::from_secs(30);
const KIB: usize = 1024;
const LINE: &[u8] = &[b'x'; 137];

fn line() -> Vec<u8> {
    [LINE, b"\n"].concat()
}

fn queue(path: &Path, config: QueueConfig) -> (QueueWriter, QueueGuard) {
    let file = RollingFile::builder(path).with_max_bytes(64 << 20);
    config.start(file.open().unwrap()).unwrap()
}

/// All of them in one test, because they count for the whole process.
#[test]
fn memory_is_bounded_idle_and_busy_and_a_line_allocates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    idle_sink_is_small_also_after_a_burst(folder.path());
    line_allocates_nothing(folder.path());
    #[cfg(unix)]
    blocked_sink_stays_within_its_bound(folder.path());
}

fn idle_sink_is_small_also_after_a_burst(folder: &Path) {
    let before = NOW.load(Ordering::Relaxed);
    let (mut writer, guard) = queue(&folder.join("idle.log"), QueueConfig::new("idle"));
    let idle = || NOW.load(Ordering::Relaxed).saturating_sub(before);
    assert!(idle() < 64 * KIB, "{} bytes when new", idle());
    let line = line();
    for _ in 0..20_000 {
        writer.write_all(&line).unwrap();
    }
    assert!(guard.flush(LONG).is_complete());
    // The worker gives the memory back once it has nothing to do.
    let end = watch();
    while idle() >= 64 * KIB {
        assert!(end(), "{} bytes after a burst", idle());
        std::thread::yield_now();
    }
}

fn line_allocates_nothing(folder: &Path) {
    let at_most = LONG;
    let config = QueueConfig::new("busy").with_on_full(OnFull::Block { at_most });
    let (mut writer, guard) = queue(&folder.join("busy.log"), config);
    let line = line();
    let mut calls = usize::MAX;
    // Whatever has not grown to its size yet may still do so; after that twenty thousand lines are like none.
    for _ in 0..10 {
        let before = CALLS.get();
        for _ in 0..20_000 {
            writer.write_all(&line).unwrap();
        }
        calls = calls.min(CALLS.get() - before);
    }
    assert_eq!(calls, 0, "allocations in 20,000 lines");
    assert_eq!(guard.flush(LONG).lost(), 0);
}

#[cfg(unix)]
fn blocked_sink_stays_within_its_bound(folder: &Path) {
    use std::os::unix::fs::OpenOptionsExt;
    for alternate in [false, true] {
        let path = folder.join(format!("blocked-{alternate}.log"));
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let mut reader = fs::File::options()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(&path)
            .unwrap();
        let limit = 1 << 20;
        let before = NOW.load(Ordering::Relaxed);
        PEAK.store(before, Ordering::Relaxed);
        let config = QueueConfig::new("blocked").with_bytes(limit);
        let (mut info, guard) = queue(&path, config);
        let mut error = info.clone().with_level(tracing::Level::ERROR);
        let line = line();
        for _ in 0..40_000 {
            info.write_all(&line).unwrap();
            if alternate {
                error.write_all(&line).unwrap();
            }
        }
        let stats = guard.stats();
        assert!(stats.total().dropped > 30_000, "{stats:?}");
        let peak = PEAK.load(Ordering::Relaxed) - before;
        assert!(peak <= limit + 64 * KIB, "{peak} bytes of at most {limit}");
        assert!(stats.queue_high_water_bytes <= limit);
        // Somebody reads at last, so that the end need not be waited for.
        let end = watch();
        let mut buffer = vec![0; 64 * KIB];
        while !guard.flush(Duration::ZERO).is_complete() {
            assert!(end());
            while reader.read(&mut buffer).is_ok() {}
        }
    }
}

/// Returns whether half a minute has not passed yet.
fn watch() -> impl Fn() -> bool {
    let begin = fs::metadata("/proc/uptime").map(|_| uptime());
    move || begin.as_ref().map_or(true, |begin| uptime() - begin < 30.0)
}

fn uptime() -> f64 {
    let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds = text.split(' ').next().unwrap_or_default();
    seconds.parse().unwrap_or_default()
}
