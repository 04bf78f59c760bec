//! The lines that say a thing, out of a stream of them: what does not say it is never looked at.

use std::io::{self, ErrorKind, Read};
use std::ops::ControlFlow;

use memchr::memmem::Finder;
use memchr::{memchr, memrchr};

/// How much is read at once: a few times what the fastest caches hold, so that reading costs few calls.
const BLOCK_BYTES: usize = 256 * 1024;

/// What became of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// Lines beyond the limit, which were passed over.
    pub(super) too_long: u64,
    /// Whether the last line has no end.
    pub(super) torn: bool,
}

/// Calls `each` with every whole line that has the needle in it, without its end, and `read` with how much was read, block by block.
///
/// In memory there is a block and the longest line.
pub(super) fn scan(
    source: &mut impl Read,
    needle: &Finder<'_>,
    longest: usize,
    mut each: impl FnMut(&[u8]),
    mut read: impl FnMut(usize) -> ControlFlow<()>,
) -> io::Result<Scan> {
    let mut scan = Scan::default();
    let mut buffer = vec![0; BLOCK_BYTES];
    // The beginning of a line stands at the front; of one that is too long, nothing does.
    let (mut begun, mut is_cut) = (0, false);
    loop {
        if buffer.len() < begun + BLOCK_BYTES {
            buffer.resize(begun + BLOCK_BYTES, 0);
        }
        let count = match source.read(&mut buffer[begun..]) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = begun + count;
        if let Some(last) = memrchr(b'\n', &buffer[begun..end]) {
            let whole = begun + last + 1;
            let mut lines = &buffer[..whole];
            if std::mem::take(&mut is_cut) {
                scan.too_long += 1;
                lines = behind_line(lines);
            }
            lines_with(needle, lines, &mut each);
            buffer.copy_within(whole..end, 0);
            begun = end - whole;
        } else {
            begun = end;
        }
        if begun > longest {
            is_cut = true;
        }
        if is_cut {
            begun = 0;
        }
        if read(count).is_break() {
            return Ok(scan);
        }
    }
    scan.torn = is_cut || begun > 0;
    Ok(scan)
}

fn lines_with(needle: &Finder<'_>, mut lines: &[u8], each: &mut impl FnMut(&[u8])) {
    while let Some(at) = needle.find(lines) {
        let start = memrchr(b'\n', &lines[..at]).map_or(0, |before| before + 1);
        let rest = behind_line(&lines[at..]);
        let end = lines.len() - rest.len();
        // Every line in here has its end.
        each(&lines[start..end - 1]);
        lines = rest;
    }
}

fn behind_line(text: &[u8]) -> &[u8] {
    memchr(b'\n', text).map_or(&[], |end| &text[end + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives out as many bytes at a time as it is told.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(self.1).min(out.len());
            out[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn found(text: &str, step: usize, longest: usize) -> (Vec<String>, Scan) {
        let mut lines = Vec::new();
        let scan = scan(
            &mut Slow(text.as_bytes(), step),
            &Finder::new("X"),
            longest,
            |line| lines.push(String::from_utf8_lossy(line).into_owned()),
            |_| ControlFlow::Continue(()),
        );
        (lines, scan.unwrap())
    }

    #[test]
    fn lines_with_the_needle_are_found_wherever_blocks_end() {
        for step in 1..40 {
            let (lines, scan) = found("X\nno\n\naXbX\nXX\nno\nX torn", step, 100);
            assert_eq!(lines, ["X", "aXbX", "XX"], "{step}");
            let expected = Scan {
                too_long: 0,
                torn: true,
            };
            assert_eq!(scan, expected, "{step}");
        }
        assert_eq!(found("", 1, 10), (vec![], Scan::default()));
        assert_eq!(found("no\n", 1, 10), (vec![], Scan::default()));
    }

    #[test]
    fn line_beyond_the_limit_is_passed_over_and_the_next_is_not() {
        for step in 1..5 {
            let (lines, scan) = found("X234567890123456789X\nX\n", step, 8);
            assert_eq!(lines, ["X"], "{step}");
            assert_eq!((scan.too_long, scan.torn), (1, false), "{step}");
            assert!(found("X234567890123456789X", step, 8).1.torn);
        }
    }

    #[test]
    fn it_stops_when_it_is_told() {
        let mut blocks = 0;
        let stopped = scan(
            &mut Slow(b"X\nX\nX\n", 2),
            &Finder::new("X"),
            10,
            |_| {},
            |_| {
                blocks += 1;
                ControlFlow::Break(())
            },
        );
        assert_eq!((stopped.unwrap(), blocks), (Scan::default(), 1));
    }
}
