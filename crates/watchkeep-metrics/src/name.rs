//! Metric and label names that the exposition formats allow.

use std::borrow::Cow;

/// How many bytes of the name of a metric, or of the name or value of a label, are kept.
pub(crate) const LONGEST: usize = 1_024;

/// Returns as much as is kept of a name or value, cut at a character.
pub(crate) fn shortened(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

/// Returns the name with every character that a metric name cannot have replaced by `_`.
///
/// A name that begins with a digit gets a `_` in front; an empty name becomes `_`.
pub(crate) fn clean_metric(name: &str) -> Cow<'_, str> {
    clean(name, |byte| {
        byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':'
    })
}

/// Returns the label name with every character that it cannot have replaced by `_`.
///
/// Names that the formats reserve (those that begin with `__`) get `exported` in front, as Prometheus does.
pub(crate) fn clean_label(name: &str) -> Cow<'_, str> {
    let name = clean(name, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if name.starts_with("__") {
        Cow::Owned(format!("exported{name}"))
    } else {
        name
    }
}

fn clean(name: &str, allowed: impl Fn(u8) -> bool) -> Cow<'_, str> {
    let starts_well = name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    if starts_well && name.bytes().all(&allowed) {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len() + 1);
    if !starts_well {
        out.push('_');
    }
    for character in name.chars() {
        let fits = u8::try_from(character).is_ok_and(|b| b.is_ascii() && allowed(b));
        out.push(if fits { character } else { '_' });
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metric_names_keep_colons_and_lose_everything_else() {
        for (raw, cleaned) in [
            ("a_total", "a_total"),
            ("a:b", "a:b"),
            ("a.b-c d", "a_b_c_d"),
            ("9lives", "_9lives"),
            ("größe", "gr__e"),
            ("", "_"),
            ("a\nb 1", "a_b_1"),
        ] {
            assert_eq!(clean_metric(raw), cleaned, "{raw:?}");
        }
    }

    #[test]
    fn label_names_lose_colons_and_reserved_beginnings() {
        for (raw, cleaned) in [
            ("route", "route"),
            ("http.route", "http_route"),
            ("a:b", "a_b"),
            ("__name__", "exported__name__"),
            ("..", "exported__"),
            ("1", "_1"),
        ] {
            assert_eq!(clean_label(raw), cleaned, "{raw:?}");
        }
    }
}
