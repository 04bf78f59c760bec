//! Rotated files that are compressed on the side.

use std::io::Read;

use flate2::read::GzDecoder;

use super::*;

fn builder(bench: &Bench) -> RollingFileBuilder {
    bench
        .builder()
        .with_max_bytes(4)
        .with_compression(Compression::Gzip)
}

/// Waits for the thread that compresses, which dropping the file does for the file at hand only.
fn wait_until_compressed(bench: &Bench) {
    let deadline = crate::clock::Deadline::after(Duration::from_secs(30));
    let is_waiting = |name: &String| name.as_str() != "app.log" && !name.ends_with(".gz");
    while fs::read_dir(bench.folder.path()).unwrap().any(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        !name.starts_with('.') && is_waiting(&name)
    }) {
        assert!(deadline.remaining().is_some(), "compressed in time");
        std::thread::yield_now();
    }
}

/// The names of the rotated files and what is in them, compressed or not.
fn contents(bench: &Bench) -> Vec<(String, String)> {
    let mut names: Vec<_> = fs::read_dir(bench.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("app.log."))
        .collect();
    names.sort();
    let read = |name: String| {
        let mut text = String::new();
        let file = fs::File::open(bench.path(&name)).unwrap();
        if name.ends_with(".gz") {
            GzDecoder::new(file).read_to_string(&mut text).unwrap();
        } else {
            (&file).read_to_string(&mut text).unwrap();
        }
        (name, text)
    };
    names.into_iter().map(read).collect()
}

#[test]
fn rotated_file_becomes_a_compressed_one_of_the_same_content() {
    let bench = Bench::new();
    let mut file = builder(&bench).open().unwrap();
    file.write_all(b"aaa\nbbb\nccc\n").unwrap();
    wait_until_compressed(&bench);
    assert!(Output::take_problem(&mut file).is_none());
    let found = contents(&bench);
    let texts: Vec<_> = found.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["aaa\n", "bbb\n"]);
    assert!(
        found.iter().all(|(name, _)| name.ends_with(".gz")),
        "{found:?}"
    );
}

#[test]
fn compressed_files_count_and_go_like_the_others() {
    let bench = Bench::new();
    let mut file = builder(&bench).with_backups(2).open().unwrap();
    for line in ["aaa\n", "bbb\n", "ccc\n", "ddd\n"] {
        file.write_all(line.as_bytes()).unwrap();
        wait_until_compressed(&bench);
        bench.pass(Duration::from_secs(1));
    }
    let texts: Vec<_> = contents(&bench).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["bbb\n", "ccc\n"]);
}

#[test]
fn crash_while_compressing_costs_nothing() {
    let bench = Bench::new();
    let name = format!(
        "app.log.{}-0001",
        bench.now().strftime("%Y%m%dT%H%M%S.%3fZ")
    );
    // Half of a compressed file under its last name, half under the other, and the source.
    fs::write(bench.path(&name), "whole\n").unwrap();
    fs::write(bench.path(&format!("{name}.gz")), [0x1f, 0x8b, 8]).unwrap();
    fs::write(bench.path(&format!("{name}.gz.part")), [0x1f]).unwrap();
    let _file = builder(&bench).open().unwrap();
    wait_until_compressed(&bench);
    assert_eq!(
        contents(&bench),
        [(format!("{name}.gz"), "whole\n".to_owned())]
    );
}

#[test]
fn unfinished_file_goes_also_when_nothing_is_compressed_any_more() {
    let bench = Bench::new();
    let name = "app.log.20260822T101530.123Z-0001.gz.part";
    fs::write(bench.path(name), [0x1f]).unwrap();
    bench.builder().open().unwrap();
    assert!(!bench.path(name).exists());
}

#[test]
fn end_waits_for_one_file_and_not_for_all() {
    let bench = Bench::new();
    let start = bench.now();
    for number in 1..=200 {
        let stamp = start.strftime("%Y%m%dT%H%M%S.%3fZ");
        let name = format!("app.log.{stamp}-{number:04}");
        fs::write(bench.path(&name), vec![b'x'; 256 * 1024]).unwrap();
    }
    drop(builder(&bench).with_backups(300).open().unwrap());
    let waiting = bench
        .files()
        .keys()
        .filter(|name| !name.ends_with(".gz"))
        .count();
    assert!(waiting > 100, "{waiting} of 200 files wait");
}

#[test]
fn file_that_was_left_uncompressed_is_tried_again_within_the_hour_after() {
    let bench = Bench::new();
    let stamp = bench.now().strftime("%Y%m%dT%H%M%S.%3fZ").to_string();
    let name = |number: u32| format!("app.log.{stamp}-{number:04}");
    fs::write(bench.path(&name(1)), "early\n").unwrap();
    let mut file = builder(&bench).open().unwrap();
    // The look that the start has ordered is over.
    wait_until_compressed(&bench);
    fs::write(bench.path(&name(2)), "late\n").unwrap();
    bench.pass(Duration::from_secs(60 * 60));
    Output::tend(&mut file);
    wait_until_compressed(&bench);
    let texts: Vec<_> = contents(&bench).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["early\n", "late\n"]);
}

#[test]
fn compression_that_fails_is_a_problem_and_keeps_the_source() {
    let bench = Bench::new();
    let name = format!(
        "app.log.{}-0001",
        bench.now().strftime("%Y%m%dT%H%M%S.%3fZ")
    );
    fs::write(bench.path(&name), "whole\n").unwrap();
    fs::create_dir(bench.path(&format!("{name}.gz.part"))).unwrap();
    let mut file = builder(&bench).open().unwrap();
    let deadline = crate::clock::Deadline::after(Duration::from_secs(30));
    while Output::take_problem(&mut file).is_none() {
        assert!(deadline.remaining().is_some(), "nobody tells of it");
        std::thread::yield_now();
    }
    assert_eq!(fs::read_to_string(bench.path(&name)).unwrap(), "whole\n");
}
