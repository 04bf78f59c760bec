//! Logs, metrics, health, alerts, rules, a tower layer and a live page for a Rust service, in one builder.
