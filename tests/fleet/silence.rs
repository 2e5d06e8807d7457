//! What hooks do while the fleet keeps silent, and after: an agent waits for each of them.
//!
//! Whether one waited is seen by whether it asked: by the requests that came, never by a clock.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use muzzle_persona::fleet::RemoteConfig;

use crate::cluster::Cluster;
use crate::harness::{Done, NOW, assign_args};
use crate::machine::{self, Machine};
use crate::proxy::{Fate, Proxy};
use crate::stand_in::StandIn;

/// What a member says that knows of no leader.
const NO_LEADER: &str = "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\
    content-length: 45\r\n\r\n{\"error\":\"etcdserver: no leader\",\"code\":14  }";

/// A fleet behind a proxy that takes requests in and keeps silent, as long as that is set.
struct Silenced {
    proxy: Proxy,
    is_silent: Arc<AtomicBool>,
    config: RemoteConfig,
}

impl Silenced {
    fn before(cluster: &Cluster) -> Self {
        let is_silent = Arc::new(AtomicBool::new(false));
        let silent = Arc::clone(&is_silent);
        let upstream = cluster.endpoint(0)["http://".len()..].parse().unwrap();
        let proxy = Proxy::before(upstream, move |_, _| {
            if silent.load(Ordering::SeqCst) { Fate::Held } else { Fate::Passed }
        });
        let config =
            RemoteConfig { endpoints: vec![proxy.endpoint()], ..machine::new_fleet(cluster) };
        Self { proxy, is_silent, config }
    }

    fn keeps_silent(&self, is_silent: bool) {
        self.is_silent.store(is_silent, Ordering::SeqCst);
    }

    /// How many requests came.
    fn asked(&self) -> u64 {
        self.proxy.asked.load(Ordering::SeqCst)
    }
}

/// Where it is noted that the fleet keeps silent.
fn note(machine: &Machine) -> PathBuf {
    machine.home.store().join(".cache/fleet-silent")
}

/// Has an agent of this name start, and returns what the hook says of it on stderr; the client is
/// answered if and only if nothing is said.
fn start(machine: &Machine, agent: &str) -> String {
    let call = include_str!("../../fixtures/claude-code/2.1.330/pre_tool_use.named.json");
    let call = call.replace("\"worker-1\"", &format!("\"{agent}\"")).replace("toolu_", agent);
    assert!(call.contains(agent));
    let Done { code, stdout, stderr } = machine.hook("persona-inject", &call);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(
        stdout.contains("persona assigned by muzzle-persona"),
        stderr.is_empty(),
        "{stderr}"
    );
    assert_eq!(stdout.is_empty(), !stderr.is_empty(), "{stdout}");
    assert!(stderr.lines().count() <= 1, "{stderr}");
    stderr
}

#[test]
fn a_hook_does_not_wait_again_for_a_fleet_that_keeps_silent() {
    let Some(cluster) = machine::shared() else { return };
    let fleet = Silenced::before(&cluster);
    let [mut machine] = Machine::several(&fleet.config);
    assert_eq!(start(&machine, "ann"), "");

    fleet.keeps_silent(true);
    // A reader has too little time for it to tell anything.
    assert_eq!(machine.list().code, Some(0));
    assert!(!note(&machine).exists());
    let waited = start(&machine, "bob");
    assert!(waited.starts_with("persona-inject: no persona: no answer from `http://"), "{waited}");
    let noted = fs::metadata(note(&machine)).unwrap();
    assert_eq!(noted.permissions().mode() & 0o777, 0o600);

    let asked = fleet.asked();
    let said = "persona-inject: no persona: the fleet did not answer";
    let told = start(&machine, "cat");
    assert_eq!(told, format!("{said} 0 s ago, and is asked again after 30 s\n"));
    machine.home.at("2026-03-25T15:30:29Z");
    let told = start(&machine, "cat");
    assert_eq!(told, format!("{said} 29 s ago, and is asked again after 1 s\n"));
    let end = include_str!("../../fixtures/claude-code/2.1.330/session_end.json");
    let released = machine.hook("persona-release", end);
    assert_eq!((released.code, released.stdout.as_str()), (Some(0), ""));
    assert!(released.stderr.contains(" 29 s ago, and is asked again after 1 s; it is kept in `"));
    assert_eq!(released.stderr.lines().count(), 1, "{}", released.stderr);
    assert!(machine.outbox().exists());
    assert_eq!(fleet.asked(), asked, "a hook asked a fleet that keeps silent");

    // A person may want to know at any moment.
    assert_eq!(machine.list().code, Some(0));
    assert!(fleet.asked() > asked && note(&machine).exists());
    fleet.keeps_silent(false);
    let other = "the fleet did not answer 29 s ago";
    assert!(start(&machine, "dan").contains(other), "it does not know yet");
    assert_eq!(machine.list().code, Some(0));
    assert!(!note(&machine).exists() && !machine.outbox().exists());
    assert_eq!(start(&machine, "dan"), "");
}

