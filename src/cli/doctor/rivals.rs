//! Hooks of others that are called for the same calls, and what calls none at all.

use regex_lite::Regex;

use super::Finding;
use super::registered::{Registered, Source, effective};
use crate::cli::claude_code::registration::TOOLS;

pub fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some((source, true)) = effective(sources, |source| source.disables_hooks) {
        findings.push(Finding::problem(
            "hooks.disabled",
            format!("`disableAllHooks` is true in `{}`.", source.path.display()),
            "Claude Code calls no hook, so no agent gets a persona.",
            "take it out, or set it to false",
        ));
    }
    for source in sources {
        for rival in source.handlers.iter().filter(|handler| is_rival(handler)) {
            let what = rival.command.as_ref().map(|command| format!("`{command}`"));
            let what = what.unwrap_or_else(|| "a hook that is no command".to_owned());
            findings.push(Finding::warning(
                "hooks.rival",
                format!("{what} in `{}` is called for agents too.", source.path.display()),
                "All hooks get the same call at once. If it rewrites the prompt too, the last to finish wins, and the persona may be lost.",
                "if it does not rewrite the call there is nothing to do; else narrow its matcher",
            ));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok("hooks.rival", "No other hook is called for agents."));
    }
    findings
}

fn is_rival(handler: &Registered) -> bool {
    handler.event == "PreToolUse" && handler.hook.is_none() && calls_for_agents(handler)
}

/// Tells whether a hook is called when an agent is about to start.
pub fn calls_for_agents(handler: &Registered) -> bool {
    TOOLS.split('|').any(|tool| matches(handler.matcher.as_deref(), tool))
}

/// Tells whether a matcher names a tool: a list of names, or else a pattern. None names all.
fn matches(matcher: Option<&str>, tool: &str) -> bool {
    let Some(matcher) = matcher.filter(|matcher| !matches!(*matcher, "" | "*")) else {
        return true;
    };
    let is_list = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '|');
    if matcher.chars().all(is_list) {
        return matcher.split('|').any(|name| name == tool);
    }
    // A pattern that only the client understands may name anything.
    Regex::new(matcher).map_or(true, |pattern| pattern.is_match(tool))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matcher_names_tools_or_describes_them() {
        for (matcher, named) in [
            (None, true),
            (Some(""), true),
            (Some("*"), true),
            (Some("Agent"), true),
            (Some("Bash|Agent"), true),
            (Some(".*"), true),
            (Some("Ag.nt$"), true),
            (Some("^(Agent|Task)$"), true),
            (Some("(?<=x)Agent"), true),
            (Some("Bash"), false),
            (Some("Agen"), false),
            (Some("agent"), false),
            (Some("mcp__.*"), false),
            (Some("^Agents"), false),
        ] {
            assert_eq!(matches(matcher, "Agent"), named, "{matcher:?}");
        }
    }
}
