//! The authority as a whole: its files, and whether those whom it vouches for are believed. Never here: a socket.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tidegate::world;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::issued::{Signer, root_key, verify};
use super::*;

const DAY: Duration = Duration::from_secs(86_400);

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn open(folder: &Path) -> LocalAuthority {
    LocalAuthority::open(folder, world::wall_clock()).unwrap()
}

fn refused(folder: &Path) -> String {
    LocalAuthority::open(folder, world::wall_clock()).unwrap_err().to_string()
}

#[test]
fn it_is_made_once_and_its_key_is_its_owner_s_alone() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("data/tidegate");
    let first = open(&folder);
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("tidegate-authority.key")), 0o600);
    assert_eq!(first.path(), folder.join("tidegate-authority.crt"));
    let (key, certificate) =
        (fs::read(folder.join("tidegate-authority.key")).unwrap(), fs::read(first.path()).unwrap());
    let second = open(&folder);
    assert_eq!(second.certificate, first.certificate);
    assert_eq!(fs::read(folder.join("tidegate-authority.key")).unwrap(), key);
    assert_eq!(fs::read(second.path()).unwrap(), certificate);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing else is left there");
}

#[test]
fn of_many_who_make_it_at_once_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let together = Arc::new(Barrier::new(8));
    let makers: Vec<_> = (0..8)
        .map(|_| {
            let (folder, together) = (folder.path().to_owned(), Arc::clone(&together));
            std::thread::spawn(move || {
                together.wait();
                open(&folder).certificate
            })
        })
        .collect();
    let made: Vec<_> = makers.into_iter().map(|maker| maker.join().unwrap()).collect();
    assert!(made.iter().all(|certificate| *certificate == made[0]));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn what_was_broken_off_after_the_key_is_made_good() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    fs::remove_file(first.path()).unwrap();
    let second = open(folder.path());
    let leaf = first.signer.leaf("a", world::wall_clock()).unwrap();
    verify(&leaf, &second.certificate, "a", world::wall_clock()).unwrap();
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    let key = folder.path().join("tidegate-authority.key");
    for (bits, is_refused) in [(0o644, true), (0o640, true), (0o602, true), (0o400, false)] {
        fs::set_permissions(&key, fs::Permissions::from_mode(bits)).unwrap();
        let opened = LocalAuthority::open(folder.path(), world::wall_clock());
        assert_eq!(opened.is_err(), is_refused, "{bits:o}");
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(refused(folder.path()).contains("chmod 600"), "{}", refused(folder.path()));
}

#[test]
fn files_that_make_no_authority_are_named() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (own, others) = (open(folder.path()), open(other.path()));
    fs::copy(others.path(), own.path()).unwrap();
    assert!(refused(folder.path()).contains("don't make an authority"), "{}", refused(folder.path()));
    fs::write(own.path(), "nothing").unwrap();
    assert!(refused(folder.path()).contains("tidegate-authority.crt"), "{}", refused(folder.path()));
    fs::write(folder.path().join("tidegate-authority.key"), "nothing").unwrap();
    assert!(refused(folder.path()).contains("tidegate-authority.key"), "{}", refused(folder.path()));
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(refused(&file).contains("can't use"), "{}", refused(&file));
}

#[test]
fn the_folder_is_the_user_s_own_unless_told_otherwise() {
    let rows = [
        (Some("/data"), Some("/h"), Some("/data/tidegate")),
        (None, Some("/h"), Some("/h/.local/share/tidegate")),
        (Some(""), Some("/h"), Some("/h/.local/share/tidegate")),
        (Some("relative"), None, None),
    ];
    for (data, home, expected) in rows {
        let told = |name: &str| if name == "HOME" { home } else { data }.map(PathBuf::from);
        assert_eq!(usual_folder(told), expected.map(PathBuf::from), "{data:?} {home:?}");
    }
}

/// Whether a client who trusts the authority's file finishes a handshake with what is shown for `host`.
async fn is_believed(authority: &LocalAuthority, host: &str, called: &str, protocol: &[u8]) -> bool {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.unwrap().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let (client, server) = tokio::io::duplex(64 * 1024);
    let shown = authority.shown(host, world::wall_clock()).unwrap();
    let serve = tokio::spawn(async move { TlsAcceptor::from(shown).accept(server).await.map(|_| ()) });
    let name = ServerName::try_from(called.to_owned()).unwrap();
    let connected = TlsConnector::from(Arc::new(config)).connect(name, client).await;
    let chosen = connected.is_ok_and(|stream| stream.get_ref().1.alpn_protocol() == Some(protocol));
    let _ = serve.await.unwrap();
    chosen
}

