//! Who may see a service's inside: the guard in front of everything that is for operators.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HOST, HeaderValue, ORIGIN, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode, Uri};
use subtle::ConstantTimeEq;

use crate::respond;

/// The rule by which a request to an operators' surface is let in.
///
/// With a token, a request carries it as bearer token, or as basic password under any user name; the comparison takes the same time wherever they differ.
/// Without a token, operators' surfaces answer only on a loopback listener, and only a request whose `Host` is a loopback name or address:
/// a page of another site that had its name resolved to 127.0.0.1 (DNS rebinding) is refused.
/// A reverse proxy on the same machine defeats "loopback only": behind one, set a token.
#[derive(Clone)]
pub struct Access {
    rule: Rule,
}

#[derive(Clone)]
enum Rule {
    Closed,
    Elsewhere,
    Loopback,
    Token(Arc<str>),
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Refused {
    /// The request changes something, and a page of another site sent it.
    CrossSite,
    /// Operators have another listener.
    Elsewhere,
    /// The listener is not on loopback and no token is set.
    Closed,
    /// The `Host` is no loopback name.
    Host,
    /// The token is missing or wrong.
    Token,
}

impl Access {
    /// Access without a token: open on a loopback listener, closed on any other.
    #[must_use]
    pub fn for_listener(address: SocketAddr) -> Self {
        let rule = if address.ip().is_loopback() {
            Rule::Loopback
        } else {
            Rule::Closed
        };
        Self { rule }
    }

    /// Access by token, on any listener.
    ///
    /// An empty token would let everybody in that sends an empty one, so it closes instead.
    #[must_use]
    pub fn with_token(token: &str) -> Self {
        let rule = if token.is_empty() {
            Rule::Closed
        } else {
            Rule::Token(token.into())
        };
        Self { rule }
    }

    /// No access at all.
    #[must_use]
    pub const fn closed() -> Self {
        Self { rule: Rule::Closed }
    }

    /// No access here, because operators have a listener of their own.
    pub(crate) const fn elsewhere() -> Self {
        Self {
            rule: Rule::Elsewhere,
        }
    }

    /// Whether a request that changes something may do so: as [`check`](Self::check), and no page of another site sent it.
    ///
    /// A browser sends a password that it knows, and reaches loopback, for any page; it also says from which site the page is.
    fn check_change(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Refused> {
        self.check(headers, uri)?;
        if is_cross_site(headers, uri) {
            return Err(Refused::CrossSite);
        }
        Ok(())
    }

    pub(crate) fn check(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Refused> {
        match &self.rule {
            Rule::Elsewhere => Err(Refused::Elsewhere),
            Rule::Closed => Err(Refused::Closed),
            Rule::Loopback if host_is_loopback(headers, uri) => Ok(()),
            Rule::Loopback => Err(Refused::Host),
            Rule::Token(token) => {
                let given = given_token(headers).ok_or(Refused::Token)?;
                if bool::from(given.as_bytes().ct_eq(token.as_bytes())) {
                    Ok(())
                } else {
                    Err(Refused::Token)
                }
            }
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.rule {
            Rule::Closed => "Access(closed)",
            Rule::Elsewhere => "Access(elsewhere)",
            Rule::Loopback => "Access(loopback)",
            Rule::Token(_) => "Access(token)",
        })
    }
}

/// The middleware in front of the operators' routes.
pub(crate) async fn guard(State(access): State<Access>, request: Request, next: Next) -> Response {
    let (headers, uri) = (request.headers(), request.uri());
    let allowed = if request.method().is_safe() {
        access.check(headers, uri)
    } else {
        access.check_change(headers, uri)
    };
    match allowed {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    }
}

impl Refused {
    pub(crate) fn into_response(self) -> Response {
        match self {
            Self::CrossSite => respond::refusal(
                StatusCode::FORBIDDEN,
                "closed: a page of another site may not change anything here\n",
            ),
            Self::Elsewhere => respond::refusal(
                StatusCode::FORBIDDEN,
                "closed: details are for operators, who have a listener of their own\n",
            ),
            Self::Closed => respond::refusal(
                StatusCode::FORBIDDEN,
                "closed: this listener is not on loopback and no operators' token is set\n",
            ),
            Self::Host => respond::refusal(
                StatusCode::FORBIDDEN,
                "closed: without an operators' token this answers only to a Host that is a loopback name or address\n",
            ),
            Self::Token => {
                let mut response = respond::refusal(
                    StatusCode::UNAUTHORIZED,
                    "the operators' token is needed, as bearer token or basic password\n",
                );
                for challenge in [
                    "Bearer realm=\"watchkeep\"",
                    "Basic realm=\"watchkeep\", charset=\"UTF-8\"",
                ] {
                    response
                        .headers_mut()
                        .append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
                }
                response
            }
        }
    }
}

/// The token of an `Authorization` header: the bearer token, or the basic password (RFC 6750 section 2.1, RFC 7617).
fn given_token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
        let (_, password) = decoded.split_once(':')?;
        return Some(password.to_owned());
    }
    None
}

/// Whether a browser says that a page of another site sent the request (Fetch Metadata, or the `Origin` of RFC 6454).
///
/// What is no browser sends neither of the two headers.
fn is_cross_site(headers: &HeaderMap, uri: &Uri) -> bool {
    let site = headers.get("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return true;
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return false;
    };
    let origin = origin.to_str().ok().and_then(|origin| {
        let (_, authority) = origin.split_once("://")?;
        Some(authority)
    });
    match (origin, host(headers, uri)) {
        (Some(origin), Some(host)) => !origin.eq_ignore_ascii_case(host),
        _ => true,
    }
}

fn host_is_loopback(headers: &HeaderMap, uri: &Uri) -> bool {
    host(headers, uri).is_some_and(is_loopback_name)
}

/// The host that is asked; none when there are two.
fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        (None, _) => uri.authority().map(http::uri::Authority::as_str),
        (Some(_), Some(_)) => None,
    }
}

