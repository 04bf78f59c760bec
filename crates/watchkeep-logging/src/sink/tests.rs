//! Bounds, counts, flushes, and outputs that fail.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;

/// An output that does what the test says, one answer a call, and writes everything once no answers are left.
struct Script {
    answers: Receiver<io::Result<usize>>,
    calls: Sender<()>,
    written: Arc<Mutex<Vec<u8>>>,
    cuts: bool,
}

struct Bench {
    queue: Arc<Queue>,
    answers: Sender<io::Result<usize>>,
    calls: Receiver<()>,
    written: Arc<Mutex<Vec<u8>>>,
}

const LONG: Duration = Duration::from_secs(30);

impl Output for Script {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let _ = self.calls.send(());
        let count = match self.answers.recv() {
            Ok(answer) => answer?.min(lines.len()),
            Err(_) => lines.len(),
        };
        let mut written = self.written.lock().unwrap();
        written.extend_from_slice(&lines[..count]);
        Ok(count)
    }

    fn take_back(&mut self) -> bool {
        let mut written = self.written.lock().unwrap();
        let end = written.iter().rposition(|b| *b == b'\n');
        if self.cuts {
            written.truncate(end.map_or(0, |end| end + 1));
        }
        self.cuts
    }

    fn is_gone(&self, error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::BrokenPipe
    }
}

impl Bench {
    fn new(limit: usize, cuts: bool) -> Self {
        let queue = Arc::new(Queue::new("test", limit));
        let (answers, script_answers) = channel();
        let (script_calls, calls) = channel();
        let written = Arc::default();
        let script = Script {
            answers: script_answers,
            calls: script_calls,
            written: Arc::clone(&written),
            cuts,
        };
        let notice: Notice = Box::new(|dropped, out| {
            out.extend_from_slice(format!("dropped {dropped}\n").as_bytes());
        });
        Queue::spawn(&queue, Box::new(script), notice).unwrap();
        Self {
            queue,
            answers,
            calls,
            written,
        }
    }

    fn answer(&self, answer: io::Result<usize>) {
        self.answers.send(answer).unwrap();
    }

    fn fail(&self, kind: io::ErrorKind) {
        self.answer(Err(kind.into()));
    }

    fn called(&self) {
        self.calls.recv_timeout(LONG).unwrap();
    }

    fn flush(&self) -> u64 {
        let goal = self.queue.begin_flush();
        self.queue.end_flush(goal, Deadline::after(LONG))
    }

    /// Lets the output work, closes the queue, and waits for the end of its thread.
    fn finish(self) -> (String, SinkStats) {
        drop(self.answers);
        self.queue.close();
        while self.calls.recv_timeout(LONG).is_ok() {}
        let stats = self.queue.stats();
        let written = self.written.lock().unwrap().clone();
        (String::from_utf8(written).unwrap(), stats)
    }
}

#[track_caller]
fn settled(stats: &SinkStats) {
    assert_eq!(
        stats.accepted,
        stats.written + stats.dropped + stats.failed,
        "{stats:?}"
    );
    assert_eq!(stats.queue_bytes, 0);
}

#[test]
fn lines_come_out_in_order_and_are_counted() {
    let bench = Bench::new(1000, true);
    for line in ["a\n", "b\n", "c\n"] {
        bench.queue.push(line.as_bytes(), false);
    }
    for _ in 0..3 {
        bench.answer(Ok(100));
    }
    assert_eq!(bench.flush(), 0);
    let (written, stats) = bench.finish();
    assert_eq!(written, "a\nb\nc\n");
    assert_eq!(
        (stats.accepted, stats.written, stats.bytes_written),
        (3, 3, 6)
    );
    settled(&stats);
}

