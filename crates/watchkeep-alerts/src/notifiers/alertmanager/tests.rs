//! Tests of what the peers of a cluster are told, and of peers that are away.

use super::*;
use crate::notifiers::samples::{BEGAN, down, notice};
use crate::notifiers::sink::{Sink, answer};

fn alerts(request: &crate::notifiers::sink::Request) -> serde_json::Value {
    serde_json::from_slice(&request.body).unwrap()
}

#[tokio::test]
async fn every_peer_is_told_and_a_firing_state_is_a_lease() {
    let mut peers = [
        Sink::start(&[&answer("200 OK", "", "")]).await,
        Sink::start(&[&answer("200 OK", "", "")]).await,
    ];
    let addresses = [
        peers[0].address.clone(),
        format!("{}/prefix/", peers[1].address),
    ];
    let manager = Alertmanager::new(addresses)
        .unwrap()
        .with_lease(Duration::from_secs(600));
    let mut notification = notice(&[(&down(), Status::Firing)]);
    notification.alerts_mut()[0].kind = AlertKind::State;
    let before = clock::wall();
    manager.notify(&notification).await.unwrap();
    for (peer, line) in peers.iter_mut().zip([
        "POST /api/v2/alerts HTTP/1.1",
        "POST /prefix/api/v2/alerts HTTP/1.1",
    ]) {
        let request = peer.request().await;
        assert_eq!(request.line, line);
        let alert = &alerts(&request)[0];
        assert_eq!(alert["labels"]["alertname"], "DatabaseDown");
        assert_eq!(
            alert["annotations"]["summary"],
            "Database connection failed"
        );
        assert_eq!(alert["startsAt"], BEGAN.to_string());
        let ends: jiff::Timestamp = alert["endsAt"].as_str().unwrap().parse().unwrap();
        let lease = ends.as_millisecond() - before.as_millis();
        assert!((600_000..660_000).contains(&lease), "{lease}");
    }
}

#[tokio::test]
async fn where_an_alert_comes_from_goes_along_when_it_is_an_address() {
    for (source, sent) in [
        ("http://a:9090/graph?g0.expr=up+%3D%3D+0", true),
        ("", false),
        ("mailto:x", false),
        ("http://a b", false),
        ("http://a/\n", false),
        ("http://a/%zz", false),
        ("http://a/?q=%2", false),
        ("/graph", false),
    ] {
        let mut sink = Sink::start(&[&answer("200 OK", "", "")]).await;
        let manager = Alertmanager::new([&sink.address]).unwrap();
        let mut notification = notice(&[(&down(), Status::Firing)]);
        notification.alerts_mut()[0].generator_url = source.to_owned();
        manager.notify(&notification).await.unwrap();
        let alert = alerts(&sink.request().await)[0].clone();
        let wanted = sent.then_some(source);
        assert_eq!(alert.get("generatorURL").and_then(|it| it.as_str()), wanted);
    }
}

#[tokio::test]
async fn the_end_of_an_alert_and_of_an_event_are_their_own() {
    for state in [Status::Resolved, Status::Firing] {
        let mut sink = Sink::start(&[&answer("200 OK", "", "")]).await;
        let manager = Alertmanager::new([&sink.address]).unwrap();
        manager.notify(&notice(&[(&down(), state)])).await.unwrap();
        let ends = BEGAN.after(Duration::from_secs(60)).to_string();
        assert_eq!(alerts(&sink.request().await)[0]["endsAt"], ends);
    }
}

#[tokio::test]
async fn one_peer_is_enough_and_none_is_a_failure() {
    let up = Sink::start(&[&answer("200 OK", "", "")]).await;
    let manager = Alertmanager::new(["http://127.0.0.1:1", &up.address]).unwrap();
    manager
        .notify(&notice(&[(&down(), Status::Firing)]))
        .await
        .unwrap();

    let refusing = Sink::start(&[&answer("400 Bad Request", "", "no")]).await;
    let manager = Alertmanager::new(["http://127.0.0.1:1", &refusing.address]).unwrap();
    let error = manager
        .notify(&notice(&[(&down(), Status::Firing)]))
        .await
        .unwrap_err();
    assert!(!error.is_permanent(), "the one that is away may take it");

    let refusing = Sink::start(&[&answer("400 Bad Request", "", "no")]).await;
    let manager = Alertmanager::new([&refusing.address]).unwrap();
    let error = manager
        .notify(&notice(&[(&down(), Status::Firing)]))
        .await
        .unwrap_err();
    assert!(error.is_permanent());
}

#[test]
fn a_cluster_has_a_bound() {
    assert!(Alertmanager::new::<&str>([]).is_err());
    assert!(Alertmanager::new(["http://a"; 16]).is_ok());
    assert!(Alertmanager::new(["http://a"; 17]).is_err());
    assert!(Alertmanager::new(["http://a", "ftp://b"]).is_err());
}
