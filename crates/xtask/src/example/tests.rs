//! The watch over the server, tried on small shell scripts that stand in for it.

use super::*;

/// Runs the whole watch over a shell script and returns its complaint.
fn complaint(name: &str, script: &str) -> Option<String> {
    let mut server = Command::new("sh");
    server.args(["-c", script]);
    let folder = workspace::target_dir().join("xtask/scripts").join(name);
    watch(server, &folder).err().map(|error| error.to_string())
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
        io::Read::read_exact(&mut stdout, &mut [0])?;
        let server = Server {
            child,
            address_file: folder.join("oracle.addr"),
        };
        let outcome = server.stop().err().map(|error| error.to_string());
        assert_eq!(outcome.as_deref(), expected);
    }
    Ok(())
}
