//! A binary of its own, because the logger of the `log` crate is somebody else's.

use tracing_log::log;
use watchkeep_logging::{Console, LogConfig};

struct Other;

impl log::Log for Other {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, _: &log::Record<'_>) {}

    fn flush(&self) {}
}

#[test]
fn maximum_of_another_logger_stays_what_it_is() -> Result<(), Box<dyn std::error::Error>> {
    log::set_logger(&Other)?;
    log::set_max_level(log::LevelFilter::Trace);
    let config = LogConfig::new("app").with_console(Console::Off);
    let guard = config.with_dir(None).init()?;
    assert!(guard.warnings()[0].contains("another logger"));
    guard.handle().set_level(tracing::Level::ERROR, None)?;
    assert_eq!(log::max_level(), log::LevelFilter::Trace);
    assert!(!tracing::enabled!(tracing::Level::INFO));
    Ok(())
}
