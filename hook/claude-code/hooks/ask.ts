// Asks the command line, and takes its words as they are.

import type { EngineInterface } from "claude-code";
import { fields, object, text } from "./contract";
import { PERSONA } from "./programs";

/** In milliseconds: longer than a command waits for other writers. */
const LIMIT = 10_000;
/** How much is shown of an unknown failure: lines, and characters of each. */
const MOST_LINES = 3;
const LINE = 300;

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
  const json = object(said);
  if (isDone && Object.keys(json).length > 0) return { json };
  const { message, hint, kind } = fields(json["error"]);
  if (text(message) !== "")
    return { trouble: sentence(text(message), text(hint)), kind: text(kind) };
  const told = isDone ? failure("its answer is not JSON").text : said;
  return { trouble: onOneLine(told), kind: "" };
}

/** A message and a hint that are meant for a terminal. */
function onOneLine(told: string): string {
  const lines = told.trim().split("\n", MOST_LINES);
  return lines.map((line) => line.replace(/^(error|hint): /, "").slice(0, LINE)).join("; ");
}

function sentence(message: string, hint: string): string {
  return hint === "" ? message : `${message}; ${hint}`;
}

function failure(why: string): Reply {
  const command = PERSONA[0] ?? "muzzle-persona";
  const hint = "hint: run `muzzle-persona doctor` in a shell";
  return { isDone: false, text: `error: \`${command}\`: ${why}\n${hint}` };
}
