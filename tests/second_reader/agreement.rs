//! The program's answers beside the reader's.

use serde_json::Value;

use crate::answer::Answer;
use crate::harness::Home;

/// What the program answers of a store; none, if it says that the log is damaged.
pub fn program(home: &Home) -> Option<Answer> {
    let list = answer(home, &["list", "--status", "all", "--json"])?;
    let stats = answer(home, &["stats", "--json"])?;
    Some(Answer { list, heads: stats["heads"].clone() })
}

fn answer(home: &Home, args: &[&str]) -> Option<Value> {
    let done = home.run(args);
    match done.code {
        Some(0) => Some(serde_json::from_str(&done.stdout).unwrap()),
        Some(3) => None,
        _ => panic!("{args:?}: {}", done.stderr),
    }
}

/// The answer that both give of a sound store.
#[track_caller]
pub fn agreed(home: &Home, when: &str) -> Answer {
    let read = Answer::of(home.store()).unwrap_or_else(|reason| panic!("{when}: {reason}"));
    let program = program(home).unwrap_or_else(|| panic!("{when}: damaged, says the program"));
    let personas = |answer: &Answer| answer.list["personas"].as_array().unwrap().clone();
    for (ours, theirs) in personas(&read).iter().zip(&personas(&program)) {
        assert_eq!(ours, theirs, "{when}: the reader on the left, the program on the right");
    }
    assert_eq!(read, program, "{when}: the reader on the left, the program on the right");
    read
}
