//! The lines of a file, last line first.

use std::io::{self, Read, Seek, SeekFrom};
use std::mem;

use super::{Limits, Line, Window, read_full};

/// Reads the first `end` bytes of a file from their end.
#[derive(Debug)]
pub(in crate::query) struct Backward<R> {
    source: R,
    limits: Limits,
    /// Where in the file the window begins.
    position: u64,
    end: u64,
    pub(super) window: Window,
    /// From it on there is no end of a line in the window.
    searched: usize,
    /// Whether a part of the current line was thrown away.
    cut: bool,
    /// Whether the current line is the last of the file, and so has no end.
    is_tail: bool,
    is_done: bool,
}

// === impl Backward ===

impl<R: Read + Seek> Backward<R> {
    pub(in crate::query) fn new(source: R, end: u64, limits: Limits) -> Self {
        Self {
            source,
            limits,
            position: end,
            end,
            window: Window::default(),
            searched: 0,
            cut: false,
            is_tail: true,
            is_done: false,
        }
    }

    /// Returns how much of the file has been read.
    pub(in crate::query) fn bytes_read(&self) -> u64 {
        self.end - self.position
    }

    pub(in crate::query) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        while !self.is_done {
            let unsearched = &self.window.bytes[self.window.from..self.searched];
            let found = unsearched.iter().rposition(|b| *b == b'\n');
            if found.is_none() && self.read_block()? {
                continue;
            }
            let end = self.window.to;
            let start = match found {
                Some(offset) => {
                    self.window.to = self.window.from + offset;
                    self.window.to + 1
                }
                None => {
                    self.is_done = true;
                    self.window.from
                }
            };
            self.searched = self.window.to;
            let cut = mem::take(&mut self.cut);
            if !mem::take(&mut self.is_tail) {
                return Ok(Some(if cut || end - start > self.limits.line_bytes {
                    Line::TooLong
                } else {
                    Line::Whole(&self.window.bytes[start..end])
                }));
            }
            // Behind the last end of a line there is nothing, or what is not finished.
            if cut || start < end {
                return Ok(Some(Line::Torn));
            }
        }
        Ok(None)
    }

    /// Returns whether there was more to read.
    fn read_block(&mut self) -> io::Result<bool> {
        if self.window.len() > self.limits.line_bytes {
            self.cut = true;
            self.window.to = self.window.from;
        }
        self.searched = self.window.from;
        let size = self.limits.block(self.position);
        if size == 0 {
            return Ok(false);
        }
        self.window.make_room_before(size);
        let start = self.window.from - size;
        let position = self.position - size as u64;
        self.source.seek(SeekFrom::Start(position))?;
        let block = &mut self.window.bytes[start..start + size];
        let count = read_full(&mut self.source, block)?;
        if count < size {
            // Somebody has cut the file meanwhile: it ends here, and what stood behind is gone.
            self.cut |= self.window.len() > 0;
            self.is_tail = true;
            self.window.to = start + count;
        }
        self.searched = start + count;
        self.window.from = start;
        self.position = position;
        Ok(true)
    }
}
