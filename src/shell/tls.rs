//! `tls_config` as a rustls configuration: own authority, client certificate, other server name,
//! versions, no check.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};

use crate::config::http::{TlsSettings, TlsVersion};
use crate::config::setting::Secret;
use crate::model::Str;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file or a text cannot be read or holds no PEM of the kind it should.
    #[error("cannot use {name}: {reason}")]
    Pem {
        /// The file's path, or the key of the text.
        name: Str,
        /// What is wrong with it.
        reason: String,
    },
    /// A certificate without its key, or a key without its certificate.
    #[error("cert_file and key_file are needed together")]
    HalfIdentity,
    /// Only versions are allowed that are not spoken.
    #[error("max_version allows only versions before TLS 1.2, which are not spoken")]
    Version,
    /// The server name is no name.
    #[error("server_name {0:?} is not a valid name")]
    ServerName(Str),
    /// The parts do not fit together, such as a key that is not the certificate's.
    #[error("cannot set up TLS: {0}")]
    Setup(String),
}

/// The configuration that the settings ask for; `None`: the system's authorities and nothing special.
///
/// # Errors
/// See [`TlsError`].
pub fn client_config(tls: &TlsSettings) -> Result<Option<ClientConfig>, TlsError> {
    if *tls == TlsSettings::default() {
        return Ok(None);
    }
    let provider = Arc::new(ring::default_provider());
    let setup = |error: rustls::Error| TlsError::Setup(error.to_string());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions(tls)?)
        .map_err(setup)?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier(tls, &provider)?);
    let certificate = Pem::of("cert", tls.cert.as_ref(), tls.cert_file.as_ref());
    let key = Pem::of("key", tls.key.as_ref().map(Secret::reveal), tls.key_file.as_ref());
    let mut config = match (certificate, key) {
        (None, None) => builder.with_no_client_auth(),
        (Some(certificate), Some(key)) => {
            builder.with_client_auth_cert(certificate.certificates()?, key.key()?).map_err(setup)?
        }
        (Some(_), None) | (None, Some(_)) => return Err(TlsError::HalfIdentity),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(config))
}

fn verifier(
    tls: &TlsSettings,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    let trust = if tls.insecure_skip_verify { Trust::Anybody } else { authorities(tls, provider)? };
    Ok(Arc::new(Verifier { provider: Arc::clone(provider), trust }))
}

/// The versions that the settings allow, of those that are spoken.
fn versions(tls: &TlsSettings) -> Result<Vec<&'static SupportedProtocolVersion>, TlsError> {
    let is_allowed = |version: TlsVersion| {
        tls.min_version.is_none_or(|min| min <= version) && tls.max_version.is_none_or(|max| version <= max)
    };
    let spoken = [(TlsVersion::Tls12, &TLS12), (TlsVersion::Tls13, &TLS13)];
    let allowed: Vec<_> =
        spoken.into_iter().filter(|(version, _)| is_allowed(*version)).map(|(_, spoken)| spoken).collect();
    if allowed.is_empty() { Err(TlsError::Version) } else { Ok(allowed) }
}

