//! What a request is known by, as arguments of axum's handlers.

use axum::{
    Extension,
    extract::{FromRequestParts, rejection::ExtensionRejection},
};
use http::request::Parts;

use crate::{context::RequestContext, request_id::RequestId, trace_context::TraceContext};

/// Refused with 500 where neither the thread nor the request knows of one, so when the layer is not around the handler.
impl<S: Send + Sync> FromRequestParts<S> for RequestContext {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        match Self::current() {
            Some(context) => Ok(context),
            // On another task than the layer's.
            None => {
                let Extension(context) = Extension::from_request_parts(parts, state).await?;
                Ok(context)
            }
        }
    }
}

/// Refused with 500 where neither the thread nor the request knows of one, so when the layer is not around the handler.
impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let context = RequestContext::from_request_parts(parts, state).await?;
        Ok(context.request_id().clone())
    }
}

/// Refused with 500 where neither the thread nor the request knows of one, so when the layer is not around the handler.
impl<S: Send + Sync> FromRequestParts<S> for TraceContext {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let context = RequestContext::from_request_parts(parts, state).await?;
        Ok(*context.trace_context())
    }
}
