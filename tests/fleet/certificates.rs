//! An authority, and what it signs.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};

/// An authority. Its files lie in a directory.
pub struct Authority {
    dir: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, as files.
#[derive(Debug, Clone)]
pub struct Files {
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    pub fn new(dir: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let authority = Self { dir: dir.join(name), issuer: Issuer::new(params, key) };
        fs::create_dir(&authority.dir).unwrap();
        write(&authority.ca(), &certificate.pem());
        authority
    }

    /// The authority's own certificate.
    pub fn ca(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// Signs a certificate for a host, for these uses. Its common name is empty, as etcd wants it.
    pub fn sign(&self, name: &str, host: &str, uses: &[ExtendedKeyUsagePurpose]) -> Files {
        self.sign_until(2126, name, host, uses)
    }

    /// Signs a certificate that was valid, or will have been, until the beginning of a year.
    pub fn sign_until(
        &self,
        year: i32,
        name: &str,
        host: &str,
        uses: &[ExtendedKeyUsagePurpose],
    ) -> Files {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.extended_key_usages = uses.to_vec();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let of = |kind: &str| self.dir.join(format!("{name}.{kind}.pem"));
        let files = Files { cert: of("cert"), key: of("key") };
        write(&files.cert, &certificate.pem());
        write(&files.key, &key.serialize_pem());
        files
    }
}

/// Writes a file that is its owner's alone.
#[expect(clippy::disallowed_methods, reason = "a test writes what the user would")]
pub fn write(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;

    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
