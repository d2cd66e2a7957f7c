//! Exim from its Debian package, on free ports of the loopback, with its own certificate, spool and log: a mail server
//! that offers what chasquid does not (CRAM-MD5, LOGIN) and may want to see a certificate. It keeps what it takes
//! and delivers nothing. It stops with the test.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::mail_server::{eventually, free_port, tool};

/// Who it runs as if we are root, which it refuses to be itself: nobody.
const NOBODY: u32 = 65_534;

/// What it is told beside its ports and folders. `FOLDER` stands for that.
const CONFIG: &str = r#"
primary_hostname = localhost
local_interfaces = 127.0.0.1
spool_directory = FOLDER/spool
log_file_path = FOLDER/log/%slog
log_selector = +tls_peerdn +tls_certificate_verified
pid_file_path = FOLDER/pid
queue_only = true
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
auth_advertise_hosts = *
acl_smtp_rcpt = recipient
tls_advertise_hosts = *
tls_certificate = FOLDER/server.pem
tls_privatekey = FOLDER/server.key
tls_verify_certificates = FOLDER/ca.pem
"#;

/// How to log in: as `ops` with `s3cret`.
const CRAM_MD5: &str = "cram:\n  driver = cram_md5\n  public_name = CRAM-MD5\n  \
    server_secret = ${if eq{$auth1}{ops}{s3cret}fail}\n  server_set_id = $auth1\n";
const LOGIN: &str = "login:\n  driver = plaintext\n  public_name = LOGIN\n  \
    server_prompts = Username:: : Password::\n  \
    server_condition = ${if and{{eq{$auth1}{ops}}{eq{$auth2}{s3cret}}}}\n  server_set_id = $auth1\n";

/// Whom it takes mails from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    /// Who logs in by `CRAM-MD5`.
    CramMd5,
    /// Who logs in by `LOGIN`.
    Login,
    /// Who has a certificate of its authority.
    Certificate,
}

pub(crate) struct Exim {
    folder: tempfile::TempDir,
    /// The port where TLS may be asked for.
    pub(crate) port: u16,
    /// The port where TLS is spoken from the start.
    pub(crate) implicit: u16,
    process: Child,
}

impl Exim {
    pub(crate) async fn start(wants: Wants) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        for name in ["log", "spool"] {
            fs::create_dir(root.join(name)).expect("created");
        }
        let (port, implicit) = (free_port(), free_port());
        certificates(root);
        let (recipients, authenticators, more) = match wants {
            Wants::CramMd5 => ("deny !authenticated = *\n", CRAM_MD5, ""),
            Wants::Login => ("deny !authenticated = *\n", LOGIN, ""),
            Wants::Certificate => ("deny !encrypted = *\n", "", "tls_verify_hosts = *\n"),
        };
        let config = format!(
            "{CONFIG}{more}daemon_smtp_ports = {port} : {implicit}\ntls_on_connect_ports = {implicit}\n\
             begin acl\nrecipient:\n  {recipients}  accept\nbegin authenticators\n{authenticators}"
        );
        let shown = root.display().to_string();
        fs::write(root.join("config"), config.replace("FOLDER", &shown)).expect("written");
        let process = start(root);
        let server = Self { folder, port, implicit, process };
        for port in [port, implicit] {
            let listens = || TcpStream::connect(("127.0.0.1", port)).ok();
            eventually("it listens", || server.said(), listens).await;
        }
        server
    }

    /// The path of one of its files: `ca.pem`, `ours.pem` and `ours.key`, `stranger.pem` and `stranger.key`.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// What it logs of the first mail that it takes.
    pub(crate) async fn taken(&self) -> String {
        let line = || self.log().lines().find(|line| line.contains(" <= ")).map(str::to_owned);
        eventually("it takes a mail", || self.said(), line).await
    }

    /// All that it logs.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log/mainlog")).unwrap_or_default()
    }

    /// All that it says and logs.
    fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("said")).unwrap_or_default() + &self.log()
    }
}

impl Drop for Exim {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts it. Its user is one of the system's that need not be there, so it gets a list of users of its own.
fn start(root: &Path) -> Child {
    let us = fs::metadata("/proc/self").expect("Linux has it");
    let (uid, gid) = if us.uid() == 0 { (NOBODY, NOBODY) } else { (us.uid(), us.gid()) };
    let users = format!("root:x:0:0::/root:/bin/sh\nDebian-exim:x:{uid}:{gid}::/nonexistent:/bin/false\n");
    fs::write(root.join("passwd"), users).expect("written");
    fs::write(root.join("group"), format!("root:x:0:\nDebian-exim:x:{gid}:\nmail:x:8:\n")).expect("written");
    fs::set_permissions(root, fs::Permissions::from_mode(0o755)).expect("ours");
    for name in ["log", "spool"] {
        chown(root.join(name), Some(uid), Some(gid)).expect("ours");
    }
    let wrapper = library("libnss_wrapper.so");
    Command::new(tool("../sbin/exim4"))
        .arg("-C")
        .arg(root.join("config"))
        .arg("-bdf")
        .env("LD_LIBRARY_PATH", libraries(&wrapper))
        .env("LD_PRELOAD", &wrapper)
        .env("NSS_WRAPPER_PASSWD", root.join("passwd"))
        .env("NSS_WRAPPER_GROUP", root.join("group"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(root.join("said")).expect("created"))
        .spawn()
        .expect("it starts")
}

/// An authority, the server's certificate and ours that it vouches for, and a stranger's that calls itself the same.
fn certificates(root: &Path) {
    let authority = || {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "authority");
        let key = KeyPair::generate().expect("a key");
        let pem = authority.self_signed(&key).expect("signed").pem();
        (pem, Issuer::new(authority, key))
    };
    let write = |name: &str, host: &str, issuer: &Issuer<'_, KeyPair>| {
        let key = KeyPair::generate().expect("a key");
        let mut one = CertificateParams::new(vec![host.to_owned()]).expect("a name");
        one.distinguished_name.push(DnType::CommonName, host);
        let pem = one.signed_by(&key, issuer).expect("signed").pem();
        fs::write(root.join(format!("{name}.pem")), pem).expect("written");
        fs::write(root.join(format!("{name}.key")), key.serialize_pem()).expect("written");
    };
    let (ca, issuer) = authority();
    fs::write(root.join("ca.pem"), ca).expect("written");
    write("server", "localhost", &issuer);
    write("ours", "sereno.example.org", &issuer);
    write("stranger", "sereno.example.org", &authority().1);
}

/// A library beside the programs that we test against, whatever the machine is.
fn library(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/usr/lib");
    let machines = fs::read_dir(&folder).into_iter().flatten().flatten();
    let found = machines.map(|machine| machine.path().join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("{name} is missing in {}: run `make tools`", folder.display()))
}

/// Where libraries are that were unpacked: beside this one, or in `lib` itself.
fn libraries(library: &Path) -> String {
    let beside = library.parent().expect("it is in a folder");
    let machine = beside.file_name().expect("it has a name");
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/lib").join(machine);
    format!("{}:{}", beside.display(), other.display())
}
