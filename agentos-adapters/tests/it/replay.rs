//! A provider that says what it is told to: over a real socket, in pieces, and cut off where asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    pieces: Vec<Vec<u8>>,
    ending: Ending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Whole,
    /// The connection is closed before the body is whole.
    Cut,
    /// The connection stays open and says nothing more.
    Silent,
}

impl Reply {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::of(200, body)
    }

    pub(crate) fn of(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            pieces: vec![body.into()],
            ending: Ending::Whole,
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn in_pieces_of(mut self, bytes: usize) -> Self {
        self.pieces = self.pieces.concat().chunks(bytes).map(<[u8]>::to_vec).collect();
        self
    }

    pub(crate) fn cut(mut self) -> Self {
        self.ending = Ending::Cut;
        self
    }

    pub(crate) fn then_silent(mut self) -> Self {
        self.ending = Ending::Silent;
        self
    }
}

/// Gives its replies one after another; the last one again and again.
pub(crate) struct Replay {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
    hung_up: watch::Receiver<usize>,
    serving: JoinHandle<()>,
}

impl Replay {
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (told, hung_up) = watch::channel(0);
        let kept = Arc::clone(&requests);
        let mut replies: VecDeque<Reply> = replies.into_iter().collect();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let reply = if replies.len() > 1 {
                    replies.pop_front()
                } else {
                    replies.front().cloned()
                };
                let reply = reply.expect("there is a reply");
                tokio::spawn(answer(stream, reply, Arc::clone(&kept), told.clone()));
            }
        });
        Self {
            port,
            requests,
            hung_up,
            serving,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Heads and bodies as they came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns once the client has closed a connection that was left open.
    pub(crate) async fn until_hung_up(&self) {
        let mut hung_up = self.hung_up.clone();
        hung_up.wait_for(|count| *count > 0).await.unwrap();
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(
    mut stream: TcpStream,
    reply: Reply,
    kept: Arc<Mutex<Vec<String>>>,
    hung_up: watch::Sender<usize>,
) -> Option<()> {
    let request = read_request(&mut stream).await?;
    kept.lock().unwrap().push(request);
    let mut head = format!(
        "HTTP/1.1 {} Said\r\ntransfer-encoding: chunked\r\nconnection: close\r\n",
        reply.status
    );
    for (name, value) in &reply.headers {
        head.push_str(&[name, ": ", value, "\r\n"].concat());
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.ok()?;
    for piece in reply.pieces.iter().filter(|piece| !piece.is_empty()) {
        let size = format!("{:x}\r\n", piece.len());
        let chunk = [size.as_bytes(), piece, b"\r\n"].concat();
        stream.write_all(&chunk).await.ok()?;
        stream.flush().await.ok()?;
        tokio::task::yield_now().await;
    }
    match reply.ending {
        Ending::Whole => stream.write_all(b"0\r\n\r\n").await.ok()?,
        Ending::Cut => {}
        Ending::Silent => {
            let mut rest = [0];
            while stream.read(&mut rest).await.is_ok_and(|count| count > 0) {}
            hung_up.send_modify(|count| *count += 1);
        }
    }
    Some(())
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let head = request.windows(4).position(|end| end == b"\r\n\r\n");
        if let Some(head) = head.map(|at| at + 4) {
            let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
            if request.len() >= head + length {
                return Some(String::from_utf8_lossy(&request).into_owned());
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => request.extend_from_slice(&buffer[..count]),
        }
    }
}
