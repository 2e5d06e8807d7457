//! Each error in the user's words, from a server that is really in that state.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use muzzle_persona::fleet::{
    Committed, Etcd, FleetError, Operation, Range, RemoteConfig, Transaction,
};

use super::certificates::write;
use super::client::{line, lines_from, soon};
use super::cluster::{Cluster, Options, ROSTER, free_ports};
use super::stand_in::StandIn;

/// How long a request may take that nobody answers.
const SHORT: Duration = Duration::from_millis(300);
/// How long one may take that is answered: it does not take it, however much else the machine has to do.
const LONG: Duration = Duration::from_mins(1);
/// How much later than its deadline a request may end before it counts as one that does not end.
const HANGS: Duration = Duration::from_mins(1);

/// What a read and a write end in. They have to end alike.
pub fn failed(config: &RemoteConfig) -> FleetError {
    failed_within(config, LONG)
}

/// What a read and a write end in, each within so much time.
fn failed_within(config: &RemoteConfig, time: Duration) -> FleetError {
    let dir = tempfile::tempdir().unwrap();
    let client = || Etcd::new(config, dir.path()).unwrap();
    let start = Instant::now();
    let read = client().range(&lines_from(config, 1), start + time).unwrap_err();
    assert!(start.elapsed() < time + HANGS, "{:?}", start.elapsed());
    let start = Instant::now();
    let put = client().transact(&line(config, 1, "one", None), start + time).unwrap_err();
    assert!(start.elapsed() < time + HANGS, "{:?}", start.elapsed());
    // The times that they waited differ.
    let kind = |error: &FleetError| std::mem::discriminant(error);
    assert_eq!(kind(&read), kind(&put), "{read} {put}");
    assert!(put.hint().is_some_and(|hint| !hint.is_empty()));
    put
}

fn at(endpoint: &str) -> RemoteConfig {
    RemoteConfig::new(vec![endpoint.to_owned()], ROSTER.to_owned())
}

#[test]
fn nobody_listens() {
    let endpoint = format!("http://127.0.0.1:{}", free_ports(1)[0]);
    let error = failed(&at(&endpoint));
    assert_eq!(error.to_string(), format!("nobody listens at `{endpoint}`"));
    assert!(!error.is_open());
    let by_name = endpoint.replace("127.0.0.1", "localhost");
    assert_eq!(failed(&at(&by_name)).to_string(), format!("nobody listens at `{by_name}`"));
    let error = failed(&at("http://no-such-host.invalid"));
    let told = "`http://no-such-host.invalid:2379` cannot be reached: its host's name is not known";
    assert_eq!(error.to_string(), told);
    assert!(!error.is_open());
}

#[test]
fn no_answer_comes_in_time() {
    // The system takes the connection, and nobody reads from it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let error = failed_within(&at(&endpoint), SHORT);
    let told = error.to_string();
    assert!(told.starts_with(&format!("no answer from `{endpoint}` within ")), "{told}");
    assert!(error.is_open());
    // Once it has more of them than it keeps, it takes none: nothing is sent.
    let address = listener.local_addr().unwrap();
    let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(50)).ok();
    let kept: Vec<_> = (0..5000).map_while(connect).collect();
    let error = failed_within(&at(&endpoint), SHORT);
    let told = error.to_string();
    assert!(told.starts_with(&format!("no connection to `{endpoint}` within ")), "{told}");
    assert!(!error.is_open());
    drop(kept);
    // No time at all: nothing is sent.
    let dir = tempfile::tempdir().unwrap();
    let mut client = Etcd::new(&at(&endpoint), dir.path()).unwrap();
    let error = client.transact(&line(&at(&endpoint), 1, "one", None), Instant::now()).unwrap_err();
    assert!(!error.is_open());
    assert_eq!(error.to_string(), format!("no connection to `{endpoint}` within 0 ms"));
}

#[test]
fn the_connection_is_lost() {
    let stand_in = StandIn::does(drop);
    let error = failed(&at(&stand_in.endpoint));
    let told = format!("the connection to `{}` was lost before its answer: ", stand_in.endpoint);
    assert!(error.to_string().starts_with(&told), "{error}");
    assert!(error.is_open());
    // Half an answer is none.
    let half = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
    let stand_in = StandIn::answers(half);
    let error = failed(&at(&stand_in.endpoint));
    assert!(matches!(error, FleetError::ConnectionLost { .. }) && error.is_open(), "{error}");
    assert_eq!(stand_in.requests(), 2, "a request was sent twice");
}

