//! How the gRPC services of another AgentOS are reached.

use std::time::Duration;

use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::token::Token;

/// How long the server may take to be there.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// A connection whose calls bring the token.
pub(crate) type Line = InterceptedService<Channel, Bearer>;

/// Adds the token, where the server asks for one, to each call.
#[derive(Debug, Clone)]
pub(crate) struct Bearer(Option<AsciiMetadataValue>);

impl Bearer {
    pub(crate) fn of(token: Option<&Token>) -> Self {
        let header = token.and_then(|token| {
            let mut header: AsciiMetadataValue = format!("Bearer {}", token.reveal()).parse().ok()?;
            header.set_sensitive(true);
            Some(header)
        });
        Self(header)
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(header) = &self.0 {
            request.metadata_mut().insert("authorization", header.clone());
        }
        Ok(request)
    }
}

/// None for what is no address of a service. What is said goes in the clear, the token too.
pub(crate) fn endpoint(url: &str) -> Option<Endpoint> {
    let endpoint = Endpoint::from_shared(url.to_owned()).ok()?;
    let is_plain = endpoint.uri().scheme_str() == Some("http");
    is_plain.then(|| endpoint.connect_timeout(CONNECT_TIME))
}
