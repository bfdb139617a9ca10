//! Private certificate authorities and client certificates.

use std::path::Path;
use std::sync::Arc;

use broadstreet_core::ports::{Credentials, SignalError, Signals, SourceKind, SourceSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::support::{settings, signals, start};

fn file(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name).to_string_lossy().into_owned()
}

/// A server that wants to see a certificate of our authority, and answers an empty list.
async fn server() -> String {
    let _ = signals();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("ca.pem")).expect("the authority")).expect("a root");
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().expect("a verifier");
    let certificate = CertificateDer::from_pem_file(file("server.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(file("server.key")).expect("a key");
    let config = ServerConfig::builder().with_client_cert_verifier(verifier).with_single_cert(vec![certificate], key);
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("a server")));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    start(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]").await;
            let _ = stream.shutdown().await;
        }
    });
    format!("https://127.0.0.1:{port}")
}

fn with(address: &str, authority: Option<&str>, client: bool) -> SourceSettings {
    let pair = Credentials::ClientCertificate { certificate: file("client.pem"), key: file("client.key") };
    SourceSettings {
        ca_file: authority.map(file),
        credentials: if client { pair } else { Credentials::None },
        ..settings(SourceKind::Alertmanager, address)
    }
}

#[tokio::test]
async fn a_private_authority_and_a_client_certificate_open_the_way() {
    let address = server().await;
    let open = |settings: &SourceSettings| signals().alerts(settings, None, None).expect("settings that work");
    let poll = open(&with(&address, Some("ca.pem"), true)).poll().await.expect("an answer");
    assert_eq!(poll.alerts, Vec::new());
    let error = open(&with(&address, Some("ca.pem"), false)).poll().await.expect_err("no client certificate");
    assert!(matches!(error, SignalError::Unreachable { .. }) && error.to_string().contains("ertificate"), "{error}");
    // Another authority: the client's certificate signed nothing.
    let error = open(&with(&address, Some("client.pem"), true)).poll().await.expect_err("another authority");
    let text = error.to_string();
    assert!(text.contains(&address) && text.contains("name the certificate authority that signed it"), "{text}");
}

#[tokio::test]
async fn files_that_are_no_certificates_are_named() {
    let error = |settings: SourceSettings| signals().alerts(&settings, None, None).err().expect("refused").to_string();
    let text = error(with("https://127.0.0.1", Some("README"), false));
    assert!(text.contains("README` holds no certificate in PEM"), "{text}");
    let pair = Credentials::ClientCertificate { certificate: file("client.pem"), key: file("README") };
    let text = error(SourceSettings { credentials: pair, ..with("https://127.0.0.1", None, false) });
    assert!(text.contains("are no certificate and key in PEM"), "{text}");
}
