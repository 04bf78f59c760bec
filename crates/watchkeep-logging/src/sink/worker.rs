//! The thread of a sink: writes batches cut at line ends, and tries again when that fails.

use std::io;
use std::time::Duration;

use super::{Output, Queue};

/// Appends the line that tells of so many dropped ones.
pub(crate) type Notice = Box<dyn Fn(u64, &mut Vec<u8>) + Send>;

/// How often an idle worker looks after its output.
const TICK: Duration = Duration::from_secs(60);
/// One call writes about so much, so that progress is seen in the numbers.
const CHUNK_BYTES: usize = 256 * 1024;
/// A buffer that a burst has grown is given back when it is larger.
const KEPT_BYTES: usize = 1024 * 1024;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

pub(crate) fn run(queue: &Queue, output: &mut dyn Output, notice: &Notice) {
    let mut batch = Vec::new();
    loop {
        let order = queue.take(&mut batch, TICK);
        if order.reopen {
            output.reopen();
        }
        output.tend();
        write(queue, output, &batch);
        while let Some(problem) = output.take_problem() {
            queue.note_error(&problem);
        }
        queue.set_rotations(output.rotations());
        queue.tell_drops(notice);
        batch.clear();
        batch.shrink_to(KEPT_BYTES);
        if order.closed && queue.is_finished() {
            return;
        }
    }
}

/// Writes a batch of whole lines; what cannot be written is kept until it can, or until the queue closes.
fn write(queue: &Queue, output: &mut dyn Output, batch: &[u8]) {
    let mut at = 0;
    let mut line_start = 0;
    let mut pause = FIRST_PAUSE;
    while at < batch.len() {
        let error = match output.write(chunk(&batch[at..])) {
            Ok(0) => io::Error::from(io::ErrorKind::WriteZero),
            Ok(count) => {
                let written = &batch[at..at + count];
                if let Some(end) = written.iter().rposition(|b| *b == b'\n') {
                    line_start = at + end + 1;
                    pause = FIRST_PAUSE;
                }
                at += count;
                queue.wrote(count, lines(written), batch.len() - at);
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => error,
        };
        queue.note_error(&error);
        if output.take_back() {
            at = line_start;
        }
        if output.is_gone(&error) || !queue.pause(pause) {
            queue.gave_up(lines(&batch[line_start..]));
            return;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Cuts a batch so that one call writes whole lines, and at least one.
fn chunk(batch: &[u8]) -> &[u8] {
    if batch.len() <= CHUNK_BYTES {
        return batch;
    }
    let last = batch[..CHUNK_BYTES].iter().rposition(|b| *b == b'\n');
    let end = last.or_else(|| batch.iter().position(|b| *b == b'\n'));
    &batch[..end.map_or(batch.len(), |end| end + 1)]
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|b| **b == b'\n').count() as u64
}
