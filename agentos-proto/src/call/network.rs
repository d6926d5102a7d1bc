//! Requests over the network and to the model.

use super::{SysError, core, invalid, number, wire, word};
use wire::model_reply::{self, Reply};

impl From<core::HttpRequest> for wire::HttpRequest {
    fn from(request: core::HttpRequest) -> Self {
        Self {
            method: number::<wire::Method, _>(request.method),
            url: request.url,
            headers: headers(request.headers),
            body: request.body,
            timeout: request.timeout,
            response_bytes: request.response_bytes,
        }
    }
}

impl TryFrom<wire::HttpRequest> for core::HttpRequest {
    type Error = SysError;

    fn try_from(request: wire::HttpRequest) -> Result<Self, SysError> {
        Ok(Self {
            method: word::<wire::Method, _>(request.method)?,
            url: request.url,
            headers: named(request.headers),
            body: request.body,
            timeout: request.timeout,
            response_bytes: request.response_bytes,
        })
    }
}

impl From<core::HttpResponse> for wire::HttpResponse {
    fn from(response: core::HttpResponse) -> Self {
        Self {
            status: response.status.into(),
            headers: headers(response.headers),
            body: response.body,
        }
    }
}

impl TryFrom<wire::HttpResponse> for core::HttpResponse {
    type Error = SysError;

    fn try_from(response: wire::HttpResponse) -> Result<Self, SysError> {
        Ok(Self {
            status: response.status.try_into().map_err(|_| invalid("status"))?,
            headers: named(response.headers),
            body: response.body,
        })
    }
}

fn headers(headers: Vec<(String, String)>) -> Vec<wire::HttpHeader> {
    let headers = headers.into_iter();
    headers
        .map(|(name, value)| wire::HttpHeader { name, value })
        .collect()
}

fn named(headers: Vec<wire::HttpHeader>) -> Vec<(String, String)> {
    let headers = headers.into_iter();
    headers
        .map(|wire::HttpHeader { name, value }| (name, value))
        .collect()
}

impl From<core::ModelRequest> for wire::ModelRequest {
    fn from(request: core::ModelRequest) -> Self {
        Self {
            prompt: request.prompt,
            text: request.text,
            max_tokens: request.max_tokens,
        }
    }
}

impl From<wire::ModelRequest> for core::ModelRequest {
    fn from(request: wire::ModelRequest) -> Self {
        Self {
            prompt: request.prompt,
            text: request.text,
            max_tokens: request.max_tokens,
        }
    }
}

impl From<core::ModelReply> for wire::ModelReply {
    fn from(reply: core::ModelReply) -> Self {
        let reply = match reply {
            core::ModelReply::Text(text) => Reply::Text(text),
            core::ModelReply::Refused { code, message } => {
                Reply::Refused(model_reply::Refused { code, message })
            }
        };
        Self { reply: Some(reply) }
    }
}

impl TryFrom<wire::ModelReply> for core::ModelReply {
    type Error = SysError;

    fn try_from(reply: wire::ModelReply) -> Result<Self, SysError> {
        Ok(match reply.reply.ok_or_else(|| invalid("model"))? {
            Reply::Text(text) => Self::Text(text),
            Reply::Refused(model_reply::Refused { code, message }) => Self::Refused { code, message },
        })
    }
}