#[test]
fn a_note_of_a_silence_counts_for_its_fleet_and_its_time() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let [mut machine] = Machine::several(&config);
    fs::create_dir_all(machine.home.store().join(".cache")).unwrap();
    let digest = |endpoints: &str| blake3::hash(endpoints.as_bytes()).to_string();
    let (ours, others) = (digest(&config.endpoints.join("\n")), digest("http://127.0.0.1:1"));
    let right = format!("{ours}\n{NOW}\n");
    for (agent, text, mode, now, is_asked) in [
        ("ann", &*right, 0o600, NOW, false),
        ("bob", &right, 0o600, "2026-03-25T15:30:29Z", false),
        ("cat", &right, 0o600, "2026-03-25T15:30:30Z", true),
        ("dan", &right, 0o600, "2026-03-25T15:29:59Z", true),
        ("eve", &format!("{others}\n{NOW}\n"), 0o600, NOW, true),
        ("fay", &right, 0o646, NOW, true),
        ("gus", right.trim_end(), 0o600, NOW, true),
        ("hal", &format!("{ours}\nnow\n"), 0o600, NOW, true),
        ("ian", "\0", 0o600, NOW, true),
        ("joe", "", 0o600, NOW, true),
    ] {
        write(&note(&machine), text);
        fs::set_permissions(note(&machine), Permissions::from_mode(mode)).unwrap();
        machine.home.at(now);
        assert_eq!(start(&machine, agent).is_empty(), is_asked, "{agent}");
        assert_eq!(note(&machine).exists(), !is_asked, "{agent}");
    }

    // Whoever decides asks, and takes it away, and so does whoever only looks how the fleet is.
    machine.home.at(NOW);
    let asks: [fn(&Machine) -> Done; 2] =
        [|it| it.assign("s"), |it| it.home.run(&["remote", "status"])];
    for ask in asks {
        write(&note(&machine), &right);
        let done = ask(&machine);
        assert_eq!((done.code, note(&machine).exists()), (Some(0), false), "{}", done.stderr);
    }
    // Nobody is there to answer who leaves.
    let nobody = format!("http://127.0.0.1:{}", crate::cluster::free_ports(1)[0]);
    machine.follow(&RemoteConfig { endpoints: vec![nobody], ..config });
    write(&note(&machine), &right);
    let left = machine.home.run(&["remote", "leave"]);
    assert_eq!((left.code, note(&machine).exists()), (Some(0), false), "{}", left.stderr);
}

#[expect(clippy::disallowed_methods, reason = "a test may write what another process would")]
fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

#[test]
fn what_a_session_gives_back_is_kept_before_its_hook_has_to_end() {
    let Some(cluster) = machine::shared() else { return };
    let fleet = Silenced::before(&cluster);
    let [machine] = Machine::several(&fleet.config);
    assert_eq!(start(&machine, "ann"), "");
    fleet.keeps_silent(true);
    let payload = include_str!("../../fixtures/claude-code/2.1.330/session_end.json");
    let mut command = machine.hook_command("persona-release");
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut hook = command.spawn().unwrap();
    // Since its payload is late, it is ended when its time is over.
    thread::sleep(Duration::from_millis(50));
    hook.stdin.take().unwrap().write_all(payload.as_bytes()).unwrap();
    let done = hook.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && said.contains("it is kept in `"), "{said}");
    let waiting = fs::read_to_string(machine.outbox()).unwrap();
    assert!(waiting.lines().count() == 1 && waiting.contains("\"release\""), "{waiting}");
}

#[test]
fn a_refusal_is_no_silence() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let [machine] = Machine::several(&config);
    let nobody = format!("http://127.0.0.1:{}", crate::cluster::free_ports(1)[0]);
    let no_leader = StandIn::answers(NO_LEADER);
    for endpoint in [&nobody, &no_leader.endpoint] {
        let config = RemoteConfig { endpoints: vec![endpoint.clone()], ..config.clone() };
        machine.follow(&config);
        assert_ne!(start(&machine, "ann"), "");
        assert!(!note(&machine).exists(), "{endpoint}");
    }
}

#[test]
fn while_nobody_leads_a_hook_goes_on_at_once_and_a_command_asks_again() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let [machine] = Machine::several(&config);
    let stand_in = StandIn::answers(NO_LEADER);
    machine.follow(&RemoteConfig { endpoints: vec![stand_in.endpoint.clone()], ..config });
    let said = start(&machine, "ann");
    assert!(said.contains("has no leader"), "{said}");
    let by_hook = stand_in.requests();
    let args = [&assign_args("s1", "worker", "testing")[..], &["--wait", "2"]].concat();
    let refused = machine.home.run(&args);
    assert_eq!(refused.code, Some(5), "{}", refused.stderr);
    assert!(refused.stderr.contains("has no leader"), "{}", refused.stderr);
    let by_command = stand_in.requests() - by_hook;
    assert!(by_hook <= 2 && by_command > 2 * by_hook, "{by_hook} and {by_command} requests");
}

#[test]
fn where_nothing_can_be_noted_each_hook_asks() {
    let Some(cluster) = machine::shared() else { return };
    let fleet = Silenced::before(&cluster);
    let [machine] = Machine::several(&fleet.config);
    let cache = machine.home.store().join(".cache");
    let _ = fs::remove_dir_all(&cache);
    write(&cache, "");
    fleet.keeps_silent(true);
    assert!(start(&machine, "ann").contains("no answer from"));
    fleet.keeps_silent(false);
    assert_eq!(start(&machine, "ann"), "");
}
