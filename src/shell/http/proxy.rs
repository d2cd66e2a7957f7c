//! Which proxy a request goes through: the settings' own, or what the environment says as Go reads it.

use std::net::IpAddr;
use std::sync::Arc;

use reqwest::header::HeaderMap;
use url::{Host, Url};

use super::{HttpError, auth};
use crate::config::http::ProxySettings;
use crate::config::setting::Secret;
use crate::model::Str;

/// The proxies of a client.
#[derive(Clone)]
pub(super) struct Proxies {
    http: Option<Url>,
    https: Option<Url>,
    /// `None`: everything goes through the proxy, this machine's own servers too.
    bypass: Option<Arc<Bypass>>,
    /// For the proxy itself, when a tunnel is asked for.
    connect_headers: Vec<(Str, Secret)>,
}

/// What the environment says.
#[expect(clippy::disallowed_methods, reason = "`proxy_from_environment` means these variables")]
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Proxies {
    /// What the settings ask for, with this environment; `None`: no proxy.
    ///
    /// # Errors
    /// The proxy's address is none.
    pub(super) fn new(
        settings: &ProxySettings,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, HttpError> {
        let connect_headers = settings.connect_headers.clone();
        if settings.from_environment {
            let variable = |name: &str| {
                let set = |name: &str| environment(name).filter(|value| !value.is_empty());
                set(name).or_else(|| set(&name.to_ascii_lowercase())).unwrap_or_default()
            };
            // In a CGI script a client's header `Proxy` would become HTTP_PROXY.
            let is_cgi = environment("REQUEST_METHOD").is_some_and(|method| !method.is_empty());
            let http = if is_cgi { None } else { proxy_url("HTTP_PROXY", &variable("HTTP_PROXY"))? };
            let https = proxy_url("HTTPS_PROXY", &variable("HTTPS_PROXY"))?;
            let bypass = Some(Arc::new(Bypass::parse(&variable("NO_PROXY"))));
            return Ok(Some(Self { http, https, bypass, connect_headers }));
        }
        let Some(url) = &settings.url else { return Ok(None) };
        let url = Some(proxy_url("proxy_url", url)?.ok_or(HttpError::Proxy("proxy_url"))?);
        let bypass = settings.no_proxy.as_ref().map(|list| Arc::new(Bypass::parse(list)));
        Ok(Some(Self { http: url.clone(), https: url, bypass, connect_headers }))
    }

    /// The proxy on the way to a server.
    fn of(&self, url: &Url) -> Option<&Url> {
        let proxy = match url.scheme() {
            "http" => self.http.as_ref(),
            "https" => self.https.as_ref(),
            _ => None,
        }?;
        let goes_directly = self.bypass.as_ref().is_some_and(|bypass| bypass.has(url));
        (!goes_directly).then_some(proxy)
    }

    /// Host and port of the proxy on the way to a server.
    pub(super) fn address(&self, url: &Url) -> Option<String> {
        self.of(url).map(super::host_and_port)
    }

    /// The same as the HTTP client understands it. Only who asks for a tunnel shows the headers.
    pub(super) fn into_rules(self) -> [Result<reqwest::Proxy, HttpError>; 2] {
        let headers = connect_headers(&self.connect_headers);
        let of = |scheme: &'static str, proxies: Self| {
            let decide = move |url: &Url| {
                Some(url).filter(|url| url.scheme() == scheme).and_then(|url| proxies.of(url).cloned())
            };
            reqwest::Proxy::custom(decide)
        };
        let tunnel = of("https", self.clone());
        [headers.map(|headers| tunnel.headers(headers)), Ok(of("http", self))]
    }
}

fn connect_headers(pairs: &[(Str, Secret)]) -> Result<HeaderMap, HttpError> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let (name, value) = auth::header(name, value.reveal(), true)?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// A proxy's address; without a scheme it is HTTP's. What is none at all is left out, as Go does.
///
/// # Errors
/// We do not speak to proxies of its kind. To go around one would be worse than not to go.
fn proxy_url(name: &'static str, text: &str) -> Result<Option<Url>, HttpError> {
    if text.is_empty() {
        return Ok(None);
    }
    let parse = |text: &str| Url::parse(text).ok().filter(Url::has_host);
    let url = match text.contains("://") {
        true => parse(text),
        false => parse(&format!("http://{text}")),
    };
    let Some(mut url) = url else { return Ok(None) };
    if url.scheme() == "socks5" {
        // With Go it is the proxy that looks up names, whichever of the two is written.
        url.set_scheme("socks5h").map_err(|()| HttpError::Proxy(name))?;
    }
    match url.scheme() {
        "http" | "https" | "socks5h" => Ok(Some(url)),
        _ => Err(HttpError::Proxy(name)),
    }
}

