//! One tower layer: request id, trace context, span, RED metrics, every request counted exactly once.
