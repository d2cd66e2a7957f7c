//! A forwarding HTTP proxy: tunnels with CONNECT, else one request for each connection.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// It lets in only who shows these credentials.
const CREDENTIALS: &str = "proxy-authorization: Basic dXNlcjpoaWRkZW4=";

pub(crate) struct Proxy {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // An error is that of a connection that broke off.
                tokio::spawn(forward(client, Arc::clone(&writer)));
            }
        });
        Self { port, seen }
    }

    /// Its address, with this password.
    pub(crate) fn url(&self, password: &str) -> String {
        format!("http://user:{password}@127.0.0.1:{}", self.port)
    }

    /// The request lines that it obeyed, without their version.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("not poisoned").clone()
    }
}

async fn forward(mut client: TcpStream, seen: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8(head).map_err(std::io::Error::other)?;
    if !head.lines().any(|line| line.eq_ignore_ascii_case(CREDENTIALS)) {
        return client.write_all(b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n").await;
    }
    let (line, headers) = head.split_once("\r\n").expect("it ends with an empty line");
    let words: Vec<&str> = line.split(' ').collect();
    let [method, address, _] = words[..] else { return Err(std::io::Error::other("no request line")) };
    seen.lock().expect("not poisoned").push(format!("{method} {address}"));
    let mut server = if method == "CONNECT" {
        let server = TcpStream::connect(address).await?;
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
        server
    } else {
        let url = url::Url::parse(address).map_err(std::io::Error::other)?;
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let path = &url[url::Position::BeforePath..];
        let mut server = TcpStream::connect(host).await?;
        let request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n{headers}");
        server.write_all(request.as_bytes()).await?;
        server
    };
    tokio::io::copy_bidirectional(&mut client, &mut server).await.map(|_| ())
}
