//! The built desktop: read from disk by debug builds, embedded in release builds.

use axum::body::Body;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::fault::Fault;

const INDEX: &str = "index.html";
/// Vite puts a digest of the content into every name below this folder.
const HASHED: &str = "assets/";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>AgentOS</title>\
    <h1>AgentOS is running, its desktop was not built</h1>\
    <p>Stop the server, run <code>make build</code> and start it again. \
    The API is described at <a href=\"/openapi.json\">/openapi.json</a>.</p></html>";

#[derive(RustEmbed)]
#[folder = "$AGENTOS_UI_DIST"]
struct Built;

/// Whether the client is a browser opening a page.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")))
}

/// The desktop's page.
pub(crate) fn index() -> Response {
    let mut response = match Built::get(INDEX) {
        Some(page) => file(INDEX, page),
        None => Html(NOT_BUILT).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Everything that is no route: a file of the desktop, else its page for a browser, else 404.
pub(crate) async fn asset(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let name = uri.path().trim_start_matches('/');
    let readable = matches!(method, Method::GET | Method::HEAD);
    match Built::get(name) {
        Some(found) if readable => file(name, found),
        None if readable && wants_page(&headers) && is_page_path(name) => index(),
        _ => Fault::no_such_route().into_response(),
    }
}

/// A missing script or picture must not be answered with a page.
fn is_page_path(name: &str) -> bool {
    !name.rsplit('/').next().unwrap_or_default().contains('.')
}

fn file(name: &str, found: EmbeddedFile) -> Response {
    let kind = HeaderValue::from_str(found.metadata.mimetype())
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let lifetime = if name.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = Response::new(Body::from(found.data));
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static(lifetime));
    response
}
