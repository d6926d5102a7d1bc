//! Holds what the kernel answered for its process until the transport has passed it on.

use std::sync::Arc;
use std::task::{Context, Poll};

use agentos_adapters::kernel::{KeptAnswers, keep_answers};
use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{self, Response};
use axum::middleware::Next;
use futures::FutureExt;
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use tonic::codegen::Service;

/// Charges an answer to the process that asked as long as its client does not take it.
pub(crate) async fn charge(request: Request, next: Next) -> Response<Body> {
    let (response, kept) = keep_answers(next.run(request)).await;
    charged(response, kept)
}

/// As [`charge`], for gRPC.
#[derive(Debug, Clone)]
pub(crate) struct ChargedCalls<S>(pub(crate) S);

impl<S, R, B> Service<http::Request<R>> for ChargedCalls<S>
where
    S: Service<http::Request<R>, Response = Response<B>>,
    S::Future: Send + 'static,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<R>) -> Self::Future {
        keep_answers(self.0.call(request))
            .map(|(response, kept)| Ok(charged(response?, kept)))
            .boxed()
    }
}

fn charged<B>(response: Response<B>, kept: KeptAnswers) -> Response<Body>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    if kept.is_empty() {
        return response.map(Body::new);
    }
    let kept = Arc::new(kept);
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            frame.map_data(|bytes| {
                Bytes::from_owner(Charged {
                    bytes,
                    _kept: Arc::clone(&kept),
                })
            })
        }))
    })
}

/// Bytes that are on their way to a client, or wait for it.
struct Charged {
    bytes: Bytes,
    _kept: Arc<KeptAnswers>,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
