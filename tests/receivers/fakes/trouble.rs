//! A webhook that misbehaves in whatever way it is told to, over real sockets, until it is told to be well again.
//! It is no HTTP server: it reads bytes and writes bytes, and keeps count.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use sereno::model::Duration;
use sereno::shell::clock::{Stopwatch, pause};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::locked;

/// How it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It takes what it is sent.
    Well,
    /// Nobody listens at its port.
    Refuses,
    /// It takes a connection and neither reads nor writes.
    Deaf,
    /// It reads a request and never answers.
    Silent,
    /// It resets the connection in the middle of the request.
    ResetsRequest,
    /// It resets the connection in the middle of the first line of the answer.
    ResetsAnswer,
    /// It reads a request and closes the connection.
    Closes,
    /// It says this, byte by byte, and never ends.
    Drips(&'static str),
    /// It says this and closes the connection.
    Says(&'static str),
    /// It says this and then never stops to talk.
    Babbles(&'static str),
    /// Its certificate is for another name.
    OtherName,
    /// Its certificate is by an authority that nobody knows.
    OtherAuthority,
}

impl Mood {
    /// Whether connections that it has already end with the beginning of this mood.
    fn ends_connections(self) -> bool {
        matches!(self, Self::Refuses | Self::OtherName | Self::OtherAuthority)
    }
}

/// A request that it has read.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// The header `Idempotency-Key`.
    pub(crate) key: String,
    pub(crate) body: String,
    /// Whether it was well, and so took it.
    pub(crate) is_taken: bool,
    /// How long after the server's start.
    pub(crate) at: std::time::Duration,
}

/// What it counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) accepted: usize,
    pub(crate) open: usize,
    pub(crate) most_open: usize,
}

/// How it shows who it is.
pub(crate) struct Certificates {
    pub(crate) right: TlsAcceptor,
    pub(crate) other_name: TlsAcceptor,
    pub(crate) other_authority: TlsAcceptor,
}

/// The server.
pub(crate) struct Trouble {
    pub(crate) port: u16,
    inner: Arc<Inner>,
}

struct Inner {
    mood: watch::Sender<Mood>,
    heard: Mutex<Vec<Heard>>,
    counts: Mutex<Counts>,
    certificates: Option<Certificates>,
    started: Stopwatch,
}

impl Trouble {
    /// Starts it in that mood; with certificates it speaks TLS.
    pub(crate) fn start(mood: Mood, certificates: Option<Certificates>) -> Self {
        let socket = bound(SocketAddr::from(([127, 0, 0, 1], 0)));
        let address = socket.local_addr().expect("it is bound");
        let inner = Arc::new(Inner {
            mood: watch::Sender::new(mood),
            heard: Mutex::default(),
            counts: Mutex::default(),
            certificates,
            started: Stopwatch::start(),
        });
        let port = match mood {
            Mood::Refuses => Port::Closed(socket),
            _ => Port::Open(socket.listen(1024).expect("it is bound")),
        };
        tokio::spawn(Arc::clone(&inner).serve(port, address));
        Self { port: address.port(), inner }
    }

    /// Behaves so from now on, also in conversations that have begun.
    pub(crate) fn be(&self, mood: Mood) {
        self.inner.mood.send_replace(mood);
    }

    /// All requests that it has read, in order.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        locked(&self.inner.heard).clone()
    }

    /// Those that it took.
    pub(crate) fn taken(&self) -> Vec<Heard> {
        self.heard().into_iter().filter(|heard| heard.is_taken).collect()
    }

    pub(crate) fn counts(&self) -> Counts {
        locked(&self.inner.counts).clone()
    }
}

/// Its port; where nobody listens, it is ours nevertheless.
enum Port {
    Open(TcpListener),
    Closed(TcpSocket),
}

/// A port that is ours although nobody listens at it.
fn bound(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("it may be");
    socket.bind(address).expect("a free port");
    socket
}

impl Inner {
    fn mood(&self) -> Mood {
        *self.mood.borrow()
    }

    async fn serve(self: Arc<Self>, mut port: Port, address: SocketAddr) {
        let mut mood = self.mood.subscribe();
        loop {
            port = match port {
                Port::Closed(socket) => {
                    mood.wait_for(|mood| *mood != Mood::Refuses).await.expect("we have its other end");
                    Port::Open(socket.listen(1024).expect("it is bound"))
                }
                Port::Open(listener) => {
                    self.accept(&listener, &mut mood).await;
                    drop(listener);
                    Port::Closed(bound(address))
                }
            };
        }
    }