#[test]
fn where_it_is_open_whether_a_transaction_was_carried_out_no_other_endpoint_gets_it() {
    let [one, other] = [(), ()].map(|()| StandIn::does(drop));
    let mut config = at(&one.endpoint);
    config.endpoints.push(other.endpoint.clone());
    let dir = tempfile::tempdir().unwrap();
    let mut client = Etcd::new(&config, dir.path()).unwrap();
    let put = line(&config, 1, "one", None);
    assert!(client.transact(&put, soon()).unwrap_err().is_open());
    assert_eq!(one.requests() + other.requests(), 1);
    // Again: the other one gets it.
    assert!(client.transact(&put, soon()).unwrap_err().is_open());
    assert_eq!((one.requests(), other.requests()), (1, 1));
    // A read goes on.
    client.range(&lines_from(&config, 1), soon()).unwrap_err();
    assert_eq!((one.requests(), other.requests()), (2, 2));
}

#[test]
fn who_answers_is_not_etcd() {
    let answers = [
        (
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<p>Hello!",
            "HTTP status 200, `text/html`",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
            "HTTP status 200, `application/json`",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull", "HTTP status 200, without a type"),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
            "HTTP status 302, without a type",
        ),
        (
            "HTTP/1.1 403 No\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n",
            "HTTP status 403, `text/plain`",
        ),
        ("220 smtp.example.org ESMTP\r\n", "its answer is not HTTP"),
    ];
    for (answer, found) in answers {
        let stand_in = StandIn::answers(answer);
        let error = failed(&at(&stand_in.endpoint));
        let endpoint = &stand_in.endpoint;
        let told = format!("`{endpoint}` answers, and not as etcd does: {found}");
        assert_eq!(error.to_string(), told);
    }
    let bad_gateway = "HTTP/1.1 502 No\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n<p";
    let stand_in = StandIn::answers(bad_gateway);
    let error = failed(&at(&stand_in.endpoint));
    let told = format!("etcd at `{}` could not answer: HTTP status 502", stand_in.endpoint);
    assert_eq!(error.to_string(), told);
    assert!(error.is_open());
    // A text of the server's is shown in one line, without what a terminal would obey.
    let body = r#"{"error":"a\u001b[31m\nb","code":3}"#;
    let answer: &str = Box::leak(
        format!("HTTP/1.1 400 No\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_boxed_str(),
    );
    let stand_in = StandIn::answers(answer);
    let error = failed(&at(&stand_in.endpoint));
    let told = format!("etcd at `{}` refused the request: a [31m b", stand_in.endpoint);
    assert_eq!(error.to_string(), told);
}

#[test]
fn an_answer_has_no_end() {
    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
    // Slowly, until the time is over.
    let slow = StandIn::does(|mut stream| {
        let _ = stream.write_all(HEAD);
        while stream.write_all(b" ").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let error = failed_within(&at(&slow.endpoint), SHORT);
    assert!(matches!(error, FleetError::NoAnswer { .. }) && error.is_open(), "{error}");
    // And fast, until it is too long.
    let fast = StandIn::does(|mut stream| {
        let spaces = vec![b' '; 1 << 16];
        let _ = stream.write_all(HEAD);
        while stream.write_all(&spaces).is_ok() {}
    });
    let config = at(&fast.endpoint);
    let dir = tempfile::tempdir().unwrap();
    let mut client = Etcd::new(&config, dir.path()).unwrap();
    let error = client.transact(&line(&config, 1, "one", None), soon()).unwrap_err();
    let told = format!("the answer of `{}` is longer than 64 MiB", fast.endpoint);
    assert_eq!(error.to_string(), told);
    assert!(error.is_open());
}

#[test]
fn a_page_that_would_be_too_long_is_read_in_halves() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let limits = Arc::clone(&seen);
    let stand_in = StandIn::reads(move |body, mut stream| {
        let request: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let limit = request["limit"].as_str().unwrap().to_owned();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
        if limit == "5" {
            let spaces = vec![b' '; 1 << 16];
            while stream.write_all(&spaces).is_ok() {}
        } else {
            let _ = stream.write_all(br#"{"header":{"cluster_id":"1"},"more":true}"#);
        }
        limits.lock().unwrap().push(limit);
    });
    let config = at(&stand_in.endpoint);
    let dir = tempfile::tempdir().unwrap();
    let range = Range { limit: 5, ..lines_from(&config, 1) };
    let deadline = Instant::now() + LONG;
    let page = Etcd::new(&config, dir.path()).unwrap().range(&range, deadline).unwrap();
    assert!(page.more && page.entries.is_empty());
    assert_eq!(*seen.lock().unwrap(), ["5", "2"]);
}

#[test]
fn users_passwords_and_rights() {
    let users = Options { users: true, ..Options::default() };
    let Some(cluster) = Cluster::start_with(1, &users) else { return };
    let (config, endpoint) = (cluster.config(), cluster.endpoint(0));

    let error = failed(&at(&endpoint));
    let told = format!("etcd at `{endpoint}` wants to know a user, and `remote.toml` names none");
    assert_eq!(error.to_string(), told);

    let other = RemoteConfig { roster: "other".to_owned(), ..config.clone() };
    let error = failed(&other);
    let told = format!("etcd at `{endpoint}` does not let the user `ann` do that");
    assert_eq!(error.to_string(), told);
    assert!(!error.is_open());
    let hint = error.hint().unwrap();
    assert!(hint.contains("--prefix=true readwrite"), "{hint}");

    let file = cluster.dir().join("wrong");
    write(&file, "battery staple\n");
    let wrong = RemoteConfig { password_file: Some(file.clone()), ..config.clone() };
    let error = failed(&wrong);
    let told = format!("etcd at `{endpoint}` does not take the password of the user `ann`");
    assert_eq!(error.to_string(), told);
    assert!(!format!("{error:?} {:?}", error.hint()).contains("battery"));

    // A password that others may read is refused before anything is sent.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let error = failed(&wrong);
    let told =
        format!("`{}` may be read or written by others than its owner (mode 644)", file.display());
    assert_eq!(error.to_string(), told);
    assert_eq!(error.hint().unwrap(), format!("`chmod 600 {}`", file.display()));
    let gone = RemoteConfig { password_file: Some(cluster.dir().join("gone")), ..config };
    let told = failed(&gone).to_string();
    assert!(told.starts_with("could not read `") && told.contains("gone`: "), "{told}");
}

#[test]
fn the_cluster_is_full() {
    let small = Options { quota_bytes: Some(200_000), ..Options::default() };
    let Some(cluster) = Cluster::start_with(1, &small) else { return };
    let (config, endpoint) = (cluster.config(), cluster.endpoint(0));
    let mut client = cluster.client(&config);
    let fill = Transaction {
        compare: Vec::new(),
        success: vec![Operation::Put { key: config.key(1), value: vec![b'x'; 50_000] }],
        failure: lines_from(&config, 1),
    };
    let error = (0..20).find_map(|_| client.transact(&fill, soon()).err()).unwrap();
    let told = format!(
        "etcd at `{endpoint}` is full (NOSPACE): it takes no more lines until there is room"
    );
    assert_eq!(error.to_string(), told);
    assert!(!error.is_open());
    // It goes on answering reads, and says how it is.
    let read = client.range(&lines_from(&config, 1), soon()).unwrap();
    assert_eq!(read.entries.len(), 1);
    let put = line(&config, 1, "one", None);
    assert!(matches!(client.transact(&put, soon()), Err(_) | Ok(Committed::Failed(_))));
    let member = client.status(soon()).pop().unwrap().status.unwrap();
    assert!(member.is_full, "{member:?}");

    // It knows no users.
    let password = cluster.dir().join("password");
    write(&password, "any");
    let user = Some("ann".to_owned());
    let error = failed(&RemoteConfig { user, password_file: Some(password), ..config });
    let told = format!("etcd at `{endpoint}` knows no users, and `remote.toml` names `ann`");
    assert_eq!(error.to_string(), told);
}

#[test]
fn the_gateway_is_off() {
    let off =
        Options { flags: vec!["--enable-grpc-gateway=false".to_owned()], ..Options::default() };
    let Some(cluster) = Cluster::start_with(1, &off) else { return };
    let error = failed(&cluster.config());
    let endpoint = cluster.endpoint(0);
    let told =
        format!("`{endpoint}` has no JSON gateway: it is not etcd, or its gateway is switched off");
    assert_eq!(error.to_string(), told);
    assert!(!error.is_open());
}
