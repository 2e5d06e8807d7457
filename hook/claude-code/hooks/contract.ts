// What the mod hands to the programs, one JSON object on stdin, and what they answer.
//
// A field that is absent is not known, or not so. Nothing of what was said or written is in it.

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

/** Whole numbers, of all turns of the run so far. */
export type Measures = {
  calls: number;
  errors: number;
  /** Distinct files that were written. */
  files: number;
  /** Lines that were added or removed. */
  lines: number;
  /** How the last test command ended, where that can be told. */
  test?: "passed" | "failed";
  duration_ms: number;
  /** With those that came from a cache. */
  input_tokens?: number;
  output_tokens?: number;
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
  /** Absent where there is nothing to tell. */
  preamble?: string;
  /** Commands that are tests, by the words that they begin with. */
  tests: readonly string[];
};

/** Reads an answer; whatever is none is `undefined`, and the agent starts as it came. */
export function readAnswer(stdout: string): Answer | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    return undefined;
  }
  if (typeof answer !== "object" || answer === null) return undefined;
  const { slot, preamble, tests } = answer as Record<string, unknown>;
  if (typeof slot !== "string" || slot === "") return undefined;
  if (preamble !== undefined && typeof preamble !== "string") return undefined;
  const known = Array.isArray(tests) ? tests.filter((test) => typeof test === "string") : [];
  return { slot, ...(preamble ? { preamble } : {}), tests: known };
}
