// Stands in for the programs: notes what they were handed, and answers what a test says.

import type { AgentSpawnInput, On } from "claude-code";
import type { Engine } from "claude-code/testing";

type Handed = { argv: readonly string[]; timeoutMs: unknown; facts: Record<string, unknown> };
type Ran = { exitCode: number; stdout: string };

/** What the programs were handed, in a session. */
export type Programs = {
  session: { id: string; cwd: string };
  handed: Handed[];
  /** The facts of one event, in their order. */
  told: (event: string) => Record<string, unknown>[];
  /** Lets what nobody waits for come to its end. */
  settle: ($: Engine) => Promise<void>;
};

export const PREAMBLE = "You are Ada Quill, the testing persona assigned by muzzle-persona.\nX.\n---\n";
export const ANSWER = { slot: "w-0", preamble: PREAMBLE, tests: ["cargo test", "npm test"] };

/** Has `persona-inject` answer an agent that starts so, or fail as what is thrown says. */
export function programs(on: On, answer: string | (() => Ran) = JSON.stringify(ANSWER)): Programs {
  const session = { id: "s1", cwd: "/home/dev/acme" };
  on("session.id", () => ({ value: session.id }));
  on("session.cwd", () => ({ value: session.cwd }));
  on("turn.start", ($, e) => ({ turnId: e.turnId }));
  const handed: Handed[] = [];
  on("process.run", ($, e) => {
    const facts = JSON.parse(String(e.init?.stdin)) as Record<string, unknown>;
    handed.push({ argv: e.argv, timeoutMs: e.init?.timeoutMs, facts });
    const isAsked = facts["hook_event_name"] === "agent.spawn";
    let ran: Ran = { exitCode: 0, stdout: "" };
    try {
      if (isAsked) ran = typeof answer === "string" ? { exitCode: 0, stdout: answer } : answer();
    } catch (denial) {
      return { deny: String(denial) };
    }
    return { value: { ...ran, stderr: "", isStdoutTruncated: false, isStderrTruncated: false } };
  });
  const told = (event: string) =>
    handed.map(({ facts }) => facts).filter((facts) => facts["hook_event_name"] === event);
  const settle = async ($: Engine) => {
    for (let turn = 0; turn < 10; turn += 1) await $.turn.start({ text: "", turnId: "t" });
  };
  return { session, handed, told, settle };
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
export function ending($: Engine, agentId: string | undefined, reason: "answer" | "aborted" = "answer") {
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
