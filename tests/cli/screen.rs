//! What is seen on a terminal: how wide, in which colours, at what time.

use crate::harness::{Done, Home, assign_args};
use crate::repository::path;
use crate::terminal::on_screen;

const SESSION: &str = "00a62d08-e686-4a7f-b68d-71502eb6b076";
/// One that begins like the other.
const ALIKE: &str = "00a62d08-e687-4a7f-b68d-71502eb6b076";

/// A store with work, words and sessions of which there is much to tell.
fn busy() -> Home {
    let mut home = Home::seeded();
    let long = "Look at who holds the lock while the retry waits, and at what the lock is for";
    let work =
        [&assign_args("s0", "builder", "implementation")[..], &["--work=fix-login"]].concat();
    home.run(&work).ok();
    home.run(&["release", "--session=s0", "--note", long]).ok();
    home.run(&["feedback", "mateo", "--sentiment=positive", "--observation", long]).ok();
    home.run(&["teach", "mateo", "--lesson", long, "--role=implementation"]).ok();
    home.at("2026-03-25T16:00:00Z");
    home.assign(SESSION, "worker-with-a-long-name", "testing,code-reviewer");
    home.assign(ALIKE, "worker-with-a-long-tail", "debugging");
    home.run(&["retire", "noor"]).ok();
    home.run(&["allow", "--all"]);
    home.at("2026-03-25T17:00:00Z");
    home
}

/// What a terminal shows, without colours.
fn seen(home: &Home, columns: u16, args: &[&str]) -> String {
    let mut command = home.command();
    command.env("PAGER", "cat").env("NO_COLOR", "1").args(args);
    on_screen(command, columns, 500)
}

#[test]
fn every_screen_fits_the_terminal_from_40_columns_on() {
    let home = busy();
    let screens: &[&[&str]] = &[
        &["list"],
        &["list", "--status=all", "--role=testing"],
        &["who"],
        &["show", "mateo"],
        &["show", "lian"],
        &["history", "mateo"],
        &["session", SESSION],
        &["search", "--role=testing", "--all"],
        &["log"],
        &["stats"],
        &["stats", "--project=demo", "--work=fix-login"],
        &["why", "lian", "--session", SESSION],
        &["why", "mateo", "--session", SESSION],
        &["diff", "12"],
        &["roles"],
        &["verify"],
        &["repair"],
        &["config"],
        &["allow"],
        &["orphan-cleanup", "--dry-run"],
        &["roles", "resolve", "qa"],
    ];
    for columns in [40, 80, 120] {
        for args in screens {
            let shown = seen(&home, columns, args);
            for line in shown.lines() {
                let width = line.chars().count();
                assert!(width <= usize::from(columns), "{args:?} in {columns}: {line}\n{shown}");
            }
        }
    }
}

#[test]
fn nothing_is_cut_in_a_pipe_or_in_json() {
    let home = busy();
    let piped = home.run(&["who"]).ok();
    assert!(piped.contains(SESSION) && piped.contains(ALIKE), "{piped}");
    let json = home.run(&["who", "--json"]).ok();
    let mut command = home.command();
    command.args(["who", "--json"]);
    assert_eq!(on_screen(command, 40, 24), json);
    assert!(home.run(&["log"]).ok().contains(&format!("(session {SESSION})")));
}

#[test]
fn ids_are_cut_to_what_tells_them_apart() {
    let home = busy();
    let who = seen(&home, 140, &["who"]);
    assert!(who.contains(" 00a62d08-e686\n") && who.contains(" 00a62d08-e687\n"), "{who}");
    assert!(who.contains("worker-with-a-long-name"), "{who}");
    let one = seen(&home, 140, &["who", "--session", SESSION]);
    assert!(one.contains(" 00a62d08\n"), "{one}");
    // Where there is little room, so are agents.
    let narrow = seen(&home, 70, &["who"]);
    assert!(narrow.contains("worker-with-a-long-n ") && narrow.contains("worker-with-a-long-t "));
    assert!(seen(&home, 140, &["log"]).contains("(session 00a62d08)"));
}

#[test]
fn what_matters_most_stays_where_there_is_little_room() {
    let home = busy();
    let headings = |columns| seen(&home, columns, &["list"]).lines().next().unwrap().to_owned();
    assert_eq!(
        headings(160).split("  ").filter(|it| !it.is_empty()).map(str::trim).collect::<Vec<_>>(),
        [
            "NAME",
            "STATUS",
            "HELD BY",
            "SINCE",
            "BEST AS",
            "VERDICTS",
            "EXPERTISE",
            "DONE",
            "LAST ASSIGNED"
        ]
    );
    let narrow = headings(40);
    assert!(narrow.starts_with("NAME ") && narrow.contains(" STATUS"), "{narrow}");
    assert!(!narrow.contains("EXPERTISE"), "{narrow}");
}

