//! The fast path from a key of the facade to its series.

use std::fmt;
use std::sync::{Arc, RwLock};

use hashbrown::HashTable;
use metrics::Key;

use crate::series::Series;
use crate::sync::{read, write};

const SHARDS: usize = 16;

/// Keys as the host gives them, each with its series.
///
/// A lookup hashes nothing (a key carries its hash), takes one shard's read lock and allocates nothing. A key that its
/// series is written as is not kept a second time, which halves what a series takes.
pub(crate) struct Index<C> {
    shards: [RwLock<HashTable<Entry<C>>>; SHARDS],
}

struct Entry<C> {
    hash: u64,
    /// `None` where the series is written as the key.
    key: Option<Box<Key>>,
    series: Arc<Series<C>>,
}

// === impl Index ===

impl<C> Index<C> {
    pub(crate) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| RwLock::default()),
        }
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Series<C>>> {
        let hash = spread(key);
        let shard = read(self.shard(hash));
        let entry = shard.find(hash, |entry| entry.is(key))?;
        Some(Arc::clone(&entry.series))
    }

    /// Remembers a key; returns whether it was not there already.
    pub(crate) fn insert(&self, key: &Key, series: &Arc<Series<C>>) -> bool {
        let hash = spread(key);
        let mut shard = write(self.shard(hash));
        if shard.find(hash, |entry| entry.is(key)).is_some() {
            return false;
        }
        let entry = Entry {
            hash,
            key: (!series.is_written_as(key)).then(|| Box::new(key.to_retained())),
            series: Arc::clone(series),
        };
        shard.insert_unique(hash, entry, |entry| entry.hash);
        true
    }

    /// Forgets the keys of these series; returns how many there were.
    pub(crate) fn forget(&self, is_meant: impl Fn(&Arc<Series<C>>) -> bool) -> usize {
        let mut forgotten = 0;
        for shard in &self.shards {
            let mut shard = write(shard);
            let before = shard.len();
            shard.retain(|entry| !is_meant(&entry.series));
            forgotten += before - shard.len();
        }
        forgotten
    }

    /// The table takes its place from the low bits and its tags from the highest; shards come from between.
    fn shard(&self, hash: u64) -> &RwLock<HashTable<Entry<C>>> {
        let shard = (hash >> 48) % SHARDS as u64;
        &self.shards[usize::try_from(shard).expect("less than the number of shards")]
    }
}

impl<C> fmt::Debug for Index<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: usize = self.shards.iter().map(|shard| read(shard).len()).sum();
        f.debug_struct("Index").field("keys", &keys).finish()
    }
}

// === impl Entry ===

impl<C> Entry<C> {
    fn is(&self, key: &Key) -> bool {
        match &self.key {
            Some(known) => **known == *key,
            None => self.series.is_written_as(key),
        }
    }
}

/// Folds the whole product of the key's hash with a large odd number, so that all bits depend on all bits.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the halves of the product are what is folded"
)]
fn spread(key: &Key) -> u64 {
    let product = u128::from(key.get_hash()) * 0x9e37_79b9_7f4a_7c15;
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use metrics::Label;

    use super::*;
    use crate::label::LabelSet;

    fn key(name: &'static str, labels: &[(&'static str, &'static str)]) -> Key {
        let labels: Vec<_> = labels
            .iter()
            .map(|(name, value)| Label::new(*name, *value))
            .collect();
        Key::from_parts(name, labels)
    }

    fn series(name: &'static str, labels: &[(&'static str, &'static str)]) -> Arc<Series<u8>> {
        let labels = LabelSet::new(labels.iter().copied(), &[], None);
        Arc::new(Series::new(name.into(), labels, None, 7))
    }

    #[test]
    fn every_way_to_write_a_key_leads_to_its_series() {
        let index = Index::new();
        let pairs = [("a", "1"), ("b", "2")];
        let turned = [("b", "2"), ("a", "1")];
        let known = series("n", &pairs);
        for labels in [&pairs, &turned] {
            assert!(index.get(&key("n", labels)).is_none());
            assert!(index.insert(&key("n", labels), &known));
            assert!(!index.insert(&key("n", labels), &known), "a second time");
            let found = index.get(&key("n", labels)).unwrap();
            assert!(Arc::ptr_eq(&found, &known));
        }
        assert!(index.get(&key("m", &pairs)).is_none());
        assert!(index.get(&key("n", &pairs[..1])).is_none());
        assert_eq!(index.forget(|series| Arc::ptr_eq(series, &known)), 2);
        assert_eq!(Arc::strong_count(&known), 1, "nothing is left of it");
    }

    #[test]
    fn a_series_is_not_written_as_another_name() {
        assert!(series("n", &[]).is_written_as(&key("n", &[])));
        assert!(!series("n", &[]).is_written_as(&key("m", &[])));
    }
}
