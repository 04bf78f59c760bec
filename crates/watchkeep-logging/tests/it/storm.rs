//! Many threads, many rotations, and a reader that follows.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use watchkeep_logging::{OnFull, QueueConfig, QueueWriter, RollingFile};

use crate::support::LONG;

const THREADS: usize = 8;
const LINES: usize = 100_000;

/// Follows the files of a folder whatever they are called, as a shipper of logs does.
#[derive(Default)]
struct Follower {
    open: HashMap<u64, (File, Vec<u8>)>,
    /// How often each line of each thread was seen.
    seen: Vec<Vec<u8>>,
}

impl Follower {
    fn look(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            // A name that was reserved for a rotation is gone in a moment.
            let Some(file) = name.starts_with("app.log").then(|| File::open(&path).ok()) else {
                continue;
            };
            let Some(file) = file else { continue };
            let inode = file.metadata().unwrap().ino();
            self.open.entry(inode).or_insert_with(|| (file, Vec::new()));
        }
        for (file, rest) in self.open.values_mut() {
            file.read_to_end(rest).unwrap();
            let end = rest
                .iter()
                .rposition(|b| *b == b'\n')
                .map_or(0, |end| end + 1);
            for line in rest[..end].split_inclusive(|b| *b == b'\n') {
                let (thread, number) = parse(line);
                self.seen[thread][number] += 1;
            }
            rest.drain(..end);
        }
    }
}

/// Reads exactly what `write` writes.
fn parse(line: &[u8]) -> (usize, usize) {
    let text = std::str::from_utf8(line).unwrap();
    let parts: Vec<_> = text.split(' ').collect();
    assert_eq!(
        (parts.len(), parts[0], parts[3]),
        (4, "line", "whole\n"),
        "{text:?}"
    );
    (parts[1].parse().unwrap(), parts[2].parse().unwrap())
}

fn write(writer: &mut QueueWriter, thread: usize, number: usize) {
    writeln!(writer, "line {thread} {number} whole").unwrap();
}

#[test]
fn every_line_is_seen_once_through_two_hundred_rotations() {
    let folder = tempfile::tempdir().unwrap();
    let file = RollingFile::builder(folder.path().join("app.log"))
        .with_max_bytes(70_000)
        .with_backups(usize::MAX)
        .open()
        .unwrap();
    let config = QueueConfig::new("storm").with_bytes(1 << 20);
    let (writer, guard) = config
        .with_on_full(OnFull::Block { at_most: LONG })
        .start(file)
        .unwrap();
    let is_over = AtomicBool::new(false);
    let mut follower = Follower {
        seen: vec![vec![0; LINES]; THREADS],
        ..Follower::default()
    };
    std::thread::scope(|scope| {
        let follower = &mut follower;
        let (is_over, folder) = (&is_over, folder.path());
        let follows = scope.spawn(move || {
            while !is_over.load(Ordering::Acquire) {
                follower.look(folder);
            }
            follower.look(folder);
        });
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let mut writer = writer.clone();
                scope.spawn(move || (0..LINES).for_each(|line| write(&mut writer, thread, line)))
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(guard.flush(LONG).is_complete());
        is_over.store(true, Ordering::Release);
        follows.join().unwrap();
    });
    let stats = guard.stats();
    assert!(stats.rotations >= 200, "{stats:?}");
    assert_eq!(stats.total().written, (THREADS * LINES) as u64);
    let others = follower.seen.iter().flatten().filter(|count| **count != 1);
    assert_eq!(others.count(), 0, "lines that were not seen exactly once");
}

#[test]
fn guard_may_go_while_others_log() {
    let folder = tempfile::tempdir().unwrap();
    let file = RollingFile::builder(folder.path().join("app.log"))
        .open()
        .unwrap();
    let (writer, guard) = QueueConfig::new("gone").start(file).unwrap();
    let mut guard = Some(guard);
    std::thread::scope(|scope| {
        let begun: Vec<_> = (0..4)
            .map(|thread| {
                let mut writer = writer.clone();
                let (tell, begun) = std::sync::mpsc::channel();
                scope.spawn(move || {
                    for line in 0..20_000 {
                        write(&mut writer, thread, line);
                        if line == 1000 {
                            tell.send(()).unwrap();
                        }
                    }
                });
                begun
            })
            .collect();
        for begun in begun {
            begun.recv().unwrap();
        }
        drop(guard.take());
    });
    // What came before the guard went is there, and whole.
    let text = fs::read(folder.path().join("app.log")).unwrap();
    let mut next = [0; 4];
    for line in text.split_inclusive(|b| *b == b'\n') {
        if !line.starts_with(b"line ") {
            // The last word: so many came too late.
            let line = String::from_utf8_lossy(line);
            assert!(line.contains(" log lines were lost dropped="), "{line}");
            continue;
        }
        let (thread, number) = parse(line);
        assert_eq!(number, next[thread]);
        next[thread] += 1;
    }
    assert!(next.iter().all(|next| *next > 1000), "{next:?}");
}
