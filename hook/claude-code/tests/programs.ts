// Stands in for the programs: notes what they were handed, and answers what a test says.

import type { AgentSpawnInput, On } from "claude-code";
import type { Engine } from "claude-code/testing";

type Handed = { argv: readonly string[]; timeoutMs: unknown; facts: Record<string, unknown> };
type Ran = { exitCode: number; stdout: string; stderr?: string; isStdoutTruncated?: boolean };
/** How a program ends. What it throws is why it cannot be run. */
type Ending = () => Ran | Promise<Ran>;

/** What the command line was asked: its arguments, and how wide its answer may be. */
type Asked = { args: readonly string[]; columns?: string };

/** How the commands of the command line end; those that are not named have nothing to say. */
export type Commands = Record<string, Ending>;

/** What the programs were handed, in a session. */
export type Programs = {
  session: { id: string; cwd: string };
  handed: Handed[];
  asked: Asked[];
  /** The facts of one event, in their order. */
  told: (event: string) => Record<string, unknown>[];
  /** Lets what nobody waits for come to its end. */
  settle: ($: Engine) => Promise<void>;
};

export const PREAMBLE =
  "You are Ada Quill, the testing persona assigned by muzzle-persona.\nX.\n---\n";
const WHO = { persona: "Ada Quill", role: "testing" };
export const ANSWER = {
  slot: "w-0",
  ...WHO,
  preamble: PREAMBLE,
  tests: ["cargo test", "npm test"],
};

/** A command that answers in JSON. */
export const json =
  (value: unknown): Ending =>
  () => ({ exitCode: 0, stdout: JSON.stringify(value) });
/** A command that says this. */
export const says =
  (stdout: string): Ending =>
  () => ({ exitCode: 0, stdout });
/** A command that does nothing, and says why. */
export const refuses =
  (kind: string, message: string, hint: string, exitCode = 1): Ending =>
  () => ({
    exitCode,
    stdout: "",
    stderr: `${JSON.stringify({ error: { kind, message, hint } })}\n`,
  });
/** A program that cannot be run. */
export const missing: Ending = () => {
  throw "spawn ENOENT";
};

/**
 * Has `persona-inject` answer an agent that starts so, `persona-release` a session that starts, and
 * `muzzle-persona` what it is asked, or fail as what is thrown says.
 */
export function programs(
  on: On,
  answer: string | (() => Ran) = JSON.stringify(ANSWER),
  commands: Commands = {},
  release: Ending = says(""),
): Programs {
  const session = { id: "s1", cwd: "/home/dev/acme" };
  // A client that has no answer is one without an id here.
  on("session.id", () => (session.id === "" ? { deny: "no" } : { value: session.id }));
  on("session.cwd", () => ({ value: session.cwd }));
  on("turn.start", ($, e) => ({ turnId: e.turnId }));
  const [handed, asked]: [Handed[], Asked[]] = [[], []];
  const ending = (
    argv: readonly string[],
    init: { stdin?: unknown; env?: unknown; timeoutMs?: unknown },
  ) => {
    const nothing = says("");
    if (argv[0] === "muzzle-persona") {
      const args = argv.slice(1);
      const columns = (init.env as Record<string, string> | undefined)?.["MUZZLE_PERSONA_COLUMNS"];
      asked.push({ args, ...(columns === undefined ? {} : { columns }) });
      return commands[args.find((word) => !word.startsWith("-")) ?? ""] ?? nothing;
    }
    const facts = JSON.parse(String(init.stdin)) as Record<string, unknown>;
    handed.push({ argv, timeoutMs: init.timeoutMs, facts });
    if (facts["hook_event_name"] === "session.start") return release;
    if (facts["hook_event_name"] !== "agent.spawn") return nothing;
    return typeof answer === "string" ? says(answer) : answer;
  };
  on("process.run", async ($, e) => {
    const defaults = { stderr: "", isStdoutTruncated: false, isStderrTruncated: false };
    try {
      return { value: { ...defaults, ...(await ending(e.argv, e.init ?? {})()) } };
    } catch (denial) {
      return { deny: String(denial) };
    }
  });
  const told = (event: string) =>
    handed.map(({ facts }) => facts).filter((facts) => facts["hook_event_name"] === event);
  const settle = async ($: Engine) => {
    for (let turn = 0; turn < 10; turn += 1) await $.turn.start({ text: "", turnId: "t" });
  };
  return { session, handed, asked, told, settle };
}

/** A call that starts an agent. */
export function spawning(more: Partial<AgentSpawnInput> = {}): AgentSpawnInput {
  return {
    tool_use_id: "toolu_1",
    prompt: "Go.",
    description: "Run the tests",
    subagentType: "general-purpose",
    provider: { plugin: "engine", tier: "core" },
    parentModel: "m",
    background: true,
    fork: false,
    ...more,
  };
}

/** Has agents start, and notes how: each with the next of these ids. Their turns end as they do. */
export function agents(on: On, ids: readonly string[] = ["a1", "a2", "a3"]): AgentSpawnInput[] {
  const started: AgentSpawnInput[] = [];
  on("turn.complete", ($, e) => ({ text: e.answer }));
  on("agent.spawn", ($, e) => {
    started.push(e);
    return { model: "m", agentId: e.resume?.agentId ?? ids[started.length - 1] ?? "a" };
  });
  return started;
}

/** Ends a turn of an agent. */
export function ending(
  $: Engine,
  agentId: string | undefined,
  reason: "answer" | "aborted" = "answer",
) {
  return $.turn.complete({
    answer: "done",
    durationMs: 12.4,
    isAborted: reason === "aborted",
    turnId: "t",
    reason,
    ...(agentId === undefined ? {} : { agentId }),
    usage: {
      input_tokens: 10,
      output_tokens: 5,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 1,
      model: "m",
    },
  });
}
