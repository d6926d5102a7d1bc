//! `/stream` as a client sees it.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::server::Server;

/// One connection, past its greeting.
pub(crate) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    pub(crate) async fn connect(server: &Server) -> Self {
        Self::connect_to(&server.address).await
    }

    pub(crate) async fn connect_to(address: &str) -> Self {
        let mut client = Self::ungreeted(address).await;
        assert_eq!(client.next().await["type"], "system");
        client
    }

    /// A connection that the server may not have greeted.
    pub(crate) async fn ungreeted(address: &str) -> Self {
        let (stream, _) = connect_async(format!("ws://{address}/stream")).await.unwrap();
        Self(stream)
    }

    pub(crate) async fn send_frame(&mut self, frame: Message) {
        self.0.send(frame).await.unwrap();
    }

    /// What the server says until it closes the connection, and by which code it does that.
    pub(crate) async fn until_closed(&mut self) -> (Vec<Value>, Option<u16>) {
        let mut messages = Vec::new();
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => messages.push(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return (messages, frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                _ => return (messages, None),
            }
        }
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next message; a server that stays silent fails the test.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let frame = timeout(Duration::from_secs(20), self.0.next())
                .await
                .expect("the server is silent");
            match frame.expect("the server closed the connection").unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// Waits until the server has closed the connection.
    /// Every message of the generation or chat `id`, until it is complete.
    pub(crate) async fn until_complete(&mut self, id: &str) -> Vec<Value> {
        let mut messages = Vec::new();
        loop {
            let message = self.next().await;
            if message["id"] == id {
                messages.push(message);
                if messages.last().is_some_and(|last| last["type"] == "complete") {
                    return messages;
                }
            }
        }
    }

    pub(crate) async fn ended(mut self) {
        let end = async { while let Some(Ok(_)) = self.0.next().await {} };
        timeout(Duration::from_secs(20), end)
            .await
            .expect("the connection stays open");
    }
}

#[tokio::test]
async fn greets_and_answers_a_ping() {
    let server = Server::start().await;
    let mut client = Client::connect(&server).await;
    client.send(json!({ "type": "ping" })).await;
    let pong = client.next().await;
    assert_eq!(pong["type"], "pong");
    assert!(pong["timestamp"].as_str().unwrap().ends_with('Z'), "{pong}");
}

#[tokio::test]
async fn a_message_it_cannot_use_gets_an_error_and_the_connection_stays() {
    let server = Server::start().await;
    let mut client = Client::connect(&server).await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let million = json!({ "type": "generate_ui", "message": "x".repeat(1_000_000) }).to_string();
    for (text, code) in [
        ("", "json_invalid"),
        ("{", "json_invalid"),
        ("create a calculator", "json_invalid"),
        (&deep, "json_invalid"),
        (&million, "too_large"),
        ("[]", "invalid_message"),
        ("null", "invalid_message"),
        (r#"{"type":7}"#, "invalid_message"),
        (r#"{"type":"launch_missiles"}"#, "unknown_type"),
        (r#"{"type":"cancel"}"#, "invalid_message"),
        (
            r#"{"type":"attach","app_id":"1","engine":"2"}"#,
            "invalid_message",
        ),
        (r#"{"type":"__proto__"}"#, "unknown_type"),
    ] {
        client.send_text(text).await;
        let error = client.next().await;
        let shown: String = text.chars().take(60).collect();
        assert_eq!(
            (error["type"].as_str(), error["code"].as_str()),
            (Some("error"), Some(code)),
            "{shown}: {error}"
        );
    }
    client.send(json!({ "type": "ping" })).await;
    assert_eq!(client.next().await["type"], "pong");
}

#[tokio::test]
async fn an_error_names_the_request_it_answers() {
    let server = Server::start().await;
    let mut client = Client::connect(&server).await;
    client.send(json!({ "type": "resume", "id": "mine" })).await;
    let error = client.next().await;
    assert_eq!(
        (error["code"].as_str(), error["id"].as_str()),
        (Some("invalid_message"), Some("mine"))
    );
}

#[tokio::test]
async fn refuses_foreign_hosts_and_sites() {
    let server = Server::start().await;
    for (header, value) in [
        ("host", "evil.example"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let mut request = format!("ws://{}/stream", server.address)
            .into_client_request()
            .unwrap();
        request.headers_mut().insert(header, value.parse().unwrap());
        match connect_async(request).await {
            Err(tungstenite::Error::Http(response)) => {
                assert_eq!(response.status(), 403, "{header}: {value}");
            }
            other => panic!("{header}: {value}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_plain_request_is_told_to_upgrade() {
    let server = Server::start().await;
    assert_eq!(server.get("/stream").await.verdict(), "426 websocket_expected");
}

#[tokio::test]
async fn connections_are_bounded_and_a_closed_one_makes_room() {
    let server = Server::start().await;
    let mut open = Vec::new();
    for _ in 0..64 {
        open.push(Client::connect(&server).await);
    }
    let refused = connect_async(format!("ws://{}/stream", server.address)).await;
    assert!(matches!(refused, Err(tungstenite::Error::Http(response)) if response.status() == 503));
    let mut leaving = open.pop().unwrap();
    leaving.0.close(None).await.unwrap();
    leaving.ended().await;
    let seated = async {
        while connect_async(format!("ws://{}/stream", server.address))
            .await
            .is_err()
        {}
    };
    timeout(Duration::from_secs(20), seated)
        .await
        .expect("the seat stays taken");
}

#[tokio::test]
async fn stopping_the_server_closes_the_connections() {
    let server = Server::start().await;
    let client = Client::connect(&server).await;
    server.stop().await;
    client.ended().await;
}
