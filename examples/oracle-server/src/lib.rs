//! The reference ORACLE server.
