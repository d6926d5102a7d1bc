//! How the gRPC services of another AgentOS are reached.

use std::time::Duration;

use tonic::transport::Endpoint;

/// How long the server may take to be there.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// None for what is no address of a service. What is said goes in the clear.
pub(crate) fn endpoint(url: &str) -> Option<Endpoint> {
    let endpoint = Endpoint::from_shared(url.to_owned()).ok()?;
    let is_plain = endpoint.uri().scheme_str() == Some("http");
    is_plain.then(|| endpoint.connect_timeout(CONNECT_TIME))
}
