//! Bounds, counts, flushes, and outputs that fail.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::Level;

use super::*;
use crate::clock::Deadline;
use crate::stats::LineCounts;
use crate::{OnFull, SinkStats};

mod full;

const LIMIT: usize = 16 * 1024;
const LONG: Duration = Duration::from_secs(30);

/// An output that does what the test says, one answer a call, and writes everything once no answers are left.
struct Script {
    answers: Receiver<Answer>,
    calls: Sender<()>,
    written: Arc<Mutex<Vec<u8>>>,
    /// An unfinished line is lost, as in a file that was cut.
    forgets: bool,
}

enum Answer {
    Fail(io::ErrorKind),
    Panic,
    Write(usize),
}

struct Bench {
    queue: Arc<Queue>,
    answers: Sender<Answer>,
    calls: Receiver<()>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Script {
    fn forget(&self) {
        let mut written = self.written.lock().unwrap();
        let end = written.iter().rposition(|b| *b == b'\n');
        written.truncate(end.map_or(0, |end| end + 1));
    }
}

impl Output for Script {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let _ = self.calls.send(());
        let count = match self.answers.recv() {
            Ok(Answer::Write(count)) => count.min(lines.len()),
            Ok(Answer::Fail(kind)) => return Err(kind.into()),
            Ok(Answer::Panic) => panic!("the writer breaks"),
            Err(_) => lines.len(),
        };
        let mut written = self.written.lock().unwrap();
        written.extend_from_slice(&lines[..count]);
        Ok(count)
    }

    fn can_continue(&mut self) -> bool {
        if self.forgets {
            self.forget();
        }
        !self.forgets
    }

    fn give_up_line(&mut self) {
        self.forget();
    }

    fn is_gone(&self, error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::BrokenPipe
    }
}

impl Bench {
    fn new() -> Self {
        Self::with(OnFull::default(), false)
    }

    fn with(on_full: OnFull, forgets: bool) -> Self {
        let queue = Arc::new(Queue::new("test".into(), LIMIT, on_full));
        let (answers, script_answers) = channel();
        let (script_calls, calls) = channel();
        let written = Arc::default();
        let script = Script {
            answers: script_answers,
            calls: script_calls,
            written: Arc::clone(&written),
            forgets,
        };
        let notice: Notice = Box::new(|losses| {
            let line = format!("lost {} {}\n", losses.dropped, losses.failed);
            (line.into_bytes(), Level::WARN)
        });
        Queue::spawn(&queue, Box::new(script), LIMIT, notice).unwrap();
        Self {
            queue,
            answers,
            calls,
            written,
        }
    }

    fn info(&self, line: &str) {
        self.queue.push(line.as_bytes(), 1, Level::INFO);
    }

    fn error(&self, line: &str) {
        self.queue.push(line.as_bytes(), 1, Level::ERROR);
    }

    fn answer(&self, answer: Answer) {
        self.answers.send(answer).unwrap();
    }

    fn fail(&self, kind: io::ErrorKind) {
        self.answer(Answer::Fail(kind));
    }

    fn called(&self) {
        self.calls.recv_timeout(LONG).unwrap();
    }

    /// Gives the worker something to do until it is answered.
    fn occupied(&self) {
        self.error("first\n");
        self.called();
    }

    fn flush(&self) -> u64 {
        let goal = self.queue.begin_flush();
        self.queue.end_flush(goal, Deadline::after(LONG))
    }

    /// Lets the output work, closes the queue, and waits for the end of its thread.
    fn finish(self) -> (String, SinkStats) {
        drop(self.answers);
        self.queue.close();
        self.queue.wait_for_end(Deadline::after(LONG));
        let stats = self.queue.stats();
        let written = self.written.lock().unwrap().clone();
        settled(&stats);
        (String::from_utf8(written).unwrap(), stats)
    }
}

#[track_caller]
fn settled(stats: &SinkStats) {
    for lines in stats.lines.iter().copied().chain([stats.total()]) {
        assert_eq!(
            lines.accepted,
            lines.written + lines.dropped + lines.failed,
            "{stats:?}"
        );
    }
    assert_eq!(stats.queue_bytes, 0);
}

#[track_caller]
fn check_counts(counts: LineCounts, accepted: u64, written: u64, dropped: u64, failed: u64) {
    let expected = LineCounts {
        accepted,
        written,
        dropped,
        failed,
    };
    assert_eq!(counts, expected);
}

