//! How to connect to an HTTP server: Prometheus' common client settings, resolved.

use super::setting::{Address, Secret, Setting};
use crate::model::Str;

/// A secret, or the file it is read from each time it is used.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// The secret itself.
    Inline(Str),
    /// The path of the file that holds it.
    File(Str),
}

impl std::fmt::Debug for SecretSource {
    /// Never shows the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Inline(_) => f.write_str("<secret>"),
            Self::File(path) => write!(f, "<secret in {path}>"),
        }
    }
}

impl From<&str> for SecretSource {
    fn from(text: &str) -> Self {
        Self::Inline(text.into())
    }
}

/// `http_config`: how to connect to an HTTP server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpSettings {
    /// How to show who we are.
    pub auth: HttpAuth,
    /// How to check the server and show a certificate.
    pub tls: TlsSettings,
    /// Whether redirects are followed. Alertmanager's default is true.
    pub follow_redirects: bool,
    /// Whether HTTP/2 is not spoken (`enable_http2: false`).
    pub http1_only: bool,
    /// Further request headers; a name may come several times, and all of its values are sent.
    pub headers: Vec<(Str, SecretSource)>,
    /// Which proxy to use.
    pub proxy: ProxySettings,
}

impl HttpSettings {
    /// What is secret of what a request shows to its server.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretSource> {
        let of_auth = match &self.auth {
            HttpAuth::Basic { password, .. } => password.as_ref(),
            HttpAuth::Authorization { credentials, .. } => Some(credentials),
            HttpAuth::OAuth2(settings) => settings.secret.as_ref(),
            HttpAuth::None => None,
        };
        self.headers.iter().map(|(_, value)| value).chain(of_auth)
    }
}

/// Credentials of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum HttpAuth {
    /// None.
    #[default]
    None,
    /// User and password.
    Basic {
        /// The user's name.
        username: SecretSource,
        /// The password.
        password: Option<SecretSource>,
    },
    /// The `Authorization` header: its scheme and credentials.
    Authorization {
        /// The scheme, usually `Bearer`.
        scheme: Str,
        /// What follows the scheme.
        credentials: SecretSource,
    },
    /// A token that an OAuth 2 server gives.
    OAuth2(Box<OAuth2Settings>),
}

/// `oauth2`: where access tokens come from.
#[derive(Clone, Debug, PartialEq)]
pub struct OAuth2Settings {
    /// Who we are.
    pub client_id: Str,
    /// What proves it: the client's secret, or for a JWT the private key (PEM) that signs it.
    pub secret: Option<SecretSource>,
    /// What is shown to get a token.
    pub grant: Grant,
    /// What the token shall be good for.
    pub scopes: Vec<Str>,
    /// Where tokens are given.
    pub token_url: Address,
    /// Further parameters of the request for a token.
    pub endpoint_params: Vec<(Str, Secret)>,
    /// How to check the token server and show a certificate.
    pub tls: TlsSettings,
    /// Which proxy to use on the way to the token server.
    pub proxy: ProxySettings,
}

/// What is shown to get a token.
#[derive(Clone, Debug, PartialEq)]
pub enum Grant {
    /// `client_credentials`: id and secret.
    ClientCredentials,
    /// `urn:ietf:params:oauth:grant-type:jwt-bearer`: a signed statement (RFC 7523).
    JwtBearer(JwtGrant),
}

/// What a signed statement says.
#[derive(Clone, Debug, PartialEq)]
pub struct JwtGrant {
    /// The name of the key, in the statement's header.
    pub key_id: Option<Str>,
    /// How it is signed.
    pub hash: RsaHash,
    /// Who makes it; the client's id unless it is given.
    pub issuer: Option<Str>,
    /// For whom it is; the token URL unless it is given.
    pub audience: Option<Str>,
    /// What else it says.
    pub claims: serde_json::Map<String, serde_json::Value>,
}

/// RSA signatures (PKCS #1 v1.5) by their hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RsaHash {
    /// `RS256`
    #[default]
    Sha256,
    /// `RS384`
    Sha384,
    /// `RS512`
    Sha512,
}

impl RsaHash {
    /// Its name in the header of a JWT.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "RS256",
            Self::Sha384 => "RS384",
            Self::Sha512 => "RS512",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Sha256, Self::Sha384, Self::Sha512].into_iter().find(|hash| hash.as_str() == name)
    }
}

