//! Tokens of OAuth 2 servers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{
    KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaKeyPair,
    UnparsedPublicKey,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::server::{Heard, Log, Reply, ok, proxy_to, serve, serve_tls};
use super::tls::Authority;
use super::{HttpClients, HttpError, post};
use crate::config::http::{
    Grant, HttpAuth, HttpSettings, JwtGrant, OAuth2Settings, ProxySettings, RsaHash, SecretSource,
    TlsSettings,
};
use crate::config::setting::Secret;

const KEY: &str = include_str!("rsa_key.pem");

fn settings(token_url: &str) -> OAuth2Settings {
    OAuth2Settings {
        client_id: "me&you".into(),
        secret: Some("s3cret!".into()),
        grant: Grant::ClientCredentials,
        scopes: vec!["read".into(), "write".into()],
        token_url: token_url.into(),
        endpoint_params: vec![("resource".into(), Secret::new("alerts".into()))],
        tls: TlsSettings::default(),
        proxy: ProxySettings::default(),
    }
}

fn http(oauth2: OAuth2Settings) -> HttpSettings {
    HttpSettings { auth: HttpAuth::OAuth2(Box::new(oauth2)), ..HttpSettings::default() }
}

/// An answer with a token: `expires_in` as JSON.
fn token(name: &str, expires_in: &str) -> Reply {
    ok(format!(r#"{{"access_token":"{name}","token_type":"bearer","expires_in":{expires_in}}}"#))
}

/// A token server that gives `token-1`, `token-2`, …, to whoever asks in its header.
async fn token_server(expires_in: &'static str) -> (String, Log<Heard>) {
    let count = Arc::new(AtomicUsize::new(0));
    let (address, log) =
        serve(move |_| token(&format!("token-{}", count.fetch_add(1, Ordering::Relaxed) + 1), expires_in))
            .await;
    (format!("http://{address}/token"), log)
}

async fn send(clients: &HttpClients, receiver: &str, http: &HttpSettings) -> Result<u16, HttpError> {
    clients.send(post(&format!("http://{receiver}/"), http)).await.map(|answer| answer.status)
}

/// The credentials that a receiver was shown.
fn shown(log: &Log<Heard>) -> Vec<String> {
    log.take().iter().map(|heard| heard.header("authorization")).collect()
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_used_until_it_ends() {
    let (receiver, seen) = serve(|_| ok("")).await;
    for (expires_in, want) in [
        ("3600", ["Bearer token-1", "Bearer token-1", "Bearer token-1"]),
        ("\"3600\"", ["Bearer token-1", "Bearer token-1", "Bearer token-1"]),
        ("0", ["Bearer token-1", "Bearer token-1", "Bearer token-1"]),
        // It would end on the way.
        ("9", ["Bearer token-1", "Bearer token-2", "Bearer token-3"]),
    ] {
        let (token_url, asked) = token_server(expires_in).await;
        let (clients, http) = (HttpClients::default(), http(settings(&token_url)));
        for _ in 0..3 {
            assert_eq!(send(&clients, &receiver, &http).await.expect("answered"), 200);
        }
        assert_eq!(shown(&seen), want, "{expires_in}");
        let asked = asked.take();
        let first = &asked[0];
        assert_eq!(first.body, "grant_type=client_credentials&scope=read+write&resource=alerts");
        let basic = format!("Basic {}", STANDARD.encode("me%26you:s3cret%21"));
        assert_eq!((first.method.as_str(), first.header("authorization")), ("POST", basic));
        assert_eq!(first.header("content-type"), "application/x-www-form-urlencoded");
    }
}

#[tokio::test]
async fn requests_at_once_share_a_token() {
    let (receiver, seen) = serve(|_| ok("")).await;
    let (token_url, asked) = token_server("3600").await;
    let (clients, http) = (HttpClients::default(), http(settings(&token_url)));
    let sends = (0..10).map(|_| send(&clients, &receiver, &http));
    for answer in futures_util::future::join_all(sends).await {
        assert_eq!(answer.expect("answered"), 200);
    }
    assert_eq!((shown(&seen).len(), asked.take().len()), (10, 1));
}

#[tokio::test]
async fn a_server_that_wants_the_secret_as_a_parameter_gets_it_there() {
    let (receiver, seen) = serve(|_| ok("")).await;
    let (address, asked) = serve(|heard| match heard.header("authorization").as_str() {
        "-" => token("fine", "1"),
        _ => (401, ("x", String::new()), r#"{"error":"invalid_client"}"#.to_owned()),
    })
    .await;
    let (clients, http) = (HttpClients::default(), http(settings(&format!("http://{address}"))));
    for _ in 0..2 {
        assert_eq!(send(&clients, &receiver, &http).await.expect("answered"), 200);
    }
    assert_eq!(shown(&seen), ["Bearer fine", "Bearer fine"]);
    let asked = asked.take();
    let want = "grant_type=client_credentials&client_id=me%26you&client_secret=s3cret%21&scope=read+write\
                &resource=alerts";
    let bodies: Vec<&str> = asked.iter().map(|heard| heard.body.as_str()).collect();
    assert_eq!(bodies[1..], [want, want], "what it wants is remembered");
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once() {
    let (token_url, asked) = token_server("3600").await;
    let good = Arc::new(Mutex::new("Bearer token-1".to_owned()));
    let now_good = Arc::clone(&good);
    let (receiver, seen) =
        serve(move |heard| match *now_good.lock().expect("fine") == heard.header("authorization") {
            true => ok(heard.body.clone()),
            false => (401, ("x", String::new()), String::new()),
        })
        .await;
    let (clients, http) = (HttpClients::default(), http(settings(&token_url)));
    assert_eq!(send(&clients, &receiver, &http).await.expect("answered"), 200);
    "Bearer token-2".clone_into(&mut good.lock().expect("fine"));
    assert_eq!(send(&clients, &receiver, &http).await.expect("answered"), 200);
    assert_eq!(shown(&seen), ["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
    "nobody".clone_into(&mut good.lock().expect("fine"));
    assert_eq!(send(&clients, &receiver, &http).await.expect("answered"), 401);
    assert_eq!(
        (shown(&seen), asked.take().len()),
        (vec!["Bearer token-2".to_owned(), "Bearer token-3".to_owned()], 3)
    );
}

#[tokio::test]
async fn a_secret_that_changes_in_its_file_gets_a_new_token() {
    let (receiver, seen) = serve(|_| ok("")).await;
    let (token_url, asked) = token_server("3600").await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    let secret = Some(SecretSource::File(file.path().display().to_string().into()));
    let (clients, http) = (HttpClients::default(), http(OAuth2Settings { secret, ..settings(&token_url) }));
    for secret in ["one\n", "one\n", "two\n"] {
        std::fs::write(file.path(), secret).expect("written");
        assert_eq!(send(&clients, &receiver, &http).await.expect("answered"), 200);
    }
    assert_eq!(shown(&seen), ["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
    let basic = |secret: &str| format!("Basic {}", STANDARD.encode(format!("me%26you:{secret}")));
    assert_eq!(shown(&asked), [basic("one"), basic("two")]);
}

#[tokio::test]
async fn the_token_server_has_tls_and_a_proxy_of_its_own() {
    let authority = Authority::new();
    let (receiver, seen) = serve(|_| ok("")).await;
    let (port, _) = serve_tls(authority.server("auth.example"), |_| token("safe", "3600")).await;
    let (proxy, heads) = proxy_to(format!("127.0.0.1:{port}")).await;
    let oauth2 = OAuth2Settings {
        tls: TlsSettings { ca: Some(authority.pem().into()), ..TlsSettings::default() },
        proxy: ProxySettings { url: Some(proxy.as_str().into()), ..ProxySettings::default() },
        ..settings("https://auth.example/token")
    };
    assert_eq!(send(&HttpClients::default(), &receiver, &http(oauth2)).await.expect("answered"), 200);
    assert_eq!(shown(&seen), ["Bearer safe"]);
    assert!(heads.take()[0].starts_with("CONNECT auth.example:443 "));
}

/// The parts of a statement after its signature was checked.
fn verified(body: &str, hash: RsaHash) -> (Value, Value) {
    let form: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let find = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    assert_eq!(find("grant_type").as_deref(), Some("urn:ietf:params:oauth:grant-type:jwt-bearer"));
    assert_eq!(find("resource").as_deref(), Some("alerts"));
    let statement = find("assertion").expect("there is one");
    let (signed, signature) = statement.rsplit_once('.').expect("three parts");
    let der = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).expect("a key");
    let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).expect("a key");
    let algorithm = match hash {
        RsaHash::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        RsaHash::Sha384 => &RSA_PKCS1_2048_8192_SHA384,
        RsaHash::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
    };
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64");
    let public = UnparsedPublicKey::new(algorithm, key.public_key().as_ref());
    public.verify(signed.as_bytes(), &decode(signature)).expect("signed with the key");
    let (header, claims) = signed.split_once('.').expect("two parts");
    let json = |text: &str| serde_json::from_slice(&decode(text)).expect("JSON");
    (json(header), json(claims))
}

/// The same key in the older form, as `openssl genrsa -traditional` writes it: without what says that it is RSA.
fn pkcs1() -> String {
    let der = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).expect("a key");
    let body = STANDARD.encode(&der.secret_pkcs8_der()[26..]);
    format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n")
}

#[tokio::test]
async fn a_signed_statement_gets_a_token() {
    let (receiver, seen) = serve(|_| ok("")).await;
    let (token_url, asked) = token_server("3600").await;
    let jwt = |hash| JwtGrant {
        key_id: Some("key-7".into()),
        hash,
        issuer: None,
        audience: None,
        claims: serde_json::Map::new(),
    };
    for (hash, key) in
        [(RsaHash::Sha256, KEY.to_owned()), (RsaHash::Sha384, KEY.to_owned()), (RsaHash::Sha512, pkcs1())]
    {
        let grant = Grant::JwtBearer(jwt(hash));
        let secret = Some(SecretSource::Inline(key.into()));
        let http = http(OAuth2Settings { grant, secret, ..settings(&token_url) });
        assert_eq!(send(&HttpClients::default(), &receiver, &http).await.expect("answered"), 200);
        let (header, claims) = verified(&asked.take()[0].body, hash);
        assert_eq!(header, json!({"alg": hash.as_str(), "typ": "JWT", "kid": "key-7"}));
        let number = |name: &str| claims[name].as_i64().expect("seconds");
        assert_eq!(number("exp") - number("iat"), 600);
        assert_eq!(claims["jti"].as_str().map(str::len), Some(32));
        for (name, want) in
            [("iss", "me&you"), ("sub", "me&you"), ("aud", &token_url), ("scope", "read write")]
        {
            assert_eq!(claims[name], want, "{name}");
        }
    }
    assert_eq!(shown(&seen), ["Bearer token-1", "Bearer token-2", "Bearer token-3"]);

    let claims = json!({"team": "db", "sub": "another"}).as_object().expect("an object").clone();
    let own =
        JwtGrant { issuer: Some("i".into()), audience: Some("a".into()), claims, ..jwt(RsaHash::Sha256) };
    let (grant, secret) = (Grant::JwtBearer(own), Some(SecretSource::Inline(KEY.into())));
    let http = http(OAuth2Settings { grant, secret, scopes: Vec::new(), ..settings(&token_url) });
    assert_eq!(send(&HttpClients::default(), &receiver, &http).await.expect("answered"), 200);
    let (_, claims) = verified(&asked.take()[0].body, RsaHash::Sha256);
    let values = ["iss", "sub", "aud", "team", "scope"].map(|name| claims[name].clone());
    assert_eq!(values, [json!("i"), json!("another"), json!("a"), json!("db"), Value::Null]);
}

#[tokio::test]
async fn why_there_is_no_token_is_told_without_secrets() {
    let (receiver, seen) = serve(|_| ok("")).await;
    let answers =
        |status: u16, body: &str| (status, ("content-type", "application/json".to_owned()), body.to_owned());
    for (reply, want) in [
        (
            answers(401, r#"{"error":"invalid_client","error_description":"s3cret! is\n wrong"}"#),
            "the token server answered HTTP 401: invalid_client: <secret> is wrong",
        ),
        (answers(500, "s3cret!"), "the token server answered HTTP 500"),
        (answers(200, r#"{"error":"nope"}"#), "the token server answered HTTP 200: nope"),
        (answers(200, "{}"), "the token server's answer has no access_token"),
        (answers(200, r#"{"access_token":"a\nb"}"#), "the token has characters that no header may have"),
        (answers(302, ""), "the token server answered HTTP 302"),
    ] {
        let (address, _) = serve(move |_| reply.clone()).await;
        let http = http(settings(&format!("http://u:hidden@{address}/hidden")));
        let error = send(&HttpClients::default(), &receiver, &http).await.expect_err(want).to_string();
        assert_eq!(error, format!("cannot get an OAuth2 token: {want}"));
        assert!(!format!("{http:?}").contains("s3cret"), "{http:?}");
    }
    let jwt = JwtGrant {
        key_id: None,
        hash: RsaHash::Sha256,
        issuer: None,
        audience: None,
        claims: Default::default(),
    };
    let own = settings("http://127.0.0.1:1/hidden");
    let scope = vec![("scope".into(), Secret::new("x".into()))];
    for (oauth2, want) in [
        (own.clone(), "connect to 127.0.0.1:1: connection refused"),
        (OAuth2Settings { token_url: "hidden".into(), ..own.clone() }, "token_url is not a valid URL"),
        (
            OAuth2Settings { endpoint_params: scope, ..own.clone() },
            "endpoint_params cannot overwrite the parameter scope",
        ),
        (
            OAuth2Settings { grant: Grant::JwtBearer(jwt), ..own },
            "client_certificate_key must be an RSA private key in PEM format: there is none",
        ),
    ] {
        let error =
            send(&HttpClients::default(), &receiver, &http(oauth2)).await.expect_err(want).to_string();
        assert!(error.starts_with("cannot get an OAuth2 token: ") && error.contains(want), "{error}");
        assert!(!error.contains("hidden"), "{error}");
    }
    assert!(seen.take().is_empty(), "nothing is sent without a token");
}
