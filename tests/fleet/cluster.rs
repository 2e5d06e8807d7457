//! A real etcd of one member or three, in a directory of its own.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use muzzle_persona::fleet::{Etcd, RemoteConfig};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::certificates::{Files, write};
use super::network::{Cut, Network};

/// The roster that the tests share.
pub const ROSTER: &str = "team";
/// Who may read and write the roster, and nothing else, where there are users.
pub const USER: &str = "ann";
/// The password of each user.
pub const PASSWORD: &str = "correct horse";

/// How long a cluster may take until all of its members are well.
const TO_START: Duration = Duration::from_secs(20);

/// How a cluster is set up.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Users are switched on: `root`, and [`USER`].
    pub users: bool,
    /// The certificate of the servers.
    pub tls: Option<Files>,
    /// The authority of the clients, who then have to have a certificate.
    pub client_ca: Option<std::path::PathBuf>,
    /// How large the database may become.
    pub quota_bytes: Option<u64>,
    /// Each member has a network namespace, so that it can be cut off. The test has to have entered a
    /// network of its own.
    pub apart: bool,
    /// More of the command line.
    pub flags: Vec<String>,
}

/// Some members of etcd. They are killed when it is dropped.
pub struct Cluster {
    dir: TempDir,
    options: Options,
    members: Vec<Member>,
    /// What is between the members, where that can be cut.
    network: Option<Network>,
}

struct Member {
    client: SocketAddr,
    peer: SocketAddr,
    /// Where it says in plain HTTP whether it is well.
    health: SocketAddr,
    process: Option<Child>,
}

impl Cluster {
    /// Starts so many members; `None` if there is no etcd here.
    pub fn start(count: usize) -> Option<Self> {
        Self::start_with(count, &Options::default())
    }

    /// Starts so many members, set up like this.
    pub fn start_with(count: usize, options: &Options) -> Option<Self> {
        if !is_installed() {
            return None;
        }
        // Somebody else may take a port before the member does.
        let started = (0..3).find_map(|_| Self::try_start(count, options));
        Some(started.expect("etcd does not start"))
    }

    fn try_start(count: usize, options: &Options) -> Option<Self> {
        let ports = free_ports(3 * count);
        let member = |(index, ports): (usize, &[u16])| {
            let (clients, members) = if options.apart {
                (Network::client_address(index), Network::peer_address(index))
            } else {
                (Ipv4Addr::LOCALHOST, Ipv4Addr::LOCALHOST)
            };
            Member {
                client: (clients, ports[0]).into(),
                peer: (members, ports[1]).into(),
                health: (clients, ports[2]).into(),
                process: None,
            }
        };
        let mut cluster = Self {
            dir: tempfile::tempdir().unwrap(),
            options: options.clone(),
            members: ports.chunks(3).enumerate().map(member).collect(),
            network: options.apart.then(|| Network::lay(count)),
        };
        for index in 0..count {
            cluster.spawn(index);
        }
        if !(0..count).all(|index| cluster.wait_until_well(index)) {
            return None;
        }
        if options.users {
            cluster.switch_users_on();
        }
        Some(cluster)
    }

