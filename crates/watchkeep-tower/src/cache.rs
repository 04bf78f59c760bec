//! Handles of series that were used before, so that a request needs neither keys nor look-ups in the recorder.

use std::sync::{PoisonError, RwLock};

use metrics::{Counter, Gauge, Histogram, Recorder};

/// More handles than these are not kept: an answer with ever new status codes is slower then, and nothing grows.
const MAX_HANDLES: usize = 1024;

/// Which recorder a handle belongs to.
///
/// A recorder without a size has no address of its own and gets no identity; its handles are not kept.
/// A recorder that a thread sets for itself and drops may be followed by another at the same address, and then the new
/// one misses what goes through handles of the old; who tests with recorders of threads makes a layer for each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct RecorderId {
    address: usize,
    size: usize,
}

/// The handles of one route, or of all together, sorted by a packed key.
#[derive(Debug, Default)]
pub(crate) struct Cache(RwLock<Bound>);

#[derive(Debug, Default)]
struct Bound {
    to: Option<RecorderId>,
    handles: Vec<(u64, Handle)>,
}

/// A handle of any kind.
#[derive(Clone, Debug)]
pub(crate) enum Handle {
    Counter(Counter),
    Gauge(Gauge),
    Histogram(Histogram),
}

// === impl RecorderId ===

impl RecorderId {
    pub(crate) fn of(recorder: &dyn Recorder) -> Option<Self> {
        let size = size_of_val(recorder);
        (size > 0).then(|| Self {
            address: std::ptr::from_ref(recorder).addr(),
            size,
        })
    }
}

// === impl Cache ===

impl Cache {
    /// Returns the handle that is kept under a key, or else makes it and keeps it.
    ///
    /// It is made without the lock; of two threads that make one at the same time, both have the same series.
    pub(crate) fn handle(
        &self,
        recorder: Option<RecorderId>,
        key: u64,
        make: impl FnOnce() -> Handle,
    ) -> Handle {
        let Some(recorder) = recorder else {
            return make();
        };
        if let Some(handle) = self.find(recorder, key) {
            return handle;
        }
        let handle = make();
        self.keep(recorder, key, handle.clone());
        handle
    }

    fn find(&self, recorder: RecorderId, key: u64) -> Option<Handle> {
        let bound = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if bound.to != Some(recorder) {
            return None;
        }
        let index = bound.position(key).ok()?;
        Some(bound.handles[index].1.clone())
    }

    fn keep(&self, recorder: RecorderId, key: u64, handle: Handle) {
        let mut bound = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if bound.to != Some(recorder) {
            bound.to = Some(recorder);
            bound.handles.clear();
        }
        if let Err(index) = bound.position(key)
            && bound.handles.len() < MAX_HANDLES
        {
            bound.handles.insert(index, (key, handle));
        }
    }
}

// === impl Bound ===

impl Bound {
    fn position(&self, key: u64) -> Result<usize, usize> {
        self.handles.binary_search_by_key(&key, |(key, _)| *key)
    }
}

#[cfg(test)]
mod tests {
    use metrics::NoopRecorder;

    use super::*;

    fn made(cache: &Cache, recorder: Option<RecorderId>, key: u64) -> bool {
        let mut made = false;
        cache.handle(recorder, key, || {
            made = true;
            Handle::Counter(Counter::noop())
        });
        made
    }

    #[test]
    fn a_handle_is_made_once_for_each_key_and_recorder() {
        let cache = Cache::default();
        let one = Some(RecorderId {
            address: 8,
            size: 8,
        });
        let other = Some(RecorderId {
            address: 16,
            size: 8,
        });
        let steps = [(one, 2), (one, 1), (one, 2), (one, 1), (other, 1), (one, 1)];
        let made = steps.map(|(recorder, key)| made(&cache, recorder, key));
        assert_eq!(made, [true, true, false, false, true, true]);
    }

    #[test]
    fn a_recorder_without_a_size_keeps_nothing() {
        let cache = Cache::default();
        assert_eq!(RecorderId::of(&NoopRecorder), None);
        assert!(made(&cache, None, 1));
        assert!(made(&cache, None, 1));
    }

    #[test]
    fn a_full_cache_grows_no_more() {
        let cache = Cache::default();
        let recorder = Some(RecorderId {
            address: 8,
            size: 8,
        });
        for key in 0..2_000 {
            made(&cache, recorder, key);
        }
        let kept = (0..2_000).filter(|key| !made(&cache, recorder, *key));
        assert_eq!(kept.count(), MAX_HANDLES);
    }
}