#[test]
fn lines_come_out_in_order_and_are_counted_by_level() {
    let bench = Bench::new();
    bench.info("a\n");
    bench.error("b\n");
    bench.info("c\n");
    for _ in 0..3 {
        bench.answer(Answer::Write(100));
    }
    assert_eq!(bench.flush(), 0);
    let (written, stats) = bench.finish();
    assert_eq!(written, "a\nb\nc\n");
    assert_eq!(stats.bytes_written, 6);
    check_counts(stats.lines(Level::INFO), 2, 2, 0, 0);
    check_counts(stats.lines(Level::ERROR), 1, 1, 0, 0);
    check_counts(stats.lines(Level::WARN), 0, 0, 0, 0);
}

#[test]
fn many_lines_are_written_with_one_call() {
    let bench = Bench::new();
    bench.occupied();
    for _ in 0..100 {
        bench.info("line\n");
    }
    bench.answer(Answer::Write(LIMIT));
    bench.answer(Answer::Write(LIMIT));
    assert_eq!(bench.flush(), 0);
    assert_eq!(bench.calls.try_iter().count(), 1);
    bench.finish();
}

#[test]
fn line_is_continued_after_an_error_and_never_repeated() {
    let bench = Bench::new();
    bench.occupied();
    bench.info("a\n");
    bench.info("bb\n");
    bench.answer(Answer::Write(LIMIT));
    bench.fail(io::ErrorKind::StorageFull);
    bench.answer(Answer::Write(3));
    bench.fail(io::ErrorKind::StorageFull);
    bench.answer(Answer::Write(0));
    bench.answer(Answer::Write(1));
    bench.answer(Answer::Write(LIMIT));
    assert_eq!(bench.flush(), 0);
    let stats = bench.queue.stats();
    assert_eq!((stats.io_errors, stats.is_failing), (3, false));
    assert!(stats.last_error.is_some());
    let (written, stats) = bench.finish();
    assert_eq!(written, "first\na\nbb\n", "neither torn nor repeated");
    check_counts(stats.total(), 3, 3, 0, 0);
}

#[test]
fn line_begins_anew_where_its_beginning_is_gone() {
    let bench = Bench::with(OnFull::default(), true);
    bench.occupied();
    bench.info("a\n");
    bench.info("bb\n");
    bench.answer(Answer::Write(LIMIT));
    bench.answer(Answer::Write(3));
    bench.fail(io::ErrorKind::StorageFull);
    bench.answer(Answer::Write(LIMIT));
    assert_eq!(bench.flush(), 0);
    let (written, stats) = bench.finish();
    assert_eq!(written, "first\na\nbb\n");
    check_counts(stats.total(), 3, 3, 0, 0);
}

#[test]
fn failing_output_is_seen_in_the_numbers_until_it_works_again() {
    let bench = Bench::new();
    bench.occupied();
    bench.fail(io::ErrorKind::StorageFull);
    bench.called();
    let stats = bench.queue.stats();
    assert!(stats.is_failing);
    assert_eq!(stats.queue_bytes, 6);
    bench.answer(Answer::Write(LIMIT));
    assert_eq!(bench.flush(), 0);
    assert!(!bench.queue.stats().is_failing);
    bench.finish();
}

#[test]
fn lines_fail_at_once_when_the_output_is_gone() {
    let bench = Bench::new();
    bench.info("a\n");
    bench.fail(io::ErrorKind::BrokenPipe);
    assert_eq!(bench.flush(), 0);
    check_counts(bench.queue.stats().total(), 1, 0, 0, 1);
    let (written, _) = bench.finish();
    assert_eq!(written, "lost 0 1\n", "the last word");
}

#[test]
fn output_that_never_comes_back_is_not_told_of_it_over_and_over() {
    let bench = Bench::new();
    for _ in 0..50 {
        bench.fail(io::ErrorKind::BrokenPipe);
    }
    bench.info("a\n");
    assert_eq!(bench.flush(), 0);
    bench.queue.close();
    bench.queue.wait_for_end(Deadline::after(LONG));
    let stats = bench.queue.stats();
    settled(&stats);
    check_counts(stats.total(), 2, 0, 0, 2);
}

#[test]
fn closing_gives_up_an_output_that_fails_and_takes_the_unfinished_line_back() {
    let bench = Bench::new();
    bench.info("a\n");
    bench.info("bbb\n");
    bench.answer(Answer::Write(4));
    bench.called();
    bench.called();
    bench.queue.close();
    bench.info("c\n");
    bench.fail(io::ErrorKind::StorageFull);
    let (written, stats) = bench.finish();
    assert_eq!(written, "a\nlost 1 1\n");
    check_counts(stats.lines(Level::INFO), 3, 1, 1, 1);
}

