//! Opens what a configuration asks for.

use std::borrow::Cow;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tracing::Level;
use tracing::level_filters::LevelFilter;

#[cfg(feature = "appender")]
use super::WriterSink;
use super::{Console, DAY, LogConfig};
use crate::clock::Clock;
use crate::error::Kind;
use crate::fields::{Fields, Style};
use crate::levels::{Levels, rank};
use crate::limit::RateLimit;
use crate::recent::Recent;
use crate::render::{Form, Line, Renderer, Service, ThreadParts};
use crate::shared::{Shared, Sink};
use crate::sink::{self, Notice, Output, Queue};
use crate::{Compression, Error, RollingFile};

/// The records of the ring together, beside the bound of their number.
const MAX_RECENT_BYTES: usize = 1024 * 1024;

/// How the name of the JSON file ends.
const JSON_END: &str = "_json.log";

/// A sink before it has its thread.
pub(super) struct Plan {
    pub(super) name: Cow<'static, str>,
    pub(super) form: Form,
    pub(super) level: LevelFilter,
    pub(super) output: Box<dyn Output>,
}

impl LogConfig {
    pub(super) fn open(&self, clock: Clock) -> Result<Shared, Error> {
        self.check()?;
        let renderer = Arc::new(Renderer::new(Service {
            name: &self.service,
            version: self.version.as_deref(),
            environment: &self.environment,
            node_name: self.node_name.as_deref(),
        }));
        // All files are opened before a thread starts.
        let plans = self.plans(&clock)?;
        let recent = Recent::new(rank(self.recent_level), self.recent, MAX_RECENT_BYTES);
        let is_json = |plan: &Plan| plan.form == Form::Json;
        let id = Shared::next_id();
        let mut shared = Shared {
            id,
            sinks: Vec::new(),
            #[cfg(feature = "query")]
            json_file: self.json_dir().map(|dir| self.path(dir, JSON_END)),
            renderer,
            style: Style {
                id,
                text: plans.iter().any(|plan| !is_json(plan)),
                // A recent record is read out of its JSON.
                json: plans.iter().any(is_json) || recent.rank() > 0,
                numeric_labels: self.numeric_labels,
                redaction: self.redaction.clone(),
            },
            origin: self.origin,
            levels: Arc::new(Levels::new(self.filter.clone(), self.global_filter)),
            recent,
            limit: self.rate_limit.map(RateLimit::new),
            nested: AtomicU64::new(0),
            clock,
        };
        for plan in plans {
            let queue = Queue::new(plan.name.clone(), self.queue_bytes, self.on_full);
            let queue = Arc::new(queue);
            // Dropped on an error, `shared` closes the queues that run already.
            shared.sinks.push(Sink::new(
                plan.name.into_owned(),
                plan.form,
                plan.level,
                Arc::clone(&queue),
            ));
            let notice = shared.notice(plan.form, plan.level);
            Queue::spawn(&queue, plan.output, self.queue_bytes, notice)?;
        }
        shared.update_sinks();
        Ok(shared)
    }

    fn plans(&self, clock: &Clock) -> Result<Vec<Plan>, Error> {
        let mut plans = Vec::new();
        if let Some(dir) = &self.dir {
            let text = self.compression;
            if let Some(dir) = self.json_dir() {
                // What reads it again, here or in Filebeat, reads it as it is.
                let output = self.file(dir, JSON_END, Compression::None, clock)?;
                plans.push(Plan::new("json", Form::Json, output));
            }
            if self.text {
                let output = self.file(dir, ".log", text, clock)?;
                plans.push(Plan::new("file", Form::Text, output));
            }
            if self.errors {
                let output = self.file(dir, "_errors.log", text, clock)?;
                plans.push(Plan {
                    level: LevelFilter::ERROR,
                    ..Plan::new("errors", Form::Text, output)
                });
            }
        }
        if let Some(form) = self.console_form() {
            plans.push(Plan::new("console", form, sink::Console));
        }
        #[cfg(feature = "appender")]
        plans.extend(self.writers.iter().map(WriterSink::plan));
        // Sinks of the same form stand together: each form is rendered once.
        plans.sort_by_key(|plan| plan.form);
        Ok(plans)
    }

    /// Returns where the JSON file is written, if it is.
    fn json_dir(&self) -> Option<&Path> {
        let wants_json = self.json.unwrap_or(self.environment == "production");
        self.dir.as_deref().filter(|_| wants_json)
    }

    fn path(&self, dir: &Path, end: &str) -> PathBuf {
        dir.join(format!("{}{end}", self.service))
    }

    fn file(
        &self,
        dir: &Path,
        end: &str,
        compression: Compression,
        clock: &Clock,
    ) -> Result<RollingFile, Error> {
        let path = self.path(dir, end);
        RollingFile::builder(&path)
            .with_max_bytes(self.max_bytes)
            .with_max_age(DAY)
            .with_backups(self.backups)
            .with_retention(self.retention)
            .with_total_bytes(self.total_bytes)
            .with_compression(compression)
            .with_clock(clock.clone())
            .open()
            .map_err(|source| Error::from(Kind::Open { path, source }))
    }

    fn console_form(&self) -> Option<Form> {
        let terminal = std::io::stdout().is_terminal();
        let pretty = Form::Pretty {
            color: self.color && terminal,
        };
        match self.console {
            Console::Auto if terminal => Some(pretty),
            Console::Auto | Console::Text => Some(Form::Text),
            Console::Json => Some(Form::Json),
            Console::Off => None,
            Console::Pretty => Some(pretty),
        }
    }
}

impl Shared {
    /// Returns how a sink tells of lines that it had to drop, in its own form and at a level that it takes.
    fn notice(&self, form: Form, level: LevelFilter) -> Notice {
        let renderer = Arc::clone(&self.renderer);
        let clock = self.clock.clone();
        let level = level
            .into_level()
            .map_or(Level::WARN, |l| l.min(Level::WARN));
        Box::new(move |losses| {
            let fields = Fields::of_losses(losses);
            let line = Line::of_losses(level, clock.now(), &fields);
            let mut out = Vec::new();
            renderer.render(form, line, &mut ThreadParts::default(), &mut out);
            (out, level)
        })
    }
}

// === impl Plan ===

impl Plan {
    fn new(name: impl Into<Cow<'static, str>>, form: Form, output: impl Output + 'static) -> Self {
        Self {
            name: name.into(),
            form,
            level: LevelFilter::TRACE,
            output: Box::new(output),
        }
    }
}
