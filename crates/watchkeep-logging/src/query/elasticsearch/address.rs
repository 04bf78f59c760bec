//! The URL of a server, taken apart: what is shown, what is asked, and what is secret.

/// The longest URL.
const LONGEST: usize = 4096;

/// The indices that are searched when the URL names none: those that Filebeat makes.
const INDICES: &str = "filebeat-*";

/// What is added so that an index that is not there yet, or closed, is no error.
const LENIENT: &str = "ignore_unavailable=true&allow_no_indices=true";

#[derive(Clone)]
pub(super) struct Address {
    /// Scheme, host and port.
    pub(super) origin: String,
    #[cfg_attr(
        not(feature = "elasticsearch"),
        allow(dead_code, reason = "only a connection needs it")
    )]
    pub(super) search_url: String,
    /// User and password, unescaped, with a colon between them.
    #[cfg_attr(
        not(feature = "elasticsearch"),
        allow(dead_code, reason = "only a connection needs it")
    )]
    pub(super) userinfo: Option<Vec<u8>>,
}

// === impl Address ===

impl Address {
    /// Reads a URL; what it says is wrong never quotes it.
    pub(super) fn parse(url: &str) -> Result<Self, &'static str> {
        let url = url.trim();
        if url.len() > LONGEST {
            return Err("is longer than 4,096 bytes");
        }
        let (scheme, rest) = url
            .split_once("://")
            .ok_or("is no http:// or https:// URL")?;
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "http" && scheme != "https" {
            return Err("is no http:// or https:// URL");
        }
        if rest.contains(['?', '#']) || rest.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(
                "has more than a host and a path of indices; a `?` or `#` in the password is written as %3F or %23",
            );
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some(("", host)) => (None, host),
            Some((userinfo, host)) => (Some(unescaped(userinfo)?), host),
            None => (None, authority),
        };
        if !is_host(host) {
            return Err(
                "has no host that can be meant; a `/` or `#` in the password is written as %2F or %23",
            );
        }
        let indices = match path.trim_matches('/') {
            "" => INDICES,
            indices => indices,
        };
        let origin = format!("{scheme}://{host}");
        Ok(Self {
            search_url: format!("{origin}/{indices}/_search?{LENIENT}"),
            origin,
            userinfo,
        })
    }
}

fn is_host(text: &str) -> bool {
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((name, port)) => (name, port),
            None => return false,
        },
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let is_port = match port.strip_prefix(':') {
        Some(digits) => digits.parse::<u16>().is_ok_and(|port| port > 0),
        None => port.is_empty(),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    !name.is_empty() && name.chars().all(is_name) && is_port
}

/// `%40` is `@` (RFC 3986 section 2.1).
fn unescaped(text: &str) -> Result<Vec<u8>, &'static str> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len() + 1);
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || {
            let digit = char::from(bytes.next()?).to_digit(16)?;
            u8::try_from(digit).ok()
        };
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err("has a broken % in its user or password");
        };
        out.push(high << 4 | low);
    }
    if !out.contains(&b':') {
        out.push(b':');
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_is_taken_apart() {
        for (url, origin, search, userinfo) in [
            (
                "http://es:9200",
                "http://es:9200",
                "http://es:9200/filebeat-*/_search",
                None,
            ),
            (
                "HTTPS://es/",
                "https://es",
                "https://es/filebeat-*/_search",
                None,
            ),
            (
                "http://u:p%40ss@[::1]:9200/logs-*,other/",
                "http://[::1]:9200",
                "http://[::1]:9200/logs-*,other/_search",
                Some("u:p@ss"),
            ),
            (
                "http://u@es",
                "http://es",
                "http://es/filebeat-*/_search",
                Some("u:"),
            ),
        ] {
            let address = Address::parse(url).expect(url);
            assert_eq!(address.origin, origin);
            assert_eq!(address.search_url, format!("{search}?{LENIENT}"));
            assert_eq!(address.userinfo.as_deref(), userinfo.map(str::as_bytes));
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for url in [
            "",
            "es:9200",
            "ftp://es",
            "http://",
            "http://:9200",
            "http://es:0",
            "http://es:99999",
            "http://es:x",
            "http://a b",
            "http://es/?q",
            "http://es#x",
            "http://u:%4@es",
            "http://u:%zz@es",
            "http://[::1",
            "http://es\r\nx: y",
        ] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
        assert!(Address::parse(&format!("http://{}", "a".repeat(5000))).is_err());
    }
}
