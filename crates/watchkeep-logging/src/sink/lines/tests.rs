//! Levels, room, and what goes when there is none.

use super::*;

const LIMIT: usize = 16 * 1024;

/// A line for each character: `e` for an error, `w`, `i`, `d`, `t`; its text is its place, so that lines are told apart.
fn lines(levels: &str) -> Lines {
    let mut lines = Lines::new(LIMIT);
    for (index, c) in levels.chars().enumerate() {
        assert!(push(&mut lines, c, index));
    }
    lines
}

fn push(lines: &mut Lines, c: char, index: usize) -> bool {
    let level = match c {
        'e' => Level::ERROR,
        'w' => Level::WARN,
        'i' => Level::INFO,
        'd' => Level::DEBUG,
        _ => Level::TRACE,
    };
    lines.push(format!("{c}{index:03}\n").as_bytes(), 1, level)
}

/// The levels of the lines that are left, each line checked to be whole and in its place.
#[track_caller]
fn left(lines: &Lines) -> String {
    let text = std::str::from_utf8(lines.as_bytes()).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
    let order: Vec<u32> = text
        .lines()
        .map(|line| line[1..].parse().unwrap())
        .collect();
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(lines.count(), order.len() as u64);
    let mut levels = PerLevel::default();
    for line in text.lines() {
        levels["tdiwe".find(&line[..1]).unwrap()] += 1;
    }
    assert_eq!(levels, lines.levels());
    // Each line has five bytes.
    assert_eq!(
        levels.map(|count| count * 5),
        lines.weights.map(|weight| weight as u64)
    );
    text.lines().map(|line| &line[..1]).collect()
}

#[track_caller]
fn check_evict(levels: &str, wanted: usize, expected: &str, evicted: PerLevel) {
    let mut lines = lines(levels);
    assert_eq!(lines.evict(Level::WARN, wanted), evicted);
    assert_eq!(left(&lines), expected);
}

#[test]
fn newest_lines_below_the_level_go_first_and_only_as_many_as_it_takes() {
    check_evict("iiiii", 10, "iii", [0, 0, 2, 0, 0]);
    check_evict("iiiii", 11, "ii", [0, 0, 3, 0, 0]);
    check_evict("iiwii", 10, "iiw", [0, 0, 2, 0, 0]);
    check_evict("iiwii", 15, "iw", [0, 0, 3, 0, 0]);
    check_evict("idtew", 10, "iew", [1, 1, 0, 0, 0]);
    check_evict("wiweidew", 100, "wweew", [0, 1, 2, 0, 0]);
    check_evict("wew", 5, "wew", [0; 5]);
    check_evict("", 5, "", [0; 5]);
}

#[test]
fn lines_that_were_settled_are_counted_by_their_levels() {
    let mut batch = lines("iiwed");
    let mut progress = Progress::default();
    assert_eq!(batch.settle(&mut progress, 5), [0, 0, 1, 0, 0]);
    assert_eq!(batch.settle(&mut progress, 10), [0, 0, 1, 1, 0]);
    assert_eq!(batch.levels(), [0, 1, 0, 0, 1]);
    assert_eq!(batch.settle(&mut progress, 10), [0, 1, 0, 0, 1]);
    assert_eq!(batch.count(), 0);
}

#[test]
fn memory_stays_within_the_bound_at_one_level_and_at_many() {
    for levels in ["i", "iw"] {
        let mut lines = Lines::new(LIMIT);
        let mut kinds = levels.chars().cycle();
        let mut count = 0;
        while push(&mut lines, kinds.next().unwrap(), count % 1000) {
            count += 1;
        }
        let memory = lines.bytes.capacity() + lines.runs.capacity() * size_of::<Run>();
        assert!(memory <= LIMIT, "{levels}: {memory}");
        // Of 14,336 bytes in lines of five, or of 2,048 in runs of twelve.
        assert_eq!(count, if levels == "i" { 2867 } else { 170 });
        lines.clear();
        lines.shrink();
        let memory = lines.bytes.capacity() + lines.runs.capacity() * size_of::<Run>();
        assert!(
            memory <= KEPT_BYTES + KEPT_RUNS * size_of::<Run>(),
            "{memory}"
        );
    }
}

#[test]
fn line_fits_to_the_last_byte() {
    let mut lines = Lines::new(LIMIT);
    let most = LIMIT - LIMIT / RUNS_SHARE;
    assert!(lines.could_hold(most) && !lines.could_hold(most + 1));
    assert!(!lines.push(&vec![b'x'; most + 1], 1, Level::INFO));
    assert!(lines.push(&vec![b'x'; most], 1, Level::INFO));
    assert!(!lines.push(b"\n", 1, Level::INFO));
}

#[test]
fn room_is_made_only_where_it_is_enough() {
    let mut lines = Lines::new(16 * 1024);
    let line = [b'x'; 1023];
    let line = [&line[..], b"\n"].concat();
    assert!(lines.push(&line, 1, Level::INFO));
    while lines.push(&line, 1, Level::ERROR) {}
    assert!(lines.can_make_room(Level::WARN, 1024));
    assert!(!lines.can_make_room(Level::WARN, 3 * 1024));
    assert!(!lines.can_make_room(Level::INFO, 1024));
}
