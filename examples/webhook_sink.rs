//! A web server that takes webhooks and keeps them: each request body becomes one line of a file.
//!
//! `cargo run --example webhook_sink -- 127.0.0.1:5001 webhooks.jsonl`

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(path)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("two arguments are needed: an address to listen on and a file"));
    };
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    let keep = post(keep).get(|| async { "send webhooks here with POST\n" });
    let app = Router::new().fallback_service(keep.with_state(Arc::new(Mutex::new(file))));
    axum::serve(tokio::net::TcpListener::bind(address).await?, app).await
}

/// Writes the body as one line. JSON stays the same when a line break becomes a space.
async fn keep(State(file): State<Arc<Mutex<File>>>, body: String) -> StatusCode {
    let line = format!("{}\n", body.trim().replace(['\n', '\r'], " "));
    let mut file = file.lock().expect("no holder of the lock panics");
    match file.write_all(line.as_bytes()) {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::INSUFFICIENT_STORAGE,
    }
}
