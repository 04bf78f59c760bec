//! The server as a cluster sees it: probed, taken out, rolled and stopped as its own manifest says.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, where a panic is a failure"
)]

use std::time::Duration;

use reqwest::StatusCode;
use tokio::time::Instant;
use watchkeep_tests::deployment::{Deployment, Kind};
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::kubelet::{Kubelet, Ports};
use watchkeep_tests::proxy::Proxy;
use watchkeep_tests::sink::{Reply, Sink};
use watchkeep_tests::{programs, servers};

use self::load::{Load, Sent};
use self::pod::Pod;

mod load;
mod pod;

const BINARY: &str = env!("CARGO_BIN_EXE_oracle");

/// How much faster than in a cluster time runs here: periods, delays and the grace period are divided by it.
const FACTOR: u32 = 5;

/// What a busy machine may add to a time.
const SLACK: Duration = Duration::from_millis(500);

fn deployment() -> Deployment {
    let text = include_str!("../../examples/oracle-server/deploy/kubernetes/deployment.yaml");
    Deployment::read(text, FACTOR)
}

/// An engine that is at once or, for a text with `slow`, later than a pod that stops is out of the list of endpoints.
async fn engine(deployment: &Deployment) -> Sink {
    let answer = r#"{"category":"greeting","reply":"Hello.","tokens_used":12}"#;
    let later = deployment.pre_stop().mul_f64(2.5);
    Sink::start(move |body| match body.contains("slow") {
        true => Reply::Later(later, answer.to_owned()),
        false => Reply::ok(answer),
    })
    .await
}

/// Checks the probe for readiness from a moment on at which it turned: it fails within a period, and ever after.
fn readiness_failed_from(kubelet: &Kubelet, turned: Instant, period: Duration) {
    let answers = kubelet.answers(Kind::Readiness);
    let first = answers
        .iter()
        .find(|answer| answer.asked > turned && !answer.is_success)
        .expect("readiness failed");
    let after = first.answered - turned;
    assert!(after <= period + SLACK, "{after:?} is more than a period");
    let later = answers.iter().filter(|answer| answer.asked > first.asked);
    assert!(later.clone().all(|answer| !answer.is_success));
}

#[tokio::test]
async fn an_outage_of_the_database_takes_the_pod_out_and_restarts_nothing_and_a_stop_loses_nothing()
{
    let Some(program) = programs::require("postgres") else {
        return;
    };
    let deployment = deployment();
    let engine = engine(&deployment).await;
    let mut postgres = servers::postgres(&program).await;
    let pod = Pod::start(&deployment, &postgres, engine.url()).await;
    pod.kubelet.until_ready_is(true).await;
    let startup = pod.kubelet.answers(Kind::Startup);
    let started = startup.last().unwrap();
    assert!(started.is_success);
    for kind in [Kind::Liveness, Kind::Readiness] {
        let first = eventually(10, "a first answer", || async {
            pod.kubelet.answers(kind).first().copied().ok_or(kind)
        })
        .await;
        assert!(
            first.asked >= started.answered,
            "{kind:?} before the start was over"
        );
    }

    postgres.stop().await;
    pod.oracle.component("database", "unhealthy").await;
    let down = Instant::now();
    pod.kubelet.until_ready_is(false).await;
    let readiness = deployment.probe(Kind::Readiness);
    let until_out = readiness.period * readiness.failure_threshold;
    assert!(down.elapsed() <= until_out + SLACK, "{:?}", down.elapsed());
    // Long enough for a liveness probe that asks the database to have restarted the pod.
    let enough = deployment.probe(Kind::Liveness).failure_threshold as usize + 1;
    eventually(30, "liveness was asked often enough", || async {
        let answers = pod.kubelet.answers(Kind::Liveness);
        let meanwhile = answers.iter().filter(|answer| answer.asked > down);
        if meanwhile.count() > enough {
            Ok(())
        } else {
            Err(())
        }
    })
    .await;
    readiness_failed_from(&pod.kubelet, down, readiness.period);
    postgres.restart().await;
    pod.kubelet.until_ready_is(true).await;
    assert_eq!(pod.kubelet.restarts(), []);

    // It stops while it is busy; nothing comes by way of an endpoint that is gone.
    let proxy = Proxy::start().await;
    proxy.set(&pod.http, true);
    let load = Load::start(proxy.url(), 6);
    load.until_answered(30).await;
    let base = pod.http.clone();
    // One that takes longer than the preStop hook has just begun.
    let slow = || {
        let received = engine.received();
        let slow = received.iter().filter(|one| one.body.contains("slow"));
        slow.count()
    };
    let before = slow();
    eventually(20, "a slow message", || async {
        (slow() > before).then_some(()).ok_or(before)
    })
    .await;
    load.stop();
    let stopping = tokio::spawn(pod.terminate(deployment.clone(), proxy.clone()));
    let sent = load.ended().await;
    let after_signal = eventually(5, "it was told to stop", || refused(&base)).await;
    assert_eq!(after_signal, "SHUTTING_DOWN");
    let signaled = stopping.await.unwrap();
    assert!(
        sent.iter().all(|one| one.status == StatusCode::OK),
        "{sent:?}"
    );
    let in_flight = sent.iter().filter(|one| one.ended > signaled);
    assert!(in_flight.count() > 0, "nothing was under way at the signal");
}

