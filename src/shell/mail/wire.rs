//! The stream beneath a conversation: plain at first, or encrypted. How much a server says is bounded.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The most that is read of a server over one connection, in bytes. An answer has some hundred.
const MOST: usize = 16 << 20;

/// What bytes go through.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// A stream that can be taken out again, which is how a plain one becomes encrypted.
pub(super) struct Wire<T> {
    stream: Arc<Mutex<Option<T>>>,
    peer: SocketAddr,
    left: usize,
}

impl<T> Clone for Wire<T> {
    /// The same stream.
    fn clone(&self) -> Self {
        Self { stream: Arc::clone(&self.stream), ..*self }
    }
}

impl<T> std::fmt::Debug for Wire<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Wire<TcpStream> {
    pub(super) fn plain(stream: TcpStream) -> io::Result<Self> {
        let peer = stream.peer_addr()?;
        Ok(Self::new(stream, peer))
    }
}

impl<T> Wire<T> {
    pub(super) fn new(stream: T, peer: SocketAddr) -> Self {
        Self { stream: Arc::new(Mutex::new(Some(stream))), peer, left: MOST }
    }

    pub(super) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The stream, for who goes on with it in another way.
    pub(super) fn take(&self) -> Option<T> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn with<R>(&self, then: impl FnOnce(Pin<&mut T>) -> Poll<io::Result<R>>) -> Poll<io::Result<R>>
    where
        T: Unpin,
    {
        match self.stream.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(stream) => then(Pin::new(stream)),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl<T: Stream> AsyncRead for Wire<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = self.with(|stream| stream.poll_read(context, buffer));
        let read = buffer.filled().len() - before;
        match self.left.checked_sub(read) {
            Some(left) => self.left = left,
            None => return Poll::Ready(Err(io::Error::other("the server says too much"))),
        }
        polled
    }
}

impl<T: Stream> AsyncWrite for Wire<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_shutdown(context))
    }
}

impl<T: Stream> AsyncTokioStream for Wire<T> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}
