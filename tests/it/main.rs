//! The main integration test binary.
