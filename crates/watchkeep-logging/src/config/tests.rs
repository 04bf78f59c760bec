//! Variables, their defaults, and everything that may be wrong with them.

use super::*;

fn read(pairs: &[(&str, &str)]) -> Result<LogConfig, ConfigError> {
    LogConfig::from_lookup("api", |name| {
        let pair = pairs.iter().find(|(key, _)| *key == name);
        pair.map(|(_, value)| (*value).to_owned())
    })
}

#[track_caller]
fn config(pairs: &[(&str, &str)]) -> LogConfig {
    read(pairs).unwrap()
}

#[track_caller]
fn refused(name: &str, value: &str) {
    let error = read(&[(name, value)]).unwrap_err();
    assert_eq!(error.problems().len(), 1, "{error}");
    assert!(
        error.problems()[0].starts_with(&format!("{name}: `{value}`")),
        "{error}"
    );
}

#[test]
fn nothing_set_means_the_defaults() {
    let config = config(&[]);
    assert_eq!(config.filter.to_string(), "info");
    assert_eq!(config.console, Console::Auto);
    assert_eq!(config.dir, Some(PathBuf::from("logs")));
    assert_eq!(config.environment, "development");
    assert_eq!(
        (config.json, config.max_bytes, config.backups),
        (None, 10_485_760, 10)
    );
    assert_eq!(config.retention, DAY * 30);
    assert!(config.warnings().is_empty());
}

#[test]
fn every_variable_is_read() {
    let config = config(&[
        ("LOG_LEVEL", "WARN,api=debug"),
        ("RUST_LOG", "trace"),
        ("LOG_CONSOLE", "json"),
        ("LOG_DIR", "/var/log/api"),
        ("LOG_JSON", "true"),
        ("LOG_MAX_BYTES", "20000"),
        ("LOG_BACKUPS", "3"),
        ("LOG_RETENTION_DAYS", "7"),
        ("ENVIRONMENT", "production"),
    ]);
    assert_eq!(config.filter.to_string(), "warn,api=debug");
    assert_eq!(config.console, Console::Json);
    assert_eq!(config.dir, Some(PathBuf::from("/var/log/api")));
    assert_eq!(
        (config.json, config.max_bytes, config.backups),
        (Some(true), 20000, 3)
    );
    assert_eq!(config.retention, DAY * 7);
    assert_eq!(config.environment, "production");
    assert!(config.warnings().is_empty());
}

#[test]
fn debug_changes_only_what_nobody_has_set() {
    let debug = config(&[("DEBUG", "true")]);
    assert_eq!(debug.filter.to_string(), "debug");
    assert_eq!(debug.console, Console::Pretty);
    let set = config(&[
        ("DEBUG", "true"),
        ("LOG_LEVEL", "warn"),
        ("LOG_CONSOLE", "text"),
    ]);
    assert_eq!(set.filter.to_string(), "warn");
    assert_eq!(set.console, Console::Text);
    assert_eq!(config(&[("DEBUG", "false")]).filter.to_string(), "info");
}

#[test]
fn empty_folder_means_no_files() {
    assert_eq!(config(&[("LOG_DIR", "")]).dir, None);
}

#[test]
fn all_problems_are_told_at_once() {
    let error = read(&[
        ("LOG_LEVEL", "inof"),
        ("DEBUG", "maybe"),
        ("LOG_CONSOLE", "loud"),
        ("LOG_JSON", "on"),
        ("LOG_MAX_BYTES", "10MB"),
        ("LOG_BACKUPS", "-1"),
    ])
    .unwrap_err();
    let names: Vec<_> = error
        .problems()
        .iter()
        .map(|problem| problem.split(':').next().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "DEBUG",
            "LOG_LEVEL",
            "LOG_CONSOLE",
            "LOG_JSON",
            "LOG_MAX_BYTES",
            "LOG_BACKUPS"
        ]
    );
    assert!(
        error
            .to_string()
            .contains("LOG_LEVEL: `inof` is not a level")
    );
}

#[test]
fn each_bad_value_is_refused() {
    refused("LOG_LEVEL", "info,,x=");
    refused("LOG_LEVEL", "");
    refused("LOG_MAX_BYTES", "0");
    refused("LOG_MAX_BYTES", "99999999999999999999");
    refused("LOG_BACKUPS", "");
    refused("LOG_JSON", "yes please");
}

#[test]
fn value_with_line_breaks_stays_on_its_line() {
    let error = read(&[("LOG_LEVEL", "a\nb\x1b")]).unwrap_err();
    assert!(!error.problems()[0].contains(['\n', '\x1b']), "{error}");
}