/// Whether a `Host` (with or without a port) is `localhost`, a name under it, or a loopback address.
fn is_loopback_name(host: &str) -> bool {
    if host.contains('@') {
        return false;
    }
    let name = match host.strip_prefix('[') {
        Some(bracketed) => match bracketed.split_once(']') {
            Some((address, port)) if port.is_empty() || is_port(port) => address,
            _ => return false,
        },
        None => match host.split_once(':') {
            Some((name, port)) if port.chars().all(|digit| digit.is_ascii_digit()) => name,
            Some(_) => return false,
            None => host,
        },
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':')
        .is_some_and(|digits| digits.chars().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&'static str, &str)]) -> HeaderMap {
        headers
            .iter()
            .map(|(name, value)| {
                let name = http::HeaderName::from_static(name);
                (name, HeaderValue::from_str(value).expect("a header value"))
            })
            .collect()
    }

    #[track_caller]
    fn check(access: &Access, headers: &[(&'static str, &str)], expected: Result<(), Refused>) {
        let uri = Uri::from_static("/alerts");
        assert_eq!(
            access.check(&request(headers), &uri),
            expected,
            "{headers:?}"
        );
    }

    #[test]
    fn token_is_taken_as_bearer_or_basic_password() {
        let access = Access::with_token("right-token");
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        check(&access, &[("authorization", "Bearer right-token")], Ok(()));
        check(&access, &[("authorization", "bearer right-token")], Ok(()));
        check(
            &access,
            &[("authorization", &basic("anyone:right-token"))],
            Ok(()),
        );
        check(
            &access,
            &[("authorization", &basic(":right-token"))],
            Ok(()),
        );
        for wrong in [
            "Bearer right-toke",
            "Bearer right-token2",
            "Bearer ",
            "Bearer",
            "Basic !!!",
            "right-token",
            &basic("right-token"),
            &basic("right-token:"),
            "Digest right-token",
        ] {
            check(&access, &[("authorization", wrong)], Err(Refused::Token));
        }
        check(&access, &[], Err(Refused::Token));
        check(&access, &[("host", "localhost")], Err(Refused::Token));
    }

    #[test]
    fn empty_token_lets_nobody_in() {
        check(
            &Access::with_token(""),
            &[("authorization", "Bearer ")],
            Err(Refused::Closed),
        );
    }

    #[test]
    fn loopback_listener_answers_only_a_loopback_host() {
        let access = Access::for_listener(([127, 0, 0, 1], 8000).into());
        for host in [
            "127.0.0.1",
            "127.0.0.1:8000",
            "LOCALHOST:8000",
            "[::1]:8000",
            "[::1]",
            "app.localhost",
            "localhost.",
            "127.9.9.9",
        ] {
            check(&access, &[("host", host)], Ok(()));
        }
        for host in [
            "elsewhere.example",
            "127.0.0.1.elsewhere.example",
            "localhost@elsewhere.example",
            "10.0.0.1",
            "[::2]",
            "[::1",
            "::1",
            "localhost:x",
            "",
        ] {
            check(&access, &[("host", host)], Err(Refused::Host));
        }
        check(&access, &[], Err(Refused::Host));
        check(
            &access,
            &[("host", "localhost"), ("authorization", "x")],
            Ok(()),
        );
    }

    #[track_caller]
    fn check_change(headers: &[(&'static str, &str)], expected: Result<(), Refused>) {
        let access = Access::for_listener(([127, 0, 0, 1], 8000).into());
        let uri = Uri::from_static("/-/reload");
        let mut headers = request(headers);
        headers.insert(HOST, HeaderValue::from_static("127.0.0.1:8000"));
        assert_eq!(access.check_change(&headers, &uri), expected, "{headers:?}");
    }

    #[test]
    fn page_of_another_site_changes_nothing() {
        for ours in [
            &[][..],
            &[("origin", "http://127.0.0.1:8000")],
            &[
                ("sec-fetch-site", "same-origin"),
                ("origin", "http://127.0.0.1:8000"),
            ],
            &[("sec-fetch-site", "none")],
        ] {
            check_change(ours, Ok(()));
        }
        for theirs in [
            &[("origin", "http://elsewhere.example")][..],
            &[("origin", "http://127.0.0.1:9000")],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "http://127.0.0.1:8000"),
            ],
        ] {
            check_change(theirs, Err(Refused::CrossSite));
        }
    }

    #[test]
    fn two_hosts_are_none() {
        let access = Access::for_listener(([127, 0, 0, 1], 8000).into());
        let mut headers = request(&[("host", "localhost")]);
        headers.append(HOST, HeaderValue::from_static("localhost"));
        let uri = Uri::from_static("/alerts");
        assert_eq!(access.check(&headers, &uri), Err(Refused::Host));
    }

    #[test]
    fn other_listener_without_a_token_is_closed() {
        let access = Access::for_listener(([0, 0, 0, 0], 8000).into());
        check(&access, &[("host", "localhost")], Err(Refused::Closed));
    }

    #[test]
    fn debug_shows_no_token() {
        assert_eq!(
            format!("{:?}", Access::with_token("right-token")),
            "Access(token)"
        );
    }
}
