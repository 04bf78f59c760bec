//! Checks that block their thread, on a runtime with a single worker.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use super::*;

const INTERVAL: Duration = Duration::from_millis(10);
const TIMEOUT: Duration = Duration::from_millis(50);

/// What a blocked check waits on; dropping the sender lets it go on, and it counts how often it began.
fn gate() -> (
    mpsc::Sender<()>,
    Arc<Mutex<mpsc::Receiver<()>>>,
    Arc<AtomicUsize>,
) {
    let (release, blocked) = mpsc::channel();
    (release, Arc::new(Mutex::new(blocked)), Arc::default())
}

/// Blocks the thread until the other end is dropped.
fn block(gate: &Mutex<mpsc::Receiver<()>>) {
    let _ = gate.lock().unwrap().recv();
}

#[track_caller]
fn check(blocking: impl Fn(Arc<Mutex<mpsc::Receiver<()>>>, Arc<AtomicUsize>) -> Component) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (release, blocked, runs) = gate();
    let registry = registry([
        blocking(blocked, Arc::clone(&runs))
            .every(INTERVAL)
            .timeout(TIMEOUT),
        passing("fine").every(INTERVAL),
    ]);
    // On the worker, as a server's own tasks are, and not on the thread that waits for it.
    let test = async move {
        let _running = registry.start();
        until(&registry, "blocking", Status::Unhealthy).await;
        until(&registry, "fine", Status::Healthy).await;
        assert!(registry.probe(Probe::Live).ok);
        assert_eq!(runs.load(Ordering::SeqCst), 1, "no second run beside it");
        let text = registry.message("blocking").unwrap();
        assert_eq!(text, "an earlier run has not ended yet");
        drop(release);
        until(&registry, "blocking", Status::Healthy).await;
    };
    let (done, ended) = mpsc::channel();
    thread::spawn(move || {
        runtime.block_on(async { tokio::spawn(test).await.unwrap() });
        done.send(()).unwrap();
    });
    // A clock outside of the runtime, whose only worker drives its timers.
    let ended = ended.recv_timeout(30 * SECOND);
    assert!(ended.is_ok(), "it failed, or the worker is blocked");
}

#[test]
fn a_blocking_check_harms_nobody_on_one_worker() {
    check(|gate, runs| {
        Component::blocking("blocking", move || {
            runs.fetch_add(1, Ordering::SeqCst);
            block(&gate);
            Ok(())
        })
    });
}

#[test]
fn an_async_check_that_blocks_its_thread_harms_nobody_on_one_worker() {
    check(|gate, runs| {
        Component::from_fn("blocking", move || {
            runs.fetch_add(1, Ordering::SeqCst);
            let gate = Arc::clone(&gate);
            async move {
                block(&gate);
                Ok(())
            }
        })
    });
}

#[tokio::test]
async fn a_panic_in_a_blocking_check_or_in_a_destructor_is_a_failure() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    let blocking = Component::blocking("blocking", || panic!("on its thread"));
    let dropped = Component::from_fn("dropped", || async {
        let _bomb = Bomb;
        Ok(())
    });
    let payload = Component::from_fn("payload", || async { std::panic::panic_any(Bomb) });
    let registry = registry([blocking, dropped, payload].map(|it| it.every(INTERVAL)));
    let _running = registry.start();
    for (name, text) in [
        ("blocking", "the check panicked: on its thread"),
        ("dropped", "the check panicked: in a destructor"),
        ("payload", "the check panicked: its payload is no text"),
    ] {
        until(&registry, name, Status::Unhealthy).await;
        assert_eq!(registry.message(name).as_deref(), Some(text));
    }
}
