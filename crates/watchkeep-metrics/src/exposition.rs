//! The text of all metrics, as Prometheus 0.0.4 and OpenMetrics 1.0 want it.

use std::borrow::Cow;
use std::collections::HashMap;

use metrics::Unit;

use crate::Kind;
use crate::family::Members;
use crate::registry::{Description, Listed};
use crate::samples::Samples;

/// A text format of metrics.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Format {
    /// OpenMetrics 1.0: counters are typed without their `_total`, the text ends with `# EOF`.
    OpenMetrics,
    /// The Prometheus text format 0.0.4.
    Prometheus,
}

impl Format {
    /// Returns the `content-type` to answer with.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// The names and the type word that a format gives a family.
struct Heading<'a> {
    /// In `HELP` and `TYPE`.
    family: &'a str,
    kind: &'static str,
    /// Of the samples, without the suffixes of histograms.
    sample: Cow<'a, str>,
    /// Whether `_created` may stand beside the samples.
    has_created: bool,
}

type Names<'a> = HashMap<&'a str, Kind>;

/// Appends all families to `out`. The only locks are short ones, each for a copy of a list.
pub(crate) fn render(families: &[Listed], format: Format, out: &mut Vec<u8>) {
    match format {
        Format::OpenMetrics => {
            let names = families
                .iter()
                .map(|l| (&**l.family.name(), l.family.kind()));
            let names: Names<'_> = names.collect();
            let mut headed: Vec<_> = families
                .iter()
                .map(|listed| (Heading::open_metrics(listed, &names), listed))
                .collect();
            headed.sort_by(|(a, _), (b, _)| a.family.cmp(b.family));
            for (heading, listed) in headed {
                write_family(&heading, listed, format, out);
            }
            out.extend_from_slice(b"# EOF\n");
        }
        Format::Prometheus => {
            for listed in families {
                write_family(&Heading::prometheus(listed), listed, format, out);
            }
        }
    }
}

// === impl Heading ===

impl<'a> Heading<'a> {
    fn prometheus(listed: &'a Listed) -> Self {
        let name = &**listed.family.name();
        Self {
            family: name,
            kind: word(listed.family.kind()),
            sample: name.into(),
            has_created: false,
        }
    }

    /// In OpenMetrics a counter `c` has samples `c_total`, whichever way the host named it.
    ///
    /// Where that form is another family's name too, the counter keeps its own name and becomes `unknown`, which has no
    /// suffix: no name stands twice, and the samples are named as in the Prometheus text.
    fn open_metrics(listed: &'a Listed, names: &Names<'_>) -> Self {
        let name = &**listed.family.name();
        let has_created = |base: &str| !taken(&format!("{base}_created"), names);
        if listed.family.kind() != Kind::Counter {
            let has_created = listed.family.kind() == Kind::Histogram && has_created(name);
            return Self {
                has_created,
                ..Self::prometheus(listed)
            };
        }
        let base = name.strip_suffix("_total").filter(|base| !base.is_empty());
        let (family, sample) = match base {
            Some(base) => (base, Cow::Borrowed(name)),
            None => (name, Cow::Owned(format!("{name}_total"))),
        };
        let other = if base.is_some() { family } else { &*sample };
        if taken(other, names) {
            return Self {
                family: name,
                kind: "unknown",
                sample: name.into(),
                has_created: false,
            };
        }
        Self {
            family,
            kind: "counter",
            has_created: has_created(family),
            sample,
        }
    }
}

/// Tells whether a family has this name, or may have a sample of this name.
fn taken(name: &str, names: &Names<'_>) -> bool {
    let is_histogram = |base| names.get(base) == Some(&Kind::Histogram);
    let is_part = |suffix| name.strip_suffix(suffix).is_some_and(is_histogram);
    names.contains_key(name) || ["_bucket", "_count", "_sum"].into_iter().any(is_part)
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}

fn write_family(heading: &Heading<'_>, listed: &Listed, format: Format, out: &mut Vec<u8>) {
    let samples = Samples {
        name: &heading.sample,
        family: heading.family,
        format,
        has_created: heading.has_created,
    };
    match &listed.family.members {
        Members::Counters(group) => {
            let all = group.all();
            write_heading(heading, listed, format, all.len(), out);
            all.iter().for_each(|series| samples.counter(series, out));
        }
        Members::Gauges(group) => {
            let all = group.all();
            write_heading(heading, listed, format, all.len(), out);
            all.iter().for_each(|series| samples.gauge(series, out));
        }
        Members::Histograms(group) => {
            let all = group.all();
            write_heading(heading, listed, format, all.len(), out);
            all.iter().for_each(|series| samples.histogram(series, out));
        }
    }
}

/// Says what the family is, unless it has no series.
fn write_heading(
    heading: &Heading<'_>,
    listed: &Listed,
    format: Format,
    series: usize,
    out: &mut Vec<u8>,
) {
    if series == 0 {
        return;
    }
    if let Some(description) = &listed.description {
        write_help(heading.family, description, format, out);
    }
    put(out, &["# TYPE ", heading.family, " ", heading.kind, "\n"]);
    if format == Format::OpenMetrics
        && let Some(unit) = unit_of(heading.family, listed.description.as_deref())
    {
        put(out, &["# UNIT ", heading.family, " ", unit, "\n"]);
    }
}

fn write_help(name: &str, description: &Description, format: Format, out: &mut Vec<u8>) {
    put(out, &["# HELP ", name, " "]);
    for character in description.help.chars() {
        match (character, format) {
            ('\\', _) => out.extend_from_slice(b"\\\\"),
            ('\n', _) => out.extend_from_slice(b"\\n"),
            ('"', Format::OpenMetrics) => out.extend_from_slice(b"\\\""),
            _ => put(out, &[character.encode_utf8(&mut [0; 4])]),
        }
    }
    out.push(b'\n');
}

/// Returns the unit to declare. OpenMetrics wants it at the end of the family's name; where it is not there, none is said.
fn unit_of(name: &str, description: Option<&Description>) -> Option<&'static str> {
    let unit = description?.unit?;
    if matches!(unit, Unit::Count | Unit::Percent) {
        return None;
    }
    let before = name.strip_suffix(unit.as_str())?;
    before.ends_with('_').then(|| unit.as_str())
}

pub(crate) fn put(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

#[cfg(test)]
mod tests;