#[test]
fn colours_tell_how_somebody_stands_where_they_are_seen() {
    let home = busy();
    let (free, held, good) = ("\x1b[32mfree\x1b[0m", "\x1b[33mheld\x1b[0m", "\x1b[32mgood\x1b[0m");
    let archived = "\x1b[2marchived\x1b[0m";
    let of = |args: &[&str], variable: Option<&str>| {
        let mut command = home.command();
        command.args([&["list", "--status=all"], args].concat());
        command.envs(variable.map(|name| (name, "1")));
        command
    };
    let piped = |args, variable| Done::of(&mut of(args, variable)).ok();
    let on_terminal = |args, variable| on_screen(of(args, variable), 160, 99);
    for colourful in [
        piped(&["--color=always"], None),
        piped(&["--color", "always"], Some("NO_COLOR")),
        piped(&[], Some("CLICOLOR_FORCE")),
        on_terminal(&[], None),
        on_terminal(&["--color=auto"], None),
    ] {
        for word in [free, held, good, archived] {
            assert!(colourful.contains(word), "{colourful}");
        }
    }
    for plain in [
        piped(&[], None),
        piped(&["--color=never"], Some("CLICOLOR_FORCE")),
        piped(&["--no-color"], Some("CLICOLOR_FORCE")),
        on_terminal(&["--color=never"], None),
        on_terminal(&["--no-color"], None),
        on_terminal(&[], Some("NO_COLOR")),
    ] {
        assert!(plain.contains("free") && !plain.contains('\x1b'), "{plain}");
    }
    home.run(&["list", "--color=sometimes"]).fails(2);
}

#[test]
fn times_are_those_of_the_clock_on_the_wall_on_a_terminal_alone() {
    let home = busy();
    let berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
    let of = |args: &[&str]| {
        let mut command = home.command();
        command.env("TZ", berlin).env("PAGER", "cat").args(args);
        command
    };
    for args in [&["log"][..], &["list"], &["who"], &["show", "lian"], &["session", SESSION]] {
        let shown = on_screen(of(args), 160, 99);
        assert!(shown.contains("2026-03-25 17:00+01"), "{args:?}: {shown}");
        let piped = Done::of(&mut of(args)).ok();
        assert!(piped.contains("2026-03-25 16:00Z") && !piped.contains("+01"), "{args:?}: {piped}");
    }
    // What is shown can be typed, and a time without an offset is that of who types it.
    let events = |at: &str, zone: &str| {
        let mut command = home.command();
        Done::of(command.env("TZ", zone).args(["stats", "--json", "--at", at])).json()["events"]
            .clone()
    };
    let then = events("2026-03-25 15:30Z", "UTC0");
    for at in
        ["2026-03-25 16:30+01", "2026-03-25 16:59", "2026-03-25T15:30:00Z", "90m", "90 minutes ago"]
    {
        assert_eq!(events(at, berlin), then, "{at}");
    }
    assert_ne!(events("2026-03-25 16:59", "UTC0"), then);
    // Where it is the 26th already, all of it was yesterday.
    let mut late = home.command();
    late.env("TZ", "<+14>-14").args(["stats", "--json", "--at", "yesterday"]);
    late.env("MUZZLE_PERSONA_NOW", "2026-03-26T11:00:00Z");
    assert_eq!(Done::of(&mut late).json()["events"], events("today", "UTC0"));
}

#[test]
fn an_answer_that_is_longer_than_the_terminal_is_paged() {
    let home = busy();
    let list = |rows| {
        let mut command = home.command();
        command.env("PAGER", "sed 's/^/| /'").env("PATH", path());
        command.args(["list", "--color=never"]);
        on_screen(command, 120, rows)
    };
    assert!(list(40).starts_with("NAME"));
    assert!(list(8).lines().all(|line| line.starts_with("| ")));
}

#[test]
fn what_a_limit_leaves_out_is_said() {
    let home = busy();
    let told = "Not listed: 10 more; `--limit 0` lists all.\n";
    assert!(seen(&home, 80, &["log", "--limit=10"]).ends_with(told));
    assert!(!seen(&home, 80, &["log", "--limit=0"]).contains("Not listed"));
    assert_eq!(home.run(&["log", "--limit=10"]).ok().lines().count(), 10);
    assert_eq!(home.run(&["log", "--limit=10", "--json"]).json()["more"], 10);
    home.run(&["release", "--session", SESSION]).ok();
    home.assign("s7", "w", "testing");
    let one = home.run(&["history", "lian", "-n", "1"]).ok();
    assert!(one.ends_with("Not listed: 1 more; `--limit 0` lists all.\n"), "{one}");
    assert_eq!(home.run(&["history", "lian", "-n", "1", "--json"]).json()["more"], 1);
    assert_eq!(home.run(&["history", "lian", "-n", "0", "--json"]).json()["more"], 0);
    let found = home.run(&["search", "--role=testing", "-n", "0", "--json"]).json();
    assert_eq!((found["personas"].as_array().unwrap().len(), &found["more"]), (9, &0.into()));
}

#[test]
fn somebody_who_shows_an_answer_says_how_wide_it_may_be() {
    let home = Home::seeded();
    home.assign("session-with-a-long-name", "an-agent-with-a-long-name", "code-reviewer");
    let shown = |args: &[&str], columns: &str| {
        let mut command = home.command();
        Done::of(command.args(args).env("MUZZLE_PERSONA_COLUMNS", columns)).ok()
    };
    let wide = |answer: &str| answer.lines().map(|line| line.chars().count()).max().unwrap();
    for args in [&["who"][..], &["list"], &["roles"]] {
        let whole = home.run(args).ok();
        assert!(wide(&whole) > 60, "{whole}");
        for columns in [40, 60] {
            let fits = shown(args, &columns.to_string());
            assert!(wide(&fits) <= columns, "{fits}");
        }
        for none in ["", "0", "-1", "many", "1e3"] {
            assert_eq!(shown(args, none), whole, "{none:?}");
        }
    }
    // JSON is not for eyes.
    assert_eq!(shown(&["who", "--json"], "40"), home.run(&["who", "--json"]).ok());
}