    fn spawn(&mut self, index: usize) {
        let url = |address: SocketAddr| format!("http://{address}");
        let all = self.members.iter().enumerate();
        let peers: Vec<_> =
            all.map(|(index, member)| format!("m{index}={}", url(member.peer))).collect();
        let member = &self.members[index];
        let client = self.endpoint(index);
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.dir.path().join(format!("m{index}.log")))
            .unwrap();
        let mut etcd = match &self.network {
            Some(network) => network.command(index, "etcd"),
            None => Command::new("etcd"),
        };
        // What `ETCD_…` say would count before the command line.
        etcd.env_clear()
            .envs(path())
            .current_dir(self.dir.path())
            .args(["--name", &format!("m{index}"), "--data-dir", &format!("m{index}")])
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &url(member.peer)])
            .args(["--initial-advertise-peer-urls", &url(member.peer)])
            .args(["--initial-cluster", &peers.join(",")])
            .args(["--listen-metrics-urls", &url(member.health)])
            // So that a leader is missed, and found, in a test's time.
            .args(["--heartbeat-interval", "50", "--election-timeout", "300"])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        if let Some(files) = &self.options.tls {
            etcd.arg("--cert-file").arg(&files.cert).arg("--key-file").arg(&files.key);
        }
        if let Some(ca) = &self.options.client_ca {
            etcd.arg("--client-cert-auth").arg("--trusted-ca-file").arg(ca);
        }
        if let Some(bytes) = self.options.quota_bytes {
            etcd.arg(format!("--quota-backend-bytes={bytes}"));
        }
        etcd.args(&self.options.flags);
        self.members[index].process = Some(etcd.spawn().unwrap());
    }

    /// Waits until a member is well; `false` if it ended instead.
    fn wait_until_well(&mut self, index: usize) -> bool {
        let member = &mut self.members[index];
        let health = format!("http://{}/health", member.health);
        let start = Instant::now();
        while start.elapsed() < TO_START {
            if member.process.as_mut().unwrap().try_wait().unwrap().is_some() {
                return false;
            }
            let answer = ureq::get(&health).config().proxy(None).build().call();
            if answer.is_ok_and(|it| it.into_body().read_to_string().unwrap().contains("true")) {
                return true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("member {index} is not well: {}", self.log(index));
    }

    /// What a member wrote.
    pub fn log(&self, index: usize) -> String {
        fs::read_to_string(self.dir.path().join(format!("m{index}.log"))).unwrap()
    }

    /// A directory for what belongs to the cluster, and goes with it.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn endpoint(&self, index: usize) -> String {
        let scheme = if self.options.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.members[index].client)
    }

    pub fn endpoints(&self) -> Vec<String> {
        (0..self.members.len()).map(|index| self.endpoint(index)).collect()
    }

    /// The settings of a store that belongs to it; with users, those of [`USER`].
    pub fn config(&self) -> RemoteConfig {
        let mut config = RemoteConfig::new(self.endpoints(), ROSTER.to_owned());
        if self.options.users {
            let file = self.dir.path().join("password");
            write(&file, &format!("{PASSWORD}\n"));
            config.user = Some(USER.to_owned());
            config.password_file = Some(file);
        }
        config
    }

    /// A client with these settings, and a cache of its own.
    pub fn client(&self, config: &RemoteConfig) -> Etcd {
        let cache = self.dir.path().join("cache").join(config.user.as_deref().unwrap_or("nobody"));
        Etcd::new(config, &cache).unwrap()
    }

    /// Which member leads, once one does.
    pub fn leader(&self) -> usize {
        let mut client = self.client(&self.config());
        let start = Instant::now();
        while start.elapsed() < TO_START {
            let all = client.status(Instant::now() + Duration::from_secs(1));
            let leads = |it: &muzzle_persona::fleet::EndpointStatus| {
                it.status.as_ref().is_ok_and(|status| status.is_leader)
            };
            if let Some(index) = all.iter().position(leads) {
                return index;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("no member leads");
    }

    /// Kills a member, without a warning.
    pub fn kill(&mut self, index: usize) {
        if let Some(mut process) = self.members[index].process.take() {
            let _ = process.kill();
            process.wait().unwrap();
        }
    }

    /// Has a member stand still: it keeps its connections and does nothing.
    pub fn stop(&self, index: usize) {
        self.signal(index, Signal::STOP);
    }

    /// Has it go on.
    pub fn cont(&self, index: usize) {
        self.signal(index, Signal::CONT);
    }

    /// Cuts a member off, which goes on working; it has to be [apart](Options::apart).
    pub fn cut(&self, index: usize, cut: Cut) {
        self.network.as_ref().unwrap().cut(index, cut);
    }

    /// Connects it again.
    pub fn connect(&self, index: usize) {
        self.network.as_ref().unwrap().connect(index);
    }

    fn signal(&self, index: usize, signal: Signal) {
        let process = self.members[index].process.as_ref().unwrap();
        let id = Pid::from_raw(process.id().cast_signed()).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// Starts a member again that was killed.
    pub fn restart(&mut self, index: usize) {
        self.spawn(index);
        assert!(self.wait_until_well(index), "{}", self.log(index));
    }

    fn switch_users_on(&self) {
        let prefix = format!("/muzzle-persona/{ROSTER}/");
        let end = format!("/muzzle-persona/{ROSTER}0");
        let permission =
            json!({"permType": "READWRITE", "key": base64(&prefix), "range_end": base64(&end)});
        for name in ["root", USER] {
            self.post("auth/user/add", &json!({"name": name, "password": PASSWORD}));
            self.post("auth/role/add", &json!({"name": name}));
            self.post("auth/user/grant", &json!({"user": name, "role": name}));
        }
        self.post("auth/role/grant", &json!({"name": USER, "perm": permission}));
        self.post("auth/enable", &json!({}));
    }

    /// Asks the gateway of the first member for something, without a user.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let answer = ureq::post(format!("{}/v3/{path}", self.endpoint(0)))
            .config()
            .proxy(None)
            .build()
            .send(body.to_string());
        serde_json::from_str(&answer.unwrap().into_body().read_to_string().unwrap()).unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for index in 0..self.members.len() {
            self.kill(index);
        }
    }
}

fn base64(text: &str) -> String {
    use base64::Engine as _;

    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Ports on which nobody listens now.
pub fn free_ports(count: usize) -> Vec<u16> {
    let listeners: Vec<_> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}

#[expect(clippy::disallowed_methods, reason = "the environment of the tests themselves")]
fn path() -> Option<(&'static str, std::ffi::OsString)> {
    std::env::var_os("PATH").map(|path| ("PATH", path))
}

#[expect(clippy::disallowed_methods, reason = "the environment of the tests themselves")]
fn is_in_ci() -> bool {
    std::env::var_os("CI").is_some()
}

fn is_installed() -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let found = Command::new("etcd").arg("--version").output().is_ok();
        if !found {
            assert!(!is_in_ci(), "etcd is not installed");
            eprintln!("etcd is not installed: not run");
        }
        found
    })
}
