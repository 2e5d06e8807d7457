//! Everything but the preamble stays as it came, byte for byte.

use crate::harness::{ELENA, Home, answer, calling, recorded};

/// Runs a call whose input is `input` around a prompt that begins where it is called with.
fn stays(input: impl Fn(&str) -> String) {
    Home::new().inject(calling(&input(""))).prints(answer(&input(ELENA))).run();
}

#[test]
fn unknown_fields_and_the_order_of_keys_stay() {
    stays(|prompt| {
        format!(
            r#"{{"zeta":{{"prompt":"not this one","b":[],"a":null}},"name":"w","prompt":"{prompt}Go.","description":"Review","alpha":[true,{{}}],"Prompt":"nor this","subagent_type":"general-purpose","model":"x"}}"#
        )
    });
}

#[test]
fn numbers_stay_as_they_were_written() {
    stays(|prompt| {
        format!(
            r#"{{"a":1e400,"b":12345678901234567890,"c":0.10,"d":-0,"e":1E+2,"f":3.141592653589793238462643,"prompt":"{prompt}Go.","g":-1e-400,"name":"w","description":"Review"}}"#
        )
    });
}

#[test]
fn escapes_stay_as_they_were_written() {
    stays(|prompt| {
        format!(
            r#"{{"n\u0061me":"w","prompt":"{prompt}\u0041\ud800\/\"\\\n\u00e9\ud83d\ude00 é 😀 \u0000","description":"\u0052eview","x":"\u2028\/"}}"#
        )
    });
}

#[test]
fn odd_white_space_stays() {
    stays(|prompt| {
        format!(
            "{{\r\n\t\"name\" :\t\"w\" ,\n\n \"description\":\"Review\",\"prompt\" \r\n:\n\"{prompt}  Go.\\t\"\t, \"x\" : [ 1 ,\t2 ]\n\t}}"
        )
    });
}

#[test]
fn white_space_around_the_payload_is_no_obstacle() {
    let input = |prompt| format!(r#"{{"name":"w","description":"Review","prompt":"{prompt}Go."}}"#);
    let payload =
        calling(&input("")).replacen('{', "\r\n \t{\n", 1).replace(":{", " :\n\n{") + "\n";
    Home::new().inject(payload).prints(answer(&input(ELENA))).run();
}

#[test]
fn a_key_may_be_spelled_with_escapes() {
    stays(|prompt| format!(r#"{{"name":"w","description":"Review","p\u0072ompt":"{prompt}Go."}}"#));
}

#[test]
fn an_empty_prompt_becomes_the_preamble() {
    stays(|prompt| format!(r#"{{"name":"w","description":"Review","prompt":"{prompt}"}}"#));
}

#[test]
fn a_prompt_longer_than_any_pipe_stays() {
    let long = "A line of 32 bytes, with an é.\\n".repeat(20_000);
    stays(|prompt| format!(r#"{{"name":"w","description":"Review","prompt":"{prompt}{long}"}}"#));
}

#[test]
fn deep_nesting_stays() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    stays(|prompt| {
        format!(r#"{{"x":{deep},"name":"w","description":"Review","prompt":"{prompt}Go."}}"#)
    });
}

#[test]
fn unknown_fields_of_the_payload_are_no_obstacle() {
    let payload = recorded("pre_tool_use.named");
    let known = "\"hook_event_name\"";
    assert!(payload.contains(known));
    let extended = payload.replace(known, &format!("\"new\":{{\"x\":[1e400]}},{known}"));
    let home = Home::new();
    let before = home.inject(payload).answered();
    assert_eq!(home.inject(extended).answered(), before);
}
