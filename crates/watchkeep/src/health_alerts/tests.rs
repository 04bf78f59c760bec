//! When a component's alert begins and ends.

use watchkeep_health::Component;

use super::*;

const GRACE: Duration = Duration::from_secs(3_600);

struct Bench {
    registry: Registry,
    teller: Teller,
}

impl Bench {
    fn new(rules: HealthAlerts) -> Self {
        let registry = Registry::builder("1")
            .component(Component::manual("database"))
            .component(Component::manual("mail").optional())
            .build()
            .unwrap();
        Self {
            registry,
            teller: Teller::new(rules),
        }
    }

    fn say(&mut self, name: &str, status: Status, message: Option<&str>) -> Vec<String> {
        self.registry.set_status(name, status, message).unwrap();
        self.look()
    }

    fn look(&mut self) -> Vec<String> {
        let effects = self.teller.step(&self.registry.report());
        let text = |effect: &Effect| match effect {
            Effect::Fire(alert) => {
                format!("fire {} {}", alert.labels()["severity"], alert.message())
            }
            Effect::Resolve(alert) => format!("resolve {}", alert.labels()["component"]),
        };
        effects.iter().map(text).collect()
    }
}

#[test]
fn severity_follows_from_criticality_and_recovery_ends_the_alert() {
    let mut bench = Bench::new(HealthAlerts::new().start_grace(GRACE));
    assert!(bench.say("database", Status::Healthy, None).is_empty());
    assert_eq!(
        bench.say("database", Status::Unhealthy, Some("refused")),
        ["fire critical Component database is unhealthy"]
    );
    assert!(bench.look().is_empty(), "once");
    assert_eq!(
        bench.say("database", Status::Unknown, None),
        ["fire critical Component database is unknown"]
    );
    assert_eq!(
        bench.say("mail", Status::Unhealthy, None),
        ["fire warning Component mail is degraded"]
    );
    assert_eq!(
        bench.say("database", Status::Healthy, None),
        ["resolve database"]
    );
    assert_eq!(bench.say("mail", Status::Healthy, None), ["resolve mail"]);
}

#[test]
fn a_start_is_quiet_within_its_grace_and_a_drain_for_ever() {
    let mut bench = Bench::new(HealthAlerts::new().start_grace(GRACE));
    assert!(bench.say("database", Status::Unhealthy, None).is_empty());
    // Started: what fails now is told, though it did not change.
    assert!(bench.say("database", Status::Healthy, None).is_empty());
    assert_eq!(bench.say("database", Status::Unhealthy, None).len(), 1);
    bench.registry.begin_drain();
    assert!(bench.say("database", Status::Healthy, None).is_empty());
    assert!(bench.say("mail", Status::Unhealthy, None).is_empty());

    let mut impatient = Bench::new(HealthAlerts::new().start_grace(Duration::ZERO));
    assert_eq!(
        impatient.say("database", Status::Unhealthy, None),
        ["fire critical Component database is unhealthy"]
    );
}

#[test]
fn what_a_rule_covers_and_what_was_not_looked_at_raise_nothing() {
    let mut bench = Bench::new(HealthAlerts::new().except("database"));
    bench.say("database", Status::Healthy, None);
    assert!(bench.say("database", Status::Unhealthy, None).is_empty());
    assert!(bench.look().is_empty());
}

#[cfg(feature = "rules")]
#[test]
fn what_a_rule_tells_is_left_to_it_and_no_more_than_that() {
    let covered = ["database", "mail"].map(str::to_owned);
    let rules = HealthAlerts::new().covered_by_rules(covered);
    let mut bench = Bench::new(rules.start_grace(Duration::ZERO));
    assert!(bench.say("database", Status::Unhealthy, None).is_empty());
    // A rule reads `unhealthy` only.
    assert_eq!(
        bench.say("database", Status::Unknown, None),
        ["fire critical Component database is unknown"]
    );
    assert_eq!(
        bench.say("database", Status::Unhealthy, None),
        ["resolve database"]
    );
    assert!(bench.say("database", Status::Healthy, None).is_empty());
    // An optional component never reads `unhealthy`, so its rule never fires.
    assert_eq!(
        bench.say("mail", Status::Unhealthy, None),
        ["fire warning Component mail is degraded"]
    );
}

#[tokio::test]
async fn the_alert_engine_learns_of_a_failure_and_of_the_recovery() {
    let registry = Registry::builder("1")
        .component(Component::manual("database").starting_as(Status::Healthy))
        .build()
        .unwrap();
    let alerting = Alerting::builder("demo").build().unwrap();
    let _task = HealthAlerts::new().start(registry.clone(), alerting.clone());
    let until = async |count: usize| {
        let wait = async {
            while alerting.active().await.len() != count {
                tokio::task::yield_now().await;
            }
        };
        let reached = tokio::time::timeout(Duration::from_secs(20), wait).await;
        assert!(reached.is_ok(), "{:?}", alerting.active().await);
    };
    registry
        .set_status("database", Status::Unhealthy, Some("refused"))
        .unwrap();
    until(1).await;
    registry
        .set_status("database", Status::Healthy, None)
        .unwrap();
    until(0).await;
}
