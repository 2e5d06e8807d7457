//! What can be wrong with certificates, with real servers.

use muzzle_persona::fleet::{Etcd, FleetError, RemoteConfig};
use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};

use super::certificates::{Authority, Files, write};
use super::client::{line, lines_from, soon};
use super::cluster::{Cluster, Options};
use super::errors::failed;

const HOST: &str = "127.0.0.1";

/// Settings with an authority, and a client's certificate.
fn with(cluster: &Cluster, authority: Option<&Authority>, client: Option<&Files>) -> RemoteConfig {
    RemoteConfig {
        tls_ca: authority.map(Authority::ca),
        tls_cert: client.map(|files| files.cert.clone()),
        tls_key: client.map(|files| files.key.clone()),
        ..cluster.config()
    }
}

#[test]
fn clients_have_certificates_too() {
    let dir = tempfile::tempdir().unwrap();
    let [own, foreign] = ["own", "foreign"].map(|name| Authority::new(dir.path(), name));
    let server = own.sign("server", HOST, &[ServerAuth, ClientAuth]);
    let client = own.sign("client", "client", &[ClientAuth]);
    let options = Options { tls: Some(server), client_ca: Some(own.ca()), ..Options::default() };
    let Some(cluster) = Cluster::start_with(1, &options) else { return };
    let endpoint = cluster.endpoint(0);

    let right = with(&cluster, Some(&own), Some(&client));
    let mut etcd = Etcd::new(&right, dir.path()).unwrap();
    etcd.transact(&line(&right, 1, "one", None), soon()).unwrap();
    assert_eq!(etcd.range(&lines_from(&right, 1), soon()).unwrap().entries.len(), 1);
    assert!(etcd.status(soon())[0].status.is_ok());

    let told = |authority, client| {
        let error = failed(&with(&cluster, authority, client));
        assert!(!error.is_open(), "{error}");
        error.to_string()
    };
    let unknown =
        format!("the certificate of `{endpoint}` is of an authority that is not known here");
    assert_eq!(told(None, Some(&client)), unknown);
    assert_eq!(told(Some(&foreign), Some(&client)), unknown);
    let required = format!("`{endpoint}` wants a client certificate, and `remote.toml` names none");
    assert_eq!(told(Some(&own), None), required);
    let stranger = foreign.sign("stranger", "client", &[ClientAuth]);
    let refused = format!("`{endpoint}` refuses the client certificate that `remote.toml` names");
    assert_eq!(told(Some(&own), Some(&stranger)), refused);

    // Without TLS where there is some.
    let plain = endpoint.replace("https", "http");
    let error = failed(&RemoteConfig { endpoints: vec![plain.clone()], ..right.clone() });
    // The server says in plain HTTP that it does not speak it, or just closes the connection.
    match &error {
        FleetError::NotEtcd { .. } => {}
        FleetError::ConnectionLost { .. } => assert!(error.hint().unwrap().contains("`https://`")),
        _ => panic!("{error}"),
    }
    // And the other way round.
    let listener = super::stand_in::StandIn::plain();
    let secure = listener.endpoint.replace("http", "https");
    let error = failed(&RemoteConfig { endpoints: vec![secure.clone()], ..right.clone() });
    assert_eq!(error.to_string(), format!("no TLS with `{secure}`: it does not speak TLS"));
    assert!(error.hint().unwrap().contains("`http://`") && !error.is_open());

    // Files that cannot be used are found before anything is sent.
    let new = |config: &RemoteConfig| Etcd::new(config, dir.path()).unwrap_err().to_string();
    let mixed = Files { key: stranger.key.clone(), ..client.clone() };
    let told = format!("`{}` is not the key of `{}`", mixed.key.display(), mixed.cert.display());
    assert_eq!(new(&with(&cluster, Some(&own), Some(&mixed))), told);
    let empty = dir.path().join("empty.pem");
    write(&empty, "nothing\n");
    let none = RemoteConfig { tls_ca: Some(empty.clone()), ..right.clone() };
    assert_eq!(new(&none), format!("`{}` holds no certificate as PEM", empty.display()));
    let none = RemoteConfig { tls_key: Some(empty.clone()), ..right };
    let told = format!(
        "`{}` holds no private key as PEM, or one that needs a passphrase",
        empty.display()
    );
    assert_eq!(new(&none), told);
}

#[test]
fn the_servers_certificate_does_not_do() {
    let dir = tempfile::tempdir().unwrap();
    let own = Authority::new(dir.path(), "own");
    let client = own.sign("client", "client", &[ClientAuth]);
    let other = own.sign("other", "other.example.org", &[ServerAuth, ClientAuth]);
    let old = own.sign_until(2001, "old", HOST, &[ServerAuth, ClientAuth]);
    let one_way = own.sign("one-way", HOST, &[ServerAuth]);

    let told = |tls: &Files, client_ca: Option<std::path::PathBuf>| {
        let options = Options { tls: Some(tls.clone()), client_ca, ..Options::default() };
        let cluster = Cluster::start_with(1, &options)?;
        let error = failed(&with(&cluster, Some(&own), Some(&client)));
        Some(error.to_string().replace(&cluster.endpoint(0), "ENDPOINT"))
    };
    let Some(error) = told(&other, None) else { return };
    assert_eq!(error, "the certificate of `ENDPOINT` is for another name");
    let error = told(&old, None).unwrap();
    assert_eq!(error, "the certificate of `ENDPOINT` has expired, or is not valid yet");
    let error = told(&one_way, Some(own.ca())).unwrap();
    assert!(
        error.starts_with("the gateway of etcd at `ENDPOINT` cannot reach its own server (`"),
        "{error}"
    );
}
