//! What is rendered, and what must stand in the text.

use std::io;

pub(crate) const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
pub(crate) const ROUTE: &str = "/api/v1/items/{id}";
pub(crate) const BOUNDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// Renders everything, and shows the text while it exists.
pub(crate) type Rendering = Box<dyn FnMut(&mut dyn FnMut(&[u8]))>;

/// One way to keep and render metrics.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Registers the series and records something in each.
    pub(crate) build: fn(Load) -> Rendering,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Counters,
    /// With ten bounds, and two observations each.
    Histograms,
}

/// One family of series with three labels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) kind: Kind,
    pub(crate) series: usize,
}

// === impl Load ===

impl Load {
    pub(crate) const ALL: [Self; 3] = [
        Self::of(Kind::Counters, 10_000),
        Self::of(Kind::Counters, 100_000),
        Self::of(Kind::Histograms, 10_000),
    ];
    pub(crate) const SMALL: [Self; 2] = [
        Self::of(Kind::Counters, 1_000),
        Self::of(Kind::Histograms, 100),
    ];

    const fn of(kind: Kind, series: usize) -> Self {
        Self { kind, series }
    }

    pub(crate) fn title(self) -> String {
        let kind = match self.kind {
            Kind::Counters => "counters",
            Kind::Histograms => "histograms of 10 buckets",
        };
        format!("{} {kind}, 3 labels", self.series)
    }

    /// Returns the labels of each series: method, route and id; the ids come in no order.
    pub(crate) fn labels(self) -> impl Iterator<Item = (&'static str, &'static str, String)> {
        (0..self.series).map(move |n| {
            let shuffled = n * 7_919 % self.series;
            (METHODS[shuffled % 4], ROUTE, shuffled.to_string())
        })
    }

    pub(crate) fn check(self, text: &[u8]) -> io::Result<()> {
        let samples = match self.kind {
            Kind::Counters => self.series,
            // Ten buckets, one above, sum and count.
            Kind::Histograms => self.series * 13,
        };
        let lines = text.split(|byte| *byte == b'\n');
        let found = lines.filter(|line| line.starts_with(b"bench_")).count();
        if found == samples {
            return Ok(());
        }
        let complaint = format!("{found} samples instead of {samples}");
        Err(io::Error::other(complaint))
    }
}
