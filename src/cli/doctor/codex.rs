//! What Codex makes of a registration: whether it calls hooks at all, and whether ours were trusted.

use super::Check;
use super::hook_file::{HookFile, effective};

pub fn checks(files: &[HookFile]) -> Vec<Check> {
    let registered = files.iter().filter(|file| file.own_hooks().next().is_some());
    let mut checks: Vec<_> = registered.map(|file| trust(file, files)).collect();
    if let Some((file, true)) = effective(files, |file| file.disables_hooks) {
        let message = format!("`features.hooks` is false in `{}`.", file.path.display());
        let means = "Codex calls no hook, so no agent gets a persona.";
        checks.push(Check::problem(
            "hooks.disabled",
            message,
            means,
            "take it out, or set it to true",
        ));
    }
    checks
}

/// Checks whether the user has ever trusted the hooks of a file.
///
/// What exactly was trusted only Codex knows: a hook that was changed since has to be trusted again.
fn trust(file: &HookFile, files: &[HookFile]) -> Check {
    let (id, path) = ("client.trust", file.path.display());
    let start = format!("{path}:subagent_start:");
    let is_trusted =
        files.iter().flat_map(|file| &file.trusted).any(|hook| hook.starts_with(&start));
    if is_trusted {
        let again =
            "one that was changed since has to be trusted again: `/hooks` in Codex shows it";
        return Check::ok(id, format!("You have trusted the hooks in `{path}`; {again}."));
    }
    let message = format!("You have not yet trusted the hooks in `{path}`.");
    let means =
        "Codex runs no hook before its user has reviewed and trusted it, once for each hook.";
    let hint = "start `codex`, which asks for it; `/hooks` there shows them";
    Check::warning(id, message, means, hint)
}
