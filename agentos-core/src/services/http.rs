//! `http`: requests and connections to other servers, each one a syscall of the app's process.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use url::Url;

use super::{needed, text, tools_of, unknown};
use crate::kernel::{
    HttpRequest, HttpResponse, IoKind, Method, RECEIVE_LIMIT, Reply, SocketCall, SocketMessage,
    SocketMessages, SysError, Syscall,
};
use crate::ports::kernel::KernelPort;
use crate::ports::service::{Caller, Service, ServiceError, ServicePort};
use crate::time::Millis;

/// The longest body an app is handed.
const BODY_BYTES: u64 = 2 * 1_024 * 1_024;

/// Bodies are JSON or text.
pub struct HttpService {
    kernel: Arc<dyn KernelPort>,
}

impl HttpService {
    pub fn new(kernel: Arc<dyn KernelPort>) -> Self {
        Self { kernel }
    }

    async fn request(
        &self,
        caller: Caller,
        method: Method,
        args: &Map<String, Value>,
    ) -> Result<Value, ServiceError> {
        let mut headers = headers(args)?;
        let (body, media_type) = body(args);
        let named = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
        if let Some(media_type) = media_type
            && !headers.iter().any(named)
        {
            headers.push(("content-type".to_owned(), media_type.to_owned()));
        }
        let request = HttpRequest {
            method,
            url: url(args)?,
            headers,
            body,
            timeout: args
                .get("timeout")
                .and_then(Value::as_f64)
                .map(|time| time as Millis),
            response_bytes: Some(BODY_BYTES),
        };
        let sent = Syscall::NetworkRequest(request);
        match self
            .kernel
            .syscall(caller.principal(), sent)
            .await
            .map_err(told)?
        {
            Reply::Response(response) => answer(&response),
            _ => Err(SysError::wrong_reply().into()),
        }
    }

    /// The kernel knows a connection by its process and URL, so nothing is kept here and an app that got another
    /// process is connected anew.
    async fn socket(&self, caller: &Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let url = text(args, "url")?;
        let close = async || {
            let url = url.to_owned();
            let call = SocketCall::Close { url };
            came(self.about_socket(caller, call).await?).map(told_messages)
        };
        let message = args.get("send").filter(|message| !message.is_null());
        if let Some(message) = message {
            let (url, message) = (url.to_owned(), SocketMessage::Text(scalar(message)));
            match self.over_socket(caller, SocketCall::Send { url, message }).await {
                Err(
                    broken @ SysError::Io {
                        kind: IoKind::Network,
                    },
                ) => {
                    return Err(close().await.map_or(broken.into(), ended));
                }
                sent => sent.map_err(of_socket)?,
            };
        }
        if args.get("close").and_then(Value::as_bool) == Some(true) {
            return match close().await {
                Err(ServiceError::System(SysError::NotFound)) => Ok(told_messages(SocketMessages::NONE)),
                closed => closed,
            };
        }
        let number = |name| args.get(name).and_then(Value::as_u64);
        let receive = SocketCall::Receive {
            url: url.to_owned(),
            max: number("max").map_or(RECEIVE_LIMIT, |max| max as u32),
            wait: number("wait").unwrap_or_default(),
        };
        let reply = self.over_socket(caller, receive).await.map_err(of_socket)?;
        came(reply).map(told_messages)
    }

    /// Makes a call over the connection, which is opened where there is none.
    async fn over_socket(&self, caller: &Caller, call: SocketCall) -> Result<Reply, SysError> {
        let (SocketCall::Open { url, .. }
        | SocketCall::Send { url, .. }
        | SocketCall::Receive { url, .. }
        | SocketCall::Close { url }) = &call;
        let open = SocketCall::Open {
            url: url.clone(),
            protocols: Vec::new(),
        };
        match self.about_socket(caller, call.clone()).await {
            Err(SysError::NotFound) => {}
            reply => return reply,
        }
        match self.about_socket(caller, open).await {
            // Another call of the app was faster.
            Ok(_) | Err(SysError::AlreadyExists) => self.about_socket(caller, call).await,
            Err(error) => Err(error),
        }
    }

    async fn about_socket(&self, caller: &Caller, call: SocketCall) -> Result<Reply, SysError> {
        self.kernel
            .syscall(caller.principal(), Syscall::Socket(call))
            .await
    }
}

#[async_trait]
impl ServicePort for HttpService {
    fn describe(&self) -> Service {
        Service {
            id: "http".to_owned(),
            name: "HTTP".to_owned(),
            description: "Fetches from other servers, sends to them and stays connected, each host as the person allows it"
                .to_owned(),
            category: "network".to_owned(),
            capabilities: ["fetch", "web_api", "download", "internet"]
                .map(str::to_owned)
                .to_vec(),
            tools: tools_of("http"),
        }
    }

