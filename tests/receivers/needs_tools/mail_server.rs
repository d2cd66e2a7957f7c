//! A real mail server on free ports of the loopback, with its own certificate, users and folder. It stops with
//! the test.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take before the test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The users, all with the password `s3cret`.
const USERS: [&str; 3] = ["ana", "ops", "sereno"];

/// What the server hands each mail to: it goes into a file of the recipient's folder, at once or not at all.
const STORE: &str = "#!/bin/sh
set -e
mkdir -p \"$1/$2\"
cat > \"$1/$2/.new.$$\"
mv \"$1/$2/.new.$$\" \"$1/$2/$(date +%s%N).$$\"
";

pub(crate) struct MailServer {
    folder: tempfile::TempDir,
    /// The port where TLS is asked for.
    pub(crate) starttls: u16,
    /// The port where TLS is spoken from the start.
    pub(crate) implicit: u16,
    process: Child,
}

impl MailServer {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (starttls, implicit) = (free_port(), free_port());
        let root = folder.path();
        for name in ["certs/localhost", "domains/example.org", "data", "mail"] {
            fs::create_dir_all(root.join(name)).expect("created");
        }
        certificate(root);
        let store = root.join("store.sh");
        let mut file = fs::File::create(&store).expect("created");
        file.write_all(STORE.as_bytes()).expect("written");
        drop(file);
        fs::set_permissions(&store, fs::Permissions::from_mode(0o755)).expect("ours");
        let show = |path: PathBuf| path.display().to_string();
        let config = format!(
            "hostname: \"localhost\"\nsubmission_address: \"127.0.0.1:{starttls}\"\n\
             submission_over_tls_address: \"127.0.0.1:{implicit}\"\nmail_delivery_agent_bin: {:?}\n\
             mail_delivery_agent_args: {:?}\nmail_delivery_agent_args: \"%to_user%\"\ndata_dir: {:?}\n\
             mail_log_path: \"<stderr>\"\n",
            show(store),
            show(root.join("mail")),
            show(root.join("data")),
        );
        fs::write(root.join("chasquid.conf"), config).expect("written");
        for user in USERS {
            let added = Command::new(tool("chasquid-util"))
                .arg(format!("-C={}", root.display()))
                .args(["user-add", &format!("{user}@example.org"), "--password=s3cret"])
                .stdout(Stdio::null())
                .status();
            assert!(added.expect("it starts").success(), "the user {user} is added");
        }
        let process = Command::new(tool("chasquid"))
            .arg(format!("-config_dir={}", root.display()))
            .stdout(Stdio::null())
            .stderr(fs::File::create(root.join("log")).expect("created"))
            .spawn()
            .expect("it starts");
        let server = Self { folder, starttls, implicit, process };
        for port in [starttls, implicit] {
            let listens = || TcpStream::connect(("127.0.0.1", port)).ok();
            eventually("it listens", || server.log(), listens).await;
        }
        server
    }

    /// The path of the certificate of who vouches for it.
    pub(crate) fn ca(&self) -> String {
        self.folder.path().join("ca.pem").display().to_string()
    }

    /// Takes the next mail out of the user's folder, once it is there.
    pub(crate) async fn mail(&self, user: &str) -> String {
        let folder = self.folder.path().join("mail").join(user);
        let first = || {
            let entries = fs::read_dir(&folder).ok()?.map(|entry| entry.expect("an entry").path());
            entries.filter(|path| !path.to_string_lossy().contains(".new.")).min()
        };
        let path = eventually(&format!("{user} has a mail"), || self.log(), first).await;
        let text = fs::read_to_string(&path).expect("a text");
        fs::remove_file(path).expect("ours");
        text
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An authority, and the server's certificate that it vouches for.
fn certificate(root: &Path) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let mut authority = CertificateParams::new(Vec::new()).expect("no names");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    fs::write(root.join("ca.pem"), authority.self_signed(&key).expect("signed").pem()).expect("written");
    let issuer = Issuer::new(authority, key);
    let own = KeyPair::generate().expect("a key");
    let server = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let server = server.signed_by(&own, &issuer).expect("signed");
    let folder = root.join("certs/localhost");
    fs::write(folder.join("fullchain.pem"), server.pem()).expect("written");
    fs::write(folder.join("privkey.pem"), own.serialize_pem()).expect("written");
}

/// The answer of a server, once there is one; what it has logged if that takes too long.
#[expect(clippy::disallowed_methods, reason = "a real server takes real time; this waits for a condition")]
pub(crate) async fn eventually<T>(what: &str, log: impl Fn() -> String, ask: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain until {what}\n{}", log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Where the programs that we test against are unpacked.
pub(crate) fn tool(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/usr/bin").join(name);
    assert!(path.exists(), "{} is missing: run `make tools`", path.display());
    path
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}
