//! Query parameters, with refusals a client can act on.

use axum::extract::FromRequestParts;

use crate::fault::Fault;

#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Fault))]
pub(crate) struct Query<T>(pub(crate) T);
