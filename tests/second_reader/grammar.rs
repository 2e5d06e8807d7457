//! What may stand in a line: what the page allows, both readers take, and what it does not, neither.

use crate::forge::{AT, BEN, ada, at, id, line, refused, sign, taken};

#[test]
fn a_torn_tail_is_left_out_and_other_damage_is_not() {
    let ada = ada();
    let next = line(2, &[id(&ada)], "seed", BEN);
    let cut = &next[..next.len() - 1];
    for (what, tail) in [
        ("half a line", &next[..30]),
        ("a line feed is missing, and the id is wrong", &cut.replace("Ben", "Bea")),
        ("a line feed is missing behind a space", &format!("{cut} ")),
        ("half a line, ended", &format!("{}\n", &next[..30])),
        ("half a line, ended, and more", &format!("{}\n{}", &next[..30], &next[30..50])),
        ("a blank line", "\n"),
        ("an array", "[1]\n"),
        ("a NUL", &next.replace("Ben", "B\0n")),
        ("an object and more", &format!("{cut} x\n")),
        ("a long one", &format!("{}\n", "x".repeat(70_000))),
    ] {
        taken(what, &[&ada, tail], 1);
    }
    for (what, tail) in [
        ("a complete object without an id", "{}\n"),
        ("a wrong id", &next.replace("Ben", "Bea")),
        ("a carriage return", &format!("{cut}\r\n")),
        ("two bad lines", "x\nx\n"),
        ("a bad line before a sound one", &format!("\n{next}")),
    ] {
        refused(what, &[&ada, tail]);
    }
}

#[test]
fn an_event_counts_without_its_line_feed_and_a_byte_order_mark_does_not() {
    let ada = ada();
    let next = line(2, &[id(&ada)], "seed", BEN);
    let cut = next.trim_end();
    taken("a line feed is missing", &[&ada, cut], 2);
    taken("the only line feed is missing", &[ada.trim_end()], 1);
    taken("a mark", &["\u{feff}", &ada, &next], 2);
    taken("a mark, and a line feed is missing", &["\u{feff}", ada.trim_end()], 1);
    refused("a bad line before one without a line feed", &[&ada, "x\n", cut]);
    refused("two marks", &["\u{feff}\u{feff}", &ada, &next]);
}

