//! No page of another site and no foreign name gets through, on any route.

use crate::apps::NOBODY;
use serde_json::Value;

use crate::server::{Server, answer};

/// Every route there is, as the server describes them, and two that are none.
async fn routes(server: &Server) -> Vec<(String, String)> {
    let description = server.get("/openapi.json").await.body;
    let mut routes = described(&description);
    routes.extend([
        ("GET".to_owned(), "/openapi.json".to_owned()),
        ("GET".to_owned(), "/no-such-file.js".to_owned()),
    ]);
    routes
}

/// The methods and paths of a description of the server.
pub(crate) fn described(description: &Value) -> Vec<(String, String)> {
    let mut routes = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        let methods = methods.as_object().unwrap().keys();
        routes.extend(methods.map(|method| (method.to_uppercase(), path.replace("{id}", NOBODY))));
    }
    assert!(routes.len() > 20, "{routes:?}");
    routes
}

#[tokio::test]
async fn every_route_refuses_foreign_hosts_and_sites() {
    let server = Server::start().await;
    for (method, path) in routes(&server).await {
        for (header, value, code) in [
            ("host", "evil.example", "foreign_host"),
            ("host", "127.0.0.1.evil.example:8000", "foreign_host"),
            ("origin", "https://evil.example", "foreign_origin"),
            ("origin", "null", "foreign_origin"),
            ("origin", "http://localhost:1", "foreign_origin"),
            ("sec-fetch-site", "cross-site", "foreign_origin"),
            ("sec-fetch-site", "same-site", "foreign_origin"),
        ] {
            let answer = answer(server.request(&method, &path).header(header, value)).await;
            assert_eq!(
                answer.verdict(),
                format!("403 {code}"),
                "{method} {path} with {header}: {value}"
            );
        }
    }
}

#[tokio::test]
async fn no_answer_allows_another_site_and_every_answer_is_guarded() {
    let server = Server::start().await;
    let own = format!("http://{}", server.address);
    for (method, path) in routes(&server).await {
        let response = server
            .request(&method, &path)
            .header("origin", &own)
            .send()
            .await
            .unwrap();
        let headers = response.headers();
        assert!(
            headers
                .keys()
                .all(|name| !name.as_str().starts_with("access-control-")),
            "{path}: {headers:?}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("script-src 'self' 'wasm-unsafe-eval';"),
            "{policy}"
        );
        assert!(!policy.contains("'unsafe-eval'"), "{policy}");
    }
}

#[tokio::test]
async fn a_preflight_is_not_answered() {
    let server = Server::start().await;
    let preflight = server
        .request("OPTIONS", "/health")
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "POST");
    assert_eq!(answer(preflight).await.verdict(), "403 foreign_origin");
}
