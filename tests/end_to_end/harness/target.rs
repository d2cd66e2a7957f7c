//! A scrape target that can be switched off.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

pub(crate) struct Target {
    port: u16,
    up: Arc<AtomicBool>,
}

impl Target {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let up = Arc::new(AtomicBool::new(true));
        let seen = Arc::clone(&up);
        let answer = move || async move {
            match seen.load(Ordering::SeqCst) {
                true => Ok("app_value 1\n"),
                false => Err(StatusCode::INTERNAL_SERVER_ERROR),
            }
        };
        let app = Router::new().route("/metrics", get(answer));
        tokio::spawn(axum::serve(listener, app).into_future());
        Self { port, up }
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn switch(&self, up: bool) {
        self.up.store(up, Ordering::SeqCst);
    }
}
