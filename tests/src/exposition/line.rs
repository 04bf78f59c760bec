//! One line: a comment or a sample.

use super::Format;

/// The longest label set of an exemplar, in characters, that OpenMetrics allows.
const LONGEST_EXEMPLAR: usize = 128;

/// Name, labels and value of one series at one moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sample {
    /// The name, with its suffix.
    pub name: String,
    /// Names and values, in their order.
    pub labels: Vec<(String, String)>,
    /// The value.
    pub value: f64,
    /// The exemplar behind it.
    pub exemplar: Option<Exemplar>,
}

/// What stands behind the `#` of a sample.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Exemplar {
    /// Names and values, in their order.
    pub labels: Vec<(String, String)>,
    /// The value.
    pub value: f64,
    /// Seconds since the epoch.
    pub at: Option<f64>,
}

/// A line that describes a family.
#[derive(Debug)]
pub(super) enum Comment {
    Help(String, String),
    Type(String, String),
    Unit(String, String),
}

// === impl Comment ===

impl Comment {
    pub(super) fn parse(text: &str, format: Format) -> Result<Self, String> {
        let mut words = text.splitn(3, ' ');
        let (Some(keyword), Some(name), Some(rest)) = (words.next(), words.next(), words.next())
        else {
            return Err("not three words".to_owned());
        };
        if !is_metric_name(name) {
            return Err(format!("`{name}` is no metric name"));
        }
        let name = name.to_owned();
        match (keyword, format) {
            ("HELP", _) => Ok(Self::Help(
                name,
                unescape(rest, format == Format::OpenMetrics)?,
            )),
            ("TYPE", _) => Ok(Self::Type(name, rest.to_owned())),
            ("UNIT", Format::OpenMetrics) => Ok(Self::Unit(name, rest.to_owned())),
            _ => Err(format!("a comment that says `{keyword}`")),
        }
    }

    pub(super) fn family(&self) -> &str {
        let (Self::Help(name, _) | Self::Type(name, _) | Self::Unit(name, _)) = self;
        name
    }
}

// === impl Sample ===

impl Sample {
    pub(super) fn parse(line: &str, format: Format) -> Result<Self, String> {
        let (name, labels, rest) = named(line)?;
        if !is_metric_name(name) {
            return Err(format!("`{name}` is no metric name"));
        }
        let (value, exemplar) = match rest.split_once(" # ") {
            Some((value, exemplar)) if format == Format::OpenMetrics => {
                (value, Some(Exemplar::parse(exemplar)?))
            }
            _ => (rest, None),
        };
        Ok(Self {
            name: name.to_owned(),
            labels,
            value: number(value)?,
            exemplar,
        })
    }

    /// Returns the value of a label.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        let label = self.labels.iter().find(|(known, _)| known == name);
        label.map(|(_, value)| &**value)
    }
}

impl Exemplar {
    fn parse(text: &str) -> Result<Self, String> {
        let (name, labels, rest) = named(text)?;
        if !name.is_empty() || !text.starts_with('{') {
            return Err("an exemplar without labels".to_owned());
        }
        let characters = |text: &String| text.chars().count();
        let length: usize = labels
            .iter()
            .map(|(name, value)| characters(name) + characters(value))
            .sum();
        if length > LONGEST_EXEMPLAR {
            return Err(format!("{length} characters in an exemplar's labels"));
        }
        let (value, at) = match rest.split_once(' ') {
            Some((value, at)) => (value, Some(number(at)?)),
            None => (rest, None),
        };
        Ok(Self {
            labels,
            value: number(value)?,
            at,
        })
    }
}

type Labels = Vec<(String, String)>;

/// Splits into a name, its labels, and what comes after the space behind them.
fn named(text: &str) -> Result<(&str, Labels, &str), String> {
    let end = text.find(['{', ' ']).ok_or("no space")?;
    let (name, rest) = text.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => labels(inside)?,
        None => (Labels::new(), rest),
    };
    let rest = rest.strip_prefix(' ').ok_or("no space before the value")?;
    Ok((name, labels, rest))
}

/// Reads labels up to the brace that closes them; at least one, since braces around nothing are never needed.
fn labels(mut text: &str) -> Result<(Labels, &str), String> {
    let mut labels = Labels::new();
    loop {
        let (name, rest) = text.split_once("=\"").ok_or("a label without a value")?;
        if !is_label_name(name) {
            return Err(format!("`{name}` is no label name"));
        }
        let end = closing_quote(rest).ok_or("a label's value does not end")?;
        let value = unescape(&rest[..end], true)?;
        if labels
            .last()
            .is_some_and(|(before, _)| &**before >= name && name != "le")
        {
            return Err(format!("label `{name}` is out of order"));
        }
        if labels.iter().any(|(known, _)| known == name) {
            return Err(format!("label `{name}` stands twice"));
        }
        labels.push((name.to_owned(), value));
        let rest = &rest[end + 1..];
        if let Some(rest) = rest.strip_prefix('}') {
            return Ok((labels, rest));
        }
        text = rest.strip_prefix(',').ok_or("no comma between labels")?;
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// Undoes what is escaped; `quotes` says whether a quote must be.
fn unescape(text: &str, quotes: bool) -> Result<String, String> {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        out.push(match character {
            '\\' => match characters.next() {
                Some('\\') => '\\',
                Some('n') => '\n',
                Some('"') if quotes => '"',
                other => return Err(format!("{other:?} behind a backslash")),
            },
            '"' if quotes => return Err("a bare quote".to_owned()),
            other => other,
        });
    }
    Ok(out)
}

/// Reads a number as both formats write it; Rust alone would also take `inf` and `infinity`.
fn number(text: &str) -> Result<f64, String> {
    let special = ["+Inf", "-Inf", "NaN"].contains(&text);
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if !special && !plain {
        return Err(format!("`{text}` is no number"));
    }
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

fn is_metric_name(name: &str) -> bool {
    is_name(name, b"_:")
}

fn is_label_name(name: &str) -> bool {
    is_name(name, b"_") && !name.starts_with("__")
}

fn is_name(name: &str, others: &[u8]) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
    name.bytes().all(fits)
        && name
            .bytes()
            .next()
            .is_some_and(|first| !first.is_ascii_digit())
}
