//! A Prometheus that speaks only TLS and lets in only who knows the password, or has a certificate as well.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value;

use crate::harness::{Prometheus, Sereno, Setup, Target, eventually};

/// In its certificate, in place of the address that we connect to.
pub(super) const SERVER_NAME: &str = "prometheus.example";
pub(super) const USER: &str = "sereno";
pub(super) const PASSWORD: &str = "watch & ward";
/// The bcrypt hash of the password, with few rounds.
const PASSWORD_HASH: &str = "$2b$04$abcdefghijklmnopqrstuuXVqRm8kcMP8a2X/Adhk9FsA5dHWr2w.";

pub(super) const RULES: &str = "groups: [{name: app, rules: [{alert: Up, expr: up == 1}]}]";
const ROUTES: &str = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";

/// A key and its certificate, as PEM.
pub(super) struct Identity {
    pub(super) key: String,
    pub(super) certificate: String,
}

pub(super) fn authority(name: &str) -> (Identity, Issuer<'static, KeyPair>) {
    let mut parameters = CertificateParams::new(Vec::new()).expect("no names");
    parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let certificate = parameters.self_signed(&key).expect("signed").pem();
    (Identity { key: key.serialize_pem(), certificate }, Issuer::new(parameters, key))
}

pub(super) fn signed_by(issuer: &Issuer<'_, KeyPair>) -> Identity {
    let parameters = CertificateParams::new(vec![SERVER_NAME.to_owned()]).expect("a name");
    let key = KeyPair::generate().expect("a key");
    let certificate = parameters.signed_by(&key, issuer).expect("signed").pem();
    Identity { key: key.serialize_pem(), certificate }
}

/// Its own authority, as `openssl req -x509` makes them.
fn self_signed() -> Identity {
    let mut parameters = CertificateParams::new(vec![SERVER_NAME.to_owned()]).expect("a name");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let certificate = parameters.self_signed(&key).expect("signed").pem();
    Identity { key: key.serialize_pem(), certificate }
}

