//! `page`, `heat` and `lanes`: what they show, and what they never hold.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::{Done, Home};
use crate::terminal::on_terminal;

/// A store in which two projects were worked on, and some of the work was judged.
fn busy() -> Home {
    let mut home = Home::new();
    let lend = |home: &Home, session: &str, role: &str, project: &str, by: &str| {
        let args = ["assign", "--roles", role, "--project", project, "--session", session];
        home.run(&[&args[..], &["--agent-name", by]].concat()).json();
    };
    home.at("2026-02-20T10:00:00Z");
    lend(&home, "s0", "testing", "shop", "tester");
    home.run(&["feedback", "lian", "--observation=Missed it.", "--sentiment=negative"]).ok();
    home.at("2026-02-21T10:00:00Z").run(&["release", "--session", "s0"]).ok();
    home.at("2026-03-24T09:00:00Z");
    lend(&home, "s1", "testing", "shop", "tester");
    home.run(&["outcome", "--session=s1", "--agent-name=tester", "--result=ok"]).ok();
    home.run(&["feedback", "leilani", "--observation=Thorough.", "--sentiment=positive"]).ok();
    home.at("2026-03-25T09:00:00Z").run(&["release", "--session", "s1"]).ok();
    lend(&home, "s2", "code-reviewer", "acme", "reviewer-1");
    home.at("2026-03-25T15:30:00Z");
    home
}

/// Writes a page and reads it.
fn page(home: &Home, more: &[&str]) -> String {
    home.run(&[&["page", "--out", "-"], more].concat()).ok()
}

