//! Sinks that end in a writer of the program's own, or of tracing-appender.

use std::fmt;
use std::sync::Arc;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::NonBlocking;
use tracing_subscriber::fmt::MakeWriter;

use super::LogConfig;
use super::open::Plan;
use crate::render::Form;
use crate::sink::{Appender, Output, Writer};

/// How the lines of a sink look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineFormat {
    /// ECS JSON, as in the JSON file.
    Json,
    /// The same lines as in the text file.
    Text,
}

/// A sink that the program adds, and how its output is made.
#[derive(Clone)]
pub(super) struct WriterSink {
    name: &'static str,
    form: Form,
    level: LevelFilter,
    output: Arc<dyn Fn() -> Box<dyn Output> + Send + Sync>,
}

// === impl LogConfig ===

impl LogConfig {
    /// Adds a sink of the name that writes the events from `level` on to any [`MakeWriter`]: standard error, a socket, a file.
    ///
    /// The writer is used on the sink's own thread, behind a queue like that of the other sinks, so it may block. One call of
    /// `write` brings many lines, cut at a line end; what is not taken is offered again, also after an error.
    pub fn with_writer<M>(
        self,
        name: &'static str,
        format: LineFormat,
        level: impl Into<LevelFilter>,
        writer: M,
    ) -> Self
    where
        M: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        let writer = Arc::new(writer);
        let output = move || Box::new(Writer(Arc::clone(&writer))) as Box<dyn Output>;
        self.with_sink(name, format, level.into(), Arc::new(output))
    }

    /// Adds a sink of the name over the non-blocking writer of `tracing_appender`.
    ///
    /// A line that it refuses because its own queue is full is offered again, so that nothing is lost there; a line that it has
    /// taken counts as written. Give the sink a writer of its own: what others write into it and lose looks like a loss here.
    pub fn with_appender(
        self,
        name: &'static str,
        format: LineFormat,
        level: impl Into<LevelFilter>,
        writer: NonBlocking,
    ) -> Self {
        let output = move || Box::new(Appender::new(writer.clone())) as Box<dyn Output>;
        self.with_sink(name, format, level.into(), Arc::new(output))
    }

    fn with_sink(
        mut self,
        name: &'static str,
        format: LineFormat,
        level: LevelFilter,
        output: Arc<dyn Fn() -> Box<dyn Output> + Send + Sync>,
    ) -> Self {
        let form = match format {
            LineFormat::Json => Form::Json,
            LineFormat::Text => Form::Text,
        };
        self.writers.push(WriterSink {
            name,
            form,
            level,
            output,
        });
        self
    }
}

// === impl WriterSink ===

impl WriterSink {
    pub(super) fn plan(&self) -> Plan {
        Plan {
            name: self.name.into(),
            form: self.form,
            level: self.level,
            output: (self.output)(),
        }
    }
}

impl fmt::Debug for WriterSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriterSink")
            .field("name", &self.name)
            .field("form", &self.form)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}
