//! An alert engine in the process: severity routing, deduplication and delivery with retries.
