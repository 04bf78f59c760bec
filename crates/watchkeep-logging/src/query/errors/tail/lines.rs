//! The lines of a piece of a file.

use std::io::{self, ErrorKind, Read};

use memchr::memchr;

/// How much is read at once.
pub(super) const BLOCK_BYTES: usize = 64 * 1024;

/// Splits what is read at the ends of lines; of a line that is too long nothing is kept.
#[derive(Debug)]
pub(super) struct Lines {
    begun: Vec<u8>,
    is_cut: bool,
    longest: usize,
}

// === impl Lines ===

impl Lines {
    pub(super) const fn new(longest: usize) -> Self {
        Self {
            begun: Vec::new(),
            is_cut: false,
            longest,
        }
    }

    /// Returns whether a line is waiting for its end.
    pub(super) const fn is_torn(&self) -> bool {
        self.is_cut || !self.begun.is_empty()
    }

    /// Reads a source to its end, and gives out each line without its end; `None` stands for one that is too long.
    pub(super) fn read(
        &mut self,
        source: &mut impl Read,
        each: &mut dyn FnMut(Option<&[u8]>),
    ) -> io::Result<()> {
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            match source.read(&mut block) {
                Ok(0) => return Ok(()),
                Ok(count) => self.take(&block[..count], each),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Forgets a line that has no end yet, and returns how many bytes of it must be read again; of one that is too long, none.
    pub(super) fn put_back(&mut self) -> u64 {
        std::mem::take(&mut self.begun).len() as u64
    }

    fn take(&mut self, mut rest: &[u8], each: &mut dyn FnMut(Option<&[u8]>)) {
        while let Some(end) = memchr(b'\n', rest) {
            self.push(&rest[..end]);
            let is_cut = std::mem::take(&mut self.is_cut);
            each((!is_cut).then_some(&self.begun));
            self.begun.clear();
            self.begun.shrink_to(BLOCK_BYTES);
            rest = &rest[end + 1..];
        }
        self.push(rest);
    }

    fn push(&mut self, part: &[u8]) {
        if self.is_cut || self.begun.len() + part.len() > self.longest {
            self.is_cut = true;
            // Not even the memory of what was too long is kept.
            self.begun = Vec::new();
        } else {
            self.begun.extend_from_slice(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_wherever_the_blocks_do_and_long_ones_are_passed_over() {
        let text = "one\n\ntoo long\n123456\n1234567\nend\ntorn";
        let expected = [
            Some("one"),
            Some(""),
            None,
            Some("123456"),
            None,
            Some("end"),
        ];
        for step in 1..text.len() {
            let (mut lines, mut found) = (Lines::new(6), Vec::new());
            for mut part in text.as_bytes().chunks(step) {
                let read = lines.read(&mut part, &mut |line| {
                    found.push(line.map(|line| String::from_utf8(line.to_vec()).unwrap()));
                });
                read.unwrap();
            }
            let found: Vec<_> = found.iter().map(Option::as_deref).collect();
            assert_eq!(found, expected, "{step}");
            assert!(lines.is_torn());
            assert_eq!(lines.put_back(), 4);
            assert!(!lines.is_torn());
        }
    }

    #[test]
    fn memory_of_a_long_line_is_given_back() {
        let mut lines = Lines::new(10 * BLOCK_BYTES);
        let text = format!("{}\n", "x".repeat(9 * BLOCK_BYTES));
        lines.read(&mut text.as_bytes(), &mut |_| {}).unwrap();
        assert!(lines.begun.capacity() <= BLOCK_BYTES);
        lines
            .read(&mut &text.as_bytes()[1..99], &mut |_| {})
            .unwrap();
        lines.put_back();
        assert_eq!(lines.begun.capacity(), 0);
    }
}
