//! Proof that a file has every line exactly once, whole, and in the order of its thread.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use crate::line::Line;
use crate::load::Load;

/// Reads the file of a run.
///
/// # Errors
///
/// A line is missing, torn, there twice or out of order; the message says where.
pub(crate) fn check(path: &Path, load: Load) -> io::Result<()> {
    let file = BufReader::with_capacity(1 << 20, File::open(path)?);
    check_lines(file, load)
}

fn check_lines(mut file: impl BufRead, load: Load) -> io::Result<()> {
    let mut expected: Vec<Line> = (0..load.threads)
        .map(|thread| Line::first(load.shape, thread))
        .collect();
    let mut counts = vec![0; load.threads];
    let mut found = Vec::with_capacity(load.shape.bytes());
    for number in 1.. {
        found.clear();
        if file.read_until(b'\n', &mut found)? == 0 {
            break;
        }
        let thread = Line::first(load.shape, 0).thread_of(&found).unwrap_or(0);
        match expected.get_mut(thread) {
            Some(line) if line.as_bytes() == found => line.advance(),
            Some(_) | None => {
                let found = String::from_utf8_lossy(&found);
                let message = format!("line {number} is not the next of a thread: {found:?}");
                return Err(io::Error::other(message));
            }
        }
        counts[thread] += 1;
    }
    let wanted: Vec<usize> = (0..load.threads)
        .map(|thread| load.lines_of(thread))
        .collect();
    if counts != wanted {
        let message = format!("the threads wrote {wanted:?} lines, the file has {counts:?}");
        return Err(io::Error::other(message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::Shape;

    const LOAD: Load = Load {
        shape: Shape::Ecs,
        threads: 2,
        lines: 5,
    };

    /// Returns the lines of thread 0, then those of thread 1.
    fn lines() -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for thread in 0..LOAD.threads {
            let mut line = Line::first(LOAD.shape, thread);
            for _ in 0..LOAD.lines_of(thread) {
                lines.push(line.as_bytes().to_vec());
                line.advance();
            }
        }
        lines
    }

    fn is_good(lines: &[Vec<u8>]) -> bool {
        check_lines(&*lines.concat(), LOAD).is_ok()
    }

    #[test]
    fn threads_may_alternate() {
        let mut lines = lines();
        assert!(is_good(&lines));
        lines.swap(2, 3);
        assert!(is_good(&lines));
    }

    #[test]
    fn what_is_missing_twice_torn_or_out_of_order_is_found() {
        let good = lines();
        for index in 0..good.len() {
            let mut missing = good.clone();
            missing.remove(index);
            assert!(!is_good(&missing), "without line {index}");

            let mut twice = good.clone();
            twice.insert(index, good[index].clone());
            assert!(!is_good(&twice), "line {index} twice");

            let mut torn = good.clone();
            torn[index].remove(200);
            assert!(!is_good(&torn), "line {index} torn");

            let mut split = good.clone();
            split[index].insert(200, b'\n');
            assert!(!is_good(&split), "line {index} split");
        }
        let mut unfinished = good.clone();
        unfinished[4].pop();
        assert!(!is_good(&unfinished));
        let mut swapped = good;
        swapped.swap(0, 1);
        assert!(!is_good(&swapped));
    }
}
