//! The lines that every case writes: rendered once, and numbered in place.

use std::ops::Range;

const TEXT: &str = "2026-11-25T20:51:58.123456Z  INFO worker-TT api::http: request finished method=GET \
    route=/orders/{id} status=200 bytes=5120 seq=SSSSSSSSS\n";
const ECS: &str = "{\"@timestamp\":\"2026-11-25T20:51:58.123456Z\",\"log.level\":\"INFO\",\"message\":\"request finished\",\
    \"ecs.version\":\"8.17.0\",\"service.name\":\"api\",\"service.version\":\"1.14.2-rc.12\",\"event.dataset\":\"api.log\",\
    \"process.thread.name\":\"worker-TT\",\"log.logger\":\"api::http\",\
    \"log.origin\":{\"file.name\":\"src/http.rs\",\"file.line\":214},\"trace.id\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\
    \"http.request.method\":\"GET\",\"http.route\":\"/orders/{id}\",\"http.response.status_code\":200,\
    \"event.duration\":1234567,\"labels\":{\"seq\":\"SSSSSSSSS\"}}\n";

/// What a line looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shape {
    /// A line for people, of 138 bytes.
    Text,
    /// A JSON line with the keys of the Elastic Common Schema, of 500 bytes.
    Ecs,
}

/// A line of one thread; it has the next number after each [`Line::advance`].
#[derive(Clone, Debug)]
pub(crate) struct Line {
    text: String,
    thread: Range<usize>,
    number: Range<usize>,
}

// === impl Shape ===

impl Shape {
    pub(crate) const ALL: [Self; 2] = [Self::Text, Self::Ecs];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Ecs => "ecs",
        }
    }

    fn template(self) -> &'static str {
        match self {
            Self::Text => TEXT,
            Self::Ecs => ECS,
        }
    }

    /// Returns the length of a line, its end included.
    pub(crate) fn bytes(self) -> usize {
        self.template().len()
    }
}

// === impl Line ===

impl Line {
    /// Returns line 0 of a thread.
    pub(crate) fn first(shape: Shape, thread: usize) -> Self {
        let template = shape.template();
        let place = |mark: &str| {
            let start = template.find(mark).unwrap_or(0);
            start..start + mark.len()
        };
        let (threads, numbers) = (place("TT"), place("SSSSSSSSS"));
        let text = template
            .replace("TT", &format!("{thread:02}"))
            .replace("SSSSSSSSS", &"0".repeat(numbers.len()));
        Self {
            text,
            thread: threads,
            number: numbers,
        }
    }

    /// Returns the line with its line end.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Returns the line without its line end, for those who add one.
    pub(crate) fn as_str(&self) -> &str {
        &self.text[..self.text.len() - 1]
    }

    /// Counts the number on.
    #[expect(
        unsafe_code,
        reason = "checking the whole line for UTF-8 each time would be charged to those who take a `str`"
    )]
    pub(crate) fn advance(&mut self) {
        // SAFETY: only ASCII digits are written, and only over ASCII digits.
        let bytes = unsafe { self.text.as_bytes_mut() };
        for digit in bytes[self.number.clone()].iter_mut().rev() {
            if *digit != b'9' {
                *digit += 1;
                return;
            }
            *digit = b'0';
        }
    }

    /// Returns the number of the thread in a line of the same shape, if there is one.
    pub(crate) fn thread_of(&self, line: &[u8]) -> Option<usize> {
        let digits = line.get(self.thread.clone())?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_length_that_the_tables_name() {
        assert_eq!((Shape::Text.bytes(), Shape::Ecs.bytes()), (138, 500));
    }

    #[test]
    fn a_line_counts_on_and_knows_its_thread() {
        for shape in Shape::ALL {
            let mut line = Line::first(shape, 7);
            for _ in 0..1_000 {
                line.advance();
            }
            assert_eq!(line.thread_of(line.as_bytes()), Some(7));
            assert!(line.as_str().contains("000001000"), "{line:?}");
            assert_eq!(line.as_bytes().len(), shape.bytes());
        }
    }
}
