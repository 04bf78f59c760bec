//! Tests of the alert's own rules: identity, bounds, refusals.

use super::*;

fn alert() -> Alert {
    Alert::new("Disk", Level::Error, "disk is full")
}

#[test]
fn details_and_messages_take_no_part_in_the_identity() {
    let other = Alert::new("Disk", Level::Error, "another message").with_detail("free", 0);
    assert_eq!(alert().fingerprint(), other.fingerprint());
    assert_ne!(
        alert().fingerprint(),
        alert().with_label("host", "a").fingerprint()
    );
    let critical = Alert::new("Disk", Level::Critical, "disk is full");
    assert_ne!(alert().fingerprint(), critical.fingerprint());
}

#[test]
fn the_severity_label_is_the_level() {
    let alert = alert()
        .with_label("severity", "critical")
        .with_label("alertname", "Full");
    assert_eq!(alert.level(), Level::Critical);
    assert_eq!(alert.name(), "Full");
    assert!(alert.validate().is_ok());
}

#[test]
fn the_service_is_added_only_when_there_is_none() {
    let mut own = alert().with_label("service", "mine");
    assert!(!own.adopt("oracle"));
    let mut none = alert();
    assert!(none.adopt("oracle"));
    assert_eq!(none.labels()["service"], "oracle");
    assert_eq!(own.labels()["service"], "mine");
}

#[track_caller]
fn check_refused(alert: &Alert, expected: &str) {
    let error = alert.validate().unwrap_err();
    assert!(error.is_invalid_alert());
    assert_eq!(
        error.to_string(),
        format!("the alert is not valid: {expected}")
    );
}

#[test]
fn alerts_that_nobody_could_address_are_refused() {
    check_refused(&Alert::new("", Level::Info, "text"), "it has no name");
    check_refused(&alert().with_label("severity", ""), "it has no severity");
    check_refused(
        &alert().with_label("severity", "page"),
        "the label `severity` is not info, warning, error or critical",
    );
    for name in ["", "9lives", "a-b", "é", "a b", &"x".repeat(129)] {
        check_refused(
            &alert().with_label(name, "value"),
            "a label name is not letters, digits and `_`, or begins with a digit",
        );
    }
    let many = (0..40).fold(alert(), |alert, at| {
        alert.with_label(format!("label_{at}"), "x")
    });
    check_refused(&many, "more than 32 labels");
    assert!(many.labels().len() <= MOST);
}

#[test]
fn long_values_are_cut_and_surplus_details_are_counted() {
    let alert = (0..100).fold(alert(), |alert, at| {
        alert.with_detail(format!("detail_{at:02}"), "é".repeat(5_000))
    });
    let bytes: usize = alert
        .annotations()
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    assert!(bytes <= TEXT_BYTES + 32, "{bytes} bytes");
    assert!(alert.annotations()["detail_00"].ends_with('…'));
    assert_eq!(alert.annotations()["omitted"], "96 details");
    assert_eq!(alert.annotations()["summary"], "disk is full");
    assert!(alert.validate().is_ok());

    let many = (0..100).fold(self::alert(), |alert, at| {
        alert.with_detail(format!("d{at}"), at)
    });
    assert_eq!(many.annotations().len(), MOST);
    assert_eq!(many.annotations()["omitted"], "70 details");

    let label = self::alert().with_label("path", "x".repeat(9_000));
    assert_eq!(label.labels()["path"].len(), LABEL_BYTES);
}
