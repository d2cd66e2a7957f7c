//! URLs as people type them: `curl 'http://…/api/v1/query?query=up<1'`, `…?filter=alertname="Down"`. Go's server, and so
//! Prometheus and Alertmanager, take `"`, `<` and `>` as they are; the HTTP library here refuses them with an
//! empty 400 that says nothing. So they are encoded before it sees them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A listener whose requests may have such URLs.
#[derive(Debug)]
pub struct RawUrls<L>(pub L);

impl<L: Listener> Listener for RawUrls<L> {
    type Io = Connection<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (inner, address) = self.0.accept().await;
        (Connection { inner, place: Place::Start, rest: Vec::new() }, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// A connection that encodes what the HTTP library refuses in the first line of a request.
#[derive(Debug)]
pub struct Connection<S> {
    inner: S,
    place: Place,
    /// What did not fit into the buffer of the last read.
    rest: Vec<u8>,
}

/// Where reading is. A body that is still being sent after an early answer does not begin as a request does: with a
/// method in capitals, a blank and a slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before what may be a request: nothing was read yet, or an answer was written since.
    Start,
    /// In its method.
    Method,
    /// Behind the blank that follows.
    Blank,
    /// In its URL and the rest of its first line.
    FirstLine,
    /// Behind that, or in what is no request.
    Behind,
}

impl Place {
    fn behind(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Start | Self::Method, b'A'..=b'Z') => Self::Method,
            (Self::Method, b' ') => Self::Blank,
            (Self::Blank, b'/') => Self::FirstLine,
            (Self::FirstLine, b'\n') => Self::Behind,
            (Self::FirstLine, _) => Self::FirstLine,
            (Self::Start | Self::Method | Self::Blank | Self::Behind, _) => Self::Behind,
        }
    }

    /// What has been read, if it has to be changed; goes on to the place behind it.
    fn changed(&mut self, read: &[u8]) -> Option<Vec<u8>> {
        let mut changed: Option<Vec<u8>> = None;
        for (at, byte) in read.iter().enumerate() {
            if *self == Self::Behind {
                if let Some(changed) = &mut changed {
                    changed.extend(&read[at..]);
                }
                break;
            }
            let code = encoded(*byte).filter(|_| *self == Self::FirstLine);
            if let Some(code) = code {
                changed.get_or_insert_with(|| read[..at].to_vec()).extend(code);
            } else if let Some(changed) = &mut changed {
                changed.push(*byte);
            }
            *self = self.behind(*byte);
        }
        changed
    }
}

fn encoded(byte: u8) -> Option<&'static [u8; 3]> {
    match byte {
        b'"' => Some(b"%22"),
        b'<' => Some(b"%3C"),
        b'>' => Some(b"%3E"),
        _ => None,
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        if this.rest.is_empty() {
            ready!(Pin::new(&mut this.inner).poll_read(context, buffer))?;
            match this.place.changed(&buffer.filled()[before..]) {
                Some(changed) => this.rest = changed,
                None => return Poll::Ready(Ok(())),
            }
            buffer.set_filled(before);
        }
        let fits = this.rest.len().min(buffer.remaining());
        buffer.put_slice(&this.rest[..fits]);
        this.rest.drain(..fits);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.place = Place::Start;
        Pin::new(&mut this.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.place = Place::Start;
        Pin::new(&mut this.inner).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::extract::Request;
    use axum::routing::any;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::{Place, RawUrls};

    /// What a server makes of these pieces, each sent when the one before it was answered.
    async fn answers(requests: &[&str]) -> Vec<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let echo = async |request: Request| {
            let uri = request.uri().to_string();
            let body = axum::body::to_bytes(request.into_body(), 1000).await.expect("a body");
            format!("<{uri} {}>", String::from_utf8_lossy(&body))
        };
        let served = axum::serve(RawUrls(listener), Router::new().fallback(any(echo)));
        let server = tokio::spawn(async move { served.await });
        let mut connection = TcpStream::connect(address).await.expect("it listens");
        let mut answers = Vec::new();
        for request in requests {
            connection.write_all(request.as_bytes()).await.expect("sent");
            let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
            // An answer of ours ends with `>`, one of the library's with its head.
            while !answer.ends_with(b">") && !answer.ends_with(b"\r\n\r\n") {
                let read = connection.read(&mut piece).await.expect("an answer");
                answer.extend(&piece[..read]);
            }
            let text = String::from_utf8_lossy(&answer).into_owned();
            let status = text.split(' ').nth(1).unwrap_or_default().to_owned();
            answers.push(format!("{status} {}", text.rsplit("\r\n\r\n").next().unwrap_or_default()));
        }
        server.abort();
        answers
    }

    #[tokio::test]
    async fn quotes_and_angles_may_stand_in_urls() {
        let post = "POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 17\r\n\r\n{\"a\": \"<b>\"}\n\"c\"\n";
        let requests = [
            "GET /api/v1/query?query=up{job=\"a\"}<1 HTTP/1.1\r\nhost: a\r\nx: \"<>\"\r\n\r\n",
            post,
            "GET /\"?a>b HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET /plain?a=b HTTP/1.1\r\nhost: a\r\n\r\n",
        ];
        assert_eq!(
            answers(&requests).await,
            [
                "200 </api/v1/query?query=up{job=%22a%22}%3C1 >",
                "200 </x {\"a\": \"<b>\"}\n\"c\"\n>",
                "200 </%22?a%3Eb >",
                "200 </plain?a=b >",
            ]
        );
    }

    #[test]
    fn only_the_first_line_of_a_request_is_changed() {
        for (pieces, wanted) in [
            (&["GET /a\"b", "\"c HTTP/1.1\r\nx: \"\r\n", "\""][..], "GET /a%22b%22c HTTP/1.1\r\nx: \"\r\n\""),
            (&["{\"a\": \"GET /\"}", "GET /\"\n"], "{\"a\": \"GET /\"}GET /\"\n"),
            (&["GE", "T", " ", "/\"", " HTTP/1.1\r\n", "\""], "GET /%22 HTTP/1.1\r\n\""),
            (&["GET \"", "/\""], "GET \"/\""),
            (&["PRI * HTTP/2.0\r\n\r\n", "\"\n"], "PRI * HTTP/2.0\r\n\r\n\"\n"),
        ] {
            let mut place = Place::Start;
            let read =
                |piece: &&str| place.changed(piece.as_bytes()).unwrap_or_else(|| piece.as_bytes().to_vec());
            let all: Vec<u8> = pieces.iter().flat_map(read).collect();
            assert_eq!(String::from_utf8_lossy(&all), wanted);
        }
    }

    #[tokio::test]
    async fn what_no_longer_fits_into_a_buffer_is_read_next() {
        use super::Connection;

        let (mut client, server) = tokio::io::duplex(1000);
        let line = format!("GET /?{} HTTP/1.1\r\n\r\n", "\"".repeat(100));
        client.write_all(line.as_bytes()).await.expect("sent");
        drop(client);
        let mut connection = Connection { inner: server, place: Place::Start, rest: Vec::new() };
        let (mut all, mut piece) = (Vec::new(), [0; 7]);
        loop {
            let read = connection.read(&mut piece).await.expect("no error");
            if read == 0 {
                break;
            }
            all.extend(&piece[..read]);
        }
        assert_eq!(String::from_utf8_lossy(&all), line.replace('"', "%22"));
    }
}
