//! The lines that a running program writes, as they come.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use sereno::shell::clock::Stopwatch;

/// What was written.
pub(crate) struct Lines {
    coming: Receiver<String>,
    /// What was waited for and what came before it.
    seen: Vec<String>,
}

impl Lines {
    /// Those of one of its outputs.
    pub(crate) fn of(output: impl Read + Send + 'static) -> Self {
        let (told, coming) = channel();
        thread::spawn(move || {
            // Read to the end even if nobody listens any more: a full pipe would hold it up.
            BufReader::new(output).lines().map_while(Result::ok).for_each(|line| drop(told.send(line)));
        });
        Self { coming, seen: Vec::new() }
    }

    /// The first line from here on that `is_it`.
    pub(crate) fn wait(&mut self, what: &str, patience: Duration, is_it: impl Fn(&str) -> bool) -> String {
        let watch = Stopwatch::start();
        loop {
            let line = self.coming.recv_timeout(patience.saturating_sub(watch.elapsed()));
            let line = line.unwrap_or_else(|error| panic!("no line with {what} ({error}): {:#?}", self.seen));
            self.seen.push(line.clone());
            if is_it(&line) {
                return line;
            }
        }
    }

    /// The lines up to the one that was waited for last.
    pub(crate) fn seen(&self) -> &[String] {
        &self.seen
    }

    /// All lines, once the output is closed or that much time has passed.
    pub(crate) fn until_it_ends(&mut self, patience: Duration) -> Vec<String> {
        let watch = Stopwatch::start();
        while let Ok(line) = self.coming.recv_timeout(patience.saturating_sub(watch.elapsed())) {
            self.seen.push(line);
        }
        self.seen.clone()
    }
}
