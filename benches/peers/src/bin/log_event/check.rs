//! Proof that a file has every event of every thread exactly once, whole, and in the order of its thread.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use memchr::memmem;
use serde::de::IgnoredAny;

use crate::event::{MESSAGE, METHOD, RATIO, Share, TRACE};

/// Reads the files of a run, of which `full` have everything and the others nothing; returns their bytes.
///
/// # Errors
///
/// A line is missing, torn, there twice, out of order, without one of its values, or no JSON in a JSON file.
pub(crate) fn check(folder: &Path, shares: &[Share], full: u64) -> io::Result<u64> {
    let (mut bytes, mut found) = (0, 0);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // Our lock is no log.
        if path.extension().is_some_and(|end| end == "lock") {
            continue;
        }
        let length = fs::metadata(&path)?.len();
        if length == 0 {
            continue;
        }
        let is_json = path.to_string_lossy().ends_with("json.log");
        let file = BufReader::with_capacity(1 << 20, File::open(&path)?);
        check_lines(file, shares, is_json)
            .map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?;
        bytes += length;
        found += 1;
    }
    match found == full {
        true => Ok(bytes),
        false => Err(io::Error::other(format!(
            "{full} files should have the lines, {found} have them"
        ))),
    }
}

fn check_lines(mut file: impl BufRead, shares: &[Share], is_json: bool) -> io::Result<()> {
    let values = [MESSAGE, METHOD, &RATIO.to_string(), "true", TRACE];
    let values = values.map(|value| memmem::Finder::new(value).into_owned());
    let mut next: Vec<u64> = shares.iter().map(|share| share.numbers.start).collect();
    let mut line = Vec::new();
    for count in 1.. {
        line.clear();
        if file.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let user = number_after(&line, "user");
        let thread = shares.iter().position(|share| Some(share.user) == user);
        let expected = thread.and_then(|thread| next.get_mut(thread));
        let is_next = match expected {
            Some(expected) if number_after(&line, "number") == Some(*expected) => {
                *expected += 1;
                true
            }
            Some(_) | None => false,
        };
        let is_whole =
            line.ends_with(b"\n") && values.iter().all(|value| value.find(&line).is_some());
        let is_readable = !is_json || serde_json::from_slice::<IgnoredAny>(&line).is_ok();
        if !(is_next && is_whole && is_readable) {
            let line = String::from_utf8_lossy(&line);
            let message = format!("line {count} is not the next of a thread: {line:?}");
            return Err(io::Error::other(message));
        }
    }
    let ends: Vec<u64> = shares.iter().map(|share| share.numbers.end).collect();
    match next == ends {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "the threads logged up to {ends:?}, the file has up to {next:?}"
        ))),
    }
}

/// Returns the number that follows a key, however keys and values are set apart.
fn number_after(line: &[u8], key: &str) -> Option<u64> {
    let start = memmem::find(line, key.as_bytes())? + key.len();
    let rest = line.get(start..)?;
    let start = rest.iter().position(|byte| !b"\":= ".contains(byte))?;
    let rest = rest.get(start..)?;
    let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares() -> [Share; 2] {
        [(7, 0..3), (8, 0..2)].map(|(user, numbers)| Share { user, numbers })
    }

    fn lines(line: fn(u64, u64) -> String) -> Vec<String> {
        let mut lines = Vec::new();
        for share in shares() {
            lines.extend(share.numbers.map(|number| line(share.user, number)));
        }
        lines
    }

    fn text(user: u64, number: u64) -> String {
        format!("request finished trace.id={TRACE} user={user} number={number} GET 0.25 true\n")
    }

    fn json(user: u64, number: u64) -> String {
        format!(
            "{{\"a\":\"request finished {TRACE} GET\",\"user\":{user},\"b\":{{\"number\":\"{number}\",\"c\":[0.25,true]}}}}\n"
        )
    }

    fn is_good(lines: &[String], is_json: bool) -> bool {
        check_lines(lines.concat().as_bytes(), &shares(), is_json).is_ok()
    }

    #[test]
    fn threads_may_alternate() {
        for (mut lines, is_json) in [(lines(text), false), (lines(json), true)] {
            assert!(is_good(&lines, is_json));
            lines.swap(2, 3);
            assert!(is_good(&lines, is_json));
        }
    }

    #[test]
    fn what_is_missing_twice_torn_or_out_of_order_is_found() {
        for (good, is_json) in [(lines(text), false), (lines(json), true)] {
            for index in 0..good.len() {
                let mut missing = good.clone();
                missing.remove(index);
                assert!(!is_good(&missing, is_json), "without line {index}");

                let mut twice = good.clone();
                twice.insert(index, good[index].clone());
                assert!(!is_good(&twice, is_json), "line {index} twice");

                let mut joined = good.clone();
                joined[index].pop();
                assert!(!is_good(&joined, is_json), "line {index} has no end");

                let mut split = good.clone();
                split[index].insert(20, '\n');
                assert!(!is_good(&split, is_json), "line {index} split");

                let mut torn = good.clone();
                torn[index] = torn[index].replace("0.25", "0.2");
                assert!(!is_good(&torn, is_json), "line {index} lacks a value");
            }
            let mut swapped = good;
            swapped.swap(0, 1);
            assert!(!is_good(&swapped, is_json));
        }
    }

    #[test]
    fn text_is_no_json() {
        assert!(!is_good(&lines(text), true));
    }

    #[test]
    fn as_many_files_have_lines_as_should() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name| folder.path().join(name);
        let all = lines(text).concat();
        fs::write(path("text.log"), &all).expect("the folder is new");
        fs::write(path("errors.log"), "").expect("the folder is new");
        let check = |full| check(folder.path(), &shares(), full).ok();
        assert_eq!(check(1), Some(all.len() as u64));
        assert_eq!((check(0), check(2)), (None, None));
    }
}
