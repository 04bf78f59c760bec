//! The global recorder of a process; alone in its binary, since there is only one.

use watchkeep_metrics::Recorder;

#[test]
fn only_the_first_install_succeeds_and_the_macros_reach_it() {
    let first = Recorder::default();
    let second = Recorder::default();
    first.install().unwrap();
    let error = second.install().unwrap_err();
    assert!(error.is_already_installed());
    assert_eq!(
        error.to_string(),
        "a global metrics recorder is already installed"
    );
    assert!(first.install().is_err(), "also for the same one");

    metrics::counter!("c_total").increment(1);
    assert_eq!(first.snapshot().counter("c_total", &[]), 1.0);
    assert_eq!(second.snapshot().counter("c_total", &[]), 0.0);
}
