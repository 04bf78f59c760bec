//! Many threads at one registry.

use std::thread;

use super::*;

#[tokio::test]
async fn changes_from_many_threads_are_one_chain_of_events_without_a_gap() {
    const THREADS: u64 = 8;
    const TURNS: u64 = 30;
    let registry = Registry::builder("1")
        .component(Component::manual("a").starting_as(Status::Healthy))
        .history(1_000)
        .build()
        .unwrap();
    let mut changes = registry.subscribe();
    thread::scope(|scope| {
        for each in 0..THREADS {
            let registry = &registry;
            scope.spawn(move || {
                for turn in 0..TURNS {
                    let status = match (each + turn) % 3 {
                        0 => Status::Healthy,
                        1 => Status::Degraded,
                        _ => Status::Unhealthy,
                    };
                    registry.set_status("a", status, None).unwrap();
                }
            });
        }
    });
    let history = registry.history();
    let last = registry.status("a").unwrap();
    drop(registry);
    let (mut status, mut sequence) = (Status::Healthy, 0);
    while let Some(change) = changes.next().await {
        sequence += 1;
        assert_eq!((change.from, change.sequence), (status, sequence));
        assert_ne!(change.to, change.from);
        assert_eq!(
            history[usize::try_from(sequence).unwrap() - 1].transition,
            change
        );
        status = change.to;
    }
    assert_eq!((status, changes.missed()), (last, 0));
    assert_eq!(history.len() as u64, sequence);
    assert!(sequence > 1 && sequence <= THREADS * TURNS);
}
