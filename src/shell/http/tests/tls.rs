//! TLS: authorities, own certificates and versions; files that change; versions of HTTP.

use std::sync::Arc;

use axum::http::Version;
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::server::{ok, serve_tls};
use super::{HttpClients, HttpError, post};
use crate::config::http::{HttpSettings, TlsSettings, TlsVersion};
use crate::config::setting::Secret;
use crate::model::Str;

/// Who signs certificates.
pub(super) struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("valid");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.self_signed(&key).expect("signed");
        Self { certificate, issuer: Issuer::new(parameters, key) }
    }

    pub(super) fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A certificate and its key.
    fn issue(&self, name: &str) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().expect("a key");
        let parameters = CertificateParams::new(vec![name.to_owned()]).expect("valid");
        (parameters.signed_by(&key, &self.issuer).expect("signed"), key)
    }

    /// A server called `name`.
    pub(super) fn server(&self, name: &str) -> ServerConfig {
        let (certificate, key) = self.issue(name);
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().expect("valid").with_no_client_auth();
        let mut config = builder.with_single_cert(vec![certificate.der().clone()], key).expect("valid");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }

    /// A server called `name` that takes only clients whom this authority knows.
    fn strict_server(
        &self,
        name: &str,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> ServerConfig {
        let (certificate, key) = self.issue(name);
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).expect("valid");
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let builder =
            ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).expect("valid");
        let builder = builder.with_client_cert_verifier(clients.build().expect("valid"));
        builder.with_single_cert(vec![certificate.der().clone()], key).expect("valid")
    }
}

async fn ask(clients: &HttpClients, port: u16, tls: &TlsSettings) -> Result<u16, HttpError> {
    let http = HttpSettings { tls: tls.clone(), ..HttpSettings::default() };
    clients.send(post(&format!("https://localhost:{port}/"), &http)).await.map(|answer| answer.status)
}

/// Files in a folder of the test's own.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn write(&self, name: &str, text: &str) -> Option<Str> {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("written");
        Some(path.display().to_string().into())
    }
}

#[tokio::test]
async fn authorities_are_read_again_when_their_file_changes() {
    let (old, new) = (Authority::new(), Authority::new());
    let (old_port, _) = serve_tls(old.server("localhost"), |_| ok("")).await;
    let (new_port, _) = serve_tls(new.server("localhost"), |_| ok("")).await;
    let (files, clients) = (Files::new(), HttpClients::default());
    let tls = TlsSettings { ca_file: files.write("ca.pem", &old.pem()), ..TlsSettings::default() };
    assert_eq!(ask(&clients, old_port, &tls).await.expect("answered"), 200);
    let error = ask(&clients, new_port, &tls).await.expect_err("another authority").to_string();
    assert!(error.contains("invalid peer certificate"), "{error}");

    files.write("ca.pem", &new.pem());
    assert_eq!(ask(&clients, new_port, &tls).await.expect("answered"), 200);
    let error = ask(&clients, old_port, &tls).await.expect_err("no longer trusted").to_string();
    assert!(error.contains("invalid peer certificate"), "{error}");

    files.write("ca.pem", "");
    let error = ask(&clients, new_port, &tls).await.expect_err("the file is empty").to_string();
    assert!(error.ends_with("ca.pem: no certificate in it"), "{error}");
}

#[tokio::test]
async fn our_certificate_is_read_again_when_its_file_changes() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let versions = [&rustls::version::TLS13];
    let (port, _) = serve_tls(authority.strict_server("localhost", &versions), |_| ok("")).await;
    let (files, clients) = (Files::new(), HttpClients::default());
    let write = |authority: &Authority| {
        let (certificate, key) = authority.issue("client");
        (files.write("cert.pem", &certificate.pem()), files.write("key.pem", &key.serialize_pem()))
    };
    let (cert_file, key_file) = write(&stranger);
    let ca = Some(authority.pem().into());
    let tls = TlsSettings { ca, cert_file, key_file, ..TlsSettings::default() };
    ask(&clients, port, &tls).await.expect_err("a stranger");
    write(&authority);
    assert_eq!(ask(&clients, port, &tls).await.expect("answered"), 200);
    write(&stranger);
    ask(&clients, port, &tls).await.expect_err("a stranger again");
}

