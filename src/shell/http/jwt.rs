//! Signed statements of who we are (JSON web tokens, RFC 7523), as `grant_type: …jwt-bearer` shows them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Map, Value, json};

use crate::config::http::{JwtGrant, OAuth2Settings, RsaHash};
use crate::model::Timestamp;

/// For how long a statement is good, in seconds: long enough to be shown once.
const VALID: i64 = 600;

/// A statement for the token server, made at `now` and signed with the key (PEM).
///
/// # Errors
/// The key cannot be used; the text does not show it.
pub(super) fn assertion(
    settings: &OAuth2Settings,
    grant: &JwtGrant,
    key: &str,
    now: Timestamp,
) -> Result<String, String> {
    let mut header = json!({"alg": grant.hash.as_str(), "typ": "JWT"});
    if let Some(id) = &grant.key_id {
        header["kid"] = Value::from(&**id);
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = Value::Object(claims(settings, grant, now)?);
    let signed = format!("{}.{}", part(&header), part(&claims));
    let key = key_pair(key)?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(encoding(grant.hash), &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| "cannot sign with client_certificate_key".to_owned())?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn claims(settings: &OAuth2Settings, grant: &JwtGrant, now: Timestamp) -> Result<Map<String, Value>, String> {
    let now = now.millis().div_euclid(1000);
    let issuer = grant.issuer.as_ref().unwrap_or(&settings.client_id);
    let audience = grant.audience.as_deref().unwrap_or(&settings.token_url);
    let mut claims = Map::new();
    for (name, value) in [
        ("iss", Value::from(&**issuer)),
        ("sub", Value::from(&*settings.client_id)),
        ("aud", Value::from(audience)),
        ("jti", Value::from(unique()?)),
        ("iat", Value::from(now)),
        ("exp", Value::from(now + VALID)),
    ] {
        claims.insert(name.to_owned(), value);
    }
    if !settings.scopes.is_empty() {
        claims.insert("scope".to_owned(), settings.scopes.join(" ").into());
    }
    claims.extend(grant.claims.clone());
    Ok(claims)
}

/// A text that no other statement has, so that none can be shown twice.
fn unique() -> Result<String, String> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| "the system has no random numbers".to_owned())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn encoding(hash: RsaHash) -> &'static dyn RsaEncoding {
    match hash {
        RsaHash::Sha256 => &RSA_PKCS1_SHA256,
        RsaHash::Sha384 => &RSA_PKCS1_SHA384,
        RsaHash::Sha512 => &RSA_PKCS1_SHA512,
    }
}

fn key_pair(pem: &str) -> Result<RsaKeyPair, String> {
    let unusable = |reason: &dyn std::fmt::Display| {
        format!("client_certificate_key must be an RSA private key in PEM format: {reason}")
    };
    match PrivateKeyDer::from_pem_slice(pem.as_bytes()) {
        Ok(PrivateKeyDer::Pkcs8(key)) => {
            RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).map_err(|error| unusable(&error))
        }
        Ok(PrivateKeyDer::Pkcs1(key)) => {
            RsaKeyPair::from_der(key.secret_pkcs1_der()).map_err(|error| unusable(&error))
        }
        Ok(_) => Err(unusable(&"it is another kind of key")),
        // The parser's own words could hold some of the text.
        Err(_) => Err(unusable(&"there is none")),
    }
}
