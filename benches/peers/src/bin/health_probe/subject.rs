//! What is measured: a registry whose checks have passed, and a server whose dependencies all hang.

use std::hint::black_box;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::runtime::{Builder, Runtime};
use watchkeep_endpoints::{Access, Endpoints};
use watchkeep_health::{CheckError, Component, Probe, Registry, Running};

/// Dependencies of the server.
const DEPENDENCIES: usize = 20;

/// A registry that runs, and is ready.
pub(crate) struct Subject {
    registry: Registry,
    _running: Running,
    _runtime: Runtime,
}

/// A server that is not ready.
pub(crate) struct Server {
    address: SocketAddr,
    _running: Running,
    _runtime: Runtime,
}

// === impl Subject ===

impl Subject {
    pub(crate) fn with_checks(checks: usize) -> io::Result<Self> {
        let passing = |n: usize| {
            Component::from_fn(n.to_string(), || async { Ok::<(), CheckError>(()) })
                .every(Duration::from_secs(3_600))
        };
        let registry = (0..checks)
            .map(passing)
            .fold(Registry::builder("1"), |it, component| {
                it.component(component)
            })
            .build()
            .map_err(io::Error::other)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let running = runtime.block_on(async {
            let mut changed = registry.changed();
            let running = registry.start();
            while !registry.probe(Probe::Ready).ok {
                changed.wait().await;
            }
            running
        });
        Ok(Self {
            registry,
            _running: running,
            _runtime: runtime,
        })
    }

    /// Answers so many probes.
    pub(crate) fn answer(&self, answers: usize) -> io::Result<()> {
        for _ in 0..answers {
            if !black_box(&self.registry).probe(black_box(Probe::Ready)).ok {
                return Err(io::Error::other("it is not ready any more"));
            }
        }
        Ok(())
    }
}

// === impl Server ===

impl Server {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Serves the probes of a registry whose checks never come back, and a constant beside them.
pub(crate) fn serve() -> io::Result<Server> {
    let hanging = |n: usize| {
        Component::from_fn(n.to_string(), std::future::pending)
            .every(Duration::from_millis(100))
            .timeout(Duration::from_millis(100))
    };
    let registry = (0..DEPENDENCIES)
        .map(hanging)
        .fold(Registry::builder("1"), |it, component| {
            it.component(component)
        })
        .build()
        .map_err(io::Error::other)?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let (address, running) = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mut changes = registry.subscribe();
        let running = registry.start();
        for _ in 0..DEPENDENCIES {
            changes.next().await;
        }
        let endpoints = Endpoints::new(Access::for_listener(address)).with_health(registry);
        let router = Router::new()
            .route("/constant", get(|| async { "ready\n" }))
            .merge(endpoints.router());
        tokio::spawn(async move { axum::serve(listener, router).await });
        io::Result::Ok((address, running))
    })?;
    Ok(Server {
        address,
        _running: running,
        _runtime: runtime,
    })
}