    async fn call(
        &self,
        tool: &str,
        args: &Map<String, Value>,
        caller: Option<Caller>,
    ) -> Result<Value, ServiceError> {
        let method = match tool {
            "http.socket" => return self.socket(&needed(caller, tool)?, args).await,
            "http.get" => Method::Get,
            "http.head" => Method::Head,
            "http.post" => Method::Post,
            "http.put" => Method::Put,
            "http.patch" => Method::Patch,
            "http.delete" => Method::Delete,
            _ => return Err(unknown(tool)),
        };
        self.request(needed(caller, tool)?, method, args).await
    }
}

/// The URL with the query added to the one it may have.
fn url(args: &Map<String, Value>) -> Result<String, ServiceError> {
    let given = text(args, "url")?;
    let Some(query) = args
        .get("query")
        .and_then(Value::as_object)
        .filter(|query| !query.is_empty())
    else {
        return Ok(given.to_owned());
    };
    let mut url = Url::parse(given).map_err(|_| told(SysError::invalid("url")))?;
    for (name, value) in query {
        let values = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values.iter().filter(|value| !value.is_null()) {
            url.query_pairs_mut().append_pair(name, &scalar(value));
        }
    }
    Ok(url.into())
}

fn headers(args: &Map<String, Value>) -> Result<Vec<(String, String)>, ServiceError> {
    let given = args
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let set = given.filter(|(_, value)| !value.is_null());
    set.map(|(name, value)| match value {
        Value::Array(_) | Value::Object(_) => Err(told(SysError::invalid("headers"))),
        value => Ok((name.clone(), scalar(value))),
    })
    .collect()
}

/// Text is sent as it is, everything else as JSON.
fn body(args: &Map<String, Value>) -> (Vec<u8>, Option<&'static str>) {
    match args.get("data") {
        None | Some(Value::Null) => (Vec::new(), None),
        Some(Value::String(text)) => (text.clone().into_bytes(), Some("text/plain; charset=utf-8")),
        Some(data) => (data.to_string().into_bytes(), Some("application/json")),
    }
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What an app is told of an answer; a status from 400 on is an error that carries the same.
fn answer(response: &HttpResponse) -> Result<Value, ServiceError> {
    let status = response.status;
    let mut headers: Map<String, Value> = Map::new();
    for (name, value) in &response.headers {
        let joined = match headers.get(name).and_then(Value::as_str) {
            Some(before) => format!("{before}, {value}"),
            None => value.clone(),
        };
        headers.insert(name.clone(), joined.into());
    }
    let told = json!({
        "status": status,
        "ok": (200..300).contains(&status),
        "headers": headers,
        "body": content(response),
    });
    if status < 400 {
        return Ok(told);
    }
    Err(ServiceError::Tool {
        code: "http_status".to_owned(),
        message: format!("the server answered with status {status}"),
        details: Some(told),
    })
}

/// Null when there is none, JSON when it says so and is, otherwise text.
fn content(response: &HttpResponse) -> Value {
    if response.body.is_empty() {
        return Value::Null;
    }
    let media_type = response.header("content-type").unwrap_or_default();
    let essence = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let is_json = essence == "application/json" || essence.ends_with("+json");
    let parsed = is_json
        .then(|| serde_json::from_slice(&response.body).ok())
        .flatten();
    parsed.unwrap_or_else(|| String::from_utf8_lossy(&response.body).into())
}

fn came(reply: Reply) -> Result<SocketMessages, ServiceError> {
    match reply {
        Reply::Socket(messages) => Ok(messages),
        _ => Err(SysError::wrong_reply().into()),
    }
}

fn told_messages(came: SocketMessages) -> Value {
    let messages: Vec<Value> = came.messages.iter().map(parsed).collect();
    json!({"messages": messages, "open": came.open})
}

/// JSON when it is, otherwise text.
fn parsed(message: &SocketMessage) -> Value {
    let bytes = match message {
        SocketMessage::Text(text) => text.as_bytes(),
        SocketMessage::Binary(bytes) => bytes,
    };
    serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into())
}

/// What was to be sent found no connection any more; what was left of it goes along.
fn ended(left: Value) -> ServiceError {
    ServiceError::Tool {
        code: "closed".to_owned(),
        message: "the server ended the connection, and nothing was sent; the next call connects anew"
            .to_owned(),
        details: Some(left),
    }
}

/// As [`told`], for the address of a connection.
fn of_socket(error: SysError) -> ServiceError {
    match told(error) {
        ServiceError::InvalidArgument { argument, .. } if argument == "url" => {
            ServiceError::InvalidArgument {
                argument,
                message: "argument \"url\" must be a ws or wss address without a user and a password"
                    .to_owned(),
            }
        }
        error => error,
    }
}

/// An argument the kernel refuses is named as the tool names it.
fn told(error: SysError) -> ServiceError {
    let SysError::InvalidArgument { field } = &error else {
        return error.into();
    };
    let (argument, must) = match field.as_str() {
        "url" => ("url", "be an http or https address without a user and a password"),
        "headers" => (
            "headers",
            "be a few short lines, and none that belongs to the connection",
        ),
        "body" => ("data", "be absent in a request that only reads"),
        _ => return error.into(),
    };
    ServiceError::InvalidArgument {
        argument: argument.to_owned(),
        message: format!("argument \"{argument}\" must {must}"),
    }
}
