//! The exact shape of each JSON form.

use super::*;

fn report() -> Report {
    let component = |name: &str, status, criticality, message: Option<&str>| ComponentReport {
        name: name.to_owned(),
        status,
        criticality,
        since: Duration::from_millis(1_500),
        latency: message.map(|_| Duration::from_millis(250)),
        message: message.map(str::to_owned),
        consecutive_failures: message.map_or(0, |_| 3),
        last_success: None,
        last_result: message.map(|_| Duration::from_secs(61)),
    };
    Report {
        status: Status::Degraded,
        components: vec![
            component("zeta", Status::Healthy, Criticality::Critical, None),
            component(
                "ai_engine",
                Status::Unknown,
                Criticality::Optional,
                Some("say \"no\""),
            ),
            component("database", Status::Unhealthy, Criticality::Critical, None),
        ],
        uptime: Duration::from_millis(123_456_789),
        version: "2.0.0".to_owned(),
        draining: false,
        started: true,
        waiting_for: vec!["migrations".to_owned()],
        live: true,
        taken_at: Duration::from_secs(951_782_400),
    }
}

#[test]
fn the_public_form_has_words_in_the_order_of_registration() {
    assert_eq!(
        report().to_json(),
        r#"{"status":"degraded","components":{"zeta":"healthy","ai_engine":"unknown","database":"unhealthy"},"uptime_seconds":123456,"version":"2.0.0"}"#
    );
}

#[test]
fn the_detailed_form_says_all() {
    let mut report = report();
    report.components.truncate(2);
    assert_eq!(
        report.to_json_detailed(),
        concat!(
            r#"{"status":"degraded","components":{"#,
            r#""zeta":{"status":"healthy","criticality":"critical","since_seconds":1.5,"latency_seconds":null,"#,
            r#""message":null,"consecutive_failures":0,"last_success_seconds":null},"#,
            r#""ai_engine":{"status":"unknown","criticality":"optional","since_seconds":1.5,"latency_seconds":0.25,"#,
            r#""message":"say \"no\"","consecutive_failures":3,"last_success_seconds":null}},"#,
            r#""uptime_seconds":123456,"version":"2.0.0","draining":false,"#,
            r#""started":true,"waiting_for":["migrations"],"live":true}"#,
        )
    );
}

#[test]
fn the_health_json_form_grades_the_whole_and_each_component_without_details() {
    assert_eq!(
        report().to_health_json(),
        concat!(
            r#"{"status":"warn","version":"2.0.0","checks":{"#,
            r#""zeta":[{"componentId":"zeta","componentType":"component","status":"pass"}],"#,
            r#""ai_engine":[{"componentId":"ai_engine","componentType":"component","status":"warn"}],"#,
            r#""database":[{"componentId":"database","componentType":"component","status":"fail"}],"#,
            r#""system:uptime":[{"componentType":"system","observedValue":123456,"observedUnit":"s","status":"pass"}]}}"#,
        )
    );
    for (status, grade) in [
        (Status::Healthy, "pass"),
        (Status::Degraded, "warn"),
        (Status::Unknown, "fail"),
        (Status::Unhealthy, "fail"),
    ] {
        let report = Report { status, ..report() };
        assert!(
            report
                .to_health_json()
                .starts_with(&format!(r#"{{"status":"{grade}","#))
        );
    }
}

#[test]
fn operators_also_learn_what_was_observed_and_when() {
    let mut report = report();
    report.draining = true;
    assert_eq!(
        report.to_health_json_detailed(),
        concat!(
            r#"{"status":"warn","version":"2.0.0","notes":["draining","waiting for migrations"],"checks":{"#,
            r#""zeta":[{"componentId":"zeta","componentType":"component","status":"pass"}],"#,
            r#""ai_engine:responseTime":[{"componentId":"ai_engine","componentType":"component","#,
            r#""observedValue":250.0,"observedUnit":"ms","status":"warn","#,
            r#""time":"2000-02-28T23:58:59Z","output":"say \"no\""}],"#,
            r#""database":[{"componentId":"database","componentType":"component","status":"fail"}],"#,
            r#""system:uptime":[{"componentType":"system","observedValue":123456,"observedUnit":"s","#,
            r#""status":"pass","time":"2000-02-29T00:00:00Z"}]}}"#,
        )
    );
}

#[test]
fn what_passes_has_no_output() {
    let mut report = report();
    report.components[1].status = Status::Healthy;
    report.waiting_for.clear();
    let json = report.to_health_json_detailed();
    assert!(json.contains(r#""status":"pass","time""#), "{json}");
    assert!(
        !json.contains("output") && !json.contains("notes"),
        "{json}"
    );
}

#[test]
fn a_registry_without_components_still_has_the_shape() {
    let report = Report {
        components: Vec::new(),
        ..report()
    };
    assert_eq!(
        report.to_json(),
        r#"{"status":"degraded","components":{},"uptime_seconds":123456,"version":"2.0.0"}"#
    );
}
