// What the mod hands to the hooks' programs, one JSON object on stdin, and what they answer.
//
// A field that is absent is not known, or not so. Nothing of what was said or written is in it.

import type { Measures } from "../types";

/** An agent is about to start. `persona-inject` answers with an `Answer`, or with nothing. */
export type SpawnFacts = {
  hook_event_name: "agent.spawn";
  session_id: string;
  cwd: string;
  /** The call that starts it; for a run that goes on, the call that wakes it, if there is one. */
  tool_use_id: string;
  subagent_type: string;
  description: string;
  name?: string;
  team_name?: string;
  is_teammate?: true;
  fork?: true;
  workflow?: { run_id: string; agent_index: number };
  /** The run goes on, and can be told nothing more. */
  resume?: { agent_id: string };
};

/** A run that holds a slot began, went on, or could not start. */
export type StartFacts = {
  hook_event_name: "agent.started";
  session_id: string;
  tool_use_id: string;
  slot: string;
  is_teammate?: true;
} & ({ agent_id: string; arrived: boolean; resumed?: true } | { denied: true });

/** A run that holds a slot ended. A teammate's may begin again. */
export type EndFacts = {
  hook_event_name: "turn.complete";
  /** The one that the slot is of, though the client may go on under another. */
  session_id: string;
  slot: string;
  agent_id: string;
  reason: string;
  is_teammate?: true;
  measures: Measures;
};

/** The session is served by the mod. */
export type SessionFacts = {
  hook_event_name: "session.start";
  session_id: string;
  cwd: string;
};

export type Facts = SpawnFacts | StartFacts | EndFacts | SessionFacts;

/** What an agent that gets a persona is told. */
export type Answer = {
  slot: string;
  /** The name of the persona and its role, to be shown. */
  persona: string;
  role: string;
  /** Absent where there is nothing to tell. */
  preamble?: string;
  /** Commands that are tests, by the words that they begin with. */
  tests: readonly string[];
};

/** What is shown in the client: the `[client]` of the seed. */
export type Shown = {
  /** Persona and role beside the agents in the client's list. */
  rows: boolean;
  /** The pane of `/persona`. */
  pane: boolean;
  /** A line that tells how many runs have no verdict. */
  reminder: boolean;
  /** The file that grows when something is recorded. */
  log?: string;
};

/** Reads an answer; whatever is none is `undefined`, and the agent starts as it came. */
export function readAnswer(stdout: string): Answer | undefined {
  const { slot, persona, role, preamble, tests } = object(stdout);
  if (typeof slot !== "string" || slot === "") return undefined;
  if (preamble !== undefined && typeof preamble !== "string") return undefined;
  const known = Array.isArray(tests) ? tests.filter((test) => typeof test === "string") : [];
  const who = { persona: text(persona), role: text(role) };
  return { slot, ...who, ...(preamble ? { preamble } : {}), tests: known };
}

/** Reads what `persona-release` says is to be shown: where it says nothing, what is built in. */
export function readShown(stdout: string): Shown {
  const { rows, pane, reminder, log } = object(stdout);
  return {
    rows: rows !== false,
    pane: pane !== false,
    reminder: reminder === true,
    ...(typeof log === "string" ? { log } : {}),
  };
}

/** The fields of a JSON object; of anything else, none. */
export function object(json: string): Record<string, unknown> {
  try {
    return fields(JSON.parse(json));
  } catch {
    return {};
  }
}

export function fields(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

export function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(fields) : [];
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
