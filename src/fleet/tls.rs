//! Certificates and keys, from the files that `remote.toml` names.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use super::private_file;
use super::{FleetError, RemoteConfig};
use crate::disk;

/// The settings of TLS. Where no authority is named, those that browsers know may vouch for a server.
pub fn settings(config: &RemoteConfig) -> Result<TlsConfig, FleetError> {
    let mut settings = TlsConfig::builder();
    if let Some(path) = &config.tls_ca {
        let authorities =
            certificates(path)?.into_iter().map(|it| Certificate::from_der(&it).to_owned());
        settings = settings.root_certs(RootCerts::Specific(Arc::new(authorities.collect())));
    }
    if let (Some(certificate), Some(key)) = (&config.tls_cert, &config.tls_key) {
        settings = settings.client_cert(Some(client(certificate, key)?));
    }
    Ok(settings.build())
}

fn client(certificate: &Path, key: &Path) -> Result<ClientCert, FleetError> {
    let chain = certificates(certificate)?;
    let text = private_file::read_there(key)?;
    let unusable =
        |reason: &str| FleetError::TlsFile { path: key.to_owned(), reason: reason.to_owned() };
    let private = PrivateKeyDer::from_pem_slice(text.as_bytes())
        .map_err(|_| unusable("holds no private key as PEM, or one that needs a passphrase"))?;
    // Whoever makes the connection would panic at a key that is not the certificate's.
    match CertifiedKey::from_der(chain.clone(), private, &ring::default_provider()) {
        Ok(_) => {}
        Err(rustls::Error::InconsistentKeys(_)) => {
            return Err(unusable(&format!("is not the key of `{}`", certificate.display())));
        }
        Err(error) => return Err(unusable(&format!("holds no key that can be used: {error}"))),
    }
    let private =
        PrivateKey::from_pem(text.as_bytes()).map_err(|error| unusable(&error.to_string()))?;
    let chain: Vec<_> = chain.iter().map(|it| Certificate::from_der(it).to_owned()).collect();
    Ok(ClientCert::new_with_certs(&chain, private))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, FleetError> {
    let text = disk::read_to_string(path).map_err(FleetError::io("read", path))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    found.ok().filter(|found| !found.is_empty()).ok_or_else(|| FleetError::TlsFile {
        path: path.to_owned(),
        reason: "holds no certificate as PEM".to_owned(),
    })
}
