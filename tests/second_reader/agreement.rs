//! The program's answers beside the reader's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::answer::{Answer, RANKED, REVIEWER, SHOWN};
use crate::four_eyes::{Scope, compared};
use crate::harness::{Home, NOW};

/// What the program answers of a store; none, if it says that the log is damaged.
pub fn program(home: &Home) -> Option<Answer> {
    let list = answer(home, &["list", "--status", "all", "--json"])?;
    let stats = answer(home, &["stats", "--json"])?;
    let ranking = |role: &str| {
        let args = ["search", "--role", role, "--all", "--limit", "1000", "--json"];
        let mut answer = answer(home, &args)?;
        // How many there are of each the rest tells, too.
        let counts = ["held", "archived"].map(|key| answer.as_object_mut().unwrap().remove(key));
        counts.iter().all(Option::is_some).then_some(answer)
    };
    let mut told_apart = Vec::new();
    for persona in list["personas"].as_array().unwrap().iter().take(SHOWN) {
        let shown = answer(home, &["show", persona["name"].as_str().unwrap(), "--json"])?;
        for (key, value) in persona.as_object().unwrap() {
            assert_eq!(shown[key], *value, "`show` and `list` agree");
        }
        told_apart.push(shown["not_told_apart"].clone());
    }
    let rankings = RANKED.iter().map(|role| ranking(role)).collect::<Option<_>>()?;
    let log = answer(home, &["log", "--json"])?;
    let known = log["events"].as_array().unwrap().iter().filter(|event| event["v"] == 2);
    let said = known.filter_map(|event| {
        let key = match event["type"].as_str()? {
            "feedback" => "observation",
            other => other,
        };
        Some((event["id"].as_str()?, event["text"][key].as_str()?))
    });
    let texts = json!(said.collect::<BTreeMap<_, _>>());
    let heads = stats["heads"].clone();
    let (reviewed, works) = compared(home.store());
    let reviews = reviewed.iter().map(|scope| review(home, scope)).collect::<Option<_>>()?;
    let of_work = |(project, work): &(&str, &str)| {
        let mut record = answer(home, &["stats", "--work", work, "--project", project, "--json"])?;
        for done in record["assignments"].as_array_mut().unwrap() {
            // How its runs went and what was said of it, each persona's record tells, too.
            for key in ["agent", "outcomes", "verdicts"] {
                done.as_object_mut().unwrap().remove(key).unwrap();
            }
            if let Some(roles) = done.pointer_mut("/took_part/roles") {
                sort(roles);
            }
        }
        Some(record)
    };
    let works = works.iter().map(of_work).collect::<Option<_>>()?;
    Some(Answer { list, heads, rankings, texts, told_apart, reviews, works })
}

/// Whom `assign` would have review some work.
fn review(home: &Home, scope: &Scope<'_>) -> Option<Value> {
    let mut args = vec!["assign", "--dry-run", "--explain", "--roles", REVIEWER];
    args.extend(["--agent-name", "probe", "--session", scope.session, "--project", scope.project]);
    args.extend(scope.work.iter().flat_map(|work| ["--work", work]));
    let mut answer = answer(home, &args)?;
    if answer.is_null() {
        return Some(answer);
    }
    let explained = answer["explanations"][0].take();
    let ranking = explained["ranking"].as_array().unwrap().iter().map(|it| it["name"].clone());
    let took_part = explained["took_part"].as_array().unwrap().iter().cloned().map(|mut it| {
        sort(&mut it["roles"]);
        it.as_object_mut().unwrap().remove("passed_over").unwrap();
        it
    });
    Some(json!({
        "ranking": ranking.collect::<Vec<_>>(),
        "took_part": took_part.collect::<Vec<_>>(),
        "independent": answer["assignments"][0]["independent"],
    }))
}

/// Sorts a list of texts, if it is one.
fn sort(list: &mut Value) {
    if let Some(list) = list.as_array_mut() {
        list.sort_by_key(|text| text.as_str().map(str::to_owned));
    }
}

/// What a command answers: nothing of a log that is damaged, null if it leaves the log alone because
/// a newer program wrote it.
fn answer(home: &Home, args: &[&str]) -> Option<Value> {
    let done = home.run(args);
    match done.code {
        Some(0) => Some(serde_json::from_str(&done.stdout).unwrap()),
        Some(3) => None,
        Some(1) if done.stderr.contains("leaves the log alone") => Some(Value::Null),
        _ => panic!("{args:?}: {}", done.stderr),
    }
}

/// What the reader answers of a store, by the clock of its home.
pub fn reader(home: &Home) -> Result<Answer, String> {
    let command = home.command();
    let mut set = command.get_envs();
    let now = set.find_map(|(key, value)| value.filter(|_| key == "MUZZLE_PERSONA_NOW"));
    Answer::of(home.store(), now.map_or(NOW, |now| now.to_str().unwrap()))
}

/// The answer that both give of a sound store.
#[track_caller]
pub fn agreed(home: &Home, when: &str) -> Answer {
    let read = reader(home).unwrap_or_else(|reason| panic!("{when}: {reason}"));
    let program = program(home).unwrap_or_else(|| panic!("{when}: damaged, says the program"));
    let parts = |answer: &Answer| {
        let lists = [&answer.list].into_iter().chain(&answer.rankings);
        let personas = lists.flat_map(|list| list["personas"].as_array().unwrap().clone());
        let others = answer.reviews.iter().chain(&answer.works).cloned();
        personas.chain(others).collect::<Vec<_>>()
    };
    for (ours, theirs) in parts(&read).iter().zip(&parts(&program)) {
        assert_eq!(ours, theirs, "{when}: the reader on the left, the program on the right");
    }
    assert_eq!(read, program, "{when}: the reader on the left, the program on the right");
    read
}