/// Trust in the authorities of the settings, or in the system's.
fn authorities(tls: &TlsSettings, provider: &Arc<CryptoProvider>) -> Result<Trust, TlsError> {
    let (mut roots, mut own) = (RootCertStore::empty(), Vec::new());
    match Pem::of("ca", tls.ca.as_ref(), tls.ca_file.as_ref()) {
        Some(pem) => {
            own = pem.certificates()?;
            for certificate in &own {
                roots.add(certificate.clone()).map_err(|error| pem.error(&error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| TlsError::Setup(error.to_string()))?;
    let parse = |name: &Str| {
        ServerName::try_from(name.to_string()).map_err(|_| TlsError::ServerName(Str::clone(name)))
    };
    Ok(Trust::Authorities { chain, name: tls.server_name.as_ref().map(parse).transpose()?, own })
}

/// Certificates or a key as text, or the file that holds it.
#[derive(Clone, Copy)]
enum Pem<'a> {
    /// The setting's key, and the text.
    Text(&'static str, &'a Str),
    /// The path.
    File(&'a Str),
}

impl<'a> Pem<'a> {
    fn of(key: &'static str, text: Option<&'a Str>, file: Option<&'a Str>) -> Option<Self> {
        text.map(|text| Self::Text(key, text)).or(file.map(Self::File))
    }

    fn read(self) -> Result<Vec<u8>, TlsError> {
        match self {
            Self::Text(_, text) => Ok(text.as_bytes().to_vec()),
            Self::File(path) => std::fs::read(&**path).map_err(|error| self.error(&error)),
        }
    }

    fn certificates(self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.read()?).collect();
        let certificates = read.map_err(|error| self.error(&error))?;
        match certificates.is_empty() {
            true => Err(self.error(&"no certificate in it")),
            false => Ok(certificates),
        }
    }

    fn key(self) -> Result<PrivateKeyDer<'static>, TlsError> {
        PrivateKeyDer::from_pem_slice(&self.read()?).map_err(|error| match error {
            pem::Error::NoItemsFound => self.error(&"no private key in it"),
            // The parser's words could hold some of the key.
            _ => self.error(&"it is not valid PEM"),
        })
    }

    fn error(self, reason: &dyn std::fmt::Display) -> TlsError {
        let name = match self {
            Self::Text(key, _) => format!("the text of {key}").into(),
            Self::File(path) => Str::clone(path),
        };
        TlsError::Pem { name, reason: reason.to_string() }
    }
}

/// Whom a server must prove to be. Signatures of the handshake are checked whatever it is.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    trust: Trust,
}

/// Which certificates we take.
#[derive(Debug)]
enum Trust {
    /// `insecure_skip_verify`: any.
    Anybody,
    /// Those that an authority vouches for.
    Authorities {
        /// Checks the chain up to the authorities.
        chain: Arc<WebPkiServerVerifier>,
        /// `server_name`, in place of the name that we connect to.
        name: Option<ServerName<'static>>,
        /// The certificates of `ca` or `ca_file`, which are taken as servers' own as well.
        own: Vec<CertificateDer<'static>>,
    },
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        connected_to: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Trust::Authorities { chain, name, own } = &self.trust else {
            return Ok(ServerCertVerified::assertion());
        };
        let name = name.as_ref().unwrap_or(connected_to);
        let verified = chain.verify_server_cert(end_entity, intermediates, name, ocsp_response, now);
        match verified {
            // An authority that serves itself, such as `openssl req -x509` makes; Go takes it, too. Who put
            // it in the file trusts this very certificate and key. The dates were checked before this error
            // came; the name was not.
            Err(error) if is_authority(&error) && own.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Whether webpki refused the server's certificate only because it is an authority's. rustls has no kind of
/// its own for that.
fn is_authority(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(cause))) = error else {
        return false;
    };
    matches!(cause.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

    use super::{Arc, TlsSettings, ring, verifier};

    /// A certificate that is its own authority, valid in these years.
    fn self_signed(from: i32, until: i32) -> rcgen::Certificate {
        let mut parameters = CertificateParams::new(vec!["own.example".to_owned()]).expect("a name");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.not_before = date_time_ymd(from, 1, 1);
        parameters.not_after = date_time_ymd(until, 1, 1);
        parameters.self_signed(&KeyPair::generate().expect("a key")).expect("signed")
    }

    /// What is said in 2026 to a server at `own.example` with this certificate.
    fn verify(
        ca: &rcgen::Certificate,
        presented: &CertificateDer<'_>,
        server_name: Option<&str>,
    ) -> Result<(), String> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), ca.pem()).expect("written");
        let tls = TlsSettings {
            ca_file: Some(file.path().display().to_string().into()),
            server_name: server_name.map(Into::into),
            ..TlsSettings::default()
        };
        let verifier = verifier(&tls, &Arc::new(ring::default_provider())).expect("a verifier");
        let connected_to = ServerName::try_from("own.example").expect("a name");
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_780_000_000));
        let verified = verifier.verify_server_cert(presented, &[], &connected_to, &[], now);
        verified.map(|_| ()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_self_signed_authority_is_taken_if_it_is_in_the_ca_file_and_valid_for_time_and_name() {
        let own = self_signed(2025, 2030);
        for name in [None, Some("own.example")] {
            assert_eq!(verify(&own, own.der(), name), Ok(()), "{name:?}");
        }
        let (expired, early) = (self_signed(2020, 2025), self_signed(2029, 2030));
        // Its subject is the same, its key is not.
        let stranger = self_signed(2025, 2030);
        for (ca, presented, name, want) in [
            (&expired, &expired, None, "certificate expired"),
            (&early, &early, None, "certificate not valid yet"),
            (&own, &stranger, None, "CaUsedAsEndEntity"),
            (&own, &own, Some("other.example"), "not valid for name \"other.example\""),
        ] {
            let error = verify(ca, presented.der(), name).expect_err(want);
            assert!(error.contains(want), "{want}: {error}");
        }
    }
}
