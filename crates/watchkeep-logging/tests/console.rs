//! A binary of its own, because it runs itself as a child process to see its standard output.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::process::Command;

use watchkeep_logging::{Console, LogConfig};

const FORM: &str = "WATCHKEEP_TEST_CONSOLE";

/// Does nothing unless another test runs it as a child.
#[test]
fn child() {
    let console = match std::env::var(FORM).as_deref() {
        Ok("json") => Console::Json,
        Ok("text") => Console::Text,
        Ok("pretty") => Console::Pretty,
        Ok("off") => Console::Off,
        _ => return,
    };
    let _guard = LogConfig::new("app")
        .with_dir(None)
        .with_console(console)
        .init()
        .unwrap();
    tracing::warn!(user = "a b", "to the console\x1b");
}

#[track_caller]
fn lines(form: &str) -> Vec<String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture"])
        .env(FORM, form)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter(|line| line.contains("to the console"));
    lines.map(str::to_owned).collect()
}

#[test]
fn each_form_goes_to_standard_output_before_the_guard_is_gone() {
    let text = lines("text");
    assert!(
        text[0].ends_with("Z  WARN console to the console\\u{1b} user=\"a b\""),
        "{text:?}"
    );
    let json = lines("json");
    let start = json[0].find('{').unwrap();
    let line: serde_json::Value = serde_json::from_str(&json[0][start..]).unwrap();
    assert_eq!(line["message"], "to the console\x1b");
    let pretty = lines("pretty");
    assert!(
        pretty[0].ends_with(" WARN console to the console\\u{1b} user=\"a b\""),
        "no colors where there is no terminal: {pretty:?}"
    );
    assert_eq!(lines("off"), [""; 0]);
}