#[tokio::test]
async fn certificates_and_keys_can_be_texts() {
    let authority = Authority::new();
    let versions = [&rustls::version::TLS12];
    let (port, _) = serve_tls(authority.strict_server("localhost", &versions), |_| ok("")).await;
    let (certificate, key) = authority.issue("client");
    let tls = TlsSettings {
        ca: Some(authority.pem().into()),
        cert: Some(certificate.pem().into()),
        key: Some(Secret::new(key.serialize_pem().into())),
        ..TlsSettings::default()
    };
    assert_eq!(ask(&HttpClients::default(), port, &tls).await.expect("answered"), 200);
    let broken = |key: &str| TlsSettings { key: Some(Secret::new(key.into())), ..tls.clone() };
    for (tls, want) in [
        (
            TlsSettings { ca: Some("x".into()), ..tls.clone() },
            "cannot use the text of ca: no certificate in it",
        ),
        (broken("hidden"), "cannot use the text of key: no private key in it"),
        (broken("-----BEGIN PRIVATE KEY-----\nhidden\n-----"), "cannot use the text of key: "),
        (TlsSettings { key: None, ..tls.clone() }, "cert_file and key_file are needed together"),
    ] {
        let error = ask(&HttpClients::default(), port, &tls).await.expect_err(want).to_string();
        assert!(error.starts_with(want) && !error.contains("hidden"), "{error}");
        assert!(!format!("{tls:?}").contains("hidden"), "{tls:?}");
    }
}

#[tokio::test]
async fn only_versions_that_are_allowed_are_spoken() {
    use TlsVersion::{Tls10, Tls11, Tls12, Tls13};
    let authority = Authority::new();
    let mut ports = Vec::new();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut config = authority.server("localhost");
        let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let builder = builder.with_protocol_versions(&[version]).expect("valid").with_no_client_auth();
        config = builder.with_cert_resolver(Arc::clone(&config.cert_resolver));
        ports.push(serve_tls(config, |_| ok("")).await.0);
    }
    for (min, max, works) in [
        (None, None, [true, true]),
        (Some(Tls13), None, [false, true]),
        (Some(Tls12), Some(Tls12), [true, false]),
        (Some(Tls10), Some(Tls13), [true, true]),
    ] {
        let ca = Some(authority.pem().into());
        let tls = TlsSettings { ca, min_version: min, max_version: max, ..TlsSettings::default() };
        let clients = HttpClients::default();
        for (port, works) in ports.iter().zip(works) {
            assert_eq!(ask(&clients, *port, &tls).await.is_ok(), works, "{min:?} {max:?}");
        }
    }
    let tls = TlsSettings { max_version: Some(Tls11), ..TlsSettings::default() };
    let error = ask(&HttpClients::default(), ports[0], &tls).await.expect_err("too old").to_string();
    assert_eq!(error, "max_version allows only versions before TLS 1.2, which are not spoken");
}

#[tokio::test]
async fn http2_is_spoken_unless_it_is_switched_off() {
    let authority = Authority::new();
    let (port, seen) = serve_tls(authority.server("localhost"), |_| ok("")).await;
    let tls = TlsSettings { ca: Some(authority.pem().into()), ..TlsSettings::default() };
    let clients = HttpClients::default();
    for (http1_only, want) in [(false, Version::HTTP_2), (true, Version::HTTP_11), (false, Version::HTTP_2)] {
        let http = HttpSettings { tls: tls.clone(), http1_only, ..HttpSettings::default() };
        clients.send(post(&format!("https://localhost:{port}/"), &http)).await.expect("answered");
        assert_eq!(seen.take()[0].version, want);
    }
}