/// The servers that are reached without a proxy, by the rules of Go's `httpproxy`: this machine always.
#[derive(Debug, Default, PartialEq)]
struct Bypass {
    all: bool,
    rules: Vec<Rule>,
}

/// Some servers, on one port or all.
#[derive(Debug, PartialEq)]
struct Rule {
    of: Servers,
    port: Option<String>,
}

#[derive(Debug, PartialEq)]
enum Servers {
    /// An address.
    Ip(IpAddr),
    /// A network: its address and how many bits of it count.
    Network(IpAddr, u8),
    /// Names that end so, beginning with a dot; with `itself` also the name without it.
    Domain { suffix: String, itself: bool },
}

impl Bypass {
    fn parse(list: &str) -> Self {
        let entries =
            list.split(',').map(|entry| entry.trim().to_lowercase()).filter(|entry| !entry.is_empty());
        let mut rules = Vec::new();
        for entry in entries {
            if entry == "*" {
                return Self { all: true, rules: Vec::new() };
            }
            rules.extend(rule(&entry));
        }
        Self { all: false, rules }
    }

    fn has(&self, url: &Url) -> bool {
        let port = url.port_or_known_default().map(|port| port.to_string());
        let (ip, name) = match url.host() {
            Some(Host::Ipv4(ip)) => (Some(IpAddr::from(ip)), ip.to_string()),
            Some(Host::Ipv6(ip)) => (Some(IpAddr::from(ip).to_canonical()), ip.to_string()),
            Some(Host::Domain(name)) => (None, name.to_lowercase()),
            None => return false,
        };
        let is_here = name == "localhost" || ip.is_some_and(|ip| ip.is_loopback());
        let fits = |rule: &Rule| {
            (rule.port.is_none() || rule.port == port)
                && match &rule.of {
                    Servers::Ip(address) => ip == Some(*address),
                    Servers::Network(network, bits) => ip.is_some_and(|ip| is_in(ip, *network, *bits)),
                    Servers::Domain { suffix, itself } => {
                        name.ends_with(suffix.as_str()) || (*itself && name == suffix[1..])
                    }
                }
        };
        is_here || self.all || self.rules.iter().any(fits)
    }
}

fn rule(entry: &str) -> Option<Rule> {
    if let Some((network, bits)) = network(entry) {
        return Some(Rule { of: Servers::Network(network, bits), port: None });
    }
    let (host, port) = match host_and_port(entry) {
        Some((host, port)) => (host, Some(port.to_owned()).filter(|port| !port.is_empty())),
        None => (entry, None),
    };
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Some(Rule { of: Servers::Ip(ip.to_canonical()), port });
    }
    // `*.name` and `.name` are what is below the name, `name` is the name, too.
    let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
    let below = host.strip_prefix('.');
    let name = below.unwrap_or(host);
    let ascii = Host::parse(name).map_or_else(|_| name.to_owned(), |host| host.to_string());
    (!host.is_empty())
        .then(|| Rule { of: Servers::Domain { suffix: format!(".{ascii}"), itself: below.is_none() }, port })
}

/// `10.0.0.0/8`.
fn network(entry: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = entry.split_once('/')?;
    let (address, bits): (IpAddr, u8) = (address.parse().ok()?, bits.parse().ok()?);
    let most = if address.is_ipv4() { 32 } else { 128 };
    (bits <= most).then_some((address, bits))
}

/// `name:80`, `[::1]:80`.
fn host_and_port(entry: &str) -> Option<(&str, &str)> {
    if let Some(rest) = entry.strip_prefix('[') {
        return rest.split_once("]:");
    }
    entry.split_once(':').filter(|(_, port)| !port.contains(':'))
}

