//! tracing-subscriber and json-subscriber, each before tracing-appender's non-blocking writer over its own file.

use std::io;
use std::path::Path;

use peers::{End, Watched};
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, fmt};

use crate::cases::Finish;

/// A file behind a queue that loses nothing.
fn file(path: &Path, name: &str) -> (NonBlocking, (WorkerGuard, End)) {
    let (writer, end) = Watched::new(rolling::never(path, name));
    let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(writer);
    (writer, (guard, end))
}

/// The guard waits for a second at most; the end says that the writer is flushed and gone.
fn finish(files: Vec<(WorkerGuard, End)>) -> Finish {
    Box::new(|| {
        for (guard, end) in files {
            drop(guard);
            end.wait();
        }
        Ok(())
    })
}

pub(crate) fn text(path: &Path) -> io::Result<Finish> {
    let (writer, end) = file(path, "text.log");
    let layer = fmt::layer().with_ansi(false).with_writer(writer);
    install(tracing_subscriber::registry().with(layer.with_filter(LevelFilter::INFO)))?;
    Ok(finish(vec![end]))
}

pub(crate) fn json(path: &Path) -> io::Result<Finish> {
    let (writer, end) = file(path, "json.log");
    let layer = fmt::layer().json().with_writer(writer);
    install(
        tracing_subscriber::registry()
            .with(layer)
            .with(LevelFilter::INFO),
    )?;
    Ok(finish(vec![end]))
}

/// As most programs filter.
pub(crate) fn json_env_filter(path: &Path) -> io::Result<Finish> {
    let (writer, end) = file(path, "json.log");
    let layer = fmt::layer().json().with_writer(writer);
    install(
        tracing_subscriber::registry()
            .with(layer)
            .with(EnvFilter::new("info")),
    )?;
    Ok(finish(vec![end]))
}

/// Everything at the top, as ECS has it.
pub(crate) fn json_flat(path: &Path) -> io::Result<Finish> {
    let (writer, end) = file(path, "json.log");
    let layer = fmt::layer().json().flatten_event(true).with_writer(writer);
    install(
        tracing_subscriber::registry()
            .with(layer)
            .with(LevelFilter::INFO),
    )?;
    Ok(finish(vec![end]))
}

pub(crate) fn json_subscriber(path: &Path) -> io::Result<Finish> {
    let (writer, end) = file(path, "json.log");
    let layer = json_subscriber::layer().with_writer(writer);
    install(
        tracing_subscriber::registry()
            .with(layer)
            .with(LevelFilter::INFO),
    )?;
    Ok(finish(vec![end]))
}

pub(crate) fn three(path: &Path) -> io::Result<Finish> {
    let (all, all_end) = file(path, "text.log");
    let (errors, errors_end) = file(path, "errors.log");
    let (json, json_end) = file(path, "json.log");
    let all = fmt::layer().with_ansi(false).with_writer(all);
    let errors = fmt::layer().with_ansi(false).with_writer(errors);
    let json = fmt::layer().json().with_writer(json);
    // A level alone would keep the span, and its fields, from this layer.
    let errors_and_spans =
        filter_fn(|metadata| metadata.is_span() || *metadata.level() == Level::ERROR);
    install(
        tracing_subscriber::registry()
            .with(all)
            .with(errors.with_filter(errors_and_spans))
            .with(json)
            .with(LevelFilter::INFO),
    )?;
    Ok(finish(vec![all_end, errors_end, json_end]))
}

/// A registry with nothing in it.
pub(crate) fn bare(_: &Path) -> io::Result<Finish> {
    install(tracing_subscriber::registry())?;
    Ok(Box::new(|| Ok(())))
}

fn install(subscriber: impl Into<tracing::Dispatch>) -> io::Result<()> {
    tracing::dispatcher::set_global_default(subscriber.into()).map_err(io::Error::other)
}
