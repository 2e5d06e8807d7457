// Asks the command line, and takes its words as they are.

import type { EngineInterface } from "claude-code";
import { fields, object, text } from "./contract";
import { PERSONA } from "./programs";

/** In milliseconds: longer than a command waits for other writers. */
const LIMIT = 10_000;

/** What the command line said, and whether it did what it was asked for. */
export type Reply = { isDone: boolean; text: string };

/** Runs a command of `muzzle-persona`, for a terminal so wide. */
export async function ask(
  $: EngineInterface,
  args: readonly string[],
  columns?: number,
): Promise<Reply> {
  const env = columns === undefined ? {} : { env: { MUZZLE_PERSONA_COLUMNS: String(columns) } };
  try {
    const init = { timeoutMs: LIMIT, ...env };
    const { exitCode, stdout, stderr, isStdoutTruncated } = await $.process.run(
      [...PERSONA, ...args],
      init,
    );
    if (isStdoutTruncated) return failure("the answer is longer than 4 MiB");
    const isDone = exitCode === 0;
    return { isDone, text: isDone ? stdout + stderr : stderr || stdout };
  } catch {
    return failure("it cannot be run, or gave no answer within 10 seconds");
  }
}

/** Runs a command that answers in JSON; what it says instead of it is a sentence. */
export async function askJson(
  $: EngineInterface,
  args: readonly string[],
): Promise<{ json: Record<string, unknown> } | { trouble: string; kind: string }> {
  const { isDone, text: said } = await ask($, ["--json", ...args]);
  if (isDone) return { json: object(said) };
  const { message, hint, kind } = fields(object(said)["error"]);
  const trouble = text(message) === "" ? said.trim() : sentence(text(message), text(hint));
  return { trouble, kind: text(kind) };
}

function sentence(message: string, hint: string): string {
  return hint === "" ? message : `${message}; ${hint}`;
}

function failure(why: string): Reply {
  const command = PERSONA[0] ?? "muzzle-persona";
  return { isDone: false, text: `error: \`${command}\`: ${why}\nhint: run \`muzzle-persona doctor\` in a shell` };
}
