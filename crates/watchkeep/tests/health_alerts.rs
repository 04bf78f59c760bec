//! Health, rules and alerts in one process: a binary of its own with one test, because a start installs the process's subscriber and recorder.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{interval, timeout};
use watchkeep::health::{CheckError, Component, Probe, Status};
use watchkeep::logging::{Console, LogConfig};
use watchkeep::rules::Rule;
use watchkeep::{HealthAlerts, Watchkeep};

const PATIENCE: Duration = Duration::from_secs(20);

/// A component whose check fails while the switch is on.
fn switched(name: &str) -> (Component, Arc<AtomicBool>) {
    let fails = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&fails);
    let component = Component::from_fn(name, move || {
        let fails = switch.load(Ordering::SeqCst);
        async move {
            match fails {
                true => Err(CheckError::new("refused")),
                false => Ok(()),
            }
        }
    });
    (component.every(Duration::from_millis(20)), fails)
}

fn down(alertname: &str, component: &str) -> Rule {
    Rule::component_down(alertname, component)
        .build()
        .expect("the rule is valid")
}

async fn becomes(watchkeep: &Watchkeep, component: &str, status: Status) {
    let mut changes = watchkeep.health().subscribe();
    let reached = async {
        while watchkeep.health().status(component) != Some(status) {
            changes.next().await.expect("the registry is there");
        }
    };
    let reached = timeout(PATIENCE, reached).await;
    reached.unwrap_or_else(|_| panic!("{component} never became {status}"));
}

/// The names of the alerts that are active, sorted, with the component where it is a label.
async fn active(watchkeep: &Watchkeep) -> Vec<String> {
    let alerts = watchkeep.alerts().active().await;
    let mut names: Vec<String> = alerts
        .iter()
        .map(|alert| {
            let label = |name| alert.labels.get(name).cloned().unwrap_or_default();
            let name = format!("{} {}", label("alertname"), label("component"));
            name.trim_end().to_owned()
        })
        .collect();
    names.sort_unstable();
    names
}

/// Waits until exactly these alerts are active.
async fn told(watchkeep: &Watchkeep, expected: &[&str]) {
    let mut ticks = interval(Duration::from_millis(20));
    let mut last = Vec::new();
    let told = async {
        loop {
            ticks.tick().await;
            last = active(watchkeep).await;
            if last == expected {
                return;
            }
        }
    };
    let told = timeout(PATIENCE, told).await;
    assert!(told.is_ok(), "{last:?} instead of {expected:?}");
}

/// Lets a rule tell of another component and end again: by then the joint, which is woken first, has looked.
async fn after_a_look(watchkeep: &Watchkeep, expected: &[&str]) {
    let health = watchkeep.health();
    let said = health.set_status("marker", Status::Unhealthy, None);
    said.expect("it is the program's own");
    let mut with_marker = expected.to_vec();
    with_marker.push("MarkerDown");
    told(watchkeep, &with_marker).await;
    let said = health.set_status("marker", Status::Healthy, None);
    said.expect("it is the program's own");
    told(watchkeep, expected).await;
}

#[tokio::test]
async fn a_fault_is_one_alert_and_none_while_the_service_starts_or_drains() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let logging = LogConfig::new("demo")
        .with_console(Console::Off)
        .with_dir(Some(folder.path().to_owned()))
        .with_json(true);
    let (disk, disk_fails) = switched("disk");
    let (mail, mail_fails) = switched("mail");
    let watchkeep = Watchkeep::builder("demo")
        .with_logging(logging)
        .with_component(disk)
        .with_component(mail)
        .with_component(Component::manual("marker").starting_as(Status::Healthy))
        .with_health(|health| health.latch("migrations"))
        .with_health_alerts(HealthAlerts::new())
        .with_rule(down("DiskDown", "disk"))
        .with_rule(down("MarkerDown", "marker"))
        .with_rule_interval(Duration::from_millis(20))
        .start()
        .expect("everything is valid");

    // While it starts, what fails is no news; the rules do not know of it.
    mail_fails.store(true, Ordering::SeqCst);
    becomes(&watchkeep, "mail", Status::Unhealthy).await;
    after_a_look(&watchkeep, &[]).await;
    mail_fails.store(false, Ordering::SeqCst);
    becomes(&watchkeep, "mail", Status::Healthy).await;
    let released = watchkeep.health().release("migrations");
    released.expect("there is such a latch");
    becomes(&watchkeep, "disk", Status::Healthy).await;
    assert!(watchkeep.health().probe(Probe::Ready).ok);

    // The rule's alone of the one that it covers, the joint's of the other.
    disk_fails.store(true, Ordering::SeqCst);
    becomes(&watchkeep, "disk", Status::Unhealthy).await;
    told(&watchkeep, &["DiskDown"]).await;
    mail_fails.store(true, Ordering::SeqCst);
    becomes(&watchkeep, "mail", Status::Unhealthy).await;
    let both = ["ComponentUnhealthy mail", "DiskDown"];
    told(&watchkeep, &both).await;
    after_a_look(&watchkeep, &both).await;

    // Each ends with its component's recovery.
    mail_fails.store(false, Ordering::SeqCst);
    told(&watchkeep, &["DiskDown"]).await;
    disk_fails.store(false, Ordering::SeqCst);
    told(&watchkeep, &[]).await;

    watchkeep.drain_on(std::future::ready(())).await;
    mail_fails.store(true, Ordering::SeqCst);
    becomes(&watchkeep, "mail", Status::Unhealthy).await;
    after_a_look(&watchkeep, &[]).await;
    watchkeep.shutdown().await;

    let log =
        std::fs::read_to_string(folder.path().join("demo_json.log")).expect("the log is there");
    // Every alert is a log line, and so is its end.
    let count = |message: &str, alertname: &str| {
        let (message, alertname) = (format!("\"{message}\""), format!("\"{alertname}\""));
        let said = |line: &&str| line.contains(&message) && line.contains(&alertname);
        log.lines().filter(said).count()
    };
    for alertname in ["ComponentUnhealthy", "DiskDown"] {
        assert_eq!(count("alert firing", alertname), 1, "{log}");
        assert_eq!(count("alert resolved", alertname), 1, "{log}");
    }
}
