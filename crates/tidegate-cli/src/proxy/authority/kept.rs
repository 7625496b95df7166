//! The authority's files: read if they are there, else made once, whoever tries at the same time. Never here: what is in
//! a certificate.

use std::fmt::Display;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tidegate_core::Time;

use super::issued;
use crate::exit::{Exit, Failure};

/// The authority's certificate, which others are to trust; the ending is the one that system stores take.
const CERTIFICATE: &str = "tidegate-authority.crt";

/// Its key, which nobody else is to read.
const KEY: &str = "tidegate-authority.key";

/// An authority as it is kept.
pub(super) struct Kept {
    pub(super) key: KeyPair,
    pub(super) certificate: CertificateDer<'static>,
    /// Where the certificate is.
    pub(super) path: PathBuf,
}

/// Where the authority is kept unless told otherwise: a folder of Tidegate's in the user's data folder
/// (XDG Base Directory Specification). `variable` is asked for the environment's.
pub(crate) fn usual_folder(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let data = variable("XDG_DATA_HOME").filter(|folder| folder.is_absolute());
    let home = || variable("HOME").filter(|home| home.is_absolute());
    Some(data.or_else(|| Some(home()?.join(".local/share")))?.join("tidegate"))
}

/// Takes what is in the folder, or makes it.
///
/// The key comes first: whoever finds a key without a certificate makes one for that key, so that no moment at which this
/// is broken off leaves something that the next start can't use.
pub(super) fn open(folder: &Path, now: Time) -> Result<Kept, Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| unusable(folder, &error))?;
    let (path, key_path) = (folder.join(CERTIFICATE), folder.join(KEY));
    make_once(&key_path, 0o600, || Ok(issued::root_key()?.serialize_pem()))?;
    let key = read_secret(&key_path)?;
    let key = KeyPair::from_pem(&key).map_err(|error| unusable(&key_path, &error))?;
    make_once(&path, 0o644, || issued::root(&key, now))?;
    let certificate = CertificateDer::from_pem_file(&path).map_err(|error| unusable(&path, &error))?;
    Ok(Kept { key, certificate, path })
}

/// Writes a file if there is none. Nobody sees it before it is whole, and of several who write it one wins.
fn make_once(
    path: &Path,
    mode: u32,
    make: impl FnOnce() -> Result<String, issued::Wrong>,
) -> Result<(), Failure> {
    if fs::symlink_metadata(path).is_ok() {
        return Ok(());
    }
    let text = make().map_err(|error| unusable(path, &error))?;
    match new_file(path, mode, &text)?.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(lost) if lost.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(lost) => Err(unusable(path, &lost.error)),
    }
}

/// Writes a file, in place of one that may be there. Nobody sees it before it is whole.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let replaced = new_file(path, 0o644, text)?.persist(path);
    replaced.map(|_| ()).map_err(|lost| unusable(path, &lost.error))
}

/// A whole file beside its place, under no name that anybody knows, and of this mode from its first moment.
fn new_file(path: &Path, mode: u32, text: &str) -> Result<tempfile::NamedTempFile, Failure> {
    let write = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file =
            tempfile::Builder::new().permissions(Permissions::from_mode(mode)).tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        Ok(file)
    };
    write().map_err(|error: io::Error| unusable(path, &error))
}

/// Reads what nobody else may read: asks the file that is read, so that no other can be put in its place.
fn read_secret(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = File::open(path).and_then(|mut file| {
        let mode = file.metadata()?.permissions().mode();
        file.read_to_string(&mut text)?;
        Ok(mode)
    });
    let mode = read.map_err(|error| unusable(path, &error))?;
    if mode & 0o077 != 0 {
        let shown = path.display();
        let said = format!(
            "others than its owner may use {shown}, the key of an authority (its mode is {:03o})",
            mode & 0o777
        );
        return Err(Failure::new(Exit::Usage, said).hint(format!(
            "if somebody may have, remove it and the certificate beside it, and trust the new one; else: chmod 600 {shown}"
        )));
    }
    Ok(text)
}

fn unusable(path: &Path, why: &dyn Display) -> Failure {
    Failure::new(Exit::Usage, format!("can't use {} for an authority of this proxy: {why}", path.display()))
        .hint("name another folder, or one that this user may write in")
}

/// Says that what is in the folder makes no authority.
pub(super) fn broken(folder: &Path, why: &dyn Display) -> Failure {
    let said = format!("{KEY} and {CERTIFICATE} in {} don't make an authority: {why}", folder.display());
    Failure::new(Exit::Usage, said).hint("remove both: new ones are made, which are to be trusted anew")
}
