//! Alert rules over metrics: typed thresholds, evaluated in the process.
