//! A mail server that follows a script, for what no real one can be made to say. It is strict: what is said to
//! it must be what the script expects, word for word.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The fake. Each connection takes the next script; there are no more connections than scripts.
pub(crate) struct Smtp {
    pub(crate) port: u16,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    connections: usize,
    mails: Vec<String>,
    mistakes: Vec<String>,
}

impl Smtp {
    /// Scripts have a line for each thing that is said: `S: 220 ready`, `C: EHLO localhost`. `C: MAIL…` means
    /// any line that begins so; `C: <mail>` is a mail up to its dot; `S: <close>` ends the connection and
    /// `S: <silence>` waits for the other side to do so.
    pub(crate) async fn start<'a>(scripts: impl IntoIterator<Item = &'a str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let scripts: Vec<String> = scripts.into_iter().map(str::to_owned).collect();
        let shared = Arc::clone(&heard);
        tokio::spawn(async move {
            for script in scripts {
                let (stream, _) = listener.accept().await.expect("a connection");
                lock(&shared).connections += 1;
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    if let Err(mistake) = follow(&script, stream, &shared).await {
                        lock(&shared).mistakes.push(mistake);
                    }
                });
            }
        });
        Self { port, heard }
    }

    /// The mails that came, after making sure that everything was as the scripts have it.
    pub(crate) fn mails(&self) -> Vec<String> {
        let heard = lock(&self.heard);
        assert!(heard.mistakes.is_empty(), "{:#?}", heard.mistakes);
        heard.mails.clone()
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        lock(&self.heard).connections
    }
}

fn lock(heard: &Mutex<Heard>) -> std::sync::MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn follow(script: &str, stream: TcpStream, heard: &Mutex<Heard>) -> Result<(), String> {
    let mut stream = BufReader::new(stream);
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.split_once(": ") {
            Some(("S", "<close>")) => return Ok(()),
            Some(("S", text)) => say(&mut stream, text).await?,
            Some(("C", text)) => expect(&mut stream, text, heard).await?,
            _ => return Err(format!("{line:?} is no line of a script")),
        }
    }
    Ok(())
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> Result<(), String> {
    if line == "<silence>" {
        let mut rest = String::new();
        while stream.read_line(&mut rest).await.is_ok_and(|read| read > 0) {}
        return Ok(());
    }
    stream.write_all(format!("{line}\r\n").as_bytes()).await.map_err(|error| error.to_string())
}

async fn expect(stream: &mut BufReader<TcpStream>, want: &str, heard: &Mutex<Heard>) -> Result<(), String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        let read = stream.read_line(&mut line).await.map_err(|error| error.to_string())?;
        if read == 0 {
            return Err(format!("the connection ended before {want:?}"));
        }
        if !line.ends_with("\r\n") {
            return Err(format!("a line ends without CRLF: {line:?}"));
        }
        if want != "<mail>" {
            let got = line.trim_end();
            let is_right = want.strip_suffix('…').map_or(got == want, |start| got.starts_with(start));
            return if is_right { Ok(()) } else { Err(format!("expected {want:?}, got {got:?}")) };
        }
        if line == ".\r\n" {
            lock(heard).mails.push(text);
            return Ok(());
        }
        if line.len() > 1000 || !line.is_ascii() {
            return Err(format!("not a line of a mail: {line:?}"));
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
