//! How much the API does at once and how long it may take: Alertmanager's `--web.get-concurrency` and
//! `--web.timeout`.

use std::num::NonZero;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::model::Duration;

/// What flags say about requests to the API. The default is Alertmanager's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebLimits {
    /// How many `GET`s of the API v2 are answered at once; 0: one for each core, and at least eight.
    pub get_concurrency: usize,
    /// After how long a request to the API is answered 503; zero: never. What an answer takes on its way to
    /// its reader does not count.
    pub timeout: Duration,
}

impl WebLimits {
    /// How many `GET`s are answered at once.
    pub(super) fn get_slots(self) -> usize {
        match self.get_concurrency {
            0 => std::thread::available_parallelism().map_or(1, NonZero::get).max(8),
            given => given,
        }
    }
}

/// Answers 503 if the answer does not begin in time. What the request asked for may happen all the same.
pub(super) async fn in_time(State(limits): State<WebLimits>, request: Request, next: Next) -> Response {
    if limits.timeout <= Duration::ZERO {
        return next.run(request).await;
    }
    match tokio::time::timeout(limits.timeout.to_std(), next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let text = format!("Exceeded configured timeout of {}.\n", limits.timeout);
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::Request;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::{WebLimits, in_time};
    use crate::model::Duration;

    async fn ask(path: &str, timeout: Duration) -> (u16, String) {
        let limits = WebLimits { timeout, ..WebLimits::default() };
        let app = Router::new()
            .route("/quick", get(async || "here"))
            .route("/never", get(std::future::pending::<()>))
            .layer(from_fn_with_state(limits, in_time));
        let request = Request::get(path).body(Body::empty()).expect("valid");
        let answer = app.oneshot(request).await.expect("it answers");
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), 1000).await.expect("a body");
        (status, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }

    #[tokio::test]
    async fn what_takes_too_long_is_answered_503_with_alertmanagers_text() {
        for (path, timeout, want) in [
            ("/quick", Duration::from_mins(2), (200, "here".to_owned())),
            ("/quick", Duration::ZERO, (200, "here".to_owned())),
            ("/never", Duration::from_millis(20), (503, "Exceeded configured timeout of 20ms.\n".to_owned())),
        ] {
            assert_eq!(ask(path, timeout).await, want, "{path} {timeout}");
        }
    }

    #[test]
    fn no_number_means_the_cores_and_at_least_eight() {
        assert!(WebLimits::default().get_slots() >= 8);
        assert_eq!(WebLimits { get_concurrency: 2, ..WebLimits::default() }.get_slots(), 2);
    }
}
