//! Long JSON lists as bodies that are written piece by piece, while the reader takes them.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;

/// About how many bytes are made at once.
const PIECE: usize = 64 * 1024;

/// The right to answer a request, held until its body has been taken.
pub(super) type Permit = Arc<OwnedSemaphorePermit>;

/// Answers with a JSON array of the items. A short one goes as a whole, with its length.
pub(super) fn list<I>(items: I, permit: Permit) -> Response
where
    I: Iterator<Item: Serialize> + Send + 'static,
{
    let mut pieces = Pieces { items, state: State::Begin, _permit: permit };
    let first = pieces.next().unwrap_or_default();
    let body = match pieces.state {
        State::Begin | State::Middle => {
            let pieces = std::iter::once(first).chain(pieces).map(Ok::<_, Infallible>);
            Body::from_stream(futures_util::stream::iter(pieces))
        }
        State::End => Body::from(first),
    };
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Begin,
    Middle,
    End,
}

struct Pieces<I> {
    items: I,
    state: State,
    _permit: Permit,
}

impl<I: Iterator<Item: Serialize>> Iterator for Pieces<I> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.state == State::End {
            return None;
        }
        // A list that is short is most often very short; what follows a whole piece is likely to be one.
        let room = if self.state == State::Begin { 0 } else { PIECE + PIECE / 16 };
        let mut piece = Vec::with_capacity(room);
        if self.state == State::Begin {
            piece.push(b'[');
        }
        while piece.len() < PIECE {
            let Some(item) = self.items.next() else {
                piece.extend_from_slice(b"]\n");
                self.state = State::End;
                break;
            };
            if self.state == State::Middle {
                piece.push(b',');
            }
            self.state = State::Middle;
            serde_json::to_writer(&mut piece, &item).expect("our own types are JSON, and memory takes it");
        }
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::HttpBody;
    use tokio::sync::Semaphore;

    use super::{PIECE, list};

    #[tokio::test]
    async fn a_list_is_one_json_array_however_long_it_is() {
        let slots = Arc::new(Semaphore::new(1));
        for count in [0, 1, 2, PIECE] {
            let permit = Arc::new(Arc::clone(&slots).acquire_owned().await.expect("open"));
            let body = list(0..count, permit).into_body();
            assert_eq!(body.size_hint().exact().is_some(), count < PIECE, "{count}");
            let text = axum::body::to_bytes(body, usize::MAX).await.expect("it is in memory");
            let numbers: Vec<usize> = serde_json::from_slice(&text).expect("an array of numbers");
            assert_eq!(numbers, (0..count).collect::<Vec<_>>());
            assert_eq!(slots.available_permits(), 1, "it is given back once the body has been taken");
        }
    }
}
