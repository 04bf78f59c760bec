//! One family: what it says of itself, its samples, and whether these fit together.

use super::Format;
use super::line::{Comment, Sample};

/// All samples of one name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Family {
    /// The name, as `TYPE` says it.
    pub name: String,
    /// The help text.
    pub help: Option<String>,
    /// The word behind `TYPE`.
    pub kind: Option<String>,
    /// The unit.
    pub unit: Option<String>,
    /// The samples, in their order.
    pub samples: Vec<Sample>,
}

impl Family {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            help: None,
            kind: None,
            unit: None,
            samples: Vec::new(),
        }
    }

    pub(super) fn describe(&mut self, comment: Comment) -> Result<(), String> {
        let (place, text) = match comment {
            Comment::Help(_, text) => (&mut self.help, text),
            Comment::Type(_, text) => (&mut self.kind, text),
            Comment::Unit(_, text) => (&mut self.unit, text),
        };
        match place.replace(text) {
            Some(_) => Err("said twice".to_owned()),
            None => Ok(()),
        }
    }

    pub(super) fn add(&mut self, sample: Sample, format: Format) -> Result<(), String> {
        let kind = self.kind.as_deref().ok_or("a sample before its TYPE")?;
        let suffix = sample
            .name
            .strip_prefix(&self.name)
            .ok_or("a sample of another name")?;
        let suffixes: &[&str] = match (kind, format) {
            ("counter", Format::OpenMetrics) => &["_total", "_created"],
            ("histogram", Format::OpenMetrics) => &["_bucket", "_sum", "_count", "_created"],
            ("histogram", Format::Prometheus) => &["_bucket", "_sum", "_count"],
            ("counter", Format::Prometheus) | ("gauge", _) | ("unknown", Format::OpenMetrics) => {
                &[""]
            }
            _ => return Err(format!("type `{kind}`")),
        };
        if !suffixes.contains(&suffix) {
            return Err(format!("suffix `{suffix}` of a {kind}"));
        }
        let counts = kind == "counter" || kind == "histogram" && suffix != "_sum";
        if counts && !(sample.value >= 0.0 && sample.value.is_finite()) {
            return Err(format!("{} in a {kind}", sample.value));
        }
        if sample.exemplar.is_some() && !["_bucket", "_total"].contains(&suffix) {
            return Err("an exemplar where none may be".to_owned());
        }
        self.samples.push(sample);
        Ok(())
    }

    /// Checks what can be said when all samples are there.
    pub(super) fn check(&self, format: Format) -> Result<(), String> {
        let kind = self.kind.as_deref().ok_or("no TYPE")?;
        if self.samples.is_empty() {
            return Err("no sample".to_owned());
        }
        if let Some(unit) = &self.unit
            && !self.name.ends_with(&format!("_{unit}"))
        {
            return Err(format!("does not end with its unit {unit}"));
        }
        match kind {
            "histogram" => self.check_histograms(format),
            _ => Ok(()),
        }
    }

    /// The samples of one series stand together: buckets with rising bounds, the sum, the count.
    fn check_histograms(&self, format: Format) -> Result<(), String> {
        let mut rest = &self.samples[..];
        while !rest.is_empty() {
            let buckets = rest
                .iter()
                .take_while(|sample| sample.name.ends_with("_bucket"));
            let mut bounds = Vec::new();
            let mut end = 0;
            for bucket in buckets {
                let (bound, ends) = check_bucket(bucket, bounds.last(), format)?;
                if rest[0].labels.len() != bucket.labels.len()
                    || plain(&rest[0].labels) != plain(&bucket.labels)
                {
                    return Err("a bucket of another series".to_owned());
                }
                bounds.push((bound, bucket.value));
                end += 1;
                if ends {
                    break;
                }
            }
            let labels = plain(&rest[0].labels);
            let Some((f64::INFINITY, total)) = bounds.last().copied() else {
                return Err("no bucket for +Inf".to_owned());
            };
            let negative = bounds[0].0 < 0.0;
            rest = &rest[end..];
            for suffix in ["_sum", "_count", "_created"] {
                let is_it = |sample: &&Sample| {
                    sample.name == format!("{}{suffix}", self.name) && sample.labels == labels
                };
                match (rest.first().filter(is_it), suffix) {
                    (Some(sum), "_sum") if format == Format::OpenMetrics => {
                        if negative || sum.value < 0.0 || sum.value.is_nan() {
                            return Err("a sum that is no counter".to_owned());
                        }
                    }
                    (Some(count), "_count") if count.value != total => {
                        return Err(format!("{} counted, {total} in buckets", count.value));
                    }
                    (None, "_count") => return Err("no count".to_owned()),
                    (None, "_sum") if format == Format::Prometheus => {
                        return Err("no sum".to_owned());
                    }
                    (None, _) => continue,
                    (Some(_), _) => {}
                }
                rest = &rest[1..];
            }
        }
        Ok(())
    }
}

/// Returns a bucket's bound, and whether it is the last.
fn check_bucket(
    bucket: &Sample,
    before: Option<&(f64, f64)>,
    format: Format,
) -> Result<(f64, bool), String> {
    let Some((name, text)) = bucket.labels.last() else {
        return Err("a bucket without labels".to_owned());
    };
    let bound: f64 = match (&**name, &**text) {
        ("le", "+Inf") => f64::INFINITY,
        ("le", text) => text.parse().map_err(|_| format!("le=`{text}`"))?,
        _ => return Err("le is not the last label".to_owned()),
    };
    if bound.is_finite() && !text.contains(['.', 'e']) {
        return Err(format!("le=`{text}` is not canonical"));
    }
    let (lower, below) = before.copied().unwrap_or((f64::NEG_INFINITY, 0.0));
    if bound <= lower || bucket.value < below {
        return Err(format!("bucket {text} goes down"));
    }
    if let Some(exemplar) = &bucket.exemplar
        && (format == Format::Prometheus || exemplar.value > bound || exemplar.value <= lower)
    {
        return Err(format!("exemplar {} in bucket {text}", exemplar.value));
    }
    Ok((bound, bound == f64::INFINITY))
}

/// The labels without `le`.
fn plain(labels: &[(String, String)]) -> Vec<(String, String)> {
    let labels = labels.iter().filter(|(name, _)| name != "le");
    labels.cloned().collect()
}
