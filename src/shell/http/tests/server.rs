//! Servers that remember what they were sent: plain, with TLS, and proxies.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A request as a server met it.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Heard {
    /// All values of a header, with commas between them; `-` if there is none.
    pub(super) fn header(&self, name: &str) -> String {
        let values = self.headers.get_all(name).iter().map(|value| value.to_str().expect("a text"));
        let values: Vec<&str> = values.collect();
        if values.is_empty() { "-".to_owned() } else { values.join(",") }
    }
}

/// Everything that a server was sent, in order.
#[derive(Clone, Debug)]
pub(super) struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone> Log<T> {
    fn push(&self, heard: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
    }

    /// What came so far; it is forgotten.
    pub(super) fn take(&self) -> Vec<T> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a server answers: status, one header, body.
pub(super) type Reply = (u16, (&'static str, String), String);

/// `200` with a text.
pub(super) fn ok(text: impl Into<String>) -> Reply {
    (200, ("x-nothing", String::new()), text.into())
}

fn app(log: Log<Heard>, reply: impl Fn(&Heard) -> Reply + Clone + Send + Sync + 'static) -> Router {
    Router::new().fallback(move |request: Request<Body>| async move {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1_000_000).await.expect("a body");
        let heard = Heard {
            method: parts.method.to_string(),
            path: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            version: parts.version,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).expect("UTF-8"),
        };
        let (status, (name, value), text) = reply(&heard);
        log.push(heard);
        Response::builder().status(status).header(name, value).body(Body::from(text)).expect("valid")
    })
}

async fn bind() -> (TcpListener, String) {
    // An error means that another test of this process was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    (listener, address)
}

/// A server; its address, and what it is sent.
pub(super) async fn serve(
    reply: impl Fn(&Heard) -> Reply + Clone + Send + Sync + 'static,
) -> (String, Log<Heard>) {
    let (listener, address) = bind().await;
    let log = Log::default();
    tokio::spawn(axum::serve(listener, app(log.clone(), reply)).into_future());
    (address, log)
}

/// A server that speaks TLS, and HTTP/2 if its client does; its port, and what it is sent.
pub(super) async fn serve_tls(
    config: ServerConfig,
    reply: impl Fn(&Heard) -> Reply + Clone + Send + Sync + 'static,
) -> (u16, Log<Heard>) {
    let (listener, _) = bind().await;
    let port = listener.local_addr().expect("it is bound").port();
    let (log, acceptor) = (Log::default(), TlsAcceptor::from(Arc::new(config)));
    let service = TowerToHyperService::new(app(log.clone(), reply));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, service) = (acceptor.clone(), service.clone());
            tokio::spawn(async move {
                // A client that does not like us goes away: that is what some tests want.
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let builder = auto::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (port, log)
}

/// A proxy for everything that leads to the one server at `target`, whatever name it is asked for; its address,
/// and the heads of the requests that it got.
pub(super) async fn proxy_to(target: String) -> (String, Log<String>) {
    let (listener, address) = bind().await;
    let log = Log::default();
    let heads = log.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(pass_on(stream, target.clone(), heads.clone()));
        }
    });
    (address, log)
}

async fn pass_on(mut stream: TcpStream, target: String, heads: Log<String>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    heads.push(String::from_utf8(head.clone()).expect("UTF-8"));
    let mut server = TcpStream::connect(target).await.expect("it listens");
    if head.starts_with(b"CONNECT ") {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("it waits");
    } else {
        server.write_all(&head).await.expect("it listens");
    }
    let _ = copy_bidirectional(&mut stream, &mut server).await; // whoever goes first
}

/// A SOCKS 5 proxy to the one server at `target`; its address, and the names that it was asked for.
pub(super) async fn socks_proxy_to(target: String) -> (String, Log<String>) {
    let (listener, address) = bind().await;
    let log = Log::default();
    let names = log.clone();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody comes");
        // The version, one method: no authentication. Then: connect to a name with its length, and a port.
        let mut greeting = [0; 3];
        stream.read_exact(&mut greeting).await.expect("a greeting");
        stream.write_all(&[5, 0]).await.expect("it waits");
        let mut head = [0; 5];
        stream.read_exact(&mut head).await.expect("a request");
        assert_eq!(head[..4], [5, 1, 0, 3], "a name");
        let mut name = vec![0; usize::from(head[4])];
        stream.read_exact(&mut name).await.expect("a name");
        let port = stream.read_u16().await.expect("a port");
        names.push(format!("{}:{port}", String::from_utf8_lossy(&name)));
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.expect("it waits");
        let mut server = TcpStream::connect(target).await.expect("it listens");
        let _ = copy_bidirectional(&mut stream, &mut server).await; // whoever goes first
    });
    (address, log)
}
