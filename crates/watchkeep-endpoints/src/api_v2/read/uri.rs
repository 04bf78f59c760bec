//! Addresses as Go's `url.ParseRequestURI` takes them.

/// Says whether a text is an address: with a scheme, or a path from the root.
pub(crate) fn is_uri(text: &str) -> bool {
    if text.chars().any(|c| c.is_ascii_control()) {
        return false;
    }
    let rest = match scheme(text) {
        Scheme::Bad => return false,
        Scheme::None if !text.starts_with('/') => return false,
        Scheme::None => text,
        // `mailto:x` has no parts that could be wrong.
        Scheme::Before(rest) if !rest.starts_with('/') => return !rest.is_empty(),
        Scheme::Before(rest) => rest,
    };
    let path = rest.split('?').next().unwrap_or_default();
    match path.strip_prefix("//") {
        Some(after) => {
            let (authority, path) = match after.find('/') {
                Some(at) => after.split_at(at),
                None => (after, ""),
            };
            is_authority(authority) && is_escaped(path)
        }
        None => is_escaped(path),
    }
}

enum Scheme<'a> {
    Bad,
    None,
    /// What follows it.
    Before(&'a str),
}

fn scheme(text: &str) -> Scheme<'_> {
    for (at, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at > 0 => return Scheme::Before(&text[at + 1..]),
            ':' => return Scheme::Bad,
            _ => return Scheme::None,
        }
    }
    Scheme::None
}

fn is_authority(text: &str) -> bool {
    let host = text.rsplit_once('@').map_or(text, |(_, host)| host);
    let (host, port) = match host.strip_prefix('[') {
        Some(bracketed) => match bracketed.split_once(']') {
            Some((host, port)) => (host, port),
            None => return false,
        },
        None => host.find(':').map_or((host, ""), |at| host.split_at(at)),
    };
    let is_port = match port.strip_prefix(':') {
        Some(digits) => digits.chars().all(|c| c.is_ascii_digit()),
        None => port.is_empty(),
    };
    let bad = |c: char| {
        c.is_ascii() && !c.is_ascii_alphanumeric() && !"-._~!$&'()*+,;=:%<>\"".contains(c)
    };
    is_port && is_escaped(text) && !host.chars().any(bad)
}

/// Says whether each `%` begins two hexadecimal digits.
fn is_escaped(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let mut digits = after.chars().take(2);
        digits.clone().count() == 2 && digits.all(|c| c.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_go() {
        for good in [
            "http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1",
            "http://u:p@h:1/",
            "http://[::1]:9090/x",
            "http://h",
            "/graph",
            "mailto:x",
            "foo:bar",
            "http://a/b c",
        ] {
            assert!(is_uri(good), "{good}");
        }
        for bad in [
            "",
            "x",
            "x y",
            "http://x/%zz",
            "http://a b",
            "http://h:port/",
            "http://[::1",
            ":x",
            "a\nb:c",
            "http://h/%1",
        ] {
            assert!(!is_uri(bad), "{bad}");
        }
    }
}
