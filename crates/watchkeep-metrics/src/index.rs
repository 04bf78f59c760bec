//! The fast path from a key of the facade to its atomics.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, RwLock};

use metrics::Key;

use crate::sync::{read, write};

const SHARDS: usize = 16;

/// Keys as the host gives them, each with the cell of its series.
///
/// A lookup hashes nothing (a key carries its hash), takes one shard's read lock and allocates nothing.
pub(crate) struct Index<T> {
    shards: [RwLock<Shard<T>>; SHARDS],
}

type Shard<T> = HashMap<Key, Arc<T>, BuildHasherDefault<Carried>>;

/// Takes the hash that a key carries and spreads it, since maps look at the top bits.
#[derive(Default)]
struct Carried(u64);

// === impl Index ===

impl<T> Index<T> {
    pub(crate) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| RwLock::default()),
        }
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Arc<T>> {
        read(self.shard(key)).get(key).cloned()
    }

    pub(crate) fn insert(&self, key: &Key, cell: Arc<T>) {
        let key = key.to_retained();
        write(self.shard(&key)).insert(key, cell);
    }

    fn shard(&self, key: &Key) -> &RwLock<Shard<T>> {
        let hash = key.get_hash();
        let folded = (hash ^ (hash >> 32)) % SHARDS as u64;
        &self.shards[usize::try_from(folded).expect("less than the number of shards")]
    }
}

impl<T> fmt::Debug for Index<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: usize = self.shards.iter().map(|shard| read(shard).len()).sum();
        f.debug_struct("Index").field("keys", &keys).finish()
    }
}

// === impl Carried ===

impl Hasher for Carried {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
