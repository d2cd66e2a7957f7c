//! Requests through proxies.

use super::server::{ok, proxy_to, serve, serve_tls, socks_proxy_to};
use super::tls::Authority;
use super::{HttpClients, post};
use crate::config::http::{HttpSettings, ProxySettings, TlsSettings};
use crate::config::setting::Secret;

fn through(proxy: &str) -> ProxySettings {
    let header = |name: &str, value: &str| (name.into(), Secret::new(value.into()));
    ProxySettings {
        url: Some(format!("http://user:pass@{proxy}").as_str().into()),
        connect_headers: vec![header("X-Hop", "one"), header("X-Hop", "two")],
        no_proxy: Some("direct.example,10.0.0.0/8".into()),
        ..ProxySettings::default()
    }
}

#[tokio::test]
async fn a_tunnel_is_asked_for_with_the_headers_for_the_proxy() {
    let authority = Authority::new();
    let (port, seen) = serve_tls(authority.server("service.example"), |_| ok("through")).await;
    let (proxy, heads) = proxy_to(format!("127.0.0.1:{port}")).await;
    let tls = TlsSettings { ca: Some(authority.pem().into()), ..TlsSettings::default() };
    let http = HttpSettings { tls, proxy: through(&proxy), ..HttpSettings::default() };
    let request = post("https://service.example/x", &http);
    let answer = HttpClients::default().send(request).await.expect("answered");
    assert_eq!((answer.status, &answer.body[..]), (200, &b"through"[..]));
    let heads = heads.take();
    let head = heads[0].to_lowercase();
    assert!(head.starts_with("connect service.example:443 http/1.1\r\n"), "{head}");
    assert!(head.contains("proxy-authorization: basic dxnlcjpwyxnz\r\n"), "{head}");
    assert!(head.contains("x-hop: one\r\n") && head.contains("x-hop: two\r\n"), "{head}");
    assert!(!head.contains("x-team"), "{head}");
    let heard = &seen.take()[0];
    let [hop, auth] = ["x-hop", "proxy-authorization"].map(|name| heard.header(name));
    assert_eq!((hop.as_str(), auth.as_str()), ("-", "-"), "they are for the proxy");
}

#[tokio::test]
async fn a_request_without_tls_goes_to_the_proxy_itself_and_no_proxy_around_it() {
    let (server, seen) = serve(|_| ok("")).await;
    let (proxy, heads) = proxy_to(server.clone()).await;
    let http = HttpSettings { proxy: through(&proxy), ..HttpSettings::default() };
    let clients = HttpClients::default();
    assert_eq!(clients.send(post("http://service.example/x", &http)).await.expect("answered").status, 200);
    let heads_seen = heads.take();
    assert!(heads_seen[0].starts_with("POST http://service.example/x HTTP/1.1\r\n"), "{heads_seen:?}");
    assert!(!heads_seen[0].to_lowercase().contains("x-hop"), "only tunnels have them: {heads_seen:?}");
    seen.take();
    // With no_proxy this machine is always reached directly.
    assert_eq!(clients.send(post(&format!("http://{server}/x"), &http)).await.expect("answered").status, 200);
    assert_eq!((heads.take().len(), seen.take().len()), (0, 1));
}

#[tokio::test]
async fn a_socks_proxy_looks_up_the_name() {
    for scheme in ["socks5", "socks5h"] {
        let (server, seen) = serve(|_| ok("")).await;
        let (proxy, names) = socks_proxy_to(server).await;
        let url = Some(format!("{scheme}://{proxy}").as_str().into());
        let proxy = ProxySettings { url, ..ProxySettings::default() };
        let http = HttpSettings { proxy, ..HttpSettings::default() };
        let answer = HttpClients::default().send(post("http://service.example/x", &http)).await;
        assert_eq!(answer.expect("answered").status, 200);
        assert_eq!((names.take(), seen.take().len()), (vec!["service.example:80".to_owned()], 1));
    }
}

#[tokio::test]
async fn what_is_no_proxy_is_an_error_without_its_secret() {
    for (url, headers, want) in [
        ("http://:1:hidden", vec![], "proxy_url is not valid"),
        ("ftp://hidden", vec![], "proxy_url is not valid"),
        ("http://p", vec![("Bad Name".into(), Secret::new("hidden".into()))], "header Bad Name is not valid"),
        ("http://p", vec![("X".into(), Secret::new("hidden\n".into()))], "header X is not valid"),
    ] {
        let proxy =
            ProxySettings { url: Some(url.into()), connect_headers: headers, ..ProxySettings::default() };
        let http = HttpSettings { proxy, ..HttpSettings::default() };
        let error = HttpClients::default().send(post("http://a.example", &http)).await.expect_err(want);
        assert_eq!(error.to_string(), want);
    }
}
