//! When the task runs, and when it ends.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::oneshot;

use super::super::{Dashboard, Parts};
use super::*;

const FAST: Duration = Duration::from_millis(10);
const SOON: Duration = Duration::from_secs(20);

fn sampler(asked: &Arc<AtomicUsize>, parts: Parts) -> Sampler {
    let asked = Arc::clone(asked);
    let dashboard = Dashboard::new("x").with_tiles(move || {
        asked.fetch_add(1, Ordering::Relaxed);
        Vec::new()
    });
    let (shutdown, health) = (parts.shutdown.clone(), parts.health.clone());
    Sampler::new(
        Gatherer::new(dashboard, parts, None),
        FAST,
        shutdown,
        health,
    )
}

async fn ended(mut frames: Frames) {
    let end = async { while frames.changed().await.is_ok() {} };
    timeout(SOON, end).await.expect("the stream ends");
}

#[tokio::test]
async fn nothing_is_sampled_before_somebody_asks_and_after_the_last_holder() {
    let asked = Arc::default();
    let sampler = sampler(&asked, Parts::default());
    for _ in 0..5 {
        tokio::time::sleep(FAST).await;
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    assert_eq!(sampler.newest().await.unwrap().snapshot.sequence, 1);
    let frames = sampler.frames();
    drop(sampler);
    ended(frames).await;
}

#[tokio::test]
async fn one_task_asks_for_all() {
    let asked = Arc::default();
    let sampler = sampler(&asked, Parts::default());
    let watching: Vec<Frames> = (0..64).map(|_| sampler.frames()).collect();
    let mut last = sampler.frames();
    let tenth = last.wait_for(|it| it.as_ref().is_some_and(|it| it.snapshot.sequence >= 10));
    let sequence = timeout(SOON, tenth)
        .await
        .unwrap()
        .unwrap()
        .as_ref()
        .unwrap()
        .snapshot
        .sequence;
    let asked = asked.load(Ordering::Relaxed) as u64;
    assert!(
        (sequence..=sequence + 2).contains(&asked),
        "{asked} for {sequence}"
    );
    drop(watching);
}

#[tokio::test]
async fn shutdown_ends_it_and_the_last_frame_stays() {
    let (stop, stopped) = oneshot::channel::<()>();
    let parts = Parts {
        shutdown: Shutdown::when(async { drop(stopped.await) }),
        ..Parts::default()
    };
    let sampler = sampler(&Arc::default(), parts);
    sampler.newest().await.unwrap();
    drop(stop);
    ended(sampler.frames()).await;
    assert!(sampler.newest().await.is_some());
}

#[tokio::test]
async fn a_drain_ends_it_without_anybodys_help() {
    let registry = Registry::builder("1")
        .ready_without_checks()
        .build()
        .unwrap();
    let parts = Parts {
        health: Some(registry.clone()),
        ..Parts::default()
    };
    let sampler = sampler(&Arc::default(), parts);
    sampler.newest().await.unwrap();
    registry.begin_drain();
    ended(sampler.frames()).await;
}

#[tokio::test]
async fn what_was_just_done_is_on_the_next_frame() {
    let asked = Arc::default();
    let sampler = sampler(&asked, Parts::default());
    sampler.newest().await.unwrap();
    let before = asked.load(Ordering::Relaxed) as u64;
    sampler.renew().await;
    let after = sampler.newest().await.unwrap().snapshot.sequence;
    assert!(after > before, "{after} after {before}");
}
