//! Ids in paths: text that is no id names nothing.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::fault::Fault;

/// The one id in a route's path.
pub(crate) struct Id<T>(pub(crate) T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await?;
        text.parse().map(Self).map_err(|_| {
            let shown: String = text.chars().take(64).collect();
            Fault::new(
                StatusCode::NOT_FOUND,
                "not_found",
                format!("there is nothing with the id {shown:?}"),
            )
        })
    }
}
