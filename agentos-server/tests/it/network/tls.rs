//! Sites over TLS: the address is the one that was checked, and the certificate must be for the name that was asked for.

use std::path::PathBuf;
use std::sync::Arc;

use futures::{SinkExt, StreamExt};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_tungstenite::accept_async;

use crate::machine::{Machine, Site};

/// Who vouches for names; the program trusts it as it would the authorities of this machine.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    certificates: PathBuf,
    _place: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let place = tempfile::tempdir().unwrap();
        let certificates = place.path().join("authorities.pem");
        std::fs::write(&certificates, issuer.pem()).unwrap();
        Self {
            issuer,
            certificates,
            _place: place,
        }
    }

    /// Speaks TLS as `name`.
    fn vouch_for(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.into()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            );
        TlsAcceptor::from(Arc::new(config.unwrap()))
    }

    /// The program, which may reach this machine by name at those ports.
    async fn machine(&self, ports: &[u16]) -> Machine {
        let hosts: Vec<String> = ports.iter().map(|port| format!("localhost:{port}")).collect();
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        Machine::with(&hosts, &[("SSL_CERT_FILE", self.certificates.to_str().unwrap())]).await
    }
}

fn secure(site: &Site, path: &str) -> String {
    format!("https://localhost:{}{path}", site.port)
}

#[tokio::test]
async fn a_site_must_prove_the_name_it_is_asked_for_by() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let good = Site::with_tls(authority.vouch_for("localhost")).await;
    let other_name = Site::with_tls(authority.vouch_for("good.test")).await;
    let other_authority = Site::with_tls(stranger.vouch_for("localhost")).await;
    let machine = authority
        .machine(&[good.port, other_name.port, other_authority.port])
        .await;

    machine.allow(&secure(&good, "/"), "session").await;
    let got = machine.get(&secure(&good, "/")).await;
    assert_eq!(got["data"]["body"]["temperature"], 21, "{got}");
    for site in [&other_name, &other_authority] {
        machine.allow(&secure(site, "/"), "session").await;
        assert_eq!(machine.code(&secure(site, "/")).await, "unavailable");
        assert_eq!(site.requests(), [] as [String; 0]);
    }
}

#[tokio::test]
async fn a_redirect_leads_out_of_tls_never_and_to_another_site_without_credentials() {
    let authority = Authority::new();
    let site = Site::with_tls(authority.vouch_for("localhost")).await;
    let other = Site::with_tls(authority.vouch_for("localhost")).await;
    let plain = Site::start().await;
    let machine = authority.machine(&[site.port, other.port, plain.port]).await;
    let in_the_open = format!("http://localhost:{}/", plain.port);
    for url in [&secure(&site, "/"), &secure(&other, "/"), &in_the_open] {
        machine.allow(url, "session").await;
    }
    let headers = json!({"authorization": "Bearer secret", "cookie": "secret"});
    let led_to = async |there: &str| {
        let url = secure(&site, &format!("/?to={there}"));
        machine
            .call("http.get", json!({"url": url, "headers": headers}))
            .await
    };
    let carried = |site: &Site| {
        site.requests()
            .iter()
            .filter(|request| request.contains("secret"))
            .count()
    };

    assert_eq!(led_to(&in_the_open).await["code"], "io");
    assert_eq!(plain.requests(), [] as [String; 0]);
    let got = led_to(&secure(&other, "/")).await;
    assert_eq!(got["data"]["status"], 200, "{got}");
    assert_eq!((other.requests().len(), carried(&other)), (1, 0));
    assert_eq!(carried(&site), 2);
}

#[tokio::test]
async fn a_socket_over_tls_carries_messages_both_ways() {
    let authority = Authority::new();
    let tls = authority.vouch_for("localhost");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let echo = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = accept_async(tls.accept(stream).await.unwrap()).await.unwrap();
        let said = socket.next().await.unwrap().unwrap();
        socket.send(said).await.unwrap();
        let _ = socket.next().await;
    });
    let machine = authority.machine(&[port]).await;
    let url = format!("wss://localhost:{port}/");
    let socket = |args: Value| machine.call("http.socket", args);
    assert_eq!(socket(json!({"url": url})).await["code"], "approval_required");
    machine.answer("session").await;
    let got = socket(json!({"url": url, "send": "hello", "wait": 10_000})).await;
    assert_eq!(got["data"]["messages"], json!(["hello"]), "{got}");
    socket(json!({"url": url, "close": true})).await;
    echo.await.unwrap();
}
