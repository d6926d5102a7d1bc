//! A line to a server that can be cut.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Takes one connection, and none after it is cut.
pub(super) struct Line {
    pub(super) url: String,
    relaying: JoinHandle<()>,
}

impl Line {
    pub(super) async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = format!("http://{}", listener.local_addr().unwrap());
        let server = url.strip_prefix("http://").unwrap().to_owned();
        let relaying = tokio::spawn(async move {
            let (mut near, _) = listener.accept().await.unwrap();
            drop(listener);
            let mut far = TcpStream::connect(server).await.unwrap();
            let _ = copy_bidirectional(&mut near, &mut far).await;
        });
        Self { url: near, relaying }
    }

    pub(super) fn cut(&self) {
        self.relaying.abort();
    }
}
