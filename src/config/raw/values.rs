//! Scalars that only routing files hold: URLs, addresses, Go's durations; and mappings of texts.

use super::Reader;
use crate::config::problem::Severity;
use crate::config::yaml::Node;
use crate::model::{Duration, Str};
use crate::template::go::{NoFunctions, Templates};

impl Reader<'_> {
    /// An http or https URL. A secret one is not shown in messages.
    pub(crate) fn url(&mut self, node: &Node, what: &str, secret: bool) -> Option<Str> {
        let url = self.text(node, what)?;
        if secret && &*url == "<secret>" {
            return Some(url);
        }
        match url_problem(&url) {
            None => Some(url),
            Some((general, particular)) => {
                let message = if secret { general.to_owned() } else { particular };
                let help = "a URL starts with `http://` or `https://` and a host";
                self.error_help("bad-url", &node.span, message, help);
                None
            }
        }
    }

    /// A secret URL, or a template of one: then its syntax is checked, unless it is of the other language.
    pub(crate) fn template_url(&mut self, node: &Node, what: &str) -> Option<Str> {
        let url = self.text(node, what)?;
        if url.is_empty() {
            return Some(url);
        }
        if !url.contains("{{") {
            return self.url(node, what, true);
        }
        let is_gos =
            ["{{.", "{{ .", "{{-", "{{$", "{{ $", "{{ if", "{{if"].iter().any(|start| url.contains(start));
        if is_gos && Templates::default().parse(what, &url, &NoFunctions).is_err() {
            // What is wrong would be told in words of the URL.
            self.error("bad-template", &node.span, format!("invalid template syntax in {what}"));
            return None;
        }
        Some(url)
    }

    /// `host:port`; the empty text is no address.
    pub(crate) fn host_port(&mut self, node: &Node, what: &str) -> Option<Str> {
        let text = self.text(node, what)?;
        let message = match text.rsplit_once(':') {
            _ if text.is_empty() => return Some(text),
            None => format!("address {text}: missing port in address"),
            Some((_, "")) => format!("address {text:?}: port cannot be empty"),
            Some((host, _)) if host.contains(':') && !(host.starts_with('[') && host.ends_with(']')) => {
                format!("address {text}: too many colons in address")
            }
            Some(_) => return Some(text),
        };
        self.error_help("bad-address", &node.span, message, "an address is `host:port`, as in `mail:587`");
        None
    }

    /// Go's `time.ParseDuration`: fractions and a sign, but no unit above hours. A number without a unit is
    /// nanoseconds, as Alertmanager reads it.
    pub(crate) fn go_duration(&mut self, node: &Node, what: &str) -> Option<Duration> {
        let text = self.text(node, what)?;
        let plain = node.scalar().is_some_and(|scalar| scalar.is_plain());
        if plain && &*text != "0" && text.parse::<i64>().is_ok() {
            let message = format!("{what} is {text} nanoseconds");
            let help = Some(format!("add a unit: `{text}s`"));
            self.report(Severity::Warning, "no-unit", &node.span, message, help);
            return Some(Duration::ZERO);
        }
        let parsed = go_duration(&text);
        if parsed.is_none() {
            let message = match text.is_empty() {
                true => "time: invalid duration \"\"".to_owned(),
                false => format!("time: invalid duration {text:?}"),
            };
            let help = "this key takes hours and less: `90s`, `1.5h`; no days";
            self.error_help("bad-duration", &node.span, message, help);
        }
        parsed
    }

    /// A mapping of names to texts, in file order.
    pub(crate) fn text_map(&mut self, node: &Node, what: &str) -> Option<Vec<(Str, Str)>> {
        let pairs = self.mapping(node, what)?;
        let mut texts = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            if let (Some(key), Some(value)) = (self.text(key, what), self.text(value, what)) {
                texts.push((key, value));
            }
        }
        Some(texts)
    }
}

/// Why Alertmanager would not take the URL: without any of its text, and with.
fn url_problem(url: &str) -> Option<(&'static str, String)> {
    let plain = |message: &'static str| Some((message, message.to_owned()));
    if url.chars().any(|c| c.is_ascii_control()) {
        return plain("net/url: invalid control character in URL");
    }
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    let (scheme, rest) = url.split_once(':').filter(|(scheme, _)| is_scheme(scheme)).unwrap_or(("", url));
    let scheme = scheme.to_ascii_lowercase();
    if scheme.is_empty() {
        return plain("unsupported scheme \"\" for URL");
    }
    if scheme != "http" && scheme != "https" {
        return Some(("unsupported scheme for URL", format!("unsupported scheme {scheme:?} for URL")));
    }
    let authority = rest.strip_prefix("//").unwrap_or_default();
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.is_empty() {
        return plain("missing host for URL");
    }
    if let Some(bad) = host.chars().find(|c| " <>\"^`{}|\\".contains(*c)) {
        let message = format!("invalid character {:?} in host name", bad.to_string());
        return Some(("invalid character in host name", message));
    }
    let port = host.rsplit_once(']').map_or(host, |(_, port)| port).split_once(':').map(|(_, port)| port);
    if let Some(port) = port.filter(|port| !port.bytes().all(|byte| byte.is_ascii_digit())) {
        return Some((
            "invalid port after host",
            format!("invalid port {:?} after host", format!(":{port}")),
        ));
    }
    let escapes = url.match_indices('%').map(|(at, _)| url.get(at + 1..at + 3).unwrap_or_default());
    let bad =
        escapes.into_iter().any(|hex| hex.len() < 2 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if bad { plain("invalid URL escape") } else { None }
}

fn go_duration(text: &str) -> Option<Duration> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanoseconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return None,
        };
        rest = &rest[letters..];
        nanoseconds += number * unit;
    }
    #[expect(clippy::cast_precision_loss, reason = "only compared")]
    let fits = nanoseconds <= i64::MAX as f64;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "less than 64 bits of nanoseconds, and cut to millis"
    )]
    let millis = (sign * nanoseconds / 1e6) as i64;
    fits.then(|| Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::{go_duration, url_problem};

    #[test]
    fn gos_durations_are_read() {
        for (text, millis) in [
            ("1.5h", Some(5_400_000)),
            ("1m30s", Some(90_000)),
            ("300ms", Some(300)),
            ("0", Some(0)),
            ("-1s", Some(-1000)),
            ("1d", None),
            ("", None),
            ("5", None),
            (".s", None),
        ] {
            assert_eq!(go_duration(text).map(|duration| duration.millis()), millis, "{text}");
        }
    }

    #[test]
    fn urls_need_http_and_a_host() {
        for (url, problem) in [
            ("http://a", None),
            ("https://u:p@a:80/x?y#z", None),
            ("http://[::1]:80/", None),
            ("foo", Some("unsupported scheme \"\" for URL")),
            ("ftp://a", Some("unsupported scheme \"ftp\" for URL")),
            ("http://", Some("missing host for URL")),
            ("http:///x", Some("missing host for URL")),
            ("http://a:b/", Some("invalid port \":b\" after host")),
            ("http://a b/", Some("invalid character \" \" in host name")),
            ("http://a/%zz", Some("invalid URL escape")),
        ] {
            let (general, particular) = url_problem(url).unzip();
            assert_eq!(particular.as_deref(), problem, "{url}");
            let quoted = problem.and_then(|problem| problem.split('"').nth(1)).unwrap_or_default();
            let shows = |general: &str| !quoted.trim().is_empty() && general.contains(quoted);
            assert!(!general.is_some_and(shows), "of a secret URL nothing is shown: {url}");
        }
    }
}
