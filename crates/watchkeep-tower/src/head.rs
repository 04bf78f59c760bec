//! What a request says before its body.

use http::{Extensions, HeaderMap, Method, Request, Uri, Version};

/// A request without its body, for functions that decide by it: [`Builder::with_route`](crate::Builder::with_route) and
/// [`Builder::with_trusted_callers`](crate::Builder::with_trusted_callers).
///
/// It borrows from the request, because taking one apart costs more than most functions do.
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target: with HTTP/1 as a rule only path and query.
    pub uri: &'a Uri,
    /// The version of HTTP.
    pub version: Version,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// What the server and layers outside have put there, for example the address of the peer.
    pub extensions: &'a Extensions,
}

impl<'a> RequestHead<'a> {
    pub(crate) fn of<B>(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            version: request.version(),
            headers: request.headers(),
            extensions: request.extensions(),
        }
    }
}