#[test]
fn a_line_has_a_longest_length() {
    let ada = ada();
    let of_length = |length: usize| {
        let long =
            |x: usize| line(2, &[id(&ada)], "party", &format!(r#"{{"x":"{}"}}"#, "x".repeat(x)));
        long(length - long(0).len())
    };
    taken("65,536 bytes", &[&ada, &of_length(65_536)], 1);
    refused("65,537 bytes", &[&ada, &of_length(65_537)]);
}

#[test]
fn a_moment_has_a_first_and_a_last_second() {
    let ada = ada();
    let ben = |moment| at(moment, 2, &[id(&ada)], "seed", BEN);
    for moment in ["0000-01-01T00:00:00Z", "9999-12-30T22:00:00Z", "9999-12-31T21:00:00+23:00"] {
        taken(moment, &[&ada, &ben(moment)], 2);
    }
    for moment in ["-000001-12-31T23:59:59Z", "0000-01-01T00:00:00+00:01", "9999-12-30T22:00:01Z"] {
        refused(moment, &[&ada, &ben(moment)]);
        let compact = format!(r#"{{"before":"{moment}","summaries":[]}}"#);
        refused(moment, &[&ada, &line(2, &[id(&ada)], "compact", &compact)]);
    }
}

#[test]
fn the_keys_of_a_line_have_some_freedom() {
    let ada = ada();
    let prev = format!(r#"["{}"]"#, id(&ada));
    let rest = format!(r#""seq":2,"at":"{AT}","prev":{prev}"#);
    for (what, content) in [
        ("another order", format!(r#"{{"type":"seed","v":1,"data":{BEN},{rest}"#)),
        ("white space", format!("{{ \"v\" :\t1, \"type\":\"seed\",\"data\": {BEN} ,{rest} ")),
        (
            "more keys",
            format!(r#"{{"x":{{"v":[2]}},"v":1,"type":"seed","data":{BEN},{rest},"y":0"#),
        ),
        ("more data", {
            let data = BEN.replace("}}", r#"},"x":{"name":"Bea"}}"#);
            format!(r#"{{"v":1,"type":"seed","data":{data},{rest}"#)
        }),
    ] {
        taken(what, &[&ada, &sign(&content)], 2);
    }
    for (what, content) in [
        ("`v` late", format!(r#"{{"type":"seed","data":{BEN},"v":1,{rest}"#)),
        ("`type` late", format!(r#"{{"v":1,"data":{BEN},"type":"seed",{rest}"#)),
        ("`v` twice", format!(r#"{{"v":1,"v":1,"type":"seed","data":{BEN},{rest}"#)),
        ("`name` twice", {
            let data = BEN.replace("{\"name", r#"{"name":"Bea","name"#);
            format!(r#"{{"v":1,"type":"seed","data":{data},{rest}"#)
        }),
        ("version 0", format!(r#"{{"v":0,"type":"seed","data":{BEN},{rest}"#)),
        ("no data", format!(r#"{{"v":1,"type":"party",{rest}"#)),
    ] {
        refused(what, &[&ada, &sign(&content)]);
    }
}

#[test]
fn data_belongs_to_its_type() {
    let ada = ada();
    let next = |kind: &str, data: &str| line(2, &[id(&ada)], kind, data);
    let choice = |more: &str| {
        let slot = format!(r#"{{"slot":"w-0","persona":"Ada","role":"r","requested":"r"{more}}}"#);
        format!(r#"{{"session":"s","agent":"w","project":"p","slots":[{slot}]}}"#)
    };
    let outcome = |result: &str| {
        let of = r#""session":"s","slot":"w-0","persona":"Ada","role":"r","run":"s:w""#;
        format!(r#"{{{of},"result":"{result}","source":"ci"}}"#)
    };
    let more = |more: &str| outcome("ok").replace('}', &format!(",{more}}}"));
    let delivery = |channel: &str, more: &str| {
        let of = r#""session":"s","slot":"w-0","agent_id":"a1""#;
        format!(r#"{{{of},"channel":"{channel}"{more}}}"#)
    };
    for (kind, data) in [
        ("party", "[null]"),
        ("retire", r#"{"persona":"Ada","reason":"manual","x":1}"#),
        ("assign", r#"{"session":"","agent":"w","team":null,"project":"p","slots":[]}"#),
        ("assign", &choice(r#","by":"reused","score":-0.5"#)),
        ("assign", &choice(r#","by":null,"score":null"#)),
        ("outcome", &outcome("stopped")),
        ("outcome", &more(r#""ended":null,"measures":null"#)),
        ("outcome", &more(r#""ended":false,"measures":{"calls":3,"test":"passed","x":[]}"#)),
        ("delivery", &delivery("mod", r#","arrived":true"#)),
        ("delivery", &delivery("context", r#","arrived":false,"teammate":null"#)),
        ("release", r#"{"session":"s","reason":"finished","slots":[]}"#),
        ("release", r#"{"session":"s","reason":"not_started","slots":[]}"#),
        ("retract", r#"{"event":"00000000000000000000000000000000","reason":null}"#),
        ("forget", r#"{"event":"00000000000000000000000000000000"}"#),
        ("unlearn", r#"{"lesson":"00000000000000000000000000000000","reason":"r"}"#),
        ("lesson", r#"{"persona":"Ada","role":null,"project":"p"}"#),
        ("lesson", r#"{"persona":"Ada","text":"00000000000000000000000000000000"}"#),
        ("note", r#"{"session":"s","slot":"w-0","persona":"Ada","project":"p","text":null}"#),
    ] {
        taken(&format!("{kind} {data}"), &[&ada, &next(kind, data)], 1);
    }
    for (kind, data) in [
        ("seed", r#"{"name":"Ben","traits":[],"expertise":[]}"#),
        ("assign", r#"{"session":"s","agent":"w","project":"p","slots":[{}]}"#),
        ("assign", r#"{"session":"s","agent":"w","team":1,"project":"p","slots":[]}"#),
        ("assign", &choice(r#","by":"luck""#)),
        ("assign", &choice(r#","score":"high""#)),
        ("outcome", &outcome("good")),
        ("outcome", &more(r#""ended":"yes""#)),
        ("outcome", &more(r#""measures":{"calls":-1}"#)),
        ("outcome", &more(r#""measures":{"calls":1.5}"#)),
        ("outcome", &more(r#""measures":{"test":"maybe"}"#)),
        ("outcome", &more(r#""measures":7"#)),
        ("delivery", &delivery("post", r#","arrived":true"#)),
        ("delivery", &delivery("mod", r#","arrived":null"#)),
        ("delivery", &delivery("mod", "")),
        ("delivery", &delivery("mod", r#","arrived":true,"teammate":1"#)),
        ("outcome", &outcome("ok").replace("run", "Run")),
        ("retract", r#"{"event":"1"}"#),
        ("retract", r#"{"event":"00000000000000000000000000000000","reason":7}"#),
        ("release", r#"{"session":"s","reason":"late","slots":[]}"#),
        ("feedback", r#"{"persona":"Ada","role":"r","observation":"o","sentiment":"positive"}"#),
        ("forget", r#"{"event":"1"}"#),
        ("unlearn", r#"{"event":"00000000000000000000000000000000"}"#),
        ("lesson", r#"{"persona":"Ada","text":"words"}"#),
        ("lesson", r#"{"persona":"Ada","from":"1"}"#),
        ("lesson", r#"{"role":"r"}"#),
        ("note", r#"{"session":"s","slot":"w-0","persona":"Ada"}"#),
        ("retire", r#"{"persona":"Ada"}"#),
        ("reactivate", r#"{"persona":"Ada","reason":"inactive"}"#),
        ("compact", r#"{"before":"today","summaries":[]}"#),
        ("repair", r#"{"cut":[],"missing":["x"]}"#),
    ] {
        refused(&format!("{kind} {data}"), &[&ada, &next(kind, data)]);
    }
    // A reader knows nothing of what a newer line says but its place.
    let newer = next("seed", "0").replacen(":1", ":3", 1);
    let newer = sign(&newer[..newer.len() - 42]);
    taken("a newer version", &[&ada, &newer, &line(3, &[id(&newer)], "seed", BEN)], 2);
}

#[test]
fn a_text_stands_behind_the_id_of_a_line_that_vouches_for_it() {
    let ada = ada();
    let digest = |text: &str| blake3::hash(text.as_bytes()).to_hex()[..32].to_owned();
    let next = |v: u32, data: &str, text: &str| {
        let prev = format!(r#"["{}"]"#, id(&ada));
        let signed = sign(&format!(
            r#"{{"v":{v},"seq":2,"at":"{AT}","type":"lesson","data":{data},"prev":{prev}"#
        ));
        format!("{},\"text\":{text}}}\n", &signed[..signed.len() - 2])
    };
    let vouched = |text: &str| format!(r#"{{"persona":"Ada","text":"{}"}}"#, digest(text));
    let known = |what: &str, text: &str| {
        let line = next(2, &vouched(text), text);
        let answer = taken(what, &[&ada, &line], 1);
        answer.texts.as_object().unwrap().values().next().cloned()
    };
    for (what, text) in [
        ("as it is written", r#"{"salt":"0123456789abcdef","lesson":"Wait."}"#),
        ("without a salt", r#"{"lesson":"Wait."}"#),
        ("more keys", r#"{"x":{"salt":1,"id":"y"},"lesson":"Wait.","y":[{}]}"#),
        ("white space", r#"{ "lesson" : "Wait." }"#),
        ("what looks like an id", &{
            let id = digest("");
            format!(r#"{{"lesson":"Wait.","x":{{"y":0,"id":"{id}","text":{{}}}}}}"#)
        }),
    ] {
        assert_eq!(known(what, text), Some("Wait.".into()), "{what}");
    }
    for (what, text) in [
        ("no words", r#"{"salt":"0123456789abcdef"}"#),
        ("words of another kind", r#"{"observation":"Wait."}"#),
        ("words twice", r#"{"lesson":"Wait.","lesson":"Go."}"#),
        ("words that are none", r#"{"lesson":1}"#),
        ("no object", r#""lesson""#),
        ("nothing", ""),
        ("half of it", r#"{"lesson":"#),
        ("more than it", r#"{"lesson":"Wait."}{}"#),
    ] {
        assert_eq!(known(what, text), None, "{what}");
    }
    let text = r#"{"lesson":"Wait."}"#;
    for (what, line) in [
        ("nobody vouches", next(2, r#"{"persona":"Ada"}"#, text)),
        ("another digest", next(2, &vouched("x"), text)),
        ("a newer version", next(3, &vouched(text), text)),
    ] {
        assert_eq!(taken(what, &[&ada, &line], 1).texts, serde_json::json!({}), "{what}");
    }
    refused("a text behind a line of version 1", &[&ada, &next(1, &vouched(text), text)]);
    let stray = next(2, &vouched(text), text).replace("}}\n", "}} \n");
    refused("more behind it", &[&ada, &stray]);
    // Half a line is torn, wherever it was cut: within a word or a number, one place is as good as another.
    let whole = next(2, &vouched(text), text);
    let whole = whole.trim_end();
    let is_word = |at: usize| whole.as_bytes()[at].is_ascii_alphanumeric();
    let is_within = |end: usize| (end.saturating_sub(2)..=end).all(is_word);
    for end in (1..whole.len()).filter(|end| !is_within(*end)) {
        let answer = taken("cut", &[&ada, &whole[..end]], 1);
        assert_eq!(answer.texts, serde_json::json!({}), "{end}");
    }
    let answer = taken("a line feed is missing", &[&ada, whole], 1);
    assert_eq!(answer.texts.as_object().unwrap().len(), 1);
}
