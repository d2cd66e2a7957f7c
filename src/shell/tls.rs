//! `tls_config` as a rustls configuration: own authority, client certificate, other server name, no check.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::config::routes::TlsSettings;
use crate::model::Str;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or holds no PEM of the kind it should.
    #[error("cannot use {path}: {reason}")]
    File {
        /// The file.
        path: Str,
        /// What is wrong with it.
        reason: String,
    },
    /// A certificate without its key, or a key without its certificate.
    #[error("cert_file and key_file are needed together")]
    HalfIdentity,
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
        .with_safe_default_protocol_versions()
        .map_err(setup)?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier(tls, &provider)?);
    let mut config = match (&tls.cert_file, &tls.key_file) {
        (None, None) => builder.with_no_client_auth(),
        (Some(cert), Some(key)) => {
            builder.with_client_auth_cert(read_certificates(cert)?, read_key(key)?).map_err(setup)?
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
    if tls.insecure_skip_verify {
        return Ok(Arc::new(NoCheck { provider: Arc::clone(provider) }));
    }
    let roots = Arc::new(authorities(tls.ca_file.as_ref())?);
    let inner = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider))
        .build()
        .map_err(|error| TlsError::Setup(error.to_string()))?;
    Ok(match &tls.server_name {
        None => inner,
        Some(name) => {
            let parsed = ServerName::try_from(name.to_string());
            let name = parsed.map_err(|_| TlsError::ServerName(Str::clone(name)))?;
            Arc::new(OtherName { name, inner })
        }
    })
}

/// The authorities in the file, or the system's.
fn authorities(ca_file: Option<&Str>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(path) => {
            for certificate in read_certificates(path)? {
                roots.add(certificate).map_err(|error| file_error(path, &error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}

fn read_certificates(path: &Str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = std::fs::read(&**path).map_err(|error| file_error(path, &error))?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = read.map_err(|error| file_error(path, &error))?;
    match certificates.is_empty() {
        true => Err(file_error(path, &"no certificate in it")),
        false => Ok(certificates),
    }
}

fn read_key(path: &Str) -> Result<PrivateKeyDer<'static>, TlsError> {
    let pem = std::fs::read(&**path).map_err(|error| file_error(path, &error))?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| file_error(path, &error))
}

fn file_error(path: &Str, reason: &dyn std::fmt::Display) -> TlsError {
    TlsError::File { path: Str::clone(path), reason: reason.to_string() }
}

/// Checks the certificate against another name than the one we connect to.
#[derive(Debug)]
struct OtherName {
    name: ServerName<'static>,
    inner: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for OtherName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _connected_to: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.inner.verify_server_cert(end_entity, intermediates, &self.name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// `insecure_skip_verify`: takes any certificate; the handshake's signatures are still checked.
#[derive(Debug)]
struct NoCheck {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for NoCheck {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
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
