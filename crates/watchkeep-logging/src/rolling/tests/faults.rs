//! Disks that fail, and what a crash leaves.

use std::ffi::OsString;

use super::disk::Disk;
use super::*;

/// A file system that fails on request, and is a real one otherwise.
#[derive(Debug, Default)]
struct Faulty(Mutex<Faults>);

#[derive(Debug, Default)]
struct Faults {
    /// So many bytes fit.
    room: Option<usize>,
    write: Option<io::ErrorKind>,
    open: bool,
    cut: bool,
    reserve: bool,
    rename: bool,
    remove: bool,
    names: bool,
}

impl Faulty {
    fn set(&self, faults: Faults) {
        *self.0.lock().unwrap() = faults;
    }

    fn check(&self, fails: impl FnOnce(&Faults) -> bool) -> io::Result<()> {
        if fails(&self.0.lock().unwrap()) {
            Err(io::ErrorKind::PermissionDenied.into())
        } else {
            Ok(())
        }
    }
}

impl Disk for Faulty {
    fn open(&self, path: &Path) -> io::Result<fs::File> {
        self.check(|faults| faults.open)?;
        disk::RealDisk.open(path)
    }

    fn write(&self, file: &fs::File, bytes: &[u8]) -> io::Result<usize> {
        let mut faults = self.0.lock().unwrap();
        if let Some(kind) = faults.write {
            return Err(kind.into());
        }
        let Some(room) = &mut faults.room else {
            return disk::RealDisk.write(file, bytes);
        };
        if *room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let part = bytes.len().min(*room);
        *room -= part;
        disk::RealDisk.write(file, &bytes[..part])
    }

    fn cut(&self, file: &fs::File, length: u64) -> io::Result<()> {
        self.check(|faults| faults.cut)?;
        disk::RealDisk.cut(file, length)
    }