    /// Takes connections until it is to refuse them.
    async fn accept(self: &Arc<Self>, listener: &TcpListener, mood: &mut watch::Receiver<Mood>) {
        let mut conversations = JoinSet::new();
        loop {
            tokio::select! {
                changed = mood.changed() => {
                    changed.expect("we have its other end");
                    let now = *mood.borrow_and_update();
                    if now.ends_connections() {
                        conversations.shutdown().await;
                    }
                    if now == Mood::Refuses {
                        return;
                    }
                }
                accepted = listener.accept() => {
                    let (stream, _) = accepted.expect("a connection");
                    conversations.spawn(Arc::clone(self).converse(stream, Open::new(self)));
                }
                Some(_) = conversations.join_next() => {}
            }
        }
    }

    async fn converse(self: Arc<Self>, stream: TcpStream, _open: Open) {
        let Some(certificates) = &self.certificates else {
            return self.answer_all(stream).await;
        };
        let tls = match self.mood() {
            Mood::OtherName => &certificates.other_name,
            Mood::OtherAuthority => &certificates.other_authority,
            _ => &certificates.right,
        };
        if let Ok(stream) = tls.accept(stream).await {
            self.answer_all(stream).await;
        }
    }

    /// Takes request after request.
    async fn answer_all<S: Stream>(&self, stream: S) {
        let mut stream = BufReader::new(stream);
        while stream.fill_buf().await.is_ok_and(|bytes| !bytes.is_empty()) {
            match self.mood() {
                Mood::Deaf => return std::future::pending().await,
                Mood::ResetsRequest => return stream.get_ref().reset(),
                _ => {}
            }
            let Some((key, body)) = request(&mut stream).await else { return };
            let mood = self.mood();
            let is_taken = mood == Mood::Well;
            locked(&self.heard).push(Heard { key, body, is_taken, at: self.started.elapsed() });
            if self.answer(stream.get_mut(), mood).await.is_none() {
                return;
            }
        }
    }

    /// Answers; nothing if that was the last word.
    async fn answer<S: Stream>(&self, stream: &mut S, mood: Mood) -> Option<()> {
        match mood {
            Mood::Well => say(stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await,
            Mood::Silent => {
                let _ = stream.read_u8().await; // the other side is tired of waiting
                None
            }
            Mood::ResetsAnswer => {
                say(stream, "HTTP/1.").await?;
                stream.reset();
                None
            }
            Mood::Drips(text) => {
                for byte in text.chars().chain(std::iter::repeat('.')) {
                    say(stream, byte.encode_utf8(&mut [0; 4])).await?;
                    pause(Duration::from_millis(10)).await;
                }
                None
            }
            Mood::Says(text) => {
                say(stream, text).await?;
                let _ = stream.shutdown().await; // an error: it is closed already
                None
            }
            Mood::Babbles(text) => {
                say(stream, text).await?;
                let more = "blah ".repeat(1000);
                loop {
                    say(stream, &more).await?;
                }
            }
            Mood::Closes
            | Mood::Refuses
            | Mood::Deaf
            | Mood::ResetsRequest
            | Mood::OtherName
            | Mood::OtherAuthority => None,
        }
    }
}

/// Counts a connection for as long as it is open.
struct Open(Arc<Inner>);

impl Open {
    fn new(inner: &Arc<Inner>) -> Self {
        let mut counts = locked(&inner.counts);
        counts.accepted += 1;
        counts.open += 1;
        counts.most_open = counts.most_open.max(counts.open);
        Self(Arc::clone(inner))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        locked(&self.0.counts).open -= 1;
    }
}

/// Key and body of the next request.
async fn request(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<(String, String)> {
    let (mut key, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.split_once(':') else {
            if line.trim().is_empty() {
                break;
            }
            continue; // the request's first line
        };
        match name.to_ascii_lowercase().as_str() {
            "idempotency-key" => key = value.trim().to_owned(),
            "content-length" => length = value.trim().parse().expect("a number"),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((key, String::from_utf8(body).expect("bodies are UTF-8")))
}

/// Nothing, if nobody listens any more.
async fn say(stream: &mut (impl AsyncWrite + Unpin), text: &str) -> Option<()> {
    stream.write_all(text.as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

/// A connection that can be reset.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {
    /// From now on its end is a reset.
    fn reset(&self);
}

impl Stream for TcpStream {
    fn reset(&self) {
        self.set_zero_linger().expect("it may be");
    }
}

impl Stream for TlsStream<TcpStream> {
    fn reset(&self) {
        self.get_ref().0.reset();
    }
}
