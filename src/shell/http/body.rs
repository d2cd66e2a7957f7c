//! The body of a request, which knows whether the server may have any of it: who tells somebody something must know
//! whether a request that came too late may have arrived all the same.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};

use super::{AnswerLimit, HttpError};

/// How far a request came. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    /// Whether the body is watched at all.
    is_watched: Arc<AtomicBool>,
    /// Whether it was asked for, which is once there is a connection, after TLS' handshake.
    has_begun: Arc<AtomicBool>,
}

impl Progress {
    /// What it means that the time is over now. Without its body no request is done.
    pub(super) fn when_late(&self) -> HttpError {
        match self.is_watched.load(Ordering::Relaxed) && !self.has_begun.load(Ordering::Relaxed) {
            true => HttpError::NoConnection,
            false => HttpError::Timeout,
        }
    }
}

impl AnswerLimit {
    /// A body, watched if the request is one that tells something. The others may be repeated, which the HTTP
    /// client does by itself where an HTTP/2 server did not look at them, but only with bodies that it can copy.
    pub(super) fn body(self, bytes: Bytes, progress: &Progress) -> reqwest::Body {
        match self {
            Self::Start(_) if !bytes.is_empty() => {
                progress.is_watched.store(true, Ordering::Relaxed);
                let has_begun = Arc::clone(&progress.has_begun);
                reqwest::Body::wrap(Watched { bytes: Some(bytes), has_begun })
            }
            Self::Start(_) | Self::Whole(_) => bytes.into(),
        }
    }
}

/// Says when it is asked for.
struct Watched {
    bytes: Option<Bytes>,
    has_begun: Arc<AtomicBool>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.has_begun.store(true, Ordering::Relaxed);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, Bytes::len) as u64)
    }
}
