//! What became of the lines: the numbers of each sink, and of a flush.

/// The numbers of one sink since the start.
///
/// Every line handed to the sink counts as accepted and ends in exactly one of the others:
/// `accepted = written + dropped + failed`, and what waits in the queue.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SinkStats {
    /// The sink: `console`, `file`, `errors` or `json`.
    pub name: &'static str,
    /// Lines handed to the sink, also those that it then had no room for.
    pub accepted: u64,
    /// Lines handed to the operating system, whole.
    pub written: u64,
    /// Lines refused because the queue was full or already closed.
    pub dropped: u64,
    /// Lines lost because the output was gone, or failed until the end.
    pub failed: u64,
    /// Bytes handed to the operating system.
    pub bytes_written: u64,
    /// Failed attempts to write, rotate or delete; each write is tried again, so this says nothing about lost lines.
    pub io_errors: u64,
    /// How often the file was rotated.
    pub rotations: u64,
    /// Bytes that wait to be written.
    pub queue_bytes: usize,
    /// The last input or output error, also when the sink has recovered since.
    pub last_error: Option<String>,
}

/// What a flush achieved.
#[derive(Clone, Debug)]
#[must_use]
pub struct FlushReport {
    pub(crate) pending: u64,
    pub(crate) lost: u64,
}

// === impl FlushReport ===

impl FlushReport {
    /// Returns whether every line accepted before the call has been handed to the operating system, or is known to be lost.
    pub fn is_complete(&self) -> bool {
        self.pending == 0
    }

    /// Returns how many lines, summed over the sinks, still waited when the time was over.
    pub fn pending(&self) -> u64 {
        self.pending
    }

    /// Returns how many lines were dropped or failed since the start, summed over the sinks.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}