#[track_caller]
fn none_lost(sent: &[Sent]) {
    let lost: Vec<_> = sent
        .iter()
        .filter(|one| one.status != StatusCode::OK)
        .map(|one| (one.status, &one.complaint))
        .collect();
    assert!(
        lost.is_empty(),
        "{} of {}: {lost:?}",
        lost.len(),
        sent.len()
    );
}

/// The code with which a new message is refused; an error while it is accepted.
async fn refused(base: &str) -> Result<String, String> {
    let body = r#"{"user_id":7,"text":"late"}"#;
    let request = watchkeep_tests::client::client().post(format!("{base}/message"));
    let answer = request.body(body).send().await;
    let answer = answer.map_err(|error| error.to_string())?;
    let status = answer.status();
    let answer: serde_json::Value = answer.json().await.map_err(|error| error.to_string())?;
    match answer["error"]["code"].as_str() {
        Some(code) if status == StatusCode::SERVICE_UNAVAILABLE => Ok(code.to_owned()),
        _ => Err(answer.to_string()),
    }
}

#[tokio::test]
async fn a_rolling_restart_under_load_loses_no_request() {
    let Some(program) = programs::require("postgres") else {
        return;
    };
    let deployment = deployment();
    let engine = engine(&deployment).await;
    let postgres = servers::postgres(&program).await;
    let proxy = Proxy::start().await;
    let mut pods = Vec::new();
    for _ in 0..deployment.replicas() {
        let mut pod = Pod::start(&deployment, &postgres, engine.url()).await;
        pod.serve_through(&proxy);
        pod.kubelet.until_ready_is(true).await;
        pods.push(pod);
    }
    let load = Load::start(proxy.url(), 6);
    load.until_answered(60).await;
    // One more, and only then one less, as the manifest's strategy says.
    let mut ends = Vec::new();
    for old in pods {
        let mut new = Pod::start(&deployment, &postgres, engine.url()).await;
        new.serve_through(&proxy);
        new.kubelet.until_ready_is(true).await;
        assert!(proxy.endpoints() >= deployment.replicas());
        old.terminate(deployment.clone(), proxy.clone()).await;
        ends.push(new);
    }
    load.stop();
    let sent = load.ended().await;
    none_lost(&sent);
    assert!(sent.len() > 200, "only {}", sent.len());
    assert!(ends.iter().all(|pod| pod.kubelet.restarts().is_empty()));
    let pool = sqlx::PgPool::connect(&servers::postgres_url(&postgres))
        .await
        .unwrap();
    let stored: i64 = sqlx::query_scalar("select count(*) from messages")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(
        usize::try_from(stored).unwrap(),
        sent.len(),
        "each is stored once"
    );
}

/// What the tests above rely on: a pod that answers wrongly is seen, after as many answers as the manifest says.
#[tokio::test]
async fn a_pod_that_is_dead_or_slow_is_restarted_after_the_threshold() {
    let deployment = deployment();
    let sick = Sink::start(|_| Reply::Answer(503, String::new())).await;
    let well = Sink::start(|_| Reply::ok("ok")).await;
    let ports = Ports {
        http: sick.url().to_owned(),
        ops: well.url().to_owned(),
    };
    let kubelet = Kubelet::watch(&deployment, &ports);
    eventually(20, "it is restarted", || async {
        match kubelet.restarts().as_slice() {
            [Kind::Liveness, ..] => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    let threshold = deployment.probe(Kind::Liveness).failure_threshold as usize;
    assert_eq!(kubelet.answers(Kind::Liveness).len(), threshold);
    assert!(!*kubelet.ready().borrow(), "never ready");
}
