//! The lines of a file, first line first.

use std::io::{self, Read, Seek, SeekFrom};
use std::mem;

use super::{Limits, Line, Window, read_full};

/// Reads the first `end` bytes of a file.
#[derive(Debug)]
pub(in crate::query) struct Forward<R> {
    source: R,
    limits: Limits,
    position: u64,
    end: u64,
    pub(super) window: Window,
    /// Before it there is no end of a line in the window.
    searched: usize,
    /// Whether the beginning of the current line was thrown away.
    cut: bool,
}

// === impl Forward ===

impl<R: Read + Seek> Forward<R> {
    pub(in crate::query) fn new(source: R, end: u64, limits: Limits) -> Self {
        Self {
            source,
            limits,
            position: 0,
            end,
            window: Window::default(),
            searched: 0,
            cut: false,
        }
    }

    /// Returns how much of the file has been read.
    pub(in crate::query) fn bytes_read(&self) -> u64 {
        self.position
    }

    pub(in crate::query) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            let unsearched = &self.window.bytes[self.searched..self.window.to];
            if let Some(offset) = unsearched.iter().position(|b| *b == b'\n') {
                let (start, end) = (self.window.from, self.searched + offset);
                self.window.from = end + 1;
                self.searched = end + 1;
                let cut = mem::take(&mut self.cut);
                return Ok(Some(if cut || end - start > self.limits.line_bytes {
                    Line::TooLong
                } else {
                    Line::Whole(&self.window.bytes[start..end])
                }));
            }
            if self.window.len() > self.limits.line_bytes {
                self.cut = true;
                self.window.from = self.window.to;
            }
            if !self.read_block()? {
                let torn = mem::take(&mut self.cut) || self.window.len() > 0;
                self.window.from = self.window.to;
                self.searched = self.window.to;
                return Ok(torn.then_some(Line::Torn));
            }
        }
    }

    /// Returns whether there was more to read.
    fn read_block(&mut self) -> io::Result<bool> {
        let size = self.limits.block(self.end - self.position);
        if size == 0 {
            return Ok(false);
        }
        if self.position == 0 {
            self.source.seek(SeekFrom::Start(0))?;
        }
        self.window.make_room_behind(size);
        let start = self.window.to;
        self.searched = start;
        let block = &mut self.window.bytes[start..start + size];
        let count = read_full(&mut self.source, block)?;
        self.window.to += count;
        self.position += count as u64;
        // Nothing comes before the end when somebody has cut the file meanwhile.
        Ok(count > 0)
    }
}