#[tokio::test]
async fn who_trusts_it_believes_the_host_that_was_called_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let authority = open(folder.path());
    for host in ["api.example.com", "127.0.0.1", "::1", "a.b"] {
        assert!(is_believed(&authority, host, host, b"h2").await, "{host}");
        assert!(is_believed(&authority, host, host, b"http/1.1").await, "{host}");
    }
    let long = format!("{0}.{0}.example.com", "a".repeat(60));
    assert!(is_believed(&authority, &long, &long, b"h2").await);
    assert!(!is_believed(&authority, "api.example.com", "other.example.com", b"h2").await);
    assert!(!is_believed(&authority, "127.0.0.1", "127.0.0.2", b"h2").await);
}

#[test]
fn a_host_s_certificate_is_good_for_days_and_made_again_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let authority = open(folder.path());
    let start = world::wall_clock();
    let leaf = authority.signer.leaf("a.b", start).unwrap();
    let is_good = |at| verify(&leaf, &authority.certificate, "a.b", at).is_ok();
    assert!(is_good(start) && is_good(start.later(6 * DAY)) && is_good(start.earlier(DAY / 2)));
    assert!(!is_good(start.later(8 * DAY)) && !is_good(start.earlier(2 * DAY)));
    let shown = |at| authority.shown("a.b", at).unwrap();
    assert!(Arc::ptr_eq(&shown(start), &shown(start.later(2 * DAY))));
    assert!(!Arc::ptr_eq(&shown(start), &shown(start.later(4 * DAY))));
}

#[test]
fn no_two_certificates_have_one_serial_number() {
    let signer = Signer::new(root_key().unwrap()).unwrap();
    let leaf = || signer.leaf("a", world::wall_clock()).unwrap();
    // The version, then the serial number: 16 bytes, the first below 0x80.
    let serial = |der: CertificateDer<'_>| {
        let at = der.windows(4).position(|bytes| bytes == [2, 1, 2, 2]).unwrap() + 3;
        assert_eq!(der[at..at + 2], [2, 16]);
        assert!((1..0x80).contains(&der[at + 2]));
        der[at + 2..at + 18].to_vec()
    };
    assert_ne!(serial(leaf()), serial(leaf()));
}

/// What follows these bytes in a certificate: a key's identifier.
fn behind<'d>(der: &'d [u8], mark: &[u8]) -> &'d [u8] {
    let at = der.windows(mark.len()).position(|bytes| bytes == mark).expect("the extension is there");
    &der[at + mark.len()..at + mark.len() + 20]
}

#[test]
fn a_host_s_certificate_names_the_key_that_vouches_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let authority = open(folder.path());
    let leaf = authority.signer.leaf("a", world::wall_clock()).unwrap();
    // The extensions' identifiers, and 20 bytes in an OCTET STRING, or in the first field of a SEQUENCE in one.
    let (subject, issuer) =
        ([6, 3, 0x55, 0x1d, 14, 4, 22, 4, 20], [6, 3, 0x55, 0x1d, 35, 4, 24, 0x30, 22, 0x80, 20]);
    let of_authority = behind(&authority.certificate, &subject);
    assert_eq!(behind(&leaf, &issuer), of_authority);
    assert_ne!(behind(&leaf, &subject), of_authority);
}

#[test]
fn openssl_finds_nothing_wrong_where_it_is_there() {
    if Command::new("openssl").arg("version").output().is_err() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let authority = open(folder.path());
    for (host, asks) in [("api.example.com", "-verify_hostname"), ("127.0.0.1", "-verify_ip")] {
        let leaf = folder.path().join("leaf.crt");
        let der = authority.signer.leaf(host, world::wall_clock()).unwrap();
        fs::write(&leaf, pem::encode(&pem::Pem::new("CERTIFICATE", der.as_ref()))).unwrap();
        // As strict as Python is from 3.13 on.
        let mut verify = Command::new("openssl");
        verify.args(["verify", "-x509_strict", "-purpose", "sslserver", asks, host, "-CAfile"]);
        let ran = verify.arg(authority.path()).arg(&leaf).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
    let mut shows = Command::new("openssl");
    let shown = shows.args(["x509", "-noout", "-text", "-in"]).arg(authority.path()).output().unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.contains("CA:TRUE, pathlen:0") && text.contains("Certificate Sign"), "{text}");
}
