//! The gauge that says which build is running.

use crate::Recorder;

/// Registers `<prefix>_build_info`, a gauge of value 1 whose labels tell what is running.
///
/// ```
/// use watchkeep_metrics::{Recorder, build_info};
///
/// let recorder = Recorder::default();
/// build_info(&recorder, "oracle", &[("version", env!("CARGO_PKG_VERSION"))]);
/// assert_eq!(recorder.snapshot().gauge("oracle_build_info", &[]), Some(1.0));
/// ```
pub fn build_info(recorder: &Recorder, prefix: &str, labels: &[(&str, &str)]) {
    let name = format!("{prefix}_build_info");
    recorder.describe(
        &name,
        None,
        "What is running, in labels; the value is always 1.",
    );
    recorder.set_gauge(&name, labels, 1.0);
}
