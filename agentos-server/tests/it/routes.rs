//! What every route has in common.

use crate::server::{Server, answer};

#[tokio::test]
async fn root_tells_programs_that_the_service_is_online() {
    let server = Server::start().await;
    let root = server.get("/").await;
    assert_eq!(root.status, 200);
    assert_eq!(root.body["status"], "online");
    assert_eq!(root.body["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_json_faults() {
    let server = Server::start().await;
    for (method, path, expected) in [
        ("GET", "/nothing", "404 not_found"),
        ("POST", "/nothing", "404 not_found"),
        ("GET", "/assets/missing.js", "404 not_found"),
        ("POST", "/health", "405 method_not_allowed"),
        ("DELETE", "/", "405 method_not_allowed"),
    ] {
        let answer = answer(server.request(method, path)).await;
        assert_eq!(answer.verdict(), expected, "{method} {path}");
    }
}

#[tokio::test]
async fn every_described_route_is_served() {
    let server = Server::start().await;
    let description = server.get("/openapi.json").await.body;
    for (path, methods) in description["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let concrete = path.replace(['{', '}'], "");
            let answer = answer(server.request(&method.to_uppercase(), &concrete)).await;
            let code = answer.body["code"].as_str().unwrap_or_default();
            let message = answer.body["error"].as_str().unwrap_or_default();
            assert!(
                code != "method_not_allowed" && !message.contains("/openapi.json"),
                "{method} {path}: {answer:?}"
            );
        }
    }
}
