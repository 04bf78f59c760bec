//! When a file is rotated, and where its lines go.

use super::*;

#[test]
fn file_is_rotated_before_a_line_would_pass_the_limit() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(10).open().unwrap();
    for line in ["aaaa\n", "bbbb\n", "cccc\n", "dddd\n", "e\n"] {
        file.write_all(line.as_bytes()).unwrap();
    }
    bench.check(&["aaaa\nbbbb\n", "cccc\ndddd\n", "e\n"]);
    assert_eq!(file.rotations(), 2);
}

#[test]
fn batch_of_lines_is_cut_at_line_ends() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(10).open().unwrap();
    file.write_all(b"aaaa\nbbbbbb\ncc\nd\neeeeee\n").unwrap();
    bench.check(&["aaaa\n", "bbbbbb\ncc\n", "d\neeeeee\n"]);
}

#[test]
fn line_longer_than_the_limit_is_alone_and_whole() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(10).open().unwrap();
    file.write_all(b"a\nbbbbbbbbbbbbbbbbbbbb\nc\n").unwrap();
    bench.check(&["a\n", "bbbbbbbbbbbbbbbbbbbb\n", "c\n"]);
}

#[test]
fn line_written_in_pieces_stays_in_one_file() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(10).open().unwrap();
    for piece in ["aaaaaa", "bbbbbb", "\nc", "\n"] {
        file.write_all(piece.as_bytes()).unwrap();
    }
    bench.check(&["aaaaaabbbbbb\n", "c\n"]);
}

#[test]
fn size_counts_what_an_earlier_run_has_written() {
    let bench = Bench::new();
    fs::write(bench.path("app.log"), "aaaaaaa\n").unwrap();
    let mut file = bench.builder().with_max_bytes(10).open().unwrap();
    file.write_all(b"bbbb\n").unwrap();
    bench.check(&["aaaaaaa\n", "bbbb\n"]);
}

#[test]
fn file_that_is_a_day_old_is_rotated() {
    let bench = Bench::new();
    let mut file = bench.builder().open().unwrap();
    bench.pass(DAY * 2);
    file.write_all(b"a\n").unwrap();
    bench.check(&["a\n"]);
    bench.pass(DAY - Duration::from_millis(1));
    file.write_all(b"b\n").unwrap();
    bench.check(&["a\nb\n"]);
    bench.pass(Duration::from_millis(1));
    file.write_all(b"c\n").unwrap();
    bench.check(&["a\nb\n", "c\n"]);
    // Without a line, too.
    bench.pass(DAY);
    Output::tend(&mut file);
    bench.check(&["a\nb\n", "c\n", ""]);
    bench.pass(DAY);
    Output::tend(&mut file);
    assert_eq!(bench.contents().len(), 3, "an empty file is not rotated");
}

#[test]
fn age_of_a_file_is_known_after_a_restart() {
    let bench = Bench::new();
    fs::write(bench.path("app.log"), "old\n").unwrap();
    bench.pass(DAY + Duration::from_secs(60));
    let mut file = bench.builder().open().unwrap();
    file.write_all(b"new\n").unwrap();
    bench.check(&["old\n", "new\n"]);
}

#[test]
fn rotated_files_sort_in_time_order_when_the_clock_goes_back() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(2).open().unwrap();
    for (index, line) in ["a\n", "b\n", "c\n", "d\n", "e\n"].into_iter().enumerate() {
        if index == 2 {
            bench.millis.fetch_sub(3_600_000, Ordering::Relaxed);
        }
        file.write_all(line.as_bytes()).unwrap();
    }
    bench.check(&["a\n", "b\n", "c\n", "d\n", "e\n"]);
}

#[test]
fn rotation_takes_an_unfinished_line_back() {
    let bench = Bench::new();
    let mut file = bench.builder().open().unwrap();
    file.write_all(b"whole\nbeg").unwrap();
    Output::rotate(&mut file).unwrap();
    file.write_all(b"next\n").unwrap();
    bench.check(&["whole\n", "next\n"]);
}
