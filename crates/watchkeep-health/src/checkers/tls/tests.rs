//! Real handshakes with certificates of our own.

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// Serves a certificate for `localhost` that ends in this year, and trusts it.
async fn server(year: i32) -> Certificate {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    parameters.not_before = date_time_ymd(2001, 1, 1);
    parameters.not_after = date_time_ymd(year, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap().der().clone();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not like the certificate hangs up.
            let _ = acceptor.accept(stream).await;
        }
    });
    Certificate::new("localhost", port, Arc::new(client))
}

#[tokio::test]
async fn a_certificate_that_holds_long_enough_passes() {
    server(2099).await.check().await.unwrap();
}

#[tokio::test]
async fn one_that_ends_too_soon_fails_before_it_has_ended() {
    let check = server(2099).await.at_least(DAY * 365 * 200);
    let message = check.check().await.unwrap_err().to_string();
    assert!(message.contains("ends in"), "{message}");
}

#[tokio::test]
async fn an_expired_one_and_one_for_another_host_fail_the_handshake() {
    let message = server(2002).await.check().await.unwrap_err().to_string();
    assert!(message.contains("expired"), "{message}");
    let mut other = server(2099).await;
    other.host = "127.0.0.1".to_owned();
    let message = other.check().await.unwrap_err().to_string();
    assert!(message.contains("TLS with 127.0.0.1 fails"), "{message}");
}