    fn reserve(&self, path: &Path) -> io::Result<()> {
        self.check(|faults| faults.reserve)?;
        disk::RealDisk.reserve(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.check(|faults| faults.rename)?;
        disk::RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.check(|faults| faults.remove)?;
        disk::RealDisk.remove(path)
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        self.check(|faults| faults.names)?;
        disk::RealDisk.names(folder)
    }
}

fn faulty(bench: &Bench) -> (RollingFileBuilder, Arc<Faulty>) {
    let disk = Arc::new(Faulty::default());
    let builder = bench.builder().with_disk(Arc::<Faulty>::clone(&disk));
    (builder, disk)
}

/// Writes as a caller does that knows nothing of what an error has left.
#[track_caller]
fn lose(file: &mut RollingFile, line: &str) {
    assert!(file.write_all(line.as_bytes()).is_err());
}

#[test]
fn full_disk_leaves_no_torn_line() {
    let bench = Bench::new();
    let (builder, disk) = faulty(&bench);
    let mut file = builder.open().unwrap();
    file.write_all(b"one\n").unwrap();
    disk.set(Faults {
        room: Some(2),
        ..Faults::default()
    });
    lose(&mut file, "two\n");
    lose(&mut file, "three\n");
    disk.set(Faults::default());
    file.write_all(b"four\n").unwrap();
    bench.check(&["one\nfour\n"]);
}

#[test]
fn torn_line_is_ended_where_it_cannot_be_taken_back() {
    let bench = Bench::new();
    let (builder, disk) = faulty(&bench);
    let mut file = builder.open().unwrap();
    for write in [None, Some(io::ErrorKind::Other)] {
        disk.set(Faults {
            room: write.is_none().then_some(2),
            write,
            cut: true,
            ..Faults::default()
        });
        lose(&mut file, "two\n");
    }
    disk.set(Faults {
        cut: true,
        ..Faults::default()
    });
    file.write_all(b"three\n").unwrap();
    bench.check(&["tw\nthree\n"]);
}

#[test]
fn writer_that_goes_on_finishes_its_line() {
    let bench = Bench::new();
    let (builder, disk) = faulty(&bench);
    let mut file = builder.with_max_bytes(6).open().unwrap();
    disk.set(Faults {
        room: Some(2),
        ..Faults::default()
    });
    assert_eq!(Output::write(&mut file, b"whole\n").unwrap(), 2);
    assert!(Output::write(&mut file, b"ole\n").is_err());
    assert!(Output::can_continue(&mut file));
    // Neither a rotation nor the age takes it apart meanwhile.
    bench.pass(DAY * 2);
    Output::tend(&mut file);
    disk.set(Faults::default());
    assert_eq!(Output::write(&mut file, b"ole\nb\n").unwrap(), 4);
    assert_eq!(Output::write(&mut file, b"b\n").unwrap(), 2);
    bench.check(&["whole\n", "b\n"]);
}

#[test]
fn line_whose_beginning_was_cut_off_begins_anew() {
    let bench = Bench::new();
    let mut file = bench.builder().open().unwrap();
    assert_eq!(Output::write(&mut file, b"whole\nhal").unwrap(), 9);
    fs::write(bench.path("app.log"), "").unwrap();
    assert!(!Output::can_continue(&mut file));
    assert_eq!(Output::write(&mut file, b"half\n").unwrap(), 5);
    bench.check(&["half\n"]);
}

#[test]
fn line_that_is_given_up_leaves_nothing() {
    let bench = Bench::new();
    let mut file = bench.builder().open().unwrap();
    file.write_all(b"whole\nhal").unwrap();
    Output::give_up_line(&mut file);
    bench.check(&["whole\n"]);
    file.write_all(b"half\n").unwrap();
    bench.check(&["whole\nhalf\n"]);
    file.write_all(b"beg").unwrap();
    file.reopen();
    file.write_all(b"next\n").unwrap();
    bench.check(&["whole\nhalf\nnext\n"]);
}

#[test]
fn unfinished_line_of_a_crash_is_cut_off() {
    let bench = Bench::new();
    fs::write(bench.path("app.log"), "whole\nto").unwrap();
    let mut file = bench.builder().open().unwrap();
    file.write_all(b"next\n").unwrap();
    bench.check(&["whole\nnext\n"]);
    drop(file);
    fs::write(bench.path("app.log"), "no end").unwrap();
    drop(bench.builder().open().unwrap());
    bench.check(&[""]);
    let foreign = "x".repeat(5 * 1024 * 1024);
    fs::write(bench.path("app.log"), &foreign).unwrap();
    let mut file = bench.builder().open().unwrap();
    file.write_all(b"next\n").unwrap();
    assert!(bench.contents() == [foreign + "\nnext\n"]);
}

#[test]
fn crash_between_the_two_steps_of_a_rotation_leaves_everything_usable() {
    let bench = Bench::new();
    // The new name was reserved, the file not renamed yet.
    fs::write(bench.path("app.log"), "old\n").unwrap();
    let stamp = bench.now().strftime("%Y%m%dT%H%M%S.%3fZ");
    fs::write(bench.path(&format!("app.log.{stamp}-0001")), "").unwrap();
    let mut file = bench.builder().with_max_bytes(4).open().unwrap();
    file.write_all(b"new\n").unwrap();
    bench.check(&["old\n", "new\n"]);
    drop(file);
    // The file was renamed, the new one not made yet.
    fs::remove_file(bench.path("app.log")).unwrap();
    let mut file = bench.builder().with_max_bytes(4).open().unwrap();
    file.write_all(b"next\n").unwrap();
    bench.check(&["old\n", "next\n"]);
}

/// Lines matter more than limits: whatever step of a rotation fails, they are written.
#[test]
fn lines_go_on_past_the_limit_while_a_rotation_fails() {
    let rename = Faults {
        rename: true,
        ..Faults::default()
    };
    let reserve = Faults {
        reserve: true,
        ..Faults::default()
    };
    for faults in [rename, reserve] {
        let bench = Bench::new();
        let (builder, disk) = faulty(&bench);
        let mut file = builder.with_max_bytes(2).open().unwrap();
        disk.set(faults);
        file.write_all(b"a\nb\n").unwrap();
        bench.check(&["a\nb\n"]);
        assert!(Output::take_problem(&mut file).is_some());
        disk.set(Faults::default());
        // Not tried again at once; but a clock that went back does not put it off.
        bench.pass(Duration::from_millis(500));
        file.write_all(b"c\n").unwrap();
        bench.check(&["a\nb\nc\n"]);
        bench.millis.fetch_sub(3_600_000, Ordering::Relaxed);
        file.write_all(b"d\n").unwrap();
        bench.check(&["a\nb\nc\n", "d\n"]);
    }
}

#[test]
fn names_that_others_have_taken_end_the_attempt() {
    let bench = Bench::new();
    let stamp = bench.now().strftime("%Y%m%dT%H%M%S.%3fZ");
    for number in 1..=100 {
        fs::create_dir(bench.path(&format!("app.log.{stamp}-{number:04}"))).unwrap();
    }
    let mut file = bench.builder().with_max_bytes(2).open().unwrap();
    file.write_all(b"a\nb\n").unwrap();
    bench.check(&["a\nb\n"]);
    assert!(Output::take_problem(&mut file).is_some());
}

#[test]
fn new_file_that_cannot_be_opened_costs_no_line() {
    let bench = Bench::new();
    let (builder, disk) = faulty(&bench);
    let mut file = builder.with_max_bytes(2).open().unwrap();
    file.write_all(b"a\n").unwrap();
    disk.set(Faults {
        open: true,
        ..Faults::default()
    });
    lose(&mut file, "b\n");
    bench.check(&["a\n"]);
    disk.set(Faults::default());
    file.write_all(b"b\n").unwrap();
    bench.check(&["a\n", "b\n"]);
}

#[test]
fn files_that_cannot_be_deleted_or_listed_are_a_problem_and_no_obstacle() {
    let remove = Faults {
        remove: true,
        ..Faults::default()
    };
    let names = Faults {
        names: true,
        ..Faults::default()
    };
    for faults in [remove, names] {
        let bench = Bench::new();
        let (builder, disk) = faulty(&bench);
        let mut file = builder.with_max_bytes(2).with_backups(1).open().unwrap();
        disk.set(faults);
        file.write_all(b"a\nb\nc\n").unwrap();
        assert!(Output::take_problem(&mut file).is_some());
        bench.check(&["a\n", "b\n", "c\n"]);
        disk.set(Faults::default());
        file.write_all(b"d\n").unwrap();
        bench.check(&["c\n", "d\n"]);
    }
}

#[test]
fn folder_is_looked_through_once_an_hour() {
    let bench = Bench::new();
    let (builder, disk) = faulty(&bench);
    let mut file = builder.open().unwrap();
    disk.set(Faults {
        names: true,
        ..Faults::default()
    });
    bench.pass(Duration::from_secs(60 * 60 - 1));
    Output::tend(&mut file);
    assert!(Output::take_problem(&mut file).is_none());
    bench.pass(Duration::from_secs(1));
    Output::tend(&mut file);
    assert!(Output::take_problem(&mut file).is_some());
}
