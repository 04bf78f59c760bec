//! Tests of the engine through its handle.