#[test]
fn garbage_in_the_retention_means_the_default_and_a_warning() {
    for garbage in ["garbage", "0", "-1", "1e9", "", "99999999999", "36501"] {
        let config = config(&[("LOG_RETENTION_DAYS", garbage)]);
        assert_eq!(config.retention, DAY * 30, "{garbage}");
        assert_eq!(config.warnings().len(), 1, "{garbage}");
        assert!(
            config.warnings()[0].starts_with("LOG_RETENTION_DAYS: "),
            "{garbage}"
        );
    }
}

#[test]
fn rust_log_of_somebody_else_is_only_a_warning() {
    assert_eq!(config(&[("RUST_LOG", "debug")]).filter.to_string(), "debug");
    let foreign = config(&[("RUST_LOG", "api[span{id=1}]=info")]);
    assert_eq!(foreign.filter.to_string(), "info");
    assert!(foreign.warnings()[0].starts_with("RUST_LOG: "));
    assert!(config(&[("RUST_LOG", "")]).warnings().is_empty());
    let both = config(&[("RUST_LOG", "%%"), ("LOG_LEVEL", "warn")]);
    assert!(both.warnings().is_empty(), "nobody asked it");
}

#[cfg(unix)]
#[test]
fn value_that_is_no_text_is_a_problem() {
    use std::os::unix::ffi::OsStringExt;
    let raw = || OsString::from_vec(vec![b'a', 0xff]);
    let error = env::read(LogConfig::new("api"), &|name| {
        ["LOG_LEVEL", "ENVIRONMENT", "LOG_DIR"]
            .contains(&name)
            .then(raw)
    })
    .unwrap_err();
    assert_eq!(
        error.problems().len(),
        2,
        "a folder may have any name: {error}"
    );
}

#[test]
fn values_out_of_range_are_refused_together() {
    let error = LogConfig::new("../api")
        .with_max_bytes(0)
        .with_retention(Duration::ZERO)
        .with_queue_bytes(10)
        .build()
        .unwrap_err();
    assert!(error.is_config());
    let text = error.to_string();
    for part in ["service: `../api`", "LOG_MAX_BYTES", "retention", "queue"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn folder_that_cannot_be_made_is_an_error_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    std::fs::write(&taken, "").unwrap();
    let error = LogConfig::new("api")
        .with_console(Console::Off)
        .with_dir(Some(taken.clone()))
        .build()
        .unwrap_err();
    assert!(error.is_io());
    assert!(
        error.to_string().contains(taken.to_str().unwrap()),
        "{error}"
    );
    assert!(std::error::Error::source(&error).is_some());
}

#[cfg(target_os = "linux")]
#[test]
fn folder_in_which_nothing_can_be_made_is_an_error() {
    for folder in ["/proc/logs", "/dev/null/logs"] {
        let error = LogConfig::new("api")
            .with_console(Console::Off)
            .with_dir(Some(folder.into()))
            .build()
            .unwrap_err();
        assert!(
            error.is_io() && error.to_string().contains(folder),
            "{error}"
        );
    }
}

#[cfg(unix)]
#[test]
fn folder_may_have_a_name_that_is_no_text() {
    use std::os::unix::ffi::OsStringExt;
    let folder = tempfile::tempdir().unwrap();
    let name = OsString::from_vec(vec![b'l', 0xff]);
    let path = folder.path().join(&name);
    let value = path.clone().into_os_string();
    let lookup = |name: &str| (name == "LOG_DIR").then(|| value.clone());
    let config = env::read(LogConfig::new("api"), &lookup).unwrap();
    drop(config.with_console(Console::Off).build().unwrap());
    assert!(path.join("api.log").exists());
}

#[test]
fn bounds_of_files_and_queues_are_settings() {
    let folder = tempfile::tempdir().unwrap();
    let config = LogConfig::new("api")
        .with_console(Console::Off)
        .with_dir(Some(folder.path().to_owned()))
        .with_max_bytes(100);
    let error = config
        .clone()
        .with_total_bytes(Some(99))
        .build()
        .unwrap_err();
    assert!(
        error.is_config() && error.to_string().contains("99"),
        "{error}"
    );
    let error = config.clone().with_queue_bytes(1).build().unwrap_err();
    assert!(
        error.is_config() && error.to_string().contains("16384"),
        "{error}"
    );
    drop(
        config
            .with_total_bytes(Some(100))
            .with_queue_bytes(16_384)
            .build()
            .unwrap(),
    );
}
