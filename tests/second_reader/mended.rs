//! Logs out of which lines were lost, and that were mended.

use crate::agreement::agreed;
use crate::forge::home;
use crate::harness::Home;
use crate::trail::Trail;

#[test]
fn a_log_that_was_mended_adds_up_to_the_same_and_goes_on() {
    let mut made = Home::seeded();
    Trail::new(&made, 21).go(&mut made, 30);
    let log = String::from_utf8(made.whole_log()).unwrap();
    let lines: Vec<_> = log.split_inclusive('\n').collect();
    for (lost, changed) in [(15, 20), (0, 1), (lines.len() - 2, lines.len() - 1)] {
        let mut left: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
        left[changed] = left[changed].replacen("data", "Data", 1);
        left.remove(lost);
        let mut home = home(left.concat().as_bytes());
        assert_eq!(home.run(&["repair", "--yes"]).code, Some(0));
        agreed(&home, &format!("without the lines {lost} and {changed}"));
        home.at("2027-01-01T00:00:00Z");
        assert_eq!(home.run(&["grow", "--count", "2"]).code, Some(0));
        let answer = agreed(&home, "and gone on");
        assert_eq!(answer.heads.as_array().unwrap().len(), 1);
    }
}

#[test]
fn what_more_gaps_than_a_line_can_name_leave_adds_up_to_the_same() {
    let made = Home::seeded();
    let data = r#"{"persona":"Elena Vasquez","reason":"manual"}"#;
    made.append_all(1, "retire", &vec![data; 5_000]);
    let log = String::from_utf8(made.whole_log()).unwrap();
    let spoil = |(number, line): (usize, &str)| {
        if number % 2 == 0 { line.to_owned() } else { line.replacen("data", "Data", 1) }
    };
    let spoilt: String = log.split_inclusive('\n').enumerate().map(spoil).collect();
    let home = home(spoilt.as_bytes());
    assert_eq!(home.run(&["repair", "--yes"]).code, Some(0));
    let answer = agreed(&home, "mended");
    assert_eq!(answer.heads.as_array().unwrap().len(), 1);
}
