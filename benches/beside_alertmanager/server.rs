//! A server under measurement: started on a free port, asked over HTTP, its CPU and memory read from /proc.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Which program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Alertmanager,
    Sereno,
}

impl Program {
    pub(crate) const BOTH: [Self; 2] = [Self::Alertmanager, Self::Sereno];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Alertmanager => "alertmanager",
            Self::Sereno => "sereno",
        }
    }
}

/// A running server with a folder of its own.
pub(crate) struct Server {
    child: Child,
    program: Program,
    config: PathBuf,
    folder: PathBuf,
    pub(crate) url: String,
}

/// What the operating system says of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Seconds of CPU since it started, in user and kernel mode.
    pub(crate) cpu: f64,
    /// Resident bytes.
    pub(crate) resident: u64,
}

impl Server {
    /// Starts `program` with this routing file and waits until it answers.
    pub(crate) async fn start(program: Program, folder: &Path, routing: &str) -> Result<Self, String> {
        let folder = folder.join(program.name());
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let config = folder.join("alertmanager.yml");
        fs::write(&config, routing).map_err(|error| format!("{}: {error}", config.display()))?;
        let (child, url) = launch(program, &config, &folder)?;
        let server = Self { child, program, config, folder, url };
        server.wait_until_ready().await?;
        Ok(server)
    }

    /// Stops it gently, starts it again on the same folder; returns the seconds until it answers again.
    pub(crate) async fn restart(&mut self) -> Result<f64, String> {
        self.stop();
        let begun = Instant::now();
        (self.child, self.url) = launch(self.program, &self.config, &self.folder)?;
        self.wait_until_ready().await?;
        Ok(begun.elapsed().as_secs_f64())
    }

    /// Its use of the machine until now.
    pub(crate) fn usage(&self) -> Usage {
        let pid = self.child.id();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Fields after the name, which stands in parentheses: 12th and 13th are the CPU times in ticks.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
        let kilobytes: u64 = resident.trim().trim_end_matches("kB").trim().parse().unwrap_or(0);
        Usage { cpu: (ticks(11) + ticks(12)) / 100.0, resident: kilobytes * 1024 }
    }

    /// SIGTERM, then wait; killed if it takes too long.
    pub(crate) fn stop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    async fn wait_until_ready(&self) -> Result<(), String> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            if let Ok(answer) = reqwest::get(format!("{}/-/ready", self.url)).await
                && answer.status().is_success()
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err(format!("{} does not get ready; its log is in {}", self.program.name(), self.folder.display()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn launch(program: Program, config: &Path, folder: &Path) -> Result<(Child, String), String> {
    let address = free_address()?;
    let mut command = match program {
        Program::Alertmanager => {
            let binary =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/usr/bin/prometheus-alertmanager");
            if !binary.exists() {
                return Err(format!("missing {}: run `make tools` first", binary.display()));
            }
            // Debian's build reads a template from below /usr/share, where nothing is installed: it gets a
            // view of the file system in which there is. Each step replaces the one before: one process.
            let share = binary.ancestors().nth(2).ok_or("it is in usr/bin")?.join("share");
            let with_its_files = r#"mount --bind "$0" /usr/share && exec "$@""#;
            let mut command = Command::new("unshare");
            command.args(["--map-root-user", "--mount", "sh", "-c", with_its_files]).arg(share).arg(binary);
            command.arg(format!("--config.file={}", config.display()));
            command.arg(format!("--storage.path={}", folder.join("data").display()));
            command.arg(format!("--web.listen-address={address}"));
            command.arg("--cluster.listen-address=");
            command
        }
        Program::Sereno => {
            let mut command = Command::new(env!("CARGO_BIN_EXE_sereno"));
            command.args(["serve", "--routes"]).arg(config).arg("--data-dir").arg(folder.join("data"));
            command.arg("--rules").arg(folder.join("none.yml")).args(["--listen", &address]);
            fs::write(folder.join("none.yml"), "groups: []\n").map_err(|error| error.to_string())?;
            command
        }
    };
    let log = fs::File::create(folder.join("log")).map_err(|error| error.to_string())?;
    let also = log.try_clone().map_err(|error| error.to_string())?;
    command.stdout(Stdio::from(log)).stderr(Stdio::from(also)).current_dir(folder);
    let child = command.spawn().map_err(|error| format!("cannot start {}: {error}", program.name()))?;
    Ok((child, format!("http://{address}")))
}

fn free_address() -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    Ok(listener.local_addr().map_err(|error| error.to_string())?.to_string())
}
