//! What a full queue does with the next line.

use std::sync::Barrier;

use super::*;

/// So many such lines fit into the half that waits: of 8,192 bytes an eighth is for the levels.
const ROOM: u64 = 71;

/// A line of a hundred bytes.
fn line(mark: char) -> String {
    format!("{mark:-<99}\n")
}

/// A queue whose worker is busy and whose room is used up by lines of level `info`.
fn full(on_full: OnFull) -> Bench {
    let bench = Bench::with(on_full, false);
    bench.occupied();
    for _ in 0..ROOM {
        bench.info(&line('i'));
    }
    assert_eq!(bench.queue.stats().total().dropped, 0);
    bench
}

#[test]
fn newest_line_is_dropped_whatever_its_level() {
    let bench = full(OnFull::DropNewest);
    bench.info(&line('i'));
    bench.error(&line('e'));
    check_counts(bench.queue.stats().lines(Level::INFO), 72, 0, 1, 0);
    let (written, stats) = bench.finish();
    check_counts(stats.lines(Level::ERROR), 2, 1, 1, 0);
    assert!(!written.contains('e'), "{written}");
    assert!(written.ends_with("lost 2 0\n"), "{written}");
}

#[test]
fn neither_warning_nor_error_is_dropped_while_less_can_go() {
    let bench = full(OnFull::default());
    bench.info(&line('i'));
    for _ in 0..ROOM {
        bench.error(&line('e'));
    }
    let stats = bench.queue.stats();
    assert_eq!(stats.lines(Level::ERROR).dropped, 0);
    assert_eq!(stats.lines(Level::INFO).dropped, ROOM + 1);
    // Now there is nothing left that could go.
    bench.queue.push(line('w').as_bytes(), 1, Level::WARN);
    assert_eq!(bench.queue.stats().lines(Level::WARN).dropped, 1);
    let (written, stats) = bench.finish();
    assert_eq!(written.matches('e').count() as u64, ROOM);
    assert!(written.ends_with("lost 73 0\n"), "{written}");
    assert_eq!(
        stats.total().written,
        ROOM + 2,
        "and the first, and the news"
    );
}

#[test]
fn level_of_what_can_go_is_a_setting() {
    let bench = full(OnFull::DropBelow(Level::INFO));
    bench.queue.push(line('w').as_bytes(), 1, Level::WARN);
    bench.info(&line('i'));
    let stats = bench.queue.stats();
    assert_eq!(stats.lines(Level::WARN).dropped, 1);
    assert_eq!(stats.lines(Level::INFO).dropped, 1);
    bench.finish();
}

#[test]
fn thread_waits_for_room_when_it_may() {
    let bench = full(OnFull::Block { at_most: LONG });
    let begins = Barrier::new(2);
    std::thread::scope(|scope| {
        let queue = &bench.queue;
        scope.spawn(|| {
            begins.wait();
            queue.push(line('x').as_bytes(), 1, Level::INFO);
        });
        begins.wait();
        // The answer for the first line makes room, the others are for the rest.
        for _ in 0..3 {
            bench.answer(Answer::Write(LIMIT));
        }
    });
    let (written, stats) = bench.finish();
    assert!(written.ends_with(&line('x')), "{written}");
    check_counts(stats.total(), ROOM + 2, ROOM + 2, 0, 0);
}

#[test]
fn thread_waits_no_longer_than_it_may_nor_for_a_queue_that_closes() {
    let bench = full(OnFull::Block {
        at_most: Duration::from_millis(1),
    });
    bench.info(&line('x'));
    assert_eq!(bench.queue.stats().total().dropped, 1);
    bench.finish();

    let bench = full(OnFull::Block {
        at_most: Duration::MAX,
    });
    std::thread::scope(|scope| {
        let queue = &bench.queue;
        let waiting = scope.spawn(|| queue.push(line('x').as_bytes(), 1, Level::INFO));
        queue.close();
        waiting.join().unwrap();
    });
    bench.finish();
}

#[test]
fn line_larger_than_the_queue_is_dropped_alone() {
    for on_full in [
        OnFull::default(),
        OnFull::Block { at_most: LONG },
        OnFull::DropNewest,
    ] {
        let bench = Bench::with(on_full, false);
        bench.info("before\n");
        let huge = "x".repeat(LIMIT) + "\n";
        bench.error(&huge);
        let (written, stats) = bench.finish();
        assert_eq!(written, "before\nlost 1 0\n");
        check_counts(stats.lines(Level::ERROR), 1, 0, 1, 0);
    }
}

#[test]
fn most_that_ever_waited_is_known() {
    let bench = full(OnFull::DropNewest);
    bench.info(&line('i'));
    let (_, stats) = bench.finish();
    assert_eq!(stats.queue_high_water_bytes, 6 + 7100);
}
