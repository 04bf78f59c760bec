//! What a scraper or a browser asks for, and compression.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// A form in which metrics can be answered.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Offer {
    /// A summary as `application/json`, which the host writes.
    Json,
    /// [`Format::OpenMetrics`](crate::Format::OpenMetrics).
    OpenMetrics,
    /// [`Format::Prometheus`](crate::Format::Prometheus).
    Prometheus,
}

/// In order of preference where the client has none.
const OFFERS: [Offer; 3] = [Offer::Prometheus, Offer::OpenMetrics, Offer::Json];

/// A weight in thousandths, as HTTP has three decimals.
type Weight = u16;

/// Returns the form that an `Accept` header likes best.
///
/// The greatest `q` counts, then the more exact media range, then Prometheus before OpenMetrics before JSON. A range with a
/// `version` that is not ours does not match. Without a header, or when nothing of ours is acceptable, the answer is
/// Prometheus text, which every scraper reads.
///
/// ```
/// use watchkeep_metrics::negotiate::{Offer, best};
///
/// assert_eq!(best(None), Offer::Prometheus);
/// assert_eq!(best(Some("application/json")), Offer::Json);
/// assert_eq!(best(Some("text/plain;q=0.5, application/openmetrics-text")), Offer::OpenMetrics);
/// ```
#[must_use]
pub fn best(accept: Option<&str>) -> Offer {
    let accept = accept.unwrap_or("*/*");
    let mut chosen = (Offer::Prometheus, (0, 0));
    for offer in OFFERS {
        let rank = offer.rank(accept);
        if rank > chosen.1 {
            chosen = (offer, rank);
        }
    }
    chosen.0
}

/// Tells whether an `Accept-Encoding` header allows gzip.
#[must_use]
pub fn accepts_gzip(accept_encoding: Option<&str>) -> bool {
    let mut any = 0;
    let mut named = None;
    for item in split(accept_encoding.unwrap_or(""), ',') {
        let mut parts = split(item, ';');
        let coding = parts.next().unwrap_or("");
        let weight = weight(parts);
        if coding == "*" {
            any = weight;
        } else if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") {
            named = named.max(Some(weight));
        }
    }
    named.unwrap_or(any) > 0
}

/// Compresses with gzip, at the level that costs least: scrapes are frequent and mostly local.
#[must_use]
#[expect(
    clippy::missing_panics_doc,
    reason = "writing into a Vec does not fail, so it never panics"
)]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(
        Vec::with_capacity(bytes.len() / 8 + 64),
        Compression::fast(),
    );
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("a Vec takes every write")
}

// === impl Offer ===

impl Offer {
    const fn media_type(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application", "json"),
            Self::OpenMetrics => ("application", "openmetrics-text"),
            Self::Prometheus => ("text", "plain"),
        }
    }

    const fn version(self) -> Option<&'static str> {
        match self {
            Self::Json => None,
            Self::OpenMetrics => Some("1.0.0"),
            Self::Prometheus => Some("0.0.4"),
        }
    }

    /// Returns weight and exactness of the range that decides about this offer: the most exact one that matches.
    fn rank(self, accept: &str) -> (Weight, u8) {
        let matching = split(accept, ',').filter_map(|range| {
            let exactness = self.matches(range)?;
            Some((exactness, weight(split(range, ';').skip(1))))
        });
        let (exactness, weight) = matching.max().unwrap_or((0, 0));
        if weight == 0 {
            (0, 0)
        } else {
            (weight, exactness)
        }
    }

    /// Returns how exactly a media range names this offer, `None` when it does not.
    fn matches(self, range: &str) -> Option<u8> {
        let mut parts = split(range, ';');
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let (own_kind, own_subtype) = self.media_type();
        let is = |given: &str, own: &str| given.trim().eq_ignore_ascii_case(own);
        let exactness = match (kind.trim(), subtype.trim()) {
            ("*", "*") => 1,
            (kind, "*") if is(kind, own_kind) => 2,
            (kind, subtype) if is(kind, own_kind) && is(subtype, own_subtype) => 3,
            _ => return None,
        };
        match parameter(parts, "version") {
            Some(version) if Some(version) == self.version() => Some(exactness + 1),
            Some(_) => None,
            None => Some(exactness),
        }
    }
}

/// Returns the `q` among the parameters: 1 without one, 0 when it cannot be read.
fn weight<'a>(parameters: impl Iterator<Item = &'a str>) -> Weight {
    let Some(q) = parameter(parameters, "q") else {
        return 1_000;
    };
    let (whole, decimals) = q.split_once('.').unwrap_or((q, ""));
    let digits = decimals.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || decimals.len() > 3 {
        return 0;
    }
    let thousandths: Weight = format!("{decimals:0<3}").parse().unwrap_or(0);
    match whole {
        "0" => thousandths,
        "1" if thousandths == 0 => 1_000,
        _ => 0,
    }
}

fn parameter<'a>(mut parameters: impl Iterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    parameters.find_map(|parameter| {
        let (known, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        known.trim().eq_ignore_ascii_case(name).then_some(value)
    })
}

/// Splits outside of quoted strings, and trims.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |character| {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return character == separator && !quoted,
        }
        false
    })
    .map(str::trim)
}

#[cfg(test)]
mod tests;
