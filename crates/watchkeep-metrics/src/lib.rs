//! A recorder behind the metrics facade: atomics, Prometheus and OpenMetrics text, snapshots and a short history.
