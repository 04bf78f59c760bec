//! Both readers over the same bytes: blocks, bounds, and files that are cut meanwhile.

use std::cell::RefCell;
use std::io::{Cursor, Seek, SeekFrom};
use std::rc::Rc;

use super::*;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Owned {
    Torn,
    TooLong,
    Whole(Vec<u8>),
}

impl From<Line<'_>> for Owned {
    fn from(line: Line<'_>) -> Self {
        match line {
            Line::Torn => Self::Torn,
            Line::TooLong => Self::TooLong,
            Line::Whole(bytes) => Self::Whole(bytes.to_vec()),
        }
    }
}

fn whole(text: &str) -> Owned {
    Owned::Whole(text.as_bytes().to_vec())
}

fn limits(block_bytes: usize, line_bytes: usize) -> Limits {
    Limits {
        block_bytes,
        line_bytes,
    }
}

/// Reads in both directions, and returns the lines in the order of the file.
fn both(bytes: &[u8], end: u64, limits: Limits) -> Vec<Owned> {
    let mut forward = Vec::new();
    let mut reader = Forward::new(Cursor::new(bytes), end, limits);
    while let Some(line) = reader.next().unwrap() {
        forward.push(Owned::from(line));
    }
    let mut backward = Vec::new();
    let mut reader = Backward::new(Cursor::new(bytes), end, limits);
    while let Some(line) = reader.next().unwrap() {
        backward.push(Owned::from(line));
    }
    assert_eq!(reader.bytes_read(), end);
    assert_eq!(reader.next().unwrap(), None);
    backward.reverse();
    let shown = String::from_utf8_lossy(bytes);
    assert_eq!(forward, backward, "{limits:?} {shown:?}");
    forward
}

/// What the readers are for, without any blocks.
fn model(bytes: &[u8], line_bytes: usize) -> Vec<Owned> {
    let mut lines: Vec<Owned> = bytes
        .split(|b| *b == b'\n')
        .map(|line| {
            if line.len() > line_bytes {
                Owned::TooLong
            } else {
                Owned::Whole(line.to_vec())
            }
        })
        .collect();
    let tail = lines.pop();
    if tail.is_some_and(|tail| tail != whole("")) {
        lines.push(Owned::Torn);
    }
    lines
}

/// Small numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }
}

#[test]
fn empty_file_has_no_lines() {
    assert_eq!(both(b"", 0, Limits::DEFAULT), []);
}

#[test]
fn line_is_what_has_an_end() {
    let lines = both(b"one\n\ntwo\r\nthr", 13, Limits::DEFAULT);
    assert_eq!(
        lines,
        [whole("one"), whole(""), whole("two\r"), Owned::Torn]
    );
    assert_eq!(both(b"\n", 1, Limits::DEFAULT), [whole("")]);
    assert_eq!(both(b"x", 1, Limits::DEFAULT), [Owned::Torn]);
}

#[test]
fn what_is_behind_the_given_length_is_not_read() {
    assert_eq!(both(b"one\ntwo\n", 4, Limits::DEFAULT), [whole("one")]);
    assert_eq!(
        both(b"one\ntwo\n", 6, Limits::DEFAULT),
        [whole("one"), Owned::Torn]
    );
}

#[test]
fn line_as_long_as_the_limit_is_read_and_a_longer_one_is_not() {
    let bytes = b"1234\n12345\n123\n1234567890123\nend\n";
    let expected = [
        whole("1234"),
        Owned::TooLong,
        whole("123"),
        Owned::TooLong,
        whole("end"),
    ];
    for block in 1..40 {
        let lines = both(bytes, bytes.len() as u64, limits(block, 4));
        assert_eq!(lines, expected, "{block}");
    }
}

#[test]
fn long_tail_is_torn_once() {
    let bytes = b"one\n12345678901234567890";
    for block in 1..30 {
        let lines = both(bytes, bytes.len() as u64, limits(block, 4));
        assert_eq!(lines, [whole("one"), Owned::Torn], "{block}");
    }
}

