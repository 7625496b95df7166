//! How others come to trust the authority: which variables their programs read, and what to do by hand. Never here: a
//! process that is started.

use std::fmt;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;

use super::{LocalAuthority, kept};
use crate::exit::Failure;

/// The system's authorities and ours in one file: many programs take a file in place of the system's, not beside it.
const BUNDLE: &str = "tidegate-bundle.crt";

/// Which file a variable is to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// Ours: it is believed besides the system's.
    Ours,
    /// All: it is believed in place of the system's.
    All,
}

/// The variables that widespread programs and libraries read.
const VARIABLES: [(&str, Takes); 10] = [
    // OpenSSL, and with it Python's ssl (urllib, aiohttp, httpx) and Ruby; Go but on macOS; Rust by
    // rustls-native-certs, rustls-platform-verifier or native-tls on Linux.
    ("SSL_CERT_FILE", Takes::All),
    ("CURL_CA_BUNDLE", Takes::All),
    ("REQUESTS_CA_BUNDLE", Takes::All),
    ("NODE_EXTRA_CA_CERTS", Takes::Ours),
    ("DENO_CERT", Takes::Ours),
    ("AWS_CA_BUNDLE", Takes::All),
    ("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", Takes::All),
    ("GIT_SSL_CAINFO", Takes::All),
    ("CARGO_HTTP_CAINFO", Takes::All),
    ("PIP_CERT", Takes::All),
];

/// The files that programs are to be given. As text: how to, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trusted {
    /// The authority's certificate.
    pub(crate) certificate: PathBuf,
    /// The same, with the system's authorities.
    pub(crate) bundle: PathBuf,
    /// How many of the system's there are; without any, programs that are given the bundle trust no other host.
    pub(crate) of_system: usize,
}

impl Trusted {
    /// What to set for a program that is to trust the authority, each with the file that it is to name.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        VARIABLES.into_iter().map(|(name, takes)| match takes {
            Takes::Ours => (name, self.certificate.as_path()),
            Takes::All => (name, self.bundle.as_path()),
        })
    }
}

impl LocalAuthority {
    /// Writes the file that holds the system's authorities and this one, as they are now.
    ///
    /// # Errors
    /// When it can't be written.
    pub(crate) fn trusted(&self) -> Result<Trusted, Failure> {
        // What can't be read of the system's its programs can't read either.
        let system = rustls_native_certs::load_native_certs().certs;
        let bundle = self.path.with_file_name(BUNDLE);
        kept::replace(&bundle, &pem(&self.certificate, &system))?;
        Ok(Trusted { certificate: self.path.clone(), bundle, of_system: system.len() })
    }
}

/// All of them in PEM, ours first and none twice.
fn pem(own: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> String {
    let others = others.iter().filter(|other| *other != own);
    let encode = |der: &CertificateDer<'_>| pem::encode(&pem::Pem::new("CERTIFICATE", der.as_ref()));
    std::iter::once(own).chain(others).map(encode).collect::<String>().replace("\r\n", "\n")
}

impl fmt::Display for Trusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ours, all) = (shell(&self.certificate), shell(&self.bundle));
        writeln!(
            f,
            "Hosts under `intercept` show certificates of an authority that is on this\n\
             machine alone. Its certificate, and the same with the system's {count}, which\n\
             is for programs that take a file in place of the system's:\n  {ours}\n  {all}\n\n\
             For all that is started in this shell:",
            count = self.of_system
        )?;
        for (name, file) in self.variables() {
            writeln!(f, "  export {name}={}", shell(file))?;
        }
        write!(
            f,
            "\nOne by one:\n  \
             curl       curl --cacert {all} --proxy http://127.0.0.1:8430 URL\n  \
             Python     requests: REQUESTS_CA_BUNDLE={all}, or verify=...\n             \
             httpx, aiohttp, urllib: SSL_CERT_FILE={all}\n  \
             Node       NODE_EXTRA_CA_CERTS={ours}\n  \
             Go         SSL_CERT_FILE={all}; on macOS the keychain\n  \
             Rust       SSL_CERT_FILE={all} on Linux; programs\n             \
             that bring the authorities with them (webpki-roots) need it in\n             \
             their code, such as reqwest's ClientBuilder::add_root_certificate\n  \
             Java       keytool -importcert -noprompt -alias tidegate -storepass changeit\n             \
             -keystore tidegate.p12 -file {ours}\n             \
             java -Djavax.net.ssl.trustStore=tidegate.p12\n             \
             -Djavax.net.ssl.trustStorePassword=changeit ...: then only these\n             \
             hosts are trusted; for all others too, add it to a copy of the\n             \
             JDK's lib/security/cacerts\n  \
             Debian     sudo cp {ours} /usr/local/share/ca-certificates/\n             \
             sudo update-ca-certificates\n  \
             macOS      security add-trusted-cert -k login.keychain {ours}\n\n\
             Whoever has the key beside it can pretend to be any host to who trusts it.\n\
             To be rid of it, take it out of what trusts it, and remove the files.\n"
        )
    }
}

/// A path as a shell takes it.
fn shell(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@%".contains(&byte));
    if is_plain { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::pem::PemObject as _;

    fn trusted() -> Trusted {
        Trusted { certificate: "/a b/own.crt".into(), bundle: "/a b/all.crt".into(), of_system: 140 }
    }

    #[test]
    fn what_replaces_the_system_s_gets_the_whole_bundle() {
        let trusted = trusted();
        let told: Vec<_> = trusted.variables().collect();
        let file = |name| told.iter().find(|(told, _)| *told == name).map(|(_, file)| file.to_str().unwrap());
        for name in ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"] {
            assert_eq!(file(name), Some("/a b/all.crt"), "{name}");
        }
        assert_eq!(file("NODE_EXTRA_CA_CERTS"), Some("/a b/own.crt"));
    }

    #[test]
    fn the_page_can_be_pasted_into_a_shell() {
        let page = trusted().to_string();
        assert!(page.contains("  export SSL_CERT_FILE='/a b/all.crt'\n"), "{page}");
        assert!(page.contains("  export NODE_EXTRA_CA_CERTS='/a b/own.crt'\n"), "{page}");
        for name in ["curl", "Python", "Node", "Go", "Rust", "Java"] {
            assert!(page.contains(&format!("\n  {name:11}")), "{name} is missing in {page}");
        }
        assert_eq!(shell(Path::new("/it's")), "'/it'\\''s'");
    }

    #[test]
    fn a_bundle_holds_ours_and_each_of_the_others_once() {
        let made =
            |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap().cert.der().clone();
        let (own, one, two) = (made("own"), made("one"), made("two"));
        let text = pem(&own, &[one.clone(), own.clone(), two.clone()]);
        let read: Vec<_> = CertificateDer::pem_slice_iter(text.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(read, [own, one, two]);
        assert!(!text.contains('\r'));
    }
}
