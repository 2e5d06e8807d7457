//! Hooks of others that are called for the same calls, and the setting by which none is called.

use super::check::Check;
use super::hook_file::{HookFile, effective};

pub fn checks(files: &[HookFile]) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some((file, true)) = effective(files, |file| file.disables_hooks) {
        checks.push(Check::problem(
            "hooks.disabled",
            format!("`disableAllHooks` is true in `{}`.", file.path.display()),
            "Claude Code calls no hook, so no agent gets a persona.",
            "take it out, or set it to false",
        ));
    }
    for file in files {
        let others = file.hooks.iter().filter(|hook| hook.own.is_none());
        for hook in others.filter(|hook| hook.is_called_for_agents()) {
            let what = hook.command.as_ref().map(|command| format!("`{command}`"));
            let what = what.unwrap_or_else(|| "a hook that is no command".to_owned());
            checks.push(Check::warning(
                "hooks.rival",
                format!("{what} in `{}` is called for agents too.", file.path.display()),
                "All hooks get the same call at once. If it rewrites the prompt too, the last to finish wins, and the persona may be lost.",
                "if it does not rewrite the call there is nothing to do; else narrow its matcher",
            ));
        }
    }
    if checks.is_empty() {
        checks.push(Check::ok("hooks.rival", "No other hook is called for agents."));
    }
    checks
}
