//! The server as the verbs see it, with errors that say what to do.

use std::error::Error;
use std::str::FromStr;
use std::{fmt, io};

use agentos_adapters::Token;
use agentos_adapters::http::Method;
use anyhow::{Context, anyhow, bail};
use futures::SinkExt;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Where a server listens: `http://` and an authority; and what it is shown, should it ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    authority: String,
    token: Option<Token>,
}

#[derive(Debug, Error, PartialEq, Eq)]
#[error("a server is named like http://127.0.0.1:8000")]
pub(crate) struct InvalidServer;

impl FromStr for Server {
    type Err = InvalidServer;

    fn from_str(text: &str) -> Result<Self, InvalidServer> {
        let authority = text
            .strip_prefix("http://")
            .map(|rest| rest.trim_end_matches('/'));
        match authority {
            Some(authority) if !authority.is_empty() && !authority.contains(['/', '?', '#', ' ', '@']) => {
                Ok(Self {
                    authority: authority.to_owned(),
                    token: None,
                })
            }
            _ => Err(InvalidServer),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "http://{}", self.authority)
    }
}

impl Server {
    pub(crate) fn with_token(self, token: Option<Token>) -> Self {
        Self { token, ..self }
    }

    /// The answer of a GET route.
    pub(crate) fn get(&self, path: &str) -> anyhow::Result<Value> {
        in_runtime(self.accepted(Method::GET, path, None))
    }

    /// The answer of a route that does what it is asked.
    pub(crate) fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        in_runtime(self.accepted(Method::POST, path, Some(body)))
    }

    /// The answer of a route that keeps what it is told.
    pub(crate) fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        in_runtime(self.accepted(Method::PUT, path, Some(body)))
    }

    /// The answer of a route that takes something away.
    pub(crate) fn delete(&self, path: &str) -> anyhow::Result<Value> {
        in_runtime(self.accepted(Method::DELETE, path, None))
    }

    async fn accepted(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        match self.ask(method, path, body).await? {
            Ok(answer) => Ok(answer),
            Err(refusal) => bail!(
                "{}",
                refusal["error"]
                    .as_str()
                    .unwrap_or("the server refused without saying why")
            ),
        }
    }

    /// What a route answers; a refusal is an answer as well, but for one that concerns every route.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Result<Value, Value>> {
        let client = agentos_adapters::http::to_own_server()?;
        let mut request = client.request(method, format!("{self}{path}"));
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.reveal());
        }
        let answer = request.send().await.map_err(|error| {
            if nobody_listens(&error) {
                anyhow!("{}", self.absent())
            } else {
                anyhow::Error::new(error).context(self.absent())
            }
        })?;
        let is_success = answer.status().is_success();
        let body: Value = answer.json().await.with_context(|| self.no_agentos())?;
        if body["code"] == "unauthenticated" {
            bail!("{}", self.unauthenticated());
        }
        Ok(if is_success { Ok(body) } else { Err(body) })
    }

    /// An open `/stream`.
    pub(crate) async fn stream(&self) -> anyhow::Result<WebSocketStream<MaybeTlsStream<TcpStream>>> {
        // Whether this may connect is told by a route, before the stream closes without a word.
        self.accepted(Method::GET, "/", None).await?;
        let mut stream =
            match tokio_tungstenite::connect_async(format!("ws://{}/stream", self.authority)).await {
                Ok((stream, _)) => stream,
                Err(error @ tungstenite::Error::Io(_)) => return Err(error).with_context(|| self.absent()),
                Err(error) => return Err(error).with_context(|| self.no_agentos()),
            };
        if let Some(token) = &self.token {
            let auth = json!({ "type": "auth", "token": token.reveal() });
            stream.send(Message::text(auth.to_string())).await?;
        }
        Ok(stream)
    }

    fn absent(&self) -> String {
        format!("no server answers at {self}; start one with `agentos-server`, or name another with --server")
    }

    fn unauthenticated(&self) -> String {
        let problem = match self.token {
            Some(_) => "has another token than was sent",
            None => "asks for its token",
        };
        format!(
            "{self} {problem}; set AGENTOS_TOKEN, or name the file that holds it \
             with --token-file (`token` in the server's data folder)"
        )
    }

    fn no_agentos(&self) -> String {
        format!("what answers at {self} is not AgentOS")
    }
}

/// Whether `error` tells nothing but that.
fn nobody_listens(error: &(dyn Error + 'static)) -> bool {
    let refused = |cause: &io::Error| cause.kind() == io::ErrorKind::ConnectionRefused;
    error.downcast_ref().is_some_and(refused) || error.source().is_some_and(nobody_listens)
}

/// Runs the one conversation with the server that a verb is.
pub(crate) fn in_runtime<T>(conversation: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(conversation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_an_http_address() {
        #[track_caller]
        fn check(text: &str, expected: Option<&str>) {
            assert_eq!(
                text.parse::<Server>()
                    .ok()
                    .map(|server| server.to_string())
                    .as_deref(),
                expected
            );
        }
        check("http://127.0.0.1:8000", Some("http://127.0.0.1:8000"));
        check("http://localhost:1/", Some("http://localhost:1"));
        check("127.0.0.1:8000", None);
        check("https://127.0.0.1:8000", None);
        check("http://", None);
        check("http://host/path", None);
    }
}
