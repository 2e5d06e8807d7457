//! A network of a test's own, in which a member of etcd can be cut off.
//!
//! A killed member refuses connections, and one that is stopped takes them. One that is cut off goes on
//! working: packets to it and from it are lost, nobody is told, and it takes itself for what it was.
//!
//! The test is run again in a network namespace, where its processes may make links ([`enter`]). There
//! each member has a namespace in turn, with one link to the clients and one to the other members. The
//! network of the machine is neither used nor changed, and all of it is gone with the processes.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};

/// Says that this is the test that was run again, in a namespace.
const INSIDE: &str = "MUZZLE_FLEET_NETWORK";

/// Makes a namespace whose processes may do in it what only root may do elsewhere.
const UNSHARE: [&str; 4] = ["--user", "--map-root-user", "--net", "--"];

/// What is needed of the system: links, and a namespace in the namespace.
const REHEARSAL: &str = "ip link add bridge type bridge && ip link add one type veth peer name two && \
    unshare --net -- nsenter --net=/proc/self/ns/net -- true";

/// Where a test runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// In a network of its own.
    Inside,
    /// There it was run, and passed: nothing is left to do here.
    Passed,
    /// There may be no such network here, which it has said.
    Refused,
}

/// Runs a test again in a network of its own, if that is permitted, unless this is that run. It fails as
/// the test does there.
///
/// `test` is its whole name, as the harness has it.
pub fn enter(test: &str) -> Entered {
    if is_inside() {
        return Entered::Inside;
    }
    let rehearsed = Command::new("unshare").args(UNSHARE).args(["sh", "-c", REHEARSAL]).output();
    match rehearsed {
        Ok(done) if done.status.success() => {}
        failed => {
            let why = failed.map_or_else(
                |error| error.to_string(),
                |done| String::from_utf8_lossy(&done.stderr).trim().to_owned(),
            );
            eprintln!("skipped: a network of its own is not permitted here: {why}");
            return Entered::Refused;
        }
    }
    let done = Command::new("unshare")
        .args(UNSHARE)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--include-ignored", "--nocapture", "--test-threads", "1"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    let told = String::from_utf8_lossy(&done.stderr);
    // A name that no test has would pass.
    let is_run = said.contains("test result: ok. 1 passed");
    assert!(done.status.success() && is_run, "in a network of its own:\n{said}{told}");
    eprint!("{told}");
    Entered::Passed
}

#[expect(clippy::disallowed_methods, reason = "the environment of the tests themselves")]
fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// From whom a member is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// From the clients and from the other members.
    FromAll,
    /// From the other members: clients still reach it.
    FromMembers,
}

/// Namespaces for so many members, and what connects them.
#[derive(Debug)]
pub struct Network {
    /// In each namespace a process that keeps it, while no member or another one runs there.
    keepers: Vec<Child>,
}

impl Network {
    /// Lays a network for so many members, in the one that was entered.
    pub fn lay(members: usize) -> Self {
        assert!(is_inside(), "links are made in a network of the test's own only");
        let keepers: Vec<_> = (0..members).map(|_| keeper()).collect();
        let network = Self { keepers };
        let mut links = format!(
            "link set lo up\n\
             link add clients type bridge\n\
             address add {}/24 dev clients\n\
             link set clients up\n\
             link add members type bridge\n\
             link set members up\n",
            Self::client_address(members)
        );
        for (index, keeper) in network.keepers.iter().enumerate() {
            for side in ["clients", "members"] {
                let id = keeper.id();
                let _ = write!(
                    links,
                    "link add {side}{index} type veth peer name {side} netns {id}\n\
                     link set {side}{index} master {side} up\n"
                );
            }
        }
        ip(&mut Command::new("ip"), &links);
        for index in 0..members {
            let links = format!(
                "link set lo up\n\
                 address add {}/24 dev clients\n\
                 link set clients up\n\
                 address add {}/24 dev members\n\
                 link set members up\n",
                Self::client_address(index),
                Self::peer_address(index)
            );
            ip(&mut network.command(index, "ip"), &links);
        }
        network
    }

    /// Where the clients find a member. The next one after the last member's is the clients' own.
    pub fn client_address(index: usize) -> Ipv4Addr {
        Ipv4Addr::new(192, 0, 2, number(index))
    }

    /// Where the other members find one.
    pub fn peer_address(index: usize) -> Ipv4Addr {
        Ipv4Addr::new(198, 51, 100, number(index))
    }

    /// A program that is to run where a member does, as the process that is started.
    pub fn command(&self, index: usize, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.keepers[index].id()));
        command.args(["--", program]);
        command
    }

    /// Loses what is sent to a member, and what it sends.
    pub fn cut(&self, index: usize, cut: Cut) {
        self.set(index, "members", "down");
        if cut == Cut::FromAll {
            self.set(index, "clients", "down");
        }
    }

    /// Connects a member again.
    pub fn connect(&self, index: usize) {
        self.set(index, "members", "up");
        self.set(index, "clients", "up");
    }

    /// Changes the far end of a link, so that the member's own keeps its address and its routes.
    fn set(&self, index: usize, side: &str, state: &str) {
        assert!(index < self.keepers.len(), "there is no member {index}");
        ip(&mut Command::new("ip"), &format!("link set {side}{index} {state}\n"));
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for index in 0..self.keepers.len() {
            for side in ["clients", "members"] {
                remove(&format!("{side}{index}"));
            }
        }
        remove("clients");
        remove("members");
        for keeper in &mut self.keepers {
            let _ = keeper.kill();
            let _ = keeper.wait();
        }
    }
}

/// A namespace, and the process that keeps it: until it is killed, or whoever started it is gone.
fn keeper() -> Child {
    let mut keeper = Command::new("unshare")
        .args(["--net", "--", "cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // When it repeats what it is told, the namespace is there.
    keeper.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    keeper.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    keeper
}

fn number(index: usize) -> u8 {
    u8::try_from(index + 1).unwrap()
}

/// Has `ip` carry out some lines of its own.
fn ip(command: &mut Command, lines: &str) {
    let started =
        command.args(["-batch", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut ip = started.unwrap();
    ip.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let done = ip.wait_with_output().unwrap();
    assert!(done.status.success(), "{}\n{lines}", String::from_utf8_lossy(&done.stderr));
}

/// Removes a link; that it is gone already is no failure.
fn remove(link: &str) {
    let _ = Command::new("ip").args(["link", "del", link]).stderr(Stdio::null()).status();
}