fn is_in(ip: IpAddr, network: IpAddr, bits: u8) -> bool {
    let same = |one: u128, other: u128, width: u32| {
        let rest = width - u32::from(bits);
        one.checked_shr(rest).unwrap_or(0) == other.checked_shr(rest).unwrap_or(0)
    };
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => same(ip.to_bits().into(), network.to_bits().into(), 32),
        (IpAddr::V6(ip), IpAddr::V6(network)) => same(ip.to_bits(), network.to_bits(), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Proxies;
    use crate::config::http::ProxySettings;

    /// The proxy on the way to `url`, or `-`.
    fn proxy(settings: &ProxySettings, environment: &[(&str, &str)], url: &str) -> String {
        let find = |name: &str| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let proxies = Proxies::new(settings, find).expect("valid").expect("there is one");
        let url = url.parse().expect("a URL");
        proxies.of(&url).map_or_else(|| "-".to_owned(), |proxy| proxy.host_str().unwrap_or("?").to_owned())
    }

    #[test]
    fn no_proxy_has_gos_rules() {
        let list = "one.example, .below.example,*.star.example,two.example:8080,10.1.0.0/16,10.2.0.1,\
                    10.2.0.2:81,2001:db8::/32,[2001:db9::1]:80,:99,bücher.example";
        let settings = ProxySettings {
            url: Some("http://proxy:3128".into()),
            no_proxy: Some(list.into()),
            ..ProxySettings::default()
        };
        for (url, want) in [
            ("http://one.example", "-"),
            ("https://ONE.example/x", "-"),
            ("http://a.one.example", "-"),
            ("http://none.example", "proxy"),
            ("http://below.example", "proxy"),
            ("http://a.below.example", "-"),
            ("http://star.example", "proxy"),
            ("http://a.b.star.example", "-"),
            ("http://two.example", "proxy"),
            ("http://two.example:8080", "-"),
            ("http://10.1.200.3", "-"),
            ("http://10.3.0.1", "proxy"),
            ("http://10.2.0.1:77", "-"),
            ("http://10.2.0.2", "proxy"),
            ("http://10.2.0.2:81", "-"),
            ("http://[2001:db8:1::1]", "-"),
            ("http://[2001:db9::1]", "-"),
            ("https://[2001:db9::1]", "proxy"),
            ("http://bücher.example", "-"),
            ("http://localhost:9093", "-"),
            ("http://127.0.0.1", "-"),
            ("http://[::1]", "-"),
            ("ftp://a", "-"),
        ] {
            assert_eq!(proxy(&settings, &[], url), want, "{url}");
        }
        let all = ProxySettings { no_proxy: Some("a, *".into()), ..settings.clone() };
        assert_eq!(proxy(&all, &[], "http://b"), "-");
        let none = ProxySettings { no_proxy: None, ..settings };
        assert_eq!(proxy(&none, &[], "http://localhost"), "proxy", "as Go does with a proxy_url alone");
    }

    #[test]
    fn the_environment_is_read_as_go_reads_it() {
        let settings = ProxySettings { from_environment: true, ..ProxySettings::default() };
        let both =
            [("HTTP_PROXY", "http://upper"), ("http_proxy", "http://lower"), ("https_proxy", "secure:1")];
        let no = [("HTTP_PROXY", "upper"), ("NO_PROXY", ""), ("no_proxy", "a.example")];
        let cgi = [("HTTP_PROXY", "upper"), ("REQUEST_METHOD", "GET")];
        for (environment, url, want) in [
            (&both[..], "http://a.example", "upper"),
            (&both[1..], "http://a.example", "lower"),
            (&both, "https://a.example", "secure"),
            (&both, "http://127.0.0.1", "-"),
            (&no, "http://a.example", "-"),
            (&no, "http://b.example", "upper"),
            (&no, "https://b.example", "-"),
            (&cgi, "http://b.example", "-"),
            (&[("HTTP_PROXY", "http://")], "http://b.example", "-"),
            (&[], "http://b.example", "-"),
        ] {
            assert_eq!(proxy(&settings, environment, url), want, "{environment:?} {url}");
        }
        let unknown = |name: &str| (name == "HTTPS_PROXY").then(|| "ftp://p".to_owned());
        let error = Proxies::new(&settings, unknown).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("HTTPS_PROXY is not valid"), "it is not gone around");
    }
}
