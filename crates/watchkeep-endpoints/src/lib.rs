//! Every HTTP surface of Watchkeep: metrics, health, probes, alerts and the dashboard, as one axum router.