/// Which proxy a request goes through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxySettings {
    /// The proxy of every request.
    pub url: Option<Address>,
    /// Whether `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say it (or the same in small letters).
    pub from_environment: bool,
    /// To which servers requests go without the proxy: names, addresses and networks with commas between them.
    pub no_proxy: Option<Str>,
    /// Headers for the proxy, sent when it is asked to connect to a server that speaks TLS.
    pub connect_headers: Vec<(Str, Secret)>,
}

/// `tls_config`. Of each pair of a text and a file there is at most one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TlsSettings {
    /// The certificates of authorities (PEM).
    pub ca: Option<Str>,
    /// Path of the certificates of authorities (PEM).
    pub ca_file: Option<Str>,
    /// Our certificate (PEM).
    pub cert: Option<Str>,
    /// Path of our certificate (PEM).
    pub cert_file: Option<Str>,
    /// Our private key (PEM).
    pub key: Option<Secret>,
    /// Path of our private key (PEM).
    pub key_file: Option<Str>,
    /// The name that the server's certificate must have.
    pub server_name: Option<Str>,
    /// Whether the server's certificate is not checked.
    pub insecure_skip_verify: bool,
    /// The oldest version to speak.
    pub min_version: Option<TlsVersion>,
    /// The newest version to speak.
    pub max_version: Option<TlsVersion>,
}

impl TlsSettings {
    /// A `tls_config` of an integration that keeps its keys as they were read, and checked then.
    #[must_use]
    pub fn of(given: &Setting) -> Self {
        let text =
            |key: &str| given.get(key).and_then(Setting::reveal).filter(|text| !text.is_empty()).cloned();
        let version = |key: &str| text(key).and_then(|name| TlsVersion::named(&name));
        Self {
            ca: text("ca"),
            ca_file: text("ca_file"),
            cert: text("cert"),
            cert_file: text("cert_file"),
            key: text("key").map(Secret::new),
            key_file: text("key_file"),
            server_name: text("server_name"),
            insecure_skip_verify: given.get("insecure_skip_verify") == Some(&Setting::Bool(true)),
            min_version: version("min_version"),
            max_version: version("max_version"),
        }
    }
}

/// Versions of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// 1.0, which we do not speak.
    Tls10,
    /// 1.1, which we do not speak.
    Tls11,
    /// 1.2
    Tls12,
    /// 1.3
    Tls13,
}

impl TlsVersion {
    /// The one with this name, such as `TLS12`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "TLS10" => Some(Self::Tls10),
            "TLS11" => Some(Self::Tls11),
            "TLS12" => Some(Self::Tls12),
            "TLS13" => Some(Self::Tls13),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{TlsSettings, TlsVersion};
    use crate::config::setting::{Secret, Setting};

    #[test]
    fn settings_that_were_kept_as_keys_are_the_same_settings() {
        let texts = ["ca", "ca_file", "cert", "cert_file", "key_file", "server_name"];
        let mut keys: Vec<_> = texts.iter().map(|key| ((*key).into(), Setting::text(*key))).collect();
        keys.push(("key".into(), Setting::Secret(Secret::new("key".into()))));
        keys.push(("insecure_skip_verify".into(), Setting::Bool(true)));
        keys.push(("min_version".into(), Setting::text("TLS12")));
        keys.push(("max_version".into(), Setting::text("TLS13")));
        let text = |text: &str| Some(text.into());
        let want = TlsSettings {
            ca: text("ca"),
            ca_file: text("ca_file"),
            cert: text("cert"),
            cert_file: text("cert_file"),
            key: Some(Secret::new("key".into())),
            key_file: text("key_file"),
            server_name: text("server_name"),
            insecure_skip_verify: true,
            min_version: Some(TlsVersion::Tls12),
            max_version: Some(TlsVersion::Tls13),
        };
        assert_eq!(TlsSettings::of(&Setting::Map(keys.into_iter().collect())), want);
        let nothing = Setting::Map([("ca".into(), Setting::text(""))].into_iter().collect());
        assert_eq!(TlsSettings::of(&nothing), TlsSettings::default());
    }
}
