//! What kills, and what does not.

use tokio::time::advance;

use super::*;
use crate::check::Check as _;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_watchdog_bites_when_it_is_not_beaten_and_not_while_it_sleeps() {
    let watchdog = Watchdog::new(10 * SECOND);
    assert!(watchdog.is_alive(1_000 * SECOND));
    watchdog.beat(5 * SECOND);
    assert!(watchdog.is_alive(15 * SECOND));
    assert!(!watchdog.is_alive(15 * SECOND + Duration::from_millis(1)));
    watchdog.beat(Duration::ZERO);
    assert!(!watchdog.is_alive(11 * SECOND));
    watchdog.sleep();
    assert!(watchdog.is_alive(11 * SECOND));
}

#[test]
fn every_sign_of_life_is_needed() {
    let (first, second) = (Fatal::new(), Fatal::new());
    let liveness = Liveness::new(
        vec![
            ("first".to_owned(), Arc::new(first) as _),
            ("second".to_owned(), Arc::new(second.clone()) as _),
        ],
        None,
    );
    assert!(liveness.answer(SECOND).ok);
    second.raise();
    assert_eq!(liveness.answer(SECOND), ProbeAnswer::new(false, "not live"));
}

#[tokio::test(start_paused = true)]
async fn a_pulse_fails_after_too_long_a_silence() {
    let pulse = Pulse::new(60 * SECOND);
    advance(60 * SECOND).await;
    assert!(pulse.is_alive() && pulse.check().await.is_ok());
    advance(SECOND).await;
    assert!(!pulse.is_alive());
    let error = pulse.check().await.unwrap_err();
    assert_eq!(error.message(), "no heartbeat for 61 s, 60s is the most");
    pulse.clone().beat();
    assert!(pulse.is_alive());
}

#[test]
fn a_sign_of_life_that_panics_is_none_and_harms_no_probe() {
    struct Broken;
    impl LocalCheck for Broken {
        fn is_alive(&self) -> bool {
            panic!("a poisoned lock");
        }
    }
    let liveness = Liveness::new(vec![("broken".to_owned(), Arc::new(Broken) as _)], None);
    assert_eq!(liveness.answer(SECOND), ProbeAnswer::new(false, "not live"));
    assert_eq!(liveness.answer(SECOND), ProbeAnswer::new(false, "not live"));
}
