//! Work that is done once for all who ask for it at the same time, and for a few things at a time only.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// What is being worked on, by its key.
type Running<K, V> = Vec<(K, watch::Receiver<Option<V>>)>;

/// Does the work for a key off the runtime's threads; who asks while it is being done gets the same result.
#[derive(Debug)]
pub(crate) struct Flights<K, V> {
    running: Arc<Mutex<Running<K, V>>>,
    most: usize,
}

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum NoResult {
    /// As much as may be is being worked on.
    Busy,
    /// The work panicked.
    Broken,
}

// === impl Flights ===

impl<K, V> Flights<K, V>
where
    K: Clone + PartialEq + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Works on at most so many keys at once.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            running: Arc::default(),
            most,
        }
    }

    /// Returns the result of the work for a key, which goes on when whoever asked first goes away.
    pub(crate) async fn join(
        &self,
        key: K,
        work: impl FnOnce() -> V + Send + 'static,
    ) -> Result<V, NoResult> {
        let mut result = self.board(key, work)?;
        let result = result.wait_for(Option::is_some).await;
        result
            .ok()
            .and_then(|value| value.clone())
            .ok_or(NoResult::Broken)
    }

    /// Takes a seat in what is under way, or begins it.
    fn board(
        &self,
        key: K,
        work: impl FnOnce() -> V + Send + 'static,
    ) -> Result<watch::Receiver<Option<V>>, NoResult> {
        let mut running = lock(&self.running);
        if let Some((_, result)) = running.iter().find(|(known, _)| *known == key) {
            return Ok(result.clone());
        }
        if running.len() >= self.most {
            return Err(NoResult::Busy);
        }
        let (done, result) = watch::channel(None);
        running.push((key.clone(), result.clone()));
        let landing = Landing {
            running: Arc::clone(&self.running),
            key,
        };
        tokio::task::spawn_blocking(move || {
            let value = work();
            // Who asks from now on gets a new result.
            drop(landing);
            done.send_replace(Some(value));
        });
        Ok(result)
    }
}

impl<K, V> Clone for Flights<K, V> {
    fn clone(&self) -> Self {
        Self {
            running: Arc::clone(&self.running),
            most: self.most,
        }
    }
}

/// Ends what is under way, also when the work panics.
struct Landing<K: PartialEq, V> {
    running: Arc<Mutex<Running<K, V>>>,
    key: K,
}

impl<K: PartialEq, V> Drop for Landing<K, V> {
    fn drop(&mut self) {
        lock(&self.running).retain(|(key, _)| *key != self.key);
    }
}

fn lock<K, V>(running: &Mutex<Running<K, V>>) -> MutexGuard<'_, Running<K, V>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    /// Work that goes on when the sender is dropped.
    fn work(count: &Arc<AtomicUsize>) -> (mpsc::Sender<()>, impl FnOnce() -> usize + use<>) {
        let (gate, opened) = mpsc::channel::<()>();
        let count = Arc::clone(count);
        (gate, move || {
            let _ = opened.recv();
            count.fetch_add(1, Ordering::Relaxed)
        })
    }

    #[tokio::test]
    async fn who_asks_meanwhile_gets_the_same_result_and_a_later_one_a_new_one() {
        let flights = Flights::new(1);
        let count = Arc::default();
        let (gate, first) = work(&count);
        let mut waiting = vec![flights.board("a", first)];
        for _ in 0..100 {
            waiting.push(flights.board("a", || panic!("it is under way")));
        }
        drop(gate);
        for result in waiting {
            let mut result = result.expect("there is a seat");
            let value = result.wait_for(Option::is_some).await.expect("it lands");
            assert_eq!(*value, Some(0));
        }
        let (gate, next) = work(&count);
        drop(gate);
        assert_eq!(flights.join("a", next).await, Ok(1));
    }

    #[tokio::test]
    async fn no_more_than_the_bound_is_worked_on() {
        let flights = Flights::new(2);
        let count = Arc::default();
        let (one, first) = work(&count);
        let (two, second) = work(&count);
        let first = flights.board(1, first).expect("there is room");
        let second = flights.board(2, second).expect("there is room");
        assert_eq!(flights.join(3, || 7).await, Err(NoResult::Busy));
        drop((one, two));
        for mut result in [first, second] {
            result.wait_for(Option::is_some).await.expect("it lands");
        }
        assert_eq!(flights.join(3, || 7).await, Ok(7));
    }

    #[tokio::test]
    async fn panic_is_told_to_all_and_the_next_one_works_again() {
        let flights = Flights::new(1);
        let broken = flights.join("a", || panic!("on purpose")).await;
        assert_eq!(broken, Err::<usize, _>(NoResult::Broken));
        assert_eq!(flights.join("a", || 7).await, Ok(7));
    }
}
