//! A JSON body, with refusals a client can act on, or the text of one that is judged elsewhere.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use tokio::time::timeout;

use crate::fault::Fault;

/// How long a client may take to send a body.
const PATIENCE: Duration = Duration::from_secs(30);

/// The body of a request, read as JSON. The guard has already seen its content type.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let bytes = received(request, state).await?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| unreadable(&error))
    }
}

/// The body of a request as text; bytes that are no text are replaced by `U+FFFD`.
#[derive(Debug)]
pub(crate) struct Text(pub(crate) String);

impl<S: Send + Sync> FromRequest<S> for Text {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let bytes = received(request, state).await?;
        Ok(Self(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

async fn received<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Fault> {
    match timeout(PATIENCE, Bytes::from_request(request, state)).await {
        Ok(bytes) => Ok(bytes?),
        Err(_) => Err(Fault::new(
            StatusCode::REQUEST_TIMEOUT,
            "deadline_exceeded",
            "the body did not arrive in time",
        )),
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

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    async fn read(body: axum::body::Body) -> Result<Vec<u8>, String> {
        let body = Body::<Vec<u8>>::from_request(Request::new(body), &()).await;
        body.map(|Body(numbers)| numbers)
            .map_err(|fault| fault.code.into_owned())
    }

    #[tokio::test]
    async fn a_body_is_read_or_refused_by_what_is_wrong_with_it() {
        assert_eq!(read("[1,2]".into()).await, Ok(vec![1, 2]));
        for (text, code) in [
            ("", "json_truncated"),
            ("[1,", "json_truncated"),
            ("[1;2]", "json_invalid"),
            ("{}", "invalid_body"),
            ("[1000]", "invalid_body"),
        ] {
            assert_eq!(read(text.into()).await, Err(code.to_owned()), "{text:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let never = axum::body::Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(read(never).await, Err("deadline_exceeded".to_owned()));
    }
}
