//! Stores in git: what it shows, merges, moves and takes away.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::{Done, Home, assign_args, chain, without_ids};
use crate::repository::{Repository, answers, hermetic, ids_in};

/// `git-setup`, about to run.
fn set_up(home: &Home, args: &[&str]) -> Command {
    let mut command = home.command();
    hermetic(home, &mut command).arg("git-setup").args(args);
    command
}

/// A text without what is of this machine alone.
fn portable(home: &Home, text: &str) -> String {
    let text = text.replace(env!("CARGO_BIN_EXE_muzzle-persona"), "/bin/muzzle-persona");
    let real = home.path().canonicalize().unwrap();
    text.replace(real.to_str().unwrap(), "~").replace(home.path().to_str().unwrap(), "~")
}

#[test]
fn after_git_setup_git_shows_sentences() {
    let mut repository = Repository::new();
    let home = &repository.home;
    home.assign("s1", "w", "debugging");
    assert!(repository.git(&["diff"]).contains("\n+{\"v\":1,"), "git shows lines by itself");
    let told = Done::of(&mut set_up(home, &["--yes"])).ok();
    assert_snapshot!(portable(home, &told), @"
    Wrote to `~/.muzzle/personas/.git/config`:
      diff.muzzle-persona.textconv = /bin/muzzle-persona render
    `git diff` and `git log -p` tell the events of this store as sentences.
    ");
    let sentence = "Kwame Boateng lent to w as debugging on demo (session s1)";
    let added = format!("\n+2026-03-25 15:30Z  <id>  {sentence}\n");
    assert!(without_ids(&repository.git(&["diff"])).contains(&added));
    repository.work("2026-03-25T16:00:00Z", &["release", "--session", "s1"]);
    let shown = without_ids(&repository.git(&["log", "-p", "-1", "--format=%s", "-U1"]));
    let lines: Vec<_> = shown.lines().filter(|line| !line.starts_with("index ")).collect();
    assert_snapshot!(lines.join("\n"), @"
    2026-03-25T16:00:00Z

    diff --git a/events.jsonl b/events.jsonl
    --- a/events.jsonl
    +++ b/events.jsonl
    @@ -13 +13,3 @@
     2026-03-25 15:30Z  <id>  Lian Zhou lent to w as testing on demo (session before)
    +2026-03-25 15:30Z  <id>  Kwame Boateng lent to w as debugging on demo (session s1)
    +2026-03-25 16:00Z  <id>  Kwame Boateng released as debugging by hand (session s1)
    ");
    // A sealed piece is a log like any other.
    repository.work("2026-03-25T17:00:00Z", &["compact", "--seal"]);
    let shown = without_ids(&repository.git(&["show", "--format=%s"]));
    assert!(shown.contains(&added) && shown.contains(&added.replace('+', "-")), "{shown}");
    assert!(!shown.contains("{\"v\":1"), "{shown}");
}

#[test]
fn git_shows_judgements_as_sentences() {
    let mut repository = Repository::new();
    Done::of(&mut set_up(&repository.home, &["--yes"])).ok();
    for (minute, args) in [
        &["outcome", "--session=before", "--agent-name=w", "--result=bad", "--source=ci"][..],
        &["feedback", "lian", "--observation=Thorough."],
    ]
    .iter()
    .enumerate()
    {
        repository.work(&format!("2026-03-25T16:{minute:02}:00Z"), args);
    }
    let log = chain(&repository.home.log());
    let last = log.last().unwrap()["id"].as_str().unwrap();
    repository.work("2026-03-25T16:02:00Z", &["retract", last]);
    let shown = without_ids(&repository.git(&["diff", "-U0", "HEAD~3"]));
    let added: Vec<_> = shown.lines().filter(|line| line.starts_with("+2026")).collect();
    assert_snapshot!(added.join("\n"), @"
    +2026-03-25 16:00Z  <id>  Lian Zhou's run as testing in w-0 ended badly, measured by ci (session before)
    +2026-03-25 16:01Z  <id>  Lian Zhou judged positive as testing on demo by cli (session before): Thorough.
    +2026-03-25 16:02Z  <id>  <id> taken back
    ");
}

#[test]
fn git_setup_says_so_when_it_is_done_already() {
    let repository = Repository::new();
    let home = &repository.home;
    let config = || fs::read(home.store().join(".git/config")).unwrap();
    let json = Done::of(&mut set_up(home, &["--yes", "--json"])).json();
    assert_eq!(
        (&json["changed"], &json["setting"]),
        (&Value::from(true), &Value::from("diff.muzzle-persona.textconv"))
    );
    let before = config();
    assert_snapshot!(portable(home, &Done::of(&mut set_up(home, &[])).ok()), @"
    `~/.muzzle/personas/.git/config` has it already; nothing to do:
      diff.muzzle-persona.textconv = /bin/muzzle-persona render
    `git diff` and `git log -p` tell the events of this store as sentences.
    ");
    assert_eq!(Done::of(&mut set_up(home, &["--json"])).json()["changed"], false);
    assert_eq!(config(), before);
    // Another way to show logs is replaced, however often it stands there.
    for other in ["cat", "tac"] {
        repository.git(&["config", "--add", "diff.muzzle-persona.textconv", other]);
    }
    Done::of(&mut set_up(home, &["--yes"])).ok();
    let values = repository.git(&["config", "--get-all", "diff.muzzle-persona.textconv"]);
    assert_eq!(portable(home, &values), "/bin/muzzle-persona render\n");
}

#[test]
fn a_program_in_a_path_with_quotes_and_spaces_is_found_by_git() {
    let repository = Repository::new();
    let home = &repository.home;
    let dir = home.path().join("it's \"my\" $bin");
    fs::create_dir(&dir).unwrap();
    let program = dir.join("muzzle-persona");
    // Copied by a process of its own: a program that this one has open for writing, or left open in
    // a child that another test was just starting, cannot be run.
    let copied = Command::new("cp")
        .args([env!("CARGO_BIN_EXE_muzzle-persona").as_ref(), &*program])
        .status();
    assert!(copied.unwrap().success());
    let mut command = Command::new(&program);
    for (name, value) in home.command().get_envs() {
        command.env(name, value.unwrap());
    }
    Done::of(hermetic(home, &mut command).args(["git-setup", "--yes"])).ok();
    home.assign("s1", "w", "debugging");
    assert!(repository.git(&["diff"]).contains("Kwame Boateng lent to w as debugging"));
}

#[test]
fn git_setup_works_in_a_repository_that_holds_more_than_the_store() {
    let mut home = Home::new();
    let outer = home.path().join("outer");
    fs::create_dir(&outer).unwrap();
    crate::repository::git(&home, &outer, &["init", "--quiet"]);
    home.use_store(&outer.join("deep/personas"));
    home.run(&["orphan-cleanup"]).ok();
    // Nor does a hook of another repository lead it astray.
    let other = home.path().join("other.git");
    crate::repository::git(
        &home,
        home.path(),
        &["init", "--quiet", "--bare", other.to_str().unwrap()],
    );
    let json = Done::of(set_up(&home, &["--yes", "--json"]).env("GIT_DIR", &other)).json();
    assert_eq!(json["config"], outer.canonicalize().unwrap().join(".git/config").to_str().unwrap());
    let set = fs::read_to_string(outer.join(".git/config")).unwrap();
    assert!(set.contains("[diff \"muzzle-persona\"]"), "{set}");
    assert!(!fs::read_to_string(other.join("config")).unwrap().contains("muzzle"));
}

#[test]
fn git_setup_is_refused_where_it_can_do_nothing() {
    let mut home = Home::new();
    let refused = |home: &Home, command: &mut Command| portable(home, &Done::of(command).fails(1));
    assert_snapshot!(refused(&home, &mut set_up(&home, &["--yes"])), @"
    error: there is no store at `~/.muzzle/personas`
    hint: the first `muzzle-persona assign` or `grow` makes one; `--store DIR` or `MUZZLE_PERSONA_STORE` names another
    ");
    assert!(!home.store().exists());

    home.use_store(&home.path().join("my store"));
    home.run(&["orphan-cleanup"]).ok();
    assert_snapshot!(refused(&home, &mut set_up(&home, &["--yes"])), @"
    error: the store at `~/my store` is not in a work tree of git
    hint: `git init '~/my store'` makes it one
    ");
    assert_snapshot!(refused(&home, set_up(&home, &["--yes"]).env("PATH", home.path())), @"
    error: there is no `git` on this machine
    hint: install git, or add its directory to `PATH`
    ");

    let store = home.store().to_owned();
    crate::repository::git(&home, &store, &["init", "--quiet"]);
    let before = fs::read(store.join(".git/config")).unwrap();
    assert_snapshot!(refused(&home, &mut set_up(&home, &[])), @"
    error: there is no terminal to ask whether to write `diff.muzzle-persona.textconv` to `~/my store/.git/config`
    hint: `muzzle-persona git-setup --yes` writes it without asking
    ");
    let json = Done::of(&mut set_up(&home, &["--json"])).fails(1);
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["error"]["kind"], "refused");
    fs::File::create_new(store.join(".git/config.lock")).unwrap();
    assert_snapshot!(refused(&home, &mut set_up(&home, &["--yes"])), @"
    error: git refused: could not lock config file .git/config: File exists
    hint: `git -C '~/my store' status` may tell more
    ");
    assert_eq!(fs::read(store.join(".git/config")).unwrap(), before);
    // The inside of a repository is no work tree.
    home.use_store(&store.join(".git"));
    let stderr = Done::of(&mut set_up(&home, &["--yes"])).fails(1);
    assert!(stderr.contains("is not in a work tree of git"), "{stderr}");
}

#[test]
fn git_setup_warns_of_attributes_that_lead_nowhere() {
    let repository = Repository::new();
    repository.git(&["rm", "--quiet", ".gitattributes"]);
    let done = Done::of(&mut set_up(&repository.home, &["--yes"]));
    assert_eq!(done.code, Some(0));
    assert_snapshot!(done.stderr, @"warning: the store's `.gitattributes` lack `*.jsonl diff=muzzle-persona`, without which git does not use the setting");
}

#[cfg(unix)]
#[test]
fn git_setup_asks_on_a_terminal() {
    use crate::terminal::on_terminal;

    let repository = Repository::new();
    let home = &repository.home;
    let ask = |typed: &str| {
        let (code, shown) = on_terminal(set_up(home, &["--no-color"]), typed);
        assert_eq!(code, Some(0), "{shown}");
        portable(home, &shown)
    };
    let config = || fs::read(home.store().join(".git/config")).unwrap();
    let before = config();
    assert_snapshot!(ask("n\n"), @"
    This writes to `~/.muzzle/personas/.git/config`:
      diff.muzzle-persona.textconv = /bin/muzzle-persona render
    Go on? [y/N] Nothing was written.
    ");
    for no in ["\n", "no\n", "yesterday\n", "\u{4}"] {
        assert!(ask(no).ends_with("Nothing was written.\n"), "{no:?}");
    }
    assert_eq!(config(), before);
    repository.git(&["config", "diff.muzzle-persona.textconv", "cat\u{1b}[31m"]);
    assert_snapshot!(ask("Yes\n"), @r"
    This writes to `~/.muzzle/personas/.git/config`:
      diff.muzzle-persona.textconv = /bin/muzzle-persona render
      instead of cat\u{1b}[31m
    Go on? [y/N] Wrote to `~/.muzzle/personas/.git/config`:
      diff.muzzle-persona.textconv = /bin/muzzle-persona render
    `git diff` and `git log -p` tell the events of this store as sentences.
    ");
    let set = repository.git(&["config", "diff.muzzle-persona.textconv"]);
    assert_eq!(portable(home, &set), "/bin/muzzle-persona render\n");
}

/// Three branches from one beginning, each with events of its own.
fn three_branches() -> Repository {
    let mut repository = Repository::new();
    for (day, branch) in [(1, "a"), (2, "b"), (3, "c")] {
        repository.branch(branch, "main");
        repository.assign(&format!("2026-04-0{day}T08:00:00Z"), branch, "code-reviewer");
        let observation = format!("Thorough on {branch}.");
        let feedback = ["feedback", "elena", "--observation", &observation];
        repository.work(&format!("2026-04-0{}T09:00:00Z", 4 - day), &feedback);
    }
    repository
}

#[test]
fn branches_merge_to_the_same_roster_in_every_order() {
    let mut repository = three_branches();
    let mut seen: Option<[Value; 2]> = None;
    for (index, order) in ["abc", "acb", "bac", "bca", "cab", "cba"].into_iter().enumerate() {
        repository.branch(&format!("try-{index}"), "main");
        for branch in order.chars() {
            repository.merge(&branch.to_string());
        }
        let all = repository.answers_of_all();
        assert_eq!(seen.get_or_insert_with(|| all.clone()), &all, "{order}");
    }
    let [_, stats] = seen.unwrap();
    assert_eq!(stats["heads"].as_array().unwrap().len(), 3);
    repository.assign("2026-04-05T08:00:00Z", "joined", "testing");
    assert_eq!(repository.answers_of_all()[1]["heads"].as_array().unwrap().len(), 1);
}

#[test]
fn a_rebase_keeps_the_events_of_both_sides() {
    let repository = three_branches();
    repository.checkout("a");
    repository.merge("b");
    repository.merge("c");
    let merged = repository.answers_of_all();
    repository.branch("rebased", "c~0");
    repository.git(&["rebase", "--quiet", "b"]);
    repository.git(&["rebase", "--quiet", "a~0"]);
    assert_eq!(repository.answers_of_all(), merged);
    // Each step of it is a sound log.
    for commit in repository.git(&["rev-list", "main..HEAD"]).lines() {
        repository.git(&["checkout", "--quiet", "--detach", commit]);
        answers(&repository.home);
    }
}

/// A store in which `topic` has three events more than `main`, and `main` one more than before.
fn topic() -> Repository {
    let mut repository = Repository::new();
    repository.branch("topic", "main");
    for (hour, session) in [(1, "t1"), (2, "t2"), (3, "t3")] {
        repository.assign(&format!("2026-04-01T0{hour}:00:00Z"), session, "testing");
    }
    repository.checkout("main");
    repository.assign("2026-04-01T04:00:00Z", "m1", "debugging");
    repository
}

/// Whose events are in the log.
fn sessions(repository: &Repository) -> Vec<&'static str> {
    let log = String::from_utf8(repository.home.log()).unwrap();
    let all = ["before", "m1", "t1", "t2", "t3"];
    all.into_iter().filter(|session| log.contains(&format!("\"{session}\""))).collect()
}

#[test]
fn a_cherry_pick_brings_along_the_lines_just_before_those_of_its_commit() {
    let repository = topic();
    for (onto, pick, told) in [
        ("main", "topic~2", &["before", "m1", "t1"][..]),
        ("main", "topic~1", &["before", "m1", "t1", "t2"]),
        ("main", "topic", &["before", "m1", "t1", "t2", "t3"]),
        ("main~1", "topic", &["before", "t1", "t2", "t3"]),
    ] {
        repository.git(&["checkout", "--quiet", "--detach", onto]);
        repository.git(&["cherry-pick", pick]);
        assert_eq!(sessions(&repository), told, "{pick} onto {onto}");
        answers(&repository.home);
    }
}

#[test]
fn a_cherry_pick_without_its_ancestors_is_damage_until_they_are_merged() {
    let mut repository = topic();
    repository.checkout("topic");
    repository.merge("main");
    // Its parents are the ends of both branches; only one of them stands just before it.
    repository.assign("2026-04-01T05:00:00Z", "joins", "testing");
    let tip = repository.git(&["show", "topic:events.jsonl"]);
    assert_eq!(ids_in(&tip), repository.acknowledged);
    repository.checkout("main");
    repository.git(&["cherry-pick", "topic"]);
    let log = repository.home.log();
    for args in [&["list"][..], &assign_args("s1", "w", "testing")] {
        let stderr = repository.home.run(args).fails(3);
        assert!(stderr.contains("it follows the event `"), "{stderr}");
        assert!(stderr.contains("`, which is not in the log\n"), "{stderr}");
    }
    assert_eq!(repository.home.log(), log, "nothing was written");
    // All of it is still in the repository, and comes with a merge.
    assert_eq!(repository.git(&["show", "topic:events.jsonl"]), tip);
    repository.merge("topic");
    let merged = repository.answers_of_all();
    repository.checkout("topic");
    repository.merge("main");
    assert_eq!(repository.answers_of_all(), merged);
}

#[test]
fn branches_merge_across_a_seal_in_every_order() {
    let mut repository = Repository::new();
    let seal = ["compact", "--seal"];
    // Sealed at the beginning; sealed in the middle; never sealed.
    repository.branch("a", "main");
    repository.work("2026-04-01T01:00:00Z", &seal);
    repository.assign("2026-04-01T02:00:00Z", "a", "code-reviewer");
    repository.branch("b", "main");
    repository.assign("2026-04-01T03:00:00Z", "b1", "code-reviewer");
    repository.work("2026-04-01T04:00:00Z", &seal);
    repository.assign("2026-04-01T05:00:00Z", "b2", "testing");
    repository.branch("c", "main");
    repository.assign("2026-04-01T06:00:00Z", "c", "testing");
    let mut seen: Option<[Value; 2]> = None;
    for (index, order) in ["abc", "acb", "bac", "bca", "cab", "cba"].into_iter().enumerate() {
        repository.branch(&format!("try-{index}"), "main");
        for branch in order.chars() {
            repository.merge(&branch.to_string());
            answers(&repository.home);
        }
        let all = repository.answers_of_all();
        assert_eq!(seen.get_or_insert_with(|| all.clone()), &all, "{order}");
    }
    // It goes on from there, and can be sealed again.
    repository.assign("2026-04-02T01:00:00Z", "joined", "debugging");
    repository.work("2026-04-02T02:00:00Z", &seal);
    let sealed = repository.answers_of_all();
    fs::remove_dir_all(repository.home.store().join(".cache")).unwrap();
    assert_eq!(repository.answers_of_all(), sealed);
}

/// Tells the writers to end, also when a test fails under them.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Has git move a store's log about while writers append to it; returns whose events were acknowledged.
fn move_about(repository: &Repository, git: impl Fn(&[&str]) -> Done) -> BTreeSet<String> {
    let (stop, tried) = (AtomicBool::new(false), AtomicUsize::new(0));
    let write = |writer: usize| -> BTreeSet<String> {
        let mut acknowledged = BTreeSet::new();
        for n in 0.. {
            if stop.load(Ordering::SeqCst) {
                break;
            }
            let session = format!("writer-{writer}-{n}-end");
            let done = repository.home.run(&assign_args(&session, "w", "testing"));
            match done.code {
                Some(0) => drop(acknowledged.insert(session)),
                code => assert_eq!(code, Some(4), "{}", done.stderr),
            }
            tried.fetch_add(1, Ordering::SeqCst);
        }
        acknowledged
    };
    thread::scope(|scope| {
        let end = Stop(&stop);
        let writers = [0, 1].map(|writer| scope.spawn(move || write(writer)));
        for round in 0..8 {
            let message = round.to_string();
            for args in [
                &["stash"][..],
                &["checkout", "other"],
                &["checkout", "-"],
                &["stash", "pop"],
                &["commit", "--quiet", "--all", "--message", &message],
                &["checkout", "other"],
                &["checkout", "main"],
                &["stash"],
                &["stash", "pop"],
            ] {
                // What git may not overwrite, it refuses to.
                let before = tried.load(Ordering::SeqCst);
                let done = git(args);
                assert!(matches!(done.code, Some(0 | 1)), "{args:?}: {}", done.stderr);
                while tried.load(Ordering::SeqCst) == before && !writers[0].is_finished() {
                    thread::sleep(Duration::from_millis(1));
                }
            }
        }
        drop(end);
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    })
}

/// A store with a second branch that has an event of its own.
fn two_branches() -> Repository {
    let mut repository = Repository::new();
    repository.branch("other", "main");
    repository.assign("2026-03-25T16:00:00Z", "other", "debugging");
    repository.checkout("main");
    repository
}

/// Every log that there is in the work tree, on a branch or in the stash.
fn versions(repository: &Repository) -> Vec<String> {
    let branches = repository.git(&["for-each-ref", "--format=%(refname)", "refs/heads"]);
    let stashes = repository.git(&["stash", "list", "--format=%H"]);
    let commits = branches.lines().chain(stashes.lines());
    let committed =
        commits.map(|commit| repository.git(&["show", &format!("{commit}:events.jsonl")]));
    committed.chain([String::from_utf8(repository.home.log()).unwrap()]).collect()
}

/// Each of the logs is sound, and goes on from the one beginning.
fn check_sound(versions: &[String], base: &str) {
    let mut other = Home::seeded();
    other.use_store(&other.path().join("other"));
    other.run(&["orphan-cleanup"]).ok();
    for log in versions {
        assert!(log.starts_with(base), "another history was begun:\n{log}");
        other.set_log(log.as_bytes());
        answers(&other);
    }
}

#[test]
fn git_takes_nothing_away_from_writers_while_it_has_their_lock() {
    let repository = two_branches();
    let base = repository.git(&["show", "main:events.jsonl"]);
    let path = repository.home.store().join(".lock");
    let acknowledged = move_about(&repository, |args| {
        let lock = fs::File::open(&path).unwrap();
        fs2::FileExt::lock_exclusive(&lock).unwrap();
        repository.try_git(args)
    });
    let versions = versions(&repository);
    check_sound(&versions, &base);
    let is_kept = |session: &&String| versions.iter().any(|log| log.contains(session.as_str()));
    let lost: Vec<_> = acknowledged.iter().filter(|session| !is_kept(session)).collect();
    assert_eq!(lost, [] as [&String; 0], "of {}", acknowledged.len());
    assert!(acknowledged.len() > 8);
}

#[test]
fn git_without_the_lock_damages_nothing_and_stops_nobody() {
    let repository = two_branches();
    let base = repository.git(&["show", "main:events.jsonl"]);
    let acknowledged = move_about(&repository, |args| {
        let done = repository.try_git(args);
        // No writer puts a file where git is about to put one.
        assert!(!done.stderr.contains("unable to create file"), "{args:?}: {}", done.stderr);
        done
    });
    check_sound(&versions(&repository), &base);
    assert!(acknowledged.len() > 8);
}
