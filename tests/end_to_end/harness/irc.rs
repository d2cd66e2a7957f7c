//! Somebody else's consumer of Alertmanager's webhooks: a real alertmanager-irc-relay, and the least of an IRC
//! server that makes it speak.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{Process, client, eventually, free_port, tool};

pub(crate) struct IrcRelay {
    port: u16,
    said: Arc<Mutex<Vec<String>>>,
    _process: Process,
    _folder: tempfile::TempDir,
}

impl IrcRelay {
    /// Starts both and waits until the relay takes requests.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let irc_port = listener.local_addr().expect("it is bound").port();
        let said = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(serve(listener, Arc::clone(&said)));

        let (folder, port) = (tempfile::tempdir().expect("a folder"), free_port());
        let config = format!(
            "{{http_host: 127.0.0.1, http_port: {port}, irc_host: 127.0.0.1, irc_port: {irc_port},\n\
             irc_use_ssl: no, irc_nickname: bot, irc_realname: bot, use_privmsg: yes,\n\
             irc_channels: [{{name: '#ops'}}],\n\
             msg_template: '{{{{ .Labels.alertname }}}} is {{{{ .Status }}}}: {{{{ .Annotations.summary }}}}'}}\n"
        );
        let path = folder.path().join("relay.yml");
        std::fs::write(&path, config).expect("written");
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        let mut command = Command::new(tool("alertmanager-irc-relay"));
        command.arg("--config").arg(&path).stdout(Stdio::null()).stderr(log);
        let process = Process(command.spawn().expect("alertmanager-irc-relay starts"));
        let client = client();
        eventually("the relay takes requests", || async {
            client.get(format!("http://127.0.0.1:{port}/")).send().await.ok().map(|_| ())
        })
        .await;
        Self { port, said, _process: process, _folder: folder }
    }

    /// Where webhooks for the channel `#ops` go.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/ops", self.port)
    }

    /// Waits until the relay has said so much in the channel.
    pub(crate) async fn wait_said(&self, count: usize) -> Vec<String> {
        eventually("the relay has spoken", || async {
            let said = self.said.lock().expect("nobody panics with it").clone();
            (said.len() >= count).then_some(said)
        })
        .await
    }
}

async fn serve(listener: TcpListener, said: Arc<Mutex<Vec<String>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(talk(stream, Arc::clone(&said)));
    }
}

/// Welcomes whoever comes, lets them into channels and notes what they say there.
async fn talk(stream: TcpStream, said: Arc<Mutex<Vec<String>>>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = match command {
            "USER" => ":irc.test 001 bot :welcome\r\n".to_owned(),
            "PING" => format!(":irc.test PONG irc.test {rest}\r\n"),
            "JOIN" => format!(":bot!bot@irc.test JOIN {rest}\r\n"),
            "PRIVMSG" => {
                // It also speaks to services of the network; only the channel counts.
                if let Some((_, text)) = rest.split_once(" :").filter(|(to, _)| *to == "#ops") {
                    said.lock().expect("nobody panics with it").push(text.to_owned());
                }
                continue;
            }
            _ => continue,
        };
        if writer.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}
