//! A JSON body, with refusals a client can act on, or the text of one that is judged elsewhere.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::fault::Fault;

/// The body of a request, read as JSON. The guard has already seen its content type.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let bytes = Bytes::from_request(request, state).await?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| unreadable(&error))
    }
}

/// The body of a request as text; bytes that are no text are replaced by `U+FFFD`.
pub(crate) struct Text(pub(crate) String);

impl<S: Send + Sync> FromRequest<S> for Text {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let bytes = Bytes::from_request(request, state).await?;
        Ok(Self(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

fn unreadable(error: &serde_json::Error) -> Fault {
    let (code, what) = match error.classify() {
        Category::Data => ("invalid_body", "the body has the wrong shape"),
        Category::Eof => ("json_truncated", "the body ends before its JSON does"),
        Category::Syntax | Category::Io => ("json_invalid", "the body is not JSON this server reads"),
    };
    Fault::new(StatusCode::UNPROCESSABLE_ENTITY, code, format!("{what}: {error}"))
}
