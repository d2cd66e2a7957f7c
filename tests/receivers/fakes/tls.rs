//! APIs at addresses that are fixed: reached through a proxy that is them itself, with certificates for their
//! names.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::serve::Listener;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;

use super::{Fake, Reply, Request};

/// Runs the API at `https://HOST/` for each of these hosts. Beside it come the lines of `http_config` by which
/// it is reached, and the folder with the certificate of its authority.
pub(crate) async fn start(
    hosts: &[&'static str],
    api: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> (Fake, String, tempfile::TempDir) {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (authority, config) = certificates(hosts);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority).expect("written");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let keys = format!("http_config: {{proxy_url: '{url}', tls_config: {{ca_file: '{}'}}}}", file.display());
    let proxy = Proxy { listener, tls: TlsAcceptor::from(Arc::new(config)), hosts: hosts.to_vec() };
    (Fake::serve(url, proxy, api), keys, folder)
}

/// An authority's certificate, and how to serve with one of its certificates.
pub(crate) fn certificates(hosts: &[&str]) -> (String, ServerConfig) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, format!("authority of {}", hosts.join(" and ")));
    let key = KeyPair::generate().expect("a key");
    let pem = authority.self_signed(&key).expect("a certificate").pem();
    let issuer = Issuer::new(authority, key);
    let names: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(names).expect("names").signed_by(&key, &issuer).expect("signed");
    let private = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config = ServerConfig::builder().with_no_client_auth();
    let config =
        config.with_single_cert(vec![certificate.der().clone()], private).expect("they belong together");
    (pem, config)
}

struct Proxy {
    listener: TcpListener,
    tls: TlsAcceptor,
    hosts: Vec<&'static str>,
}

impl Listener for Proxy {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else { continue };
            if let Some(stream) = self.connect(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

impl Proxy {
    /// Is asked for one of the hosts, and then is it.
    async fn connect(&self, mut stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).ok()?;
        let is_known = self.hosts.iter().any(|host| head.starts_with(&format!("CONNECT {host}:443 ")));
        let answer = if is_known { "200 OK" } else { "403 Forbidden" };
        stream.write_all(format!("HTTP/1.1 {answer}\r\n\r\n").as_bytes()).await.ok()?;
        self.tls.accept(stream).await.ok().filter(|_| is_known)
    }
}
