//! Connections of clients: so many at once, and none that is silent for long.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::serve::Listener;
use futures::{Stream, StreamExt, stream};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::transport::server::Connected;
use tower::ServiceExt;
use tracing::{debug, warn};

/// The most connections of one port, where the system lets a program have so many files open.
const AT_MOST: usize = 1_024;
/// What of the files that a program may have open the connections of one port take.
const SHARE: usize = 4;
/// How long a client may take for the head of a request, and be silent between two.
const HEAD: Duration = Duration::from_secs(30);

/// Serves `router` until `stop`, then lets what is under way end.
///
/// Where there is no place for one more, the connection is closed that has waited for its client the longest; one whose
/// client waits for an answer stays.
pub(crate) async fn serve(mut listener: TcpListener, router: Router, stop: CancellationToken) {
    let connections = Connections::new(places());
    // Else each connection would make all routes anew.
    let router = router.with_state(());
    let conversations = TaskTracker::new();
    while let Some((stream, _)) = stop.run_until_cancelled(Listener::accept(&mut listener)).await {
        let Some(place) = connections.place().await else {
            debug!("a connection is closed, since all others wait for answers");
            continue;
        };
        answer_at_once(&stream);
        conversations.spawn(converse(stream, router.clone(), place, stop.clone()));
    }
    conversations.close();
    conversations.wait().await;
}

async fn converse(stream: TcpStream, router: Router, place: Arc<Place>, stop: CancellationToken) {
    let given_up = place.given_up.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let answering = Answering::begin(&place);
        let answer = router.clone().oneshot(request.map(Body::new));
        async move {
            let answer = answer.await?;
            Ok::<_, Infallible>(answer.map(|body| Answer {
                body,
                _answering: answering,
            }))
        }
    });
    let conversation = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut conversation = pin!(conversation);
    let ended = tokio::select! {
        ended = conversation.as_mut() => ended,
        () = given_up.cancelled() => return,
        () = stop.cancelled() => {
            conversation.as_mut().graceful_shutdown();
            conversation.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection broke");
    }
}

/// As many as leave files, the database and other ports theirs.
fn places() -> usize {
    #[cfg(unix)]
    let open = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    let open = None;
    open.map_or(AT_MOST, |files| (files as usize / SHARE).clamp(1, AT_MOST))
}

fn answer_at_once(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        warn!(%error, "small messages on this connection may wait");
    }
}

/// The places of one port.
struct Connections {
    places: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
}

/// Those that wait for their client, longest first.
#[derive(Default)]
struct Waiting {
    next: u64,
    places: BTreeMap<u64, CancellationToken>,
}

/// The place of one connection; given back on drop.
struct Place {
    connections: Arc<Connections>,
    given_up: CancellationToken,
    state: Mutex<PlaceState>,
    _permit: OwnedSemaphorePermit,
}

#[derive(Default)]
struct PlaceState {
    answering: usize,
    /// Its number among those that wait.
    waits: Option<u64>,
}

impl Connections {
    fn new(places: usize) -> Arc<Self> {
        Arc::new(Self {
            places: Arc::new(Semaphore::new(places)),
            waiting: Mutex::default(),
        })
    }

    /// None where every other connection waits for an answer.
    async fn place(self: &Arc<Self>) -> Option<Arc<Place>> {
        let permit = if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            permit
        } else {
            let (_, longest) = self.waiting().places.pop_first()?;
            longest.cancel();
            Arc::clone(&self.places).acquire_owned().await.ok()?
        };
        let place = Arc::new(Place {
            connections: Arc::clone(self),
            given_up: CancellationToken::new(),
            state: Mutex::default(),
            _permit: permit,
        });
        place.wait();
        Some(place)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    fn state(&self) -> MutexGuard<'_, PlaceState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self) {
        let mut waiting = self.connections.waiting();
        let number = waiting.next;
        waiting.next += 1;
        waiting.places.insert(number, self.given_up.clone());
        self.state().waits = Some(number);
    }

    fn wait_no_more(&self) {
        let mut waiting = self.connections.waiting();
        if let Some(number) = self.state().waits.take() {
            waiting.places.remove(&number);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.wait_no_more();
    }
}

/// From the head of a request to the end of its answer.
struct Answering(Arc<Place>);

impl Answering {
    fn begin(place: &Arc<Place>) -> Self {
        place.wait_no_more();
        place.state().answering += 1;
        Self(Arc::clone(place))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.answering -= 1;
        let is_last = state.answering == 0;
        drop(state);
        if is_last {
            self.0.wait();
        }
    }
}

/// The body of an answer, which is not given as long as it is here.
struct Answer {
    body: Body,
    _answering: Answering,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Connections for a server that knows nothing of places: one more than there are is closed, and so is one on which nothing
/// comes.
pub(crate) fn incoming(listener: TcpListener) -> impl Stream<Item = io::Result<Placed>> {
    let places = places();
    stream::unfold(
        (listener, Arc::new(Semaphore::new(places))),
        async |(mut listener, places)| loop {
            let (stream, _) = Listener::accept(&mut listener).await;
            if let Ok(permit) = Arc::clone(&places).try_acquire_owned() {
                answer_at_once(&stream);
                let placed = Placed {
                    stream,
                    _permit: permit,
                };
                return Some((placed, (listener, places)));
            }
            debug!("a connection is closed, since there is no place for it");
        },
    )
    .map(heard)
    .buffer_unordered(places)
    .filter_map(async |placed| placed.map(Ok))
}

async fn heard(placed: Placed) -> Option<Placed> {
    let heard = tokio::time::timeout(HEAD, placed.stream.readable()).await;
    matches!(heard, Ok(Ok(()))).then_some(placed)
}

/// A connection with its place.
pub(crate) struct Placed {
    stream: TcpStream,
    _permit: OwnedSemaphorePermit,
}

impl Connected for Placed {
    type ConnectInfo = <TcpStream as Connected>::ConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Placed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Placed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn listening() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// Time that is paused passes at once where nothing else happens, so what has no end would hang here.
    async fn is_closed(mut client: TcpStream) {
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_without_a_request_is_given_up() {
        let (listener, address) = listening().await;
        let router = Router::new().route("/", get("there"));
        let serving = tokio::spawn(serve(listener, router, CancellationToken::new()));
        is_closed(TcpStream::connect(address).await.unwrap()).await;

        let mut after_an_answer = TcpStream::connect(address).await.unwrap();
        after_an_answer
            .write_all(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        after_an_answer.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("there"),
            "{answer}"
        );
        serving.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_that_begins_with_nothing_is_given_up() {
        let (listener, address) = listening().await;
        let taking = tokio::spawn(async move { pin!(incoming(listener)).next().await.is_some() });
        is_closed(TcpStream::connect(address).await.unwrap()).await;
        let mut heard = TcpStream::connect(address).await.unwrap();
        heard.write_all(b"P").await.unwrap();
        assert!(taking.await.unwrap());
    }
}