#[test]
fn writer_that_panics_is_a_writer_that_fails() {
    let bench = Bench::new();
    bench.occupied();
    bench.answer(Answer::Panic);
    bench.answer(Answer::Write(LIMIT));
    assert_eq!(bench.flush(), 0);
    let (written, stats) = bench.finish();
    assert_eq!(written, "first\n");
    assert_eq!(stats.io_errors, 1);
}

#[test]
fn flush_tells_what_is_missing_when_the_time_is_over() {
    let bench = Bench::new();
    for _ in 0..3 {
        bench.info("a\n");
    }
    let goal = bench.queue.begin_flush();
    let deadline = Deadline::after(Duration::from_millis(1));
    assert_eq!(bench.queue.end_flush(goal, deadline), 3);
    bench.finish();
}

#[test]
fn flush_does_not_count_what_was_dropped_meanwhile_as_written() {
    let bench = Bench::with(OnFull::DropNewest, false);
    bench.occupied();
    let goal = bench.queue.begin_flush();
    for _ in 0..10_000 {
        bench.info("after\n");
    }
    assert!(bench.queue.stats().total().dropped > 0);
    let deadline = Deadline::after(Duration::from_millis(1));
    assert!(bench.queue.end_flush(goal, deadline) > 0);
    bench.finish();
}

#[test]
fn nothing_is_lost_or_torn_between_many_threads() {
    let at_most = LONG;
    let bench = Bench::with(OnFull::Block { at_most }, false);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let queue = &bench.queue;
            scope.spawn(move || {
                for line in 0..5000 {
                    let line = format!("{thread}:{line}\n");
                    queue.push(line.as_bytes(), 1, Level::INFO);
                }
            });
        }
        for _ in 0..4 * 5000 {
            bench.answer(Answer::Write(LIMIT));
        }
    });
    let (written, stats) = bench.finish();
    for thread in 0..4 {
        let prefix = format!("{thread}:");
        let own = written
            .lines()
            .filter_map(|line| line.strip_prefix(&prefix));
        assert!(own.eq((0..5000).map(|n| n.to_string()).collect::<Vec<_>>()));
    }
    check_counts(stats.total(), 20_000, 20_000, 0, 0);
}

/// A queue whose first line is lost, with a notice of the test's own.
fn with_loss(notice: impl FnOnce(&Arc<Queue>) -> Notice) -> (Arc<Queue>, Arc<Mutex<Vec<u8>>>) {
    let queue = Arc::new(Queue::new("test".into(), LIMIT, OnFull::default()));
    let (answers, script_answers) = channel();
    let written = Arc::<Mutex<Vec<u8>>>::default();
    let script = Script {
        answers: script_answers,
        calls: channel().0,
        written: Arc::clone(&written),
        forgets: false,
    };
    // Too long for the queue, so it is dropped at once.
    queue.push(&[b'x'; LIMIT], 1, Level::INFO);
    let notice = notice(&queue);
    Queue::spawn(&queue, Box::new(script), LIMIT, notice).unwrap();
    drop(answers);
    (queue, written)
}

#[track_caller]
fn flushed(queue: &Queue, written: &Mutex<Vec<u8>>) -> String {
    queue.push(b"a line\n", 1, Level::INFO);
    // The notice follows the line, so it takes two rounds.
    for _ in 0..2 {
        let goal = queue.begin_flush();
        assert_eq!(queue.end_flush(goal, Deadline::after(LONG)), 0);
    }
    let total = queue.stats().total();
    assert_eq!(total.accepted, total.written + total.dropped + total.failed);
    String::from_utf8(written.lock().unwrap().clone()).unwrap()
}

#[test]
fn notice_may_log_into_its_own_queue() {
    let (queue, written) = with_loss(|queue| {
        let queue = Arc::downgrade(queue);
        Box::new(move |_| {
            if let Some(queue) = queue.upgrade() {
                queue.push(b"from the notice\n", 1, Level::INFO);
            }
            (b"the notice\n".to_vec(), Level::WARN)
        })
    });
    let text = flushed(&queue, &written);
    assert_eq!(text, "a line\nfrom the notice\nthe notice\n");
    queue.close();
}

#[test]
fn notice_that_panics_ends_nothing() {
    let (queue, written) = with_loss(|_| Box::new(|_| panic!("the notice breaks")));
    assert_eq!(flushed(&queue, &written), "a line\n");
    let stats = queue.stats();
    assert!(stats.last_error.unwrap().contains("notice"));
    queue.close();
}

#[test]
fn notice_may_have_many_lines() {
    let (queue, written) = with_loss(|_| Box::new(|_| (b"1\n2\n3\n".to_vec(), Level::WARN)));
    assert_eq!(flushed(&queue, &written), "a line\n1\n2\n3\n");
    assert_eq!(queue.stats().lines(Level::WARN).written, 3);
    queue.close();
}
