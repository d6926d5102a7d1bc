//! The page and its files.

use crate::server::Server;

async fn open(server: &Server, path: &str) -> (u16, String, String) {
    let response = server
        .request("GET", path)
        .header("accept", "text/html,*/*")
        .send()
        .await
        .unwrap();
    let kind = response
        .headers()
        .get("content-type")
        .map(|kind| kind.to_str().unwrap().to_owned());
    (
        response.status().as_u16(),
        kind.unwrap_or_default(),
        response.text().await.unwrap(),
    )
}

#[tokio::test]
async fn a_browser_gets_the_page_at_the_root_and_at_unknown_pages() {
    let server = Server::start().await;
    for path in ["/", "/windows/7"] {
        let (status, kind, text) = open(&server, path).await;
        assert_eq!(status, 200, "{path}");
        assert!(kind.starts_with("text/html"), "{path}: {kind}");
        assert!(text.contains("AgentOS"), "{path}: {text}");
    }
}

#[tokio::test]
async fn a_missing_script_is_not_answered_with_a_page() {
    let server = Server::start().await;
    let (status, kind, _) = open(&server, "/assets/missing.js").await;
    assert_eq!(status, 404);
    assert!(kind.starts_with("application/json"), "{kind}");
}

#[tokio::test]
async fn a_path_out_of_the_desktop_is_not_found() {
    let server = Server::start().await;
    for path in [
        "/..%2fpackage.json",
        "/%2e%2e/package.json",
        "//etc/hosts.conf",
        "/assets/..%5c..%5cx.json",
    ] {
        let (status, ..) = open(&server, path).await;
        assert_eq!(status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_answer_at_the_root_says_that_it_varies() {
    let server = Server::start().await;
    for accept in ["text/html", "application/json"] {
        let response = server
            .request("GET", "/")
            .header("accept", accept)
            .send()
            .await
            .unwrap();
        assert_eq!(response.headers()["vary"], "accept", "{accept}");
    }
}

#[tokio::test]
async fn the_files_of_the_page_are_typed_and_may_be_kept_for_ever() {
    let server = Server::start().await;
    let (_, _, page) = open(&server, "/").await;
    let scripts: Vec<&str> = page
        .split('"')
        .filter(|part| part.starts_with("/assets/"))
        .collect();
    if scripts.is_empty() {
        eprintln!("skipped: the desktop is not built");
        return;
    }
    for path in scripts {
        let response = server.request("GET", path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let kind = response.headers()["content-type"].to_str().unwrap();
        let expected = match path.rsplit('.').next() {
            Some("js") => "text/javascript",
            Some("css") => "text/css",
            other => panic!("{path}: {other:?}"),
        };
        assert!(kind.starts_with(expected), "{path}: {kind}");
        assert_eq!(
            response.headers()["cache-control"],
            "public, max-age=31536000, immutable",
            "{path}"
        );
    }
}