#[test]
fn full_queue_drops_and_keeps_its_last_tenth_for_urgent_lines() {
    let bench = Bench::new(100, true);
    bench.queue.push(b"123456789\n", false);
    // The worker holds it now, and it counts against the limit.
    bench.called();
    for _ in 0..20 {
        bench.queue.push(b"123456789\n", false);
    }
    let stats = bench.queue.stats();
    assert_eq!(
        (stats.accepted, stats.dropped, stats.queue_bytes),
        (21, 12, 90)
    );
    bench.queue.push(b"!23456789\n", true);
    bench.queue.push(b"!23456789\n", true);
    let stats = bench.queue.stats();
    assert_eq!(
        (stats.accepted, stats.dropped, stats.queue_bytes),
        (23, 13, 100)
    );
    for _ in 0..3 {
        bench.answer(Ok(1000));
    }
    assert_eq!(bench.flush(), 0);
    let (written, stats) = bench.finish();
    assert_eq!(written.matches("123456789").count(), 9);
    assert_eq!(written.matches('!').count(), 1);
    assert!(written.ends_with("dropped 13\n"), "{written}");
    assert_eq!(stats.dropped, 13);
    settled(&stats);
}

#[test]
fn line_that_failed_is_written_once_the_output_works_again() {
    let bench = Bench::new(1000, true);
    bench.queue.push(b"x\n", false);
    bench.called();
    bench.queue.push(b"a\n", false);
    bench.queue.push(b"bb\n", false);
    bench.answer(Ok(1000));
    bench.fail(io::ErrorKind::StorageFull);
    bench.answer(Ok(3));
    bench.fail(io::ErrorKind::StorageFull);
    bench.answer(Ok(1000));
    assert_eq!(bench.flush(), 0);
    let stats = bench.queue.stats();
    assert_eq!((stats.io_errors, stats.failed), (2, 0));
    assert!(stats.last_error.is_some());
    let (written, _) = bench.finish();
    assert_eq!(written, "x\na\nbb\n", "neither torn nor repeated");
}

#[test]
fn line_is_continued_where_nothing_can_be_taken_back() {
    let bench = Bench::new(1000, false);
    bench.queue.push(b"abcdef\n", false);
    bench.answer(Ok(3));
    bench.fail(io::ErrorKind::WouldBlock);
    bench.answer(Ok(0));
    bench.answer(Ok(1000));
    assert_eq!(bench.flush(), 0);
    let (written, stats) = bench.finish();
    assert_eq!(written, "abcdef\n");
    assert_eq!(stats.io_errors, 2);
    settled(&stats);
}

#[test]
fn lines_fail_at_once_when_the_output_is_gone() {
    let bench = Bench::new(1000, false);
    bench.queue.push(b"a\n", false);
    bench.fail(io::ErrorKind::BrokenPipe);
    assert_eq!(bench.flush(), 0);
    let stats = bench.queue.stats();
    assert_eq!((stats.written, stats.failed), (0, 1));
    settled(&stats);
}

#[test]
fn closing_gives_up_an_output_that_fails() {
    let bench = Bench::new(1000, true);
    bench.queue.push(b"a\n", false);
    bench.called();
    bench.queue.close();
    bench.queue.push(b"b\n", false);
    bench.fail(io::ErrorKind::StorageFull);
    let (written, stats) = bench.finish();
    assert_eq!(written, "dropped 1\n", "the last word, once it works again");
    assert_eq!((stats.failed, stats.dropped), (1, 1));
    settled(&stats);
}

#[test]
fn flush_tells_what_is_missing_when_the_time_is_over() {
    let bench = Bench::new(1000, true);
    for _ in 0..3 {
        bench.queue.push(b"a\n", false);
    }
    let goal = bench.queue.begin_flush();
    let deadline = Deadline::after(Duration::from_millis(1));
    assert_eq!(bench.queue.end_flush(goal, deadline), 3);
    let (_, stats) = bench.finish();
    settled(&stats);
}

#[test]
fn nothing_is_lost_or_torn_between_many_threads() {
    let bench = Bench::new(1_000_000, true);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let queue = &bench.queue;
            scope.spawn(move || {
                for line in 0..500 {
                    queue.push(format!("{thread}:{line}\n").as_bytes(), false);
                }
            });
        }
    });
    let (written, stats) = bench.finish();
    for thread in 0..4 {
        let prefix = format!("{thread}:");
        let own = written
            .lines()
            .filter_map(|line| line.strip_prefix(&prefix));
        assert!(own.eq((0..500).map(|n| n.to_string()).collect::<Vec<_>>()));
    }
    assert_eq!(stats.written, 2000);
    settled(&stats);
}
