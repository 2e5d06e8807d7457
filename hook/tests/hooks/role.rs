//! Which role is asked for.

use serde_json::json;

use crate::harness::{Home, calling, recorded};

/// The role that an input leads to, as requested and as resolved; the preamble names it.
fn roles_of(input: &str) -> (String, String) {
    let home = Home::new();
    let preamble = home.inject(calling(input)).preamble();
    let slot = home.last_assign()["slots"][0].clone();
    let text = |key: &str| slot[key].as_str().unwrap().to_owned();
    let first = format!("You are {}, the {} persona", text("persona"), text("role"));
    assert!(preamble.starts_with(&first), "{preamble}");
    (text("requested"), text("role"))
}

fn is(requested: &str, role: &str, input: &str) {
    assert_eq!(roles_of(input), (requested.to_owned(), role.to_owned()), "{input}");
}

#[test]
fn the_type_of_the_agent_decides_when_it_is_a_role() {
    is("Explore", "researcher", r#"{"name":"w","subagent_type":"Explore","prompt":"x"}"#);
    is("Plan", "architecture", r#"{"name":"w","subagent_type":"Plan","prompt":"x"}"#);
    is(
        "debugger",
        "debugging",
        r#"{"name":"docs","subagent_type":"debugger","description":"Security audit","prompt":"x"}"#,
    );
}

#[test]
fn the_description_decides_when_the_type_says_nothing() {
    for kind in ["general-purpose", "astronaut", ""] {
        let input = json!({
            "name": "docs-writer",
            "subagent_type": kind,
            "description": "Security audit of login",
            "prompt": "x",
        });
        is("security-review", "security-review", &input.to_string());
    }
    let untyped = r#"{"name":"w","description":"Security audit of login","prompt":"x"}"#;
    is("security-review", "security-review", untyped);
}

#[test]
fn the_name_decides_when_the_description_says_nothing() {
    is(
        "documentation",
        "documentation",
        r#"{"name":"docs-writer","subagent_type":"general-purpose","description":"Part three","prompt":"x"}"#,
    );
    is("documentation", "documentation", r#"{"name":"docs-writer","prompt":"Review this"}"#);
}

#[test]
fn the_words_of_a_type_decide_when_it_is_no_role() {
    for (kind, role) in [
        ("microservices-architect", "architecture"),
        ("kubernetes_specialist", "infrastructure"),
        ("SecurityEngineer", "security-review"),
        ("pack:docs-architect", "documentation"),
        ("Behaviour Driven Testers", "testing"),
    ] {
        let input =
            json!({"name": "w", "subagent_type": kind, "description": "Part three", "prompt": "x"});
        is(role, role, &input.to_string());
    }
}

#[test]
fn a_plugin_is_taken_off_a_type() {
    is(
        "security-auditor",
        "security-review",
        r#"{"name":"w","subagent_type":"comprehensive-review:security-auditor","prompt":"x"}"#,
    );
    is(
        "product-manager",
        "general",
        r#"{"name":"w","subagent_type":"docs:product-manager","prompt":"x"}"#,
    );
}

#[test]
fn what_cannot_be_used_is_left_out() {
    let long = json!({
        "name": "w",
        "subagent_type": format!("{}-debugger", "long".repeat(50)),
        "description": "Part three ".repeat(1_000_000),
        "prompt": "x",
    });
    is("debugging", "debugging", &long.to_string());
    is(
        "testing",
        "testing",
        r#"{"name":"w","subagent_type":"\u0007qa\u202e","description":"\u0000tests\u001b","prompt":"x"}"#,
    );
}

#[test]
fn the_role_is_general_when_nothing_tells() {
    is("general", "general", r#"{"name":"w","prompt":"Review this"}"#);
    is(
        "general-purpose",
        "general",
        r#"{"name":"w","subagent_type":"general-purpose","prompt":""}"#,
    );
    is("astronaut", "general", r#"{"name":"w","subagent_type":"astronaut","prompt":""}"#);
}

#[test]
fn another_role_in_the_same_seat_keeps_the_persona_and_counts_the_old_work() {
    let home = Home::new();
    home.inject(recorded("pre_tool_use.named")).answered();
    let other = recorded("pre_tool_use.named").replace("Review parser", "Security audit of login");
    let preamble = home.inject(other).preamble();
    let first = "You are Elena Vasquez, the security-review persona assigned by muzzle-persona.\n";
    assert!(preamble.starts_with(first), "{preamble}");
    let released = json!({
        "session": "00a62d08-e686-4a7f-b68d-71502eb6b076",
        "agent": "worker-1",
        "reason": "manual",
        "slots": [{ "slot": "worker-1-0", "persona": "Elena Vasquez", "role": "code-reviewer" }],
    });
    assert_eq!(home.events("release")[0]["data"], released);
    assert_eq!(home.last_assign()["slots"][0]["role"], "security-review");
}