/// The part of a page under a heading, as text.
fn section(page: &str, id: &str) -> String {
    let section =
        page.split("<section ").find(|it| it.starts_with(&format!("aria-labelledby=\"{id}\"")));
    let (mut text, mut in_tag) = (String::new(), true);
    for c in section.unwrap().split("</section>").next().unwrap().chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ if in_tag => continue,
            c => text.push(c),
        }
        if c == '<' && !text.ends_with(['|', '\n']) {
            text.push('|');
        }
    }
    let lines = text.lines().map(|line| line.trim_matches('|')).filter(|line| !line.is_empty());
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn a_page_shows_who_is_held_who_fits_who_did_what_and_what_was_said() {
    let page = page(&busy(), &[]);
    let summary = "12 personas, 11 of them active; 1 open slot; 21 events.";
    assert!(page.contains(summary), "{page}");
    assert_snapshot!(section(&page, "board"), @r"
    At work
    Persona|Role|Agent|Where|Session|Since
    Elena Vasquez|code-reviewer|reviewer-1|acme|s2|2026-03-25 09:00
    ");
    assert_snapshot!(section(&page, "heat"), @r"
    Who fits which role
    The score, from which the next choice would go; ± its doubt; and the number of finished jobs. Blue is high, yellow a half, orange low. Grey: not told apart from the best of the others in that role.
    Persona|code-reviewer|testing
    Leilani Kahale|·|0.61|±0.15|1 job
    Elena Vasquez|0.55|±0.17|0 jobs|·
    Lian Zhou|·|0.50|±0.16|1 job
    ");
    assert_snapshot!(section(&page, "lanes"), @r"
    Who held what, over time
    One step is 6 hours.
     code-reviewer| testing
    Persona|2026-02-25 06:00|2026-03-25 15:30
    Elena Vasquez|code-reviewer on acme, 2026-03-25 06:00 to 2026-03-25 18:00
    Leilani Kahale|testing on shop, 2026-03-24 06:00 to 2026-03-25 12:00
    The jobs, newest first
    Persona|Role|Where|From|To
    Elena Vasquez|code-reviewer|acme|2026-03-25 09:00|not yet
    Leilani Kahale|testing|shop|2026-03-24 09:00|2026-03-25 09:00
    ");
    assert_snapshot!(section(&page, "months"), @r"
    Praise and outcomes by month
    Verdicts: |good| |bad
    1
    0
    1
    Feb
    Mar
    Runs that ended |well| |badly
    0
    1
    Feb
    Mar
    Month|Verdicts|Runs that ended
    good|bad|neither|well|badly
    2026-03|1|0|0|1|0
    2026-02|0|1|0|0|0
    ");
    let events = section(&page, "events");
    let first =
        "2026-03-25 09:00| |Elena Vasquez lent to reviewer-1 as code-reviewer on acme (session s2)";
    assert_eq!(events.lines().nth(1), Some(first));
    assert!(events.lines().last().unwrap().contains("seeded"), "{events}");
    assert!(page.contains("<title>testing on shop, 2026-03-24 06:00 to 2026-03-25 12:00</title>"));
}

#[test]
fn a_page_is_one_file_without_scripts_or_addresses_under_a_strict_policy() {
    let page = page(&busy(), &[]);
    for forbidden in
        ["<script", "<link", "<img", "<a ", " style=", "src=", "href", "url(", "@import", "//"]
    {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-";
    assert!(page.find(policy).unwrap() < page.find("<style>").unwrap());
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
}

#[test]
fn a_page_is_made_of_the_log_the_moment_and_nothing_else() {
    let home = busy();
    home.run(&["compact", "--older-than", "9999"]).ok();
    let first = page(&home, &[]);
    let checkpoint = home.store().join(".cache");
    fs::remove_dir_all(&checkpoint).unwrap();
    assert_eq!(page(&home, &[]), first);
}

#[test]
fn a_page_is_as_of_then_of_one_project_and_since_a_moment() {
    let home = busy();
    let then = page(&home, &["--at", "2026-03-24 12:00"]);
    assert!(then.contains("As of <time>2026-03-24 12:00</time> UTC"), "{then}");
    assert!(
        section(&then, "board").contains("Leilani Kahale|testing|tester|shop|s1|2026-03-24 09:00")
    );
    assert!(!then.contains("reviewer-1"));

    let shop = page(&home, &["--project", "shop"]);
    assert!(shop.contains("on the project shop."));
    assert!(section(&shop, "board").contains("Nobody is held."));
    assert!(!shop.contains("reviewer-1") && section(&shop, "heat").contains("Lian Zhou"));
    assert!(section(&shop, "months").contains("2026-03|1|0|0|1|0"), "{}", section(&shop, "months"));

    let late = page(&home, &["--since", "2026-03-01"]);
    assert!(late.contains("since <time>2026-03-01 00:00</time>"), "{late}");
    let months = section(&late, "months");
    assert!(months.contains("2026-03") && !months.contains("2026-02"), "{months}");
    let heat = section(&late, "heat");
    assert!(
        heat.contains("Leilani Kahale|·|0.61|±0.15|1 job\n") && !heat.contains("Lian"),
        "{heat}"
    );
    assert!(
        section(&page(&home, &["--project", "none"]), "heat").contains("Nobody has a record yet.")
    );

    let hint = home.run(&["page", "--out=-", "--since", "ffff00"]).fails(1);
    assert!(hint.contains("no event has an id that begins with `ffff00`"), "{hint}");
    home.run(&["page", "--out=-", "--since", "nope"]).fails(2);
}

#[test]
fn a_page_of_an_empty_record_says_so() {
    let page = page(&Home::seeded(), &[]);
    assert_eq!(section(&page, "board"), "At work\nNobody is held.\n");
    assert!(section(&page, "months").ends_with("Nobody was judged.\n"));
    assert!(!page.contains("<table"));
}

#[test]
fn whatever_the_log_holds_is_text_in_a_page() {
    let home = busy();
    let evil = "<script>alert(1)</script>\\\"'&\\u202e\\u001b[31m";
    let seed =
        format!(r#"{{"name":"{evil}","traits":["{evil}"],"expertise":[],"instructions":{{}}}}"#);
    let slot =
        format!(r#"{{"slot":"{evil}","persona":"{evil}","role":"{evil}","requested":"{evil}"}}"#);
    let assign = |session: &str| {
        format!(
            r#"{{"session":"{session}{evil}","agent":"{evil}","project":"{evil}","work":"{evil}","slots":[{slot}]}}"#
        )
    };
    home.append(1, "seed", &seed);
    home.append_all(1, "assign", &[&assign("a"), &assign("b")]);
    let said = json!({"salt": "0123456789abcdef", "observation": "<img src=x onerror=alert(1)>"});
    let of =
        json!({"persona": "Lian Zhou", "role": "testing", "sentiment": "positive", "source": "x"});
    home.append_text("feedback", &of, &said);
    let done = home.run(&["page", "--out=-"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let page = done.stdout;
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    assert!(!page.contains(['\u{202e}', '\u{1b}']));
    assert!(section(&page, "board").contains("alert(1)"));
    assert!(section(&page, "heat").contains("alert(1)"));
    assert!(section(&page, "events").contains("onerror=alert(1)"));
}

#[test]
fn a_page_is_small_whatever_the_log_holds() {
    let home = Home::seeded();
    let long = |what: &str, n: usize| format!("{what}{n}{}", "x".repeat(5000));
    let names: Vec<_> = (0..300).map(|n| long("persona", n)).collect();
    let seeds: Vec<_> = names
        .iter()
        .map(|name| {
            json!({"name": name, "traits": [], "expertise": [], "instructions": {}}).to_string()
        })
        .collect();
    let assigns: Vec<_> = (0..1200)
        .map(|n| {
            let (name, role) = (&names[n % 300], long("role", n % 40));
            let slot =
                json!({"slot": long("w", n), "persona": name, "role": role, "requested": role});
            json!({"session": long("s", n), "agent": "w", "project": long("p", n), "slots": [slot]})
                .to_string()
        })
        .collect();
    home.append_all(1, "seed", &seeds.iter().map(String::as_str).collect::<Vec<_>>());
    home.append_all(1, "assign", &assigns.iter().map(String::as_str).collect::<Vec<_>>());
    // There are warnings, of personas that are held more than once.
    let page = home.run(&["page", "--out=-"]).stdout;
    assert!(page.len() < 500_000, "{} bytes", page.len());
    for said in [
        "And 1140 more slots.",
        "And 240 more personas.",
        "And 16 more roles.",
        "And 260 more personas.",
        "And 1140 more jobs.",
    ] {
        assert!(page.contains(said), "{said}");
    }
    for (part, rows) in [("board", 60), ("heat", 60), ("lanes", 40 + 60), ("events", 40)] {
        let part = page.split(&format!("<section aria-labelledby=\"{part}\"")).nth(1).unwrap();
        let part = part.split("</section>").next().unwrap();
        assert_eq!(
            part.matches("<th scope=\"row\">").count() + part.matches("<li><time>").count(),
            rows
        );
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_file_of_a_page_is_written_as_a_whole_and_replaces_only_a_page() {
    let mut home = busy();
    let file = home.path().join("muzzle-persona.html");
    let shown = fs::canonicalize(home.path()).unwrap().join("muzzle-persona.html");
    assert_eq!(home.run(&["page"]).ok(), format!("Wrote `{}`.\n", shown.display()));
    assert_eq!((fs::read_to_string(&file).unwrap(), mode(&file)), (page(&home, &[]), 0o600));
    home.at("2026-03-26T00:00:00Z");
    let told = home.run(&["page", "--json"]).json();
    assert_eq!(told["bytes"], fs::metadata(&file).unwrap().len());
    assert_eq!(fs::read_to_string(&file).unwrap(), page(&home, &[]));

    // A link stays, and leads to the new page.
    let link = home.path().join("link.html");
    symlink("muzzle-persona.html", &link).unwrap();
    home.run(&["page", "--out", "link.html", "--at", "5"]).ok();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&file).unwrap(), page(&home, &["--at", "5"]));

    let mine = home.path().join("mine.html");
    fs::File::create_new(&mine).unwrap();
    home.run(&["page", "--out", "mine.html"]).ok();
    fs::copy(home.log_path(), &mine).unwrap();
    assert_snapshot!(home.run(&["page", "--out", "mine.html"]).fails(1), @r"
    error: `mine.html` is no page of muzzle-persona, and is not replaced
    hint: name another file with `--out FILE`, or remove it first
    ");
    assert_eq!(fs::read(&mine).unwrap(), home.log());
    assert_snapshot!(home.run(&["page", "--out", "."]).fails(1), @r"
    error: `.` is no regular file, and no page is put there
    hint: name another file with `--out FILE`, or remove it first
    ");
    let nowhere = home.run(&["page", "--out", "nowhere/page.html"]).fails(5);
    assert!(nowhere.starts_with("error: could not write `nowhere/page.html`: "), "{nowhere}");
    let left = fs::read_dir(home.path()).unwrap().count();
    assert_eq!(left, 4, "nothing else is left behind");

    assert_snapshot!(home.run(&["page", "--out=-", "--open"]).fails(2), @r"
    error: `--out -` writes the page itself, and there is no `--open` for that
    hint: name a file, as in `--out page.html`
    ");
    home.run(&["page", "--out=-", "--json"]).fails(2);
}

/// What a page is opened with.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// A directory with a program that the page is opened with.
fn opener(home: &Home, text: &str) -> PathBuf {
    let dir = home.path().join("bin");
    fs::create_dir(&dir).unwrap();
    let program = dir.join(OPENER);
    let script = format!("#!/bin/sh\n{text}\n");
    std::io::Write::write_all(&mut fs::File::create_new(&program).unwrap(), script.as_bytes())
        .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

#[test]
fn a_page_is_opened_or_it_is_said_where_it_is() {
    let home = busy();
    let dir = opener(&home, "echo \"$@\" > opened");
    let open = |path: &Path| Done::of(home.command().args(["page", "--open"]).env("PATH", path));
    assert!(open(&dir).ok().starts_with("Wrote `"));
    let page = fs::canonicalize(home.path().join("muzzle-persona.html")).unwrap();
    let opened = fs::read_to_string(home.path().join("opened")).unwrap();
    assert_eq!(opened, format!("{}\n", page.display()));

    let failing = busy();
    let dir = opener(&failing, "exit 3");
    let done = Done::of(failing.command().args(["page", "--open"]).env("PATH", dir));
    let file = fs::canonicalize(failing.path().join("muzzle-persona.html")).unwrap();
    let said =
        format!("warning: could not open the page with `{OPENER}` (exit status: 3); it is in");
    assert_eq!(done.stderr, format!("{said} `{}`\n", file.display()));
    assert_eq!(done.code, Some(0));
    let none = open(Path::new("/nowhere"));
    let said = format!("with `{OPENER}` (No such file");
    assert!(none.stderr.contains(&said), "{}", none.stderr);
}

#[test]
fn heat_is_a_table_where_colours_are_not_seen() {
    let home = busy();
    assert_snapshot!(home.run(&["heat"]).ok(), @r"
    PERSONA         ROLE           SCORE   DOUBT  JOBS  TOLD APART
    Leilani Kahale  testing        0.614  ±0.151     1  no
    Elena Vasquez   code-reviewer  0.550  ±0.166     0  no
    Lian Zhou       testing        0.501  ±0.160     1  no
    ");
    assert_snapshot!(home.run(&["heat", "--limit", "1", "--project", "shop"]).ok(), @r"
    PERSONA         ROLE     SCORE   DOUBT  JOBS  TOLD APART
    Leilani Kahale  testing  0.614  ±0.151     1  no
    Not listed: 1 more persona; `--limit N` shows more of them.
    ");
    assert_snapshot!(home.run(&["heat", "--limit", "1", "--json"]).ok(), @r#"
    {
      "at": "2026-03-25T15:30:00Z",
      "project": null,
      "roles": [
        "code-reviewer",
        "testing"
      ],
      "personas": [
        {
          "name": "Leilani Kahale",
          "roles": {
            "testing": {
              "score": 0.61414791,
              "doubt": 0.151,
              "jobs": 1,
              "told_apart": false
            }
          }
        }
      ],
      "personas_left_out": 2,
      "roles_left_out": 0
    }
    "#);
    assert_eq!(home.run(&["heat", "--at", "12"]).ok(), "Nobody has a record yet.\n");
}

#[test]
fn lanes_are_a_table_where_colours_are_not_seen() {
    let home = busy();
    assert_snapshot!(home.run(&["lanes"]).ok(), @r"
    PERSONA         ASSIGNED           RELEASED           ROLE           PROJECT  SLOT
    Elena Vasquez   2026-03-25 09:00Z  not yet            code-reviewer  acme     reviewer-1-0
    Leilani Kahale  2026-03-24 09:00Z  2026-03-25 09:00Z  testing        shop     tester-0
    ");
    assert_snapshot!(home.run(&["lanes", "--since=2026-01-01", "--project=shop", "--limit=1"]).ok(), @r"
    PERSONA         ASSIGNED           RELEASED           ROLE     PROJECT  SLOT
    Leilani Kahale  2026-03-24 09:00Z  2026-03-25 09:00Z  testing  shop     tester-0
    Not listed: 1 more job; `--limit N` shows more of them.
    ");
    assert_snapshot!(home.run(&["lanes", "--limit", "1", "--json"]).ok(), @r#"
    {
      "from": "2026-02-25T00:00:00Z",
      "until": "2026-03-25T15:30:00Z",
      "project": null,
      "jobs": [
        {
          "persona": "Elena Vasquez",
          "role": "code-reviewer",
          "project": "acme",
          "work": null,
          "session": "s2",
          "slot": "reviewer-1-0",
          "assigned_at": "2026-03-25T09:00:00Z",
          "released_at": null
        }
      ],
      "jobs_left_out": 1
    }
    "#);
    assert_eq!(
        home.run(&["lanes", "--at", "12"]).ok(),
        "Nobody was held from 2026-02-20 10:00Z to 2026-02-20 10:00Z.\n"
    );
}

/// What is drawn on a terminal of 80 columns, its styles as `<…>`.
fn drawn(home: &Home, args: &[&str]) -> String {
    let mut command = home.command();
    command.args(args).env("TERM", "xterm-256color");
    let (code, shown) = on_terminal(command, "");
    assert_eq!(code, Some(0), "{shown}");
    let mut text = String::new();
    for (at, part) in shown.split('\u{1b}').enumerate() {
        let (style, rest) = if at == 0 { ("", part) } else { part.split_once('m').unwrap() };
        let style = style.trim_start_matches('[');
        let shown = if matches!(style, "" | "0") { ["", "", ""] } else { ["<", style, ">"] };
        text.extend(shown.into_iter().chain([rest]));
    }
    text
}

#[test]
fn heat_is_a_map_on_a_terminal() {
    let home = busy();
    assert_snapshot!(drawn(&home, &["heat"]), @r"
    <1>                     code-reviewer   testing
    Leilani Kahale       <2>·               <2>0.61 ±0.15 1   
    Elena Vasquez        <2>0.55 ±0.17 0    <2>·              
    Lian Zhou            <2>·               <2>0.50 ±0.16 1   

    <2>Grey: not told apart from the best of the others in that role.
    A cell: the score, its doubt, and the number of finished jobs.
    ");
    let plain = home.run(&["heat"]).ok();
    assert_eq!(drawn(&home, &["heat", "--plain"]).replace("<1>", ""), plain);
    assert_eq!(drawn(&home, &["heat", "--no-color"]), plain);
}

#[test]
fn lanes_are_drawn_on_a_terminal() {
    let home = busy();
    assert_snapshot!(drawn(&home, &["lanes"]), @r"
    <1>                     2026-02-25 00:00Z                        2026-03-26 00:00Z
    Elena Vasquez        <2>························································<36>CC
    Leilani Kahale       <2>······················································<33>TTT<2>·

    <36>C code-reviewer
    <33>T testing
    One column is 12 hours.
    ");
    let plain = home.run(&["lanes"]).ok();
    assert_eq!(drawn(&home, &["lanes", "--plain"]).replace("<1>", ""), plain);
    assert_eq!(drawn(&home, &["lanes", "--no-color"]), plain);
}
