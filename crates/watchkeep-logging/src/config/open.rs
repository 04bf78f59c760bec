//! Opens what a configuration asks for.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, RwLock};

use tracing::Level;
use tracing::level_filters::LevelFilter;

use super::{Console, DAY, LogConfig};
use crate::clock::Clock;
use crate::error::Kind;
use crate::fields::Fields;
use crate::layer::{Shared, Sink};
use crate::render::{Form, Line, Renderer, Service, Stamps};
use crate::sink::{self, Notice, Output, Queue};
use crate::{Error, RollingFile};

impl LogConfig {
    pub(super) fn open(&self, clock: Clock) -> Result<Shared, Error> {
        self.check()?;
        let renderer = Arc::new(Renderer::new(Service {
            name: &self.service,
            version: self.version.as_deref(),
            environment: &self.environment,
            node_name: self.node_name.as_deref(),
        }));
        let mut shared = Shared {
            sinks: Vec::new(),
            renderer,
            filter: RwLock::new(self.filter.clone()),
            alone: AtomicBool::new(false),
            nested: AtomicU64::new(0),
            clock,
        };
        // Sinks of the same form stand together: each form is rendered once. All files are opened before a thread starts.
        let mut outputs: Vec<(&'static str, Form, LevelFilter, Box<dyn Output>)> = Vec::new();
        if let Some(dir) = &self.dir {
            let mut file = |name, end: &str, form, level| {
                let file = self.file(dir, end, &shared.clock)?;
                outputs.push((name, form, level, Box::new(file)));
                Ok::<(), Error>(())
            };
            if self.json.unwrap_or(self.environment == "production") {
                file("json", "_json.log", Form::Json, LevelFilter::TRACE)?;
            }
            file("file", ".log", Form::Text, LevelFilter::TRACE)?;
            file("errors", "_errors.log", Form::Text, LevelFilter::ERROR)?;
        }
        if let Some(form) = self.console_form() {
            let console = (
                "console",
                form,
                LevelFilter::TRACE,
                Box::new(sink::Console) as _,
            );
            let at = if form == Form::Json { 0 } else { outputs.len() };
            outputs.insert(at, console);
        }
        for (name, form, level, output) in outputs {
            let queue = Arc::new(Queue::new(name, self.queue_bytes));
            // Dropped on an error, `shared` closes the queues that run already.
            shared.sinks.push(Sink {
                form,
                level,
                queue: Arc::clone(&queue),
            });
            Queue::spawn(&queue, output, shared.notice(form, level))?;
        }
        Ok(shared)
    }

    fn file(&self, dir: &Path, end: &str, clock: &Clock) -> Result<RollingFile, Error> {
        let path = dir.join(format!("{}{end}", self.service));
        RollingFile::builder(&path)
            .with_max_bytes(self.max_bytes)
            .with_max_age(DAY)
            .with_backups(self.backups)
            .with_retention(self.retention)
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
        Box::new(move |dropped, out| {
            let mut fields = Fields::default();
            fields.push("dropped", &dropped.to_string());
            let line = Line {
                time: clock.now(),
                level,
                target: env!("CARGO_CRATE_NAME"),
                message: "log lines were dropped",
                fields: &fields,
            };
            renderer.render(form, line, &mut Stamps::default(), out);
        })
    }
}
