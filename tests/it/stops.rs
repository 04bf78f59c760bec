//! The reference server told to stop at every stage of its start, and with viewers connected.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::oracle::Oracle;

const BINARY: &str = env!("CARGO_BIN_EXE_oracle");

/// The signal whose own action ends a process that does not listen to signals yet.
const TERMINATE: i32 = 15;

/// What a start leaves behind, in order: nothing yet, its claim on the folder, which comes before it binds, its log, its address.
const STAGES: [&str; 4] = ["", "data", "logs/oracle.log", "data/oracle.addr"];

#[tokio::test]
async fn a_stop_at_any_stage_of_the_start_ends_it_and_leaves_no_address() {
    for stage in STAGES {
        let mut oracle = Oracle::spawn(BINARY, &[], &[]);
        let path = oracle.folder().join(stage);
        eventually(30, "the start gets there", || async {
            std::fs::metadata(&path)
        })
        .await;
        oracle.signal("TERM").await;
        let end = oracle.ended().await;
        let before_it_listened = stage.is_empty() && end.signal() == Some(TERMINATE);
        assert!(
            end.code() == Some(0) || before_it_listened,
            "{stage}: {end}"
        );
        assert!(
            !oracle.folder().join("data/oracle.addr").exists(),
            "{stage}"
        );
    }
}

/// A folder with a claim file that hangs whoever opens it, until the other end is opened too.
async fn folder_that_hangs() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    std::fs::create_dir(folder.path().join("data")).expect("the folder can be made");
    let made = Command::new("mkfifo")
        .arg(folder.path().join("data/oracle.lock"))
        .status()
        .await;
    assert!(made.expect("there is a mkfifo program").success());
    folder
}

/// Waits until the process hears the signal to stop, instead of being ended by it.
async fn hears_signals(oracle: &Oracle) {
    let path = format!("/proc/{}/status", oracle.id());
    eventually(30, "the process hears signals", || async {
        let status = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        match mask {
            Some(mask) if mask & 1 << (TERMINATE - 1) != 0 => Ok(()),
            _ => Err(format!("{mask:?}")),
        }
    })
    .await;
}

#[tokio::test]
async fn a_start_that_hangs_is_given_up_when_it_is_told_to_stop() {
    let mut oracle = Oracle::spawn_in(folder_that_hangs().await, BINARY, &[], &[]);
    hears_signals(&oracle).await;
    oracle.signal("TERM").await;
    assert_eq!(oracle.ended().await.code(), Some(0));
    assert!(!oracle.folder().join("data/oracle.addr").exists());
}

#[tokio::test]
async fn a_start_that_goes_on_after_all_is_finished_and_stopped() {
    let mut oracle = Oracle::spawn_in(folder_that_hangs().await, BINARY, &[], &[]);
    hears_signals(&oracle).await;
    oracle.signal("TERM").await;
    let file = oracle.folder().join("data/oracle.lock");
    let opened = tokio::task::spawn_blocking(move || std::fs::File::open(file));
    let _reader = opened.await.expect("it ends").expect("it opens");
    assert_eq!(oracle.ended().await.code(), Some(0));
    assert!(!oracle.folder().join("data/oracle.addr").exists());
    let log = oracle.log("oracle.log");
    assert!(log.contains(" stopped"), "{log}");
}

#[tokio::test]
async fn viewers_who_stay_connected_and_do_not_read_hold_up_no_stop() {
    let mut oracle = Oracle::start(BINARY, &[]).await;
    oracle.ready().await;
    let address = oracle.base().trim_start_matches("http://").to_owned();
    let mut viewers = Vec::new();
    for path in ["/dashboard", "/dashboard/api/snapshot", "/metrics"].repeat(8) {
        let mut viewer = TcpStream::connect(&address).await.expect("it accepts");
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n");
        let requests = request.repeat(20);
        viewer
            .write_all(requests.as_bytes())
            .await
            .expect("it is sent");
        let mut first = [0; 12];
        viewer.read_exact(&mut first).await.expect("it answers");
        assert_eq!(&first, b"HTTP/1.1 200", "{path}");
        viewers.push(viewer);
    }
    oracle.signal("TERM").await;
    let end = timeout(Duration::from_secs(5), oracle.ended()).await;
    assert_eq!(end.expect("within 5 s").code(), Some(0));
}