/// Lets in only clients with a certificate of the authority `clients`, if there is one.
pub(super) async fn guarded_prometheus(
    target: &Target,
    server: &Identity,
    clients: Option<(&Identity, &Issuer<'_, KeyPair>)>,
) -> Prometheus {
    let client_auth = match clients {
        Some(_) => ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: clients.crt",
        None => "",
    };
    let web = format!(
        "tls_server_config: {{cert_file: server.crt, key_file: server.key{client_auth}}}\n\
         basic_auth_users: {{{USER}: '{PASSWORD_HASH}'}}\n"
    );
    let plain = Setup::default(); // first: it also brings the TLS provider that each client needs
    let mut headers = reqwest::header::HeaderMap::new();
    let basic = "Basic c2VyZW5vOndhdGNoICYgd2FyZA==";
    headers.insert("authorization", reqwest::header::HeaderValue::from_static(basic));
    let mut client =
        reqwest::Client::builder().tls_danger_accept_invalid_certs(true).default_headers(headers);
    if let Some((_, issuer)) = clients {
        let Identity { key, certificate } = signed_by(issuer);
        let pem = format!("{key}{certificate}");
        client = client.identity(reqwest::Identity::from_pem(pem.as_bytes()).expect("an identity"));
    }
    let clients = clients.map_or(String::new(), |(authority, _)| authority.certificate.clone());
    let setup = Setup {
        files: vec![
            ("web.yml", web),
            ("server.crt", server.certificate.clone()),
            ("server.key", server.key.clone()),
            ("clients.crt", clients),
        ],
        flags: ["--web.config.file=web.yml", "--web.enable-lifecycle"].map(str::to_owned).to_vec(),
        scheme: "https",
        client: client.build().expect("a client"),
        ..plain
    };
    Prometheus::start_with(&[target], setup).await
}

/// The files that our flags name.
pub(super) struct Files {
    folder: tempfile::TempDir,
    pub(super) ca: PathBuf,
    pub(super) password: PathBuf,
}

impl Files {
    pub(super) fn new(ca: &str, password: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (ca_path, password_path) = (folder.path().join("ca.crt"), folder.path().join("password"));
        std::fs::write(&ca_path, ca).expect("written");
        std::fs::write(&password_path, password).expect("written");
        Self { folder, ca: ca_path, password: password_path }
    }

    /// Writes a certificate and its key, and names them.
    pub(super) fn identity(&self, identity: &Identity) -> [String; 2] {
        [("client.crt", &identity.certificate), ("client.key", &identity.key)].map(|(name, pem)| {
            let path = self.folder.path().join(name);
            std::fs::write(&path, pem).expect("written");
            path.display().to_string()
        })
    }

    async fn serve(&self, prometheus: &Prometheus, server_name: &str) -> Sereno {
        self.serve_with(prometheus, server_name, ROUTES, None).await
    }

    /// Shows the data source a certificate as well, if there is one.
    pub(super) async fn serve_with(
        &self,
        prometheus: &Prometheus,
        server_name: &str,
        routes: &str,
        identity: Option<&Identity>,
    ) -> Sereno {
        let text = |path: &Path| path.display().to_string();
        let (ca, password) = (text(&self.ca), text(&self.password));
        let identity = identity.map(|identity| self.identity(identity));
        let mut flags = vec![
            ["--prometheus-ca-file", &ca],
            ["--prometheus-server-name", server_name],
            ["--prometheus-username", USER],
            ["--prometheus-password-file", &password],
        ];
        if let Some([certificate, key]) = &identity {
            flags.extend([["--prometheus-cert-file", certificate], ["--prometheus-key-file", key]]);
        }
        Sereno::start(&prometheus.url(), RULES, routes, flags.as_flattened()).await
    }
}

/// The rule, once it was evaluated.
async fn rule(sereno: &Sereno) -> Value {
    eventually("the rule is evaluated", || async {
        let rules = sereno.get_json("/api/v1/rules").await;
        let rule = rules["data"]["groups"][0]["rules"][0].clone();
        (rule["health"] != "unknown").then_some(rule)
    })
    .await
}

/// Waits until `/health` says what is wrong with the data source, and that nothing of it is secret.
async fn assert_says(sereno: &Sereno, reason: &str, secret: &str) {
    let rule = rule(sereno).await;
    assert_eq!(rule["health"], "err");
    let (status, health) = sereno.get("/health").await;
    assert_eq!(status, 503);
    let json: Value = serde_json::from_str(&health).expect(&health);
    let said = [&json["checks"]["data_source"]["last_error"]["message"], &rule["lastError"]];
    for said in said {
        assert!(said.as_str().is_some_and(|said| said.contains(reason)), "{reason}: {said}");
    }
    let everything = format!("{health}{rule}{}", sereno.log());
    assert!(!everything.contains(secret), "{everything}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_authority_name_and_password_get_in() {
    let target = Target::start().await;
    let (ca, issuer) = authority("the right one");
    let (other_ca, _) = authority("another one");
    let prometheus = guarded_prometheus(&target, &signed_by(&issuer), None).await;

    let right = Files::new(&ca.certificate, &format!("{PASSWORD}\n"));
    let sereno = right.serve(&prometheus, SERVER_NAME).await;
    let rule = rule(&sereno).await;
    assert_eq!((&rule["health"], &rule["lastError"]), (&"ok".into(), &Value::Null), "{rule}");
    sereno.wait_alerts(&["firing"]).await;
    assert_eq!(sereno.get("/health").await.0, 200);
    std::fs::write(&right.password, "hidden").expect("written");
    eventually("the new password is in use", || async {
        (sereno.get("/health").await.0 == 503).then_some(())
    })
    .await;
    assert_says(&sereno, "401", "hidden").await;

    let unknown_ca = Files::new(&other_ca.certificate, PASSWORD);
    let sereno = unknown_ca.serve(&prometheus, SERVER_NAME).await;
    assert_says(&sereno, "invalid peer certificate: UnknownIssuer", PASSWORD).await;
    let right = Files::new(&ca.certificate, PASSWORD);
    let sereno = right.serve(&prometheus, "other.example").await;
    assert_says(&sereno, "not valid for name \"other.example\"", PASSWORD).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_self_signed_certificate_is_its_own_authority() {
    let target = Target::start().await;
    let server = self_signed();
    let prometheus = guarded_prometheus(&target, &server, None).await;
    let files = Files::new(&server.certificate, PASSWORD);
    let sereno = files.serve(&prometheus, SERVER_NAME).await;
    let rule = rule(&sereno).await;
    assert_eq!((&rule["health"], &rule["lastError"]), (&"ok".into(), &Value::Null), "{rule}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_certificate_of_the_right_authority_gets_in() {
    let target = Target::start().await;
    let (ca, issuer) = authority("the right one");
    let (_, other_issuer) = authority("another one");
    let prometheus = guarded_prometheus(&target, &signed_by(&issuer), Some((&ca, &issuer))).await;
    let files = Files::new(&ca.certificate, PASSWORD);

    let sereno = files.serve_with(&prometheus, SERVER_NAME, ROUTES, Some(&signed_by(&issuer))).await;
    let rule = rule(&sereno).await;
    assert_eq!((&rule["health"], &rule["lastError"]), (&"ok".into(), &Value::Null), "{rule}");
    drop(sereno);

    // Who refuses a certificate says so after the handshake; whether that reason or only the end of the
    // connection is what the HTTP client sees is a matter of luck.
    let other = signed_by(&other_issuer);
    let sereno = files.serve_with(&prometheus, SERVER_NAME, ROUTES, Some(&other)).await;
    assert_says(&sereno, "request to ", PASSWORD).await;
    let sereno = files.serve(&prometheus, SERVER_NAME).await;
    assert_says(&sereno, "request to ", PASSWORD).await;
}
