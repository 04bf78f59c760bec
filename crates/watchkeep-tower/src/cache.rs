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
    pub(crate) fn handle(
        &self,
        recorder: Option<RecorderId>,
        key: u64,
        make: impl FnOnce() -> Handle,
    ) -> Handle {
        let found = self.read(recorder, |bound| bound.find(key).cloned());
        found
            .flatten()
            .unwrap_or_else(|| self.make(recorder, key, make))
    }

    /// Gives several handles a value each; those that are not kept are made, and kept.
    ///
    /// The common case, in which all are kept, takes the lock once.
    pub(crate) fn record<T: Copy, const N: usize>(
        &self,
        recorder: Option<RecorderId>,
        values: [Option<(T, f64)>; N],
        key: impl Fn(T) -> u64,
        make: impl Fn(T) -> Handle,
    ) {
        let found = self.read(recorder, |bound| {
            let mut found = 0_u32;
            for (index, value) in values.iter().enumerate() {
                if let Some((of, number)) = *value
                    && let Some(handle) = bound.find(key(of))
                {
                    handle.record(number);
                    found |= 1 << index;
                }
            }
            found
        });
        let found = found.unwrap_or(0);
        for (index, value) in values.iter().enumerate() {
            if let Some((of, number)) = *value
                && found & 1 << index == 0
            {
                self.make(recorder, key(of), || make(of)).record(number);
            }
        }
    }

    fn read<T>(&self, recorder: Option<RecorderId>, read: impl FnOnce(&Bound) -> T) -> Option<T> {
        let recorder = recorder?;
        let bound = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (bound.to == Some(recorder)).then(|| read(&bound))
    }

    /// Makes a handle and keeps it.
    ///
    /// It is made without the lock; of two threads that make one at the same time, both have the same series.
    #[cold]
    fn make(
        &self,
        recorder: Option<RecorderId>,
        key: u64,
        make: impl FnOnce() -> Handle,
    ) -> Handle {
        let handle = make();
        if let Some(recorder) = recorder {
            self.keep(recorder, key, handle.clone());
        }
        handle
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
    fn find(&self, key: u64) -> Option<&Handle> {
        let index = self.position(key).ok()?;
        self.handles.get(index).map(|(_, handle)| handle)
    }

    fn position(&self, key: u64) -> Result<usize, usize> {
        self.handles.binary_search_by_key(&key, |(key, _)| *key)
    }
}

// === impl Handle ===

impl Handle {
    /// Records a value, of which a counter only knows that it was one more.
    pub(crate) fn record(&self, value: f64) {
        match self {
            Self::Counter(counter) => counter.increment(1),
            Self::Gauge(gauge) => gauge.increment(value),
            Self::Histogram(histogram) => histogram.record(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

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
    fn several_values_make_the_handles_that_are_missing() {
        let cache = Cache::default();
        let recorder = Some(RecorderId {
            address: 8,
            size: 8,
        });
        assert!(made(&cache, recorder, 2));
        let made_now = Mutex::new(Vec::new());
        let key = |of: u8| u64::from(of);
        let make = |of| {
            made_now.lock().unwrap().push(of);
            Handle::Counter(Counter::noop())
        };
        let values = [Some((1, 1.0)), None, Some((2, 1.0)), Some((3, 1.0))];
        cache.record(recorder, values, key, make);
        cache.record(recorder, values, key, make);
        cache.record(None, [Some((1, 1.0))], key, make);
        assert_eq!(*made_now.lock().unwrap(), [1, 3, 1]);
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
