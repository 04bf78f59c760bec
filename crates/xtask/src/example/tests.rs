//! The watch over the server, tried on small shell scripts that stand in for it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use super::*;

/// Ends a script as the server ends; the sleep is short, because the shell looks for signals after it.
const SERVE: &str = "trap 'rm data/oracle.addr; exit 0' TERM; while :; do sleep 0.05; done";

/// Answers each request with a summary, and counts on by `step`.
fn serve_summaries(step: u64) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    thread::spawn(move || -> io::Result<()> {
        for total in (7..).map(|request| request * step) {
            let (mut stream, _) = listener.accept()?;
            // A request is small enough to come at once.
            let _ = stream.read(&mut [0; 1024])?;
            write!(
                stream,
                "HTTP/1.1 200 OK\r\n\r\n{{\"total_messages\":{total},\"total_users\":1}}"
            )?;
        }
        Ok(())
    });
    Ok(addr)
}

/// Runs the whole watch over a shell script and returns its complaint.
fn complaint(name: &str, script: &str) -> Option<String> {
    let mut server = Command::new("sh");
    server.args(["-c", script]);
    let folder = workspace::target_dir().join("xtask/scripts").join(name);
    let limits = Limits {
        movement: Duration::from_secs(1),
        ..LIMITS
    };
    let outcome = watch(server, &folder, &limits);
    outcome.err().map(|error| error.to_string())
}

#[test]
fn the_number_is_read_out_of_the_summary() {
    assert_eq!(
        total_messages(r#"{"total_users":2,"total_messages":17,"x":1}"#),
        Some(17)
    );
    assert_eq!(total_messages(r#"{ "total_messages" : 3 }"#), Some(3));
    assert_eq!(total_messages(r#"{"total_messages":null}"#), None);
    assert_eq!(total_messages("{}"), None);
}

#[test]
fn a_server_whose_numbers_move_passes() -> io::Result<()> {
    let addr = serve_summaries(1)?;
    let script =
        format!("mkdir data; echo {addr} > data/new; mv data/new data/oracle.addr; {SERVE}");
    assert_eq!(complaint("moves", &script), None);
    Ok(())
}

#[test]
fn a_server_whose_numbers_stand_still_fails() -> io::Result<()> {
    let addr = serve_summaries(0)?;
    let script =
        format!("mkdir data; echo {addr} > data/new; mv data/new data/oracle.addr; {SERVE}");
    assert_eq!(
        complaint("stands", &script).as_deref(),
        Some("total_messages at /metrics/summary did not go on rising within 1 s")
    );
    Ok(())
}

#[test]
fn an_address_left_behind_fails() -> io::Result<()> {
    let addr = serve_summaries(1)?;
    let serve = SERVE.replace("rm data/oracle.addr; ", "");
    let script =
        format!("mkdir data; echo {addr} > data/new; mv data/new data/oracle.addr; {serve}");
    assert_eq!(
        complaint("leaves", &script).as_deref(),
        Some("data/oracle.addr is still there after the stop")
    );
    Ok(())
}

#[test]
fn an_early_exit_is_said_at_once() {
    assert_eq!(
        complaint("exits", "exit 2").as_deref(),
        Some("the server ended too early with exit status: 2")
    );
}

#[test]
fn an_address_that_is_none_is_refused() {
    let script = "mkdir data; echo nowhere > data/tmp; mv data/tmp data/oracle.addr; exec sleep 60";
    let complaint = complaint("nowhere", script).unwrap_or_default();
    assert!(
        complaint.starts_with("`nowhere` is no address"),
        "{complaint}"
    );
}

#[test]
fn a_stop_with_another_exit_code_is_a_failure() -> Result<(), Box<dyn std::error::Error>> {
    let folder = workspace::target_dir().join("xtask/stop");
    fs::create_dir_all(&folder)?;
    for (script, expected) in [
        (
            "trap 'exit 0' TERM; echo up; while :; do sleep 0.1; done",
            None,
        ),
        (
            "trap 'exit 7' TERM; echo up; while :; do sleep 0.1; done",
            Some("the server stopped with exit status: 7"),
        ),
        (
            "echo up; exec sleep 60",
            Some("the server stopped with signal: 15 (SIGTERM)"),
        ),
    ] {
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdout(Stdio::piped())
            .spawn()?;
        // The first byte says that the trap is set.
        let mut stdout = child.stdout.take().ok_or("standard output is piped")?;
        stdout.read_exact(&mut [0])?;
        let server = Server {
            child,
            address_file: folder.join("oracle.addr"),
        };
        let outcome = server
            .stop(LIMITS.stop)
            .err()
            .map(|error| error.to_string());
        assert_eq!(outcome.as_deref(), expected);
    }
    Ok(())
}
