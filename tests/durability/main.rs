//! What is answered 200 is on disk: a real `sereno serve` is killed again and again, and its disk is full,
//! read-only, damaged or somebody else's. Needs no program but our own.

mod disk;
mod kill;
mod place;
mod receiver;
mod server;

use std::time::{Duration, Instant};

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again and again until there is an answer.
#[expect(clippy::disallowed_methods, reason = "a real server takes real time; this waits for a condition")]
async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
