//! Addresses in a file: of web servers, and of a mail server.

use super::fields::Fields;
use super::node::Node;
use crate::config::{ConfigError, Located, Secret};

/// Takes an address that is no secret.
pub(super) fn url(fields: &mut Fields<'_>, name: &str) -> Result<Option<String>, ConfigError> {
    let Some(node) = fields.take(name) else {
        return Ok(None);
    };
    let text = node.text()?;
    check(text).map_err(|reason| node.wrong(reason))?;
    Ok(Some(text.to_owned()))
}

/// Takes an address that is a secret, or the name of the file that it is in.
pub(super) fn secret_url(
    fields: &mut Fields<'_>,
    name: &str,
    file: &str,
) -> Result<Option<Secret>, ConfigError> {
    if let Some((_, node)) = fields.key(name)
        && !node.is_null()
    {
        check(node.text()?).map_err(|reason| node.wrong(reason))?;
    }
    Ok(fields
        .secret(name, file)?
        .map(|Located { value, .. }| value))
}

/// Checks an address as Alertmanager does: http or https, with a host. The message carries nothing of it.
fn check(address: &str) -> Result<(), &'static str> {
    let lower = address.get(..8).unwrap_or(address).to_ascii_lowercase();
    let length = ["https://", "http://"]
        .iter()
        .find(|scheme| lower.starts_with(*scheme))
        .map(|scheme| scheme.len())
        .ok_or("an address does not begin with http:// or https://")?;
    let rest = &address[length..];
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.is_empty() {
        return Err("an address has no host");
    }
    if address.chars().any(|c| c.is_control() || c == ' ') {
        return Err("an address has a space or a control character in it");
    }
    let port = match host.strip_prefix('[') {
        Some(inside) => {
            let (_, behind) = inside
                .split_once(']')
                .ok_or("the host of an address is not valid")?;
            match behind {
                "" => Some(""),
                _ => behind.strip_prefix(':'),
            }
        }
        None => Some(host.split_once(':').map_or("", |(_, port)| port)),
    };
    match port {
        Some(port) if port.chars().all(|c| c.is_ascii_digit()) => Ok(()),
        _ => Err("the port of an address is not a number"),
    }
}

/// Takes `host:port`.
pub(super) fn host_port(
    fields: &mut Fields<'_>,
    name: &str,
) -> Result<Option<(String, String)>, ConfigError> {
    match fields.take(name) {
        Some(node) if !node.text()?.is_empty() => split(node).map(Some),
        _ => Ok(None),
    }
}

fn split(node: &Node) -> Result<(String, String), ConfigError> {
    let wrong = || node.wrong("a mail server is not host:port");
    let (host, port) = node.text()?.rsplit_once(':').ok_or_else(wrong)?;
    let host = match host.strip_prefix('[') {
        Some(inside) => inside.strip_suffix(']').ok_or_else(wrong)?,
        None if host.contains([':', '[', ']']) => return Err(wrong()),
        None => host,
    };
    if port.is_empty() {
        return Err(wrong());
    }
    Ok((host.to_owned(), port.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_scheme_and_a_host() {
        for address in [
            "http://a",
            "https://a.example/b?c#d",
            "HTTP://a",
            "http://a:80",
            "http://[::1]:80/",
            "http://u:p@a/",
            "http://a:",
        ] {
            assert_eq!(check(address), Ok(()), "{address}");
        }
        for address in [
            "",
            "a",
            "ftp://a",
            "http:/a",
            "http://",
            "http:///b",
            "http://?x",
            "http://a b",
            "http://a\n",
            "http://a:b",
            "http://[::1",
            "http://[::1]x",
            "<secret>",
            "httpß//a",
            "http://u@",
        ] {
            assert!(check(address).is_err(), "{address}");
        }
    }
}
