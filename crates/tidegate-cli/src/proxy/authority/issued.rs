//! The certificates themselves: the authority's own, and those that it issues. Never here: a file, a memory of them.
//!
//! The authority's certificate isn't bound to hosts by name constraints: with each host more that is to be opened it
//! would have to be made, and trusted everywhere, anew. What guards others is that its key is this user's alone, and that
//! it vouches for hosts directly or not at all.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber,
};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{RootCertStore, ServerConfig};
use tidegate::world;
use tidegate_core::Time;

use crate::relay::listen::server_config;

const DAY: Duration = Duration::from_secs(86_400);

/// How long the authority's certificate is good for: it is trusted by hand, so it lasts about as long as a machine.
const ROOT_LASTS: Duration = Duration::from_secs(10 * 365 * 86_400);

/// How long a host's certificate is good for.
const LEAF_LASTS: Duration = Duration::from_secs(7 * 86_400);

/// How far the clock of who looks at a certificate may be behind.
const CLOCKS_DIFFER: Duration = DAY;

/// The longest common name that X.509 has room for.
const LONGEST_NAME: usize = 64;

/// Whatever went wrong with a certificate.
pub(super) type Wrong = Box<dyn Error + Send + Sync>;

/// Issues certificates to hosts.
pub(super) struct Signer {
    issuer: Issuer<'static, KeyPair>,
    /// The key of all that it issues: it lives as long as the process.
    leaf_key: KeyPair,
}

/// A key for a new authority.
pub(super) fn root_key() -> Result<KeyPair, Wrong> {
    Ok(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?)
}

/// The certificate of the authority that has this key, in PEM.
pub(super) fn root(key: &KeyPair, now: Time) -> Result<String, Wrong> {
    let mut params = root_params(key);
    lasting(&mut params, now, ROOT_LASTS);
    Ok(params.self_signed(key)?.pem())
}

/// All of it that doesn't depend on when it was made, so that the key tells it.
fn root_params(key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    let id: String = params.key_identifier(key).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Tidegate");
    // Two authorities are never of one name: who has several to choose from goes by it.
    params.distinguished_name.push(DnType::CommonName, format!("Tidegate local authority {id}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// A new serial number, and times around now.
fn lasting(params: &mut CertificateParams, now: Time, lasts: Duration) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let now = now.since(Time::ZERO);
    params.not_before = epoch + now.saturating_sub(CLOCKS_DIFFER);
    params.not_after = epoch + now + lasts;
    let drawn = u128::from(world::draw()) << 64 | u128::from(world::draw());
    // Above zero, and of one length (RFC 5280 section 4.1.2.2).
    let serial = (drawn >> 2) | 1 << 125;
    params.serial_number = Some(SerialNumber::from_slice(&serial.to_be_bytes()));
}

impl Signer {
    pub(super) fn new(key: KeyPair) -> Result<Signer, Wrong> {
        let params = root_params(&key);
        Ok(Signer { issuer: Issuer::new(params, key), leaf_key: root_key()? })
    }

    /// A certificate for a host.
    pub(super) fn leaf(&self, host: &str, now: Time) -> Result<CertificateDer<'static>, Wrong> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![match host.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(host.try_into()?),
        }];
        let name = if host.len() <= LONGEST_NAME { host } else { "opened by Tidegate" };
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        lasting(&mut params, now, LEAF_LASTS);
        Ok(params.signed_by(&self.leaf_key, &self.issuer)?.der().clone())
    }

    /// What callers of a host are shown.
    pub(super) fn shown(&self, host: &str, now: Time) -> Result<Arc<ServerConfig>, Wrong> {
        let key = PrivateKeyDer::try_from(self.leaf_key.serialize_der())?;
        Ok(server_config(vec![self.leaf(host, now)?], key)?)
    }

    /// Looks whether what it issues is vouched for by this certificate.
    pub(super) fn check(&self, root: &CertificateDer<'static>, now: Time) -> Result<(), Wrong> {
        verify(&self.leaf("localhost", now)?, root, "localhost", now)
    }
}

/// Whether this authority vouches for this certificate, and that for this host.
pub(super) fn verify(
    leaf: &CertificateDer<'_>,
    root: &CertificateDer<'static>,
    host: &str,
    now: Time,
) -> Result<(), Wrong> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
    let now = UnixTime::since_unix_epoch(now.since(Time::ZERO));
    let name = ServerName::try_from(host)?;
    verifier.verify_server_cert(leaf, &[], &name, &[], now)?;
    Ok(())
}
