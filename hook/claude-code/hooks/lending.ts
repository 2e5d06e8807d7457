// Hands facts about agents to the programs, and puts their words ahead of a prompt.
//
// It has no rules: who gets a persona, which one, and what is recorded, the programs decide. Whatever
// fails, the client goes on as if the mod were not there. Only the words for an agent that is about
// to start are waited for.

import type {
  AgentSpawnInput,
  AgentSpawnResult,
  EngineInterface,
  On,
  Register,
} from "claude-code";
import { type Facts, type Shown, type StartFacts, readAnswer, readShown } from "./contract";
import { INJECT, RELEASE } from "./programs";
import { ahead } from "./prompt";
import { type Run, countCall, countTurn, newRun } from "./run";

/** How long an agent may wait for its words, in milliseconds. The program takes no longer itself. */
const LIMIT = 2000;

/** What a session knows of those that were lent to it. */
export type Lent = {
  /** The runs that hold a slot, by the ids of their agents. */
  readonly runs: Map<string, Run>;
  /** The starts whose agents' ids are not known yet. */
  readonly starting: Set<Promise<unknown>>;
  /** The teams that calls name, by their ids. */
  readonly teams: Map<string, string>;
  /** What the seed says is to be shown. */
  shown: Shown;
};

export function newLent(): Lent {
  return { runs: new Map(), starting: new Set(), teams: new Map(), shown: readShown("") };
}

/** Finds the run of an agent, which may be at work before its start is answered. */
export async function runOf(lent: Lent, agentId: string | undefined): Promise<Run | undefined> {
  if (agentId === undefined) return undefined;
  if (!lent.runs.has(agentId)) await Promise.allSettled([...lent.starting]);
  return lent.runs.get(agentId);
}

/** The mod for older clients, in which nothing can be shown. */
export const register: Register = (on) => {
  lending(on, newLent());
};

/** Lends personas to the agents of a session, and tells how their runs go. */
export function lending(on: On, lent: Lent): void {
  const { runs, starting, teams } = lent;

  on("classic.SessionStart", async ($, e, next) => {
    // The command hook of a session's start takes the mark of an earlier client away first.
    const result = await next(e);
    void tell($, RELEASE, {
      hook_event_name: "session.start",
      session_id: e.session_id,
      cwd: e.cwd,
    }).then((said) => {
      lent.shown = readShown(said);
    });
    return result;
  }).catch(($, e, next) => next(e));

  on("agent.spawn", async ($, e, next) => {
    const session = await $.session.id();
    const cwd = e.cwd ?? (await $.session.cwd());
    const answer = readAnswer(await tell($, INJECT, spawnFacts(e, session, cwd, teams)));
    if (answer === undefined) {
      // A run that goes on without its slot is not ours any more.
      if (e.resume !== undefined) runs.delete(e.resume.agentId);
      return next(e);
    }
    const isNew = e.resume === undefined && answer.preamble !== undefined;
    const started = next(isNew ? { ...e, prompt: ahead(answer.preamble ?? "", e.prompt) } : e);
    const noted = started.then(
      (result) => {
        if (result.agentId !== undefined && !runs.has(result.agentId)) {
          runs.set(result.agentId, newRun(session, answer, e.isTeammate === true));
        }
        return result;
      },
      () => ({ deny: "" }) as AgentSpawnResult,
    );
    starting.add(noted);
    void noted.then((result) => {
      starting.delete(noted);
      void tell($, INJECT, startFacts(e, session, answer.slot, isNew, result));
    });
    return started;
  }).catch(($, e, next) => next(e));

  on("tool.call", async ($, e, next) => {
    if (e.tool === "Agent" && typeof e.team_name === "string") {
      teams.set(e.tool_use_id, e.team_name);
    }
    const result = await next(e);
    teams.delete(e.tool_use_id);
    void runOf(lent, e.agentId).then((run) => run && countCall(run, e, result));
    return result;
  }).catch(($, e, next) => next(e));

  on("turn.complete", async ($, e, next) => {
    const { agentId: agent_id } = e;
    void runOf(lent, agent_id).then((run) => {
      if (run === undefined || agent_id === undefined) return;
      countTurn(run, e);
      void tell($, INJECT, {
        hook_event_name: "turn.complete",
        session_id: run.session,
        slot: run.answer.slot,
        agent_id,
        reason: e.reason,
        ...(run.isTeammate ? { is_teammate: true } : {}),
        measures: run.measures,
      });
    });
    return next(e);
  }).catch(($, e, next) => next(e));
}

function spawnFacts(
  e: AgentSpawnInput,
  session: string,
  cwd: string,
  teams: ReadonlyMap<string, string>,
): Facts {
  const { name, workflow, resume } = e;
  const team = teams.get(e.tool_use_id);
  return {
    hook_event_name: "agent.spawn",
    session_id: session,
    cwd,
    tool_use_id: e.tool_use_id,
    subagent_type: e.subagentType,
    description: e.description,
    ...(name === undefined ? {} : { name }),
    ...(team === undefined ? {} : { team_name: team }),
    ...(e.isTeammate ? { is_teammate: true } : {}),
    ...(e.fork ? { fork: true } : {}),
    ...(workflow ? { workflow: { run_id: workflow.runId, agent_index: workflow.agentIndex } } : {}),
    ...(resume ? { resume: { agent_id: resume.agentId } } : {}),
  };
}

function startFacts(
  e: AgentSpawnInput,
  session: string,
  slot: string,
  arrived: boolean,
  result: AgentSpawnResult,
): StartFacts {
  const call = {
    hook_event_name: "agent.started" as const,
    session_id: session,
    tool_use_id: e.tool_use_id,
    slot,
    ...(e.isTeammate ? { is_teammate: true as const } : {}),
  };
  if (result.deny !== undefined || result.agentId === undefined) return { ...call, denied: true };
  const resumed = e.resume === undefined ? {} : { resumed: true as const };
  return { ...call, agent_id: result.agentId, arrived, ...resumed };
}

/** Runs a program with facts on its stdin, and answers what it says: nothing, if it fails. */
async function tell(
  $: EngineInterface,
  program: readonly string[],
  facts: Facts,
): Promise<string> {
  try {
    const init = { stdin: JSON.stringify(facts), timeoutMs: LIMIT };
    const { exitCode, stdout } = await $.process.run(program, init);
    return exitCode === 0 ? stdout : "";
  } catch {
    return "";
  }
}