#[test]
fn both_directions_find_the_same_lines_wherever_blocks_end() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..3000 {
        let len = dice.roll(60);
        let dense = dice.roll(8) + 1;
        let bytes: Vec<u8> = (0..len)
            .map(|_| match dice.roll(dense + 2) {
                0 => b'\n',
                1 => b'\r',
                other => b'a' + u8::try_from(other).unwrap(),
            })
            .collect();
        let line_bytes = dice.roll(20);
        let block = dice.roll(25) + 1;
        let lines = both(&bytes, len as u64, limits(block, line_bytes));
        assert_eq!(lines, model(&bytes, line_bytes));
    }
}

#[test]
fn memory_is_bounded_by_the_limits_and_not_by_the_line() {
    let mut bytes = vec![b'x'; 1_000_000];
    bytes.extend_from_slice(b"\nend\n");
    let (end, limits) = (bytes.len() as u64, limits(64, 1000));
    let bound = 2 * (1000 + 64);
    let mut forward = Forward::new(Cursor::new(&bytes), end, limits);
    while forward.next().unwrap().is_some() {}
    assert!(forward.window.bytes.capacity() <= bound);
    let mut backward = Backward::new(Cursor::new(&bytes), end, limits);
    while backward.next().unwrap().is_some() {}
    assert!(backward.window.bytes.capacity() <= bound);
}

/// A file that others cut, that gives a byte at a time, and that is interrupted.
#[derive(Clone, Default)]
struct Shared {
    bytes: Rc<RefCell<Vec<u8>>>,
    at: usize,
    calls: usize,
}

impl Read for Shared {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls.is_multiple_of(3) {
            return Err(ErrorKind::Interrupted.into());
        }
        match (self.bytes.borrow().get(self.at), out.first_mut()) {
            (Some(byte), Some(slot)) => {
                *slot = *byte;
                self.at += 1;
                Ok(1)
            }
            _ => Ok(0),
        }
    }
}

impl Seek for Shared {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(at) = to else {
            return Err(ErrorKind::Unsupported.into());
        };
        self.at = usize::try_from(at).unwrap();
        Ok(at)
    }
}

fn shared(text: &str) -> Shared {
    let file = Shared::default();
    file.bytes.borrow_mut().extend_from_slice(text.as_bytes());
    file
}

#[test]
fn short_and_interrupted_reads_change_nothing() {
    let text = "one\ntwo\nthree\n";
    let mut forward = Forward::new(shared(text), 14, limits(5, 100));
    let mut backward = Backward::new(shared(text), 14, limits(5, 100));
    for (first, last) in [("one", "three"), ("two", "two"), ("three", "one")] {
        assert_eq!(forward.next().unwrap().map(Owned::from), Some(whole(first)));
        assert_eq!(backward.next().unwrap().map(Owned::from), Some(whole(last)));
    }
    assert_eq!(forward.next().unwrap(), None);
    assert_eq!(backward.next().unwrap(), None);
}

#[test]
fn file_that_was_cut_before_ends_where_it_ends() {
    for bytes in [&b"one\ntwo\n"[..], b"one\ntw", b""] {
        for end in 8..40 {
            let lines = both(bytes, end, limits(5, 100));
            assert_eq!(lines, model(bytes, 100), "{end}");
        }
    }
}

#[test]
fn file_that_is_cut_meanwhile_ends_in_a_torn_line() {
    // Of the second line a beginning is left, or nothing, but its end has been read.
    for left in [6, 5] {
        let file = shared("aaaa\nbbbb\ncccc\n");
        let mut backward = Backward::new(file.clone(), 15, limits(4, 100));
        assert_eq!(backward.next().unwrap(), Some(Line::Whole(b"cccc")));
        file.bytes.borrow_mut().truncate(left);
        assert_eq!(backward.next().unwrap(), Some(Line::Torn));
        assert_eq!(backward.next().unwrap(), Some(Line::Whole(b"aaaa")));
        assert_eq!(backward.next().unwrap(), None);
    }

    let file = shared("aaaa\nbbbb\ncccc\n");
    let mut forward = Forward::new(file.clone(), 15, limits(4, 100));
    assert_eq!(forward.next().unwrap(), Some(Line::Whole(b"aaaa")));
    file.bytes.borrow_mut().truncate(9);
    assert_eq!(forward.next().unwrap(), Some(Line::Torn));
    assert_eq!(forward.next().unwrap(), None);
    assert_eq!(forward.next().unwrap(), None);
}
