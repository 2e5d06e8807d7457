// What the pane shows: taken from what the command line answers in JSON.

import type { AtWork, Ended, Group, Measures } from "../types";
import { fields, list, text } from "./contract";

type Json = Record<string, unknown>;

/** The slots in which somebody is at work. */
function open(who: Json): Json[] {
  return list(who["slots"]).filter((slot) => slot["state"] !== "ended");
}

/** Those who are in an open slot, with what a session knows of its own. */
export function atWork(
  who: Json,
  session: string,
  measured: (slot: string) => Measures | undefined,
): AtWork[] {
  const all = open(who).map((slot) => {
    const [isOwn, since] = [slot["session"] === session, Date.parse(text(slot["since"]))];
    const measures = isOwn ? measured(text(slot["slot"])) : undefined;
    return {
      name: text(slot["name"]),
      role: text(slot["role"]),
      agent: text(slot["agent"]),
      since,
      ...(measures === undefined ? {} : { measures: { ...measures } }),
      ...(isOwn ? {} : { elsewhere: text(slot["project"]) }),
    };
  });
  const isElsewhere = (it: AtWork) => Number(it.elsewhere !== undefined);
  return all.sort((a, b) => isElsewhere(a) - isElsewhere(b) || b.since - a.since);
}

/** The runs of a session that ended, of which nothing was said. */
export function toJudge(session: Json, who: Json): Ended[] {
  const id = text(session["session"]);
  const own = open(who).filter((it) => it["session"] === id);
  const isOpen = (slot: string) => own.some((it) => it["slot"] === slot);
  const last = new Map<string, [number, Ended]>();
  for (const run of list(session["assignments"])) {
    const [slot, outcome] = [text(run["slot"]), list(run["outcomes"]).at(-1)];
    const ended = text(outcome?.["ended"] === true ? outcome["at"] : run["released_at"]);
    // What is judged is the last run in a slot.
    last.delete(slot);
    if (ended === "" || run["reason"] === "not_started" || isOpen(slot)) continue;
    if (list(run["verdicts"]).length > 0) continue;
    const found: Ended = {
      key: `${slot} ${text(run["assigned_at"])}`,
      name: text(run["name"]),
      role: text(run["role"]),
      agent: text(run["agent"]),
      session: id,
      slot,
      result: text(outcome?.["result"]),
      ...(outcome === undefined ? {} : { measures: fields(outcome["measures"]) as Measures }),
    };
    last.set(slot, [Date.parse(ended), found]);
  }
  const runs = [...last.values()].reverse();
  return runs.sort(([a], [b]) => b - a).map(([, run]) => run);
}

/** The roster by the roles in which personas are best: the best first, those without one last. */
export function roster(personas: Json, who: Json): Group[] {
  const busy = new Set(open(who).map((slot) => text(slot["name"])));
  const groups = new Map<string, Group>();
  for (const persona of list(personas["personas"])) {
    const [name, best] = [text(persona["name"]), fields(persona["best"])];
    const role = text(best["role"]);
    const score = typeof best["total"] === "number" ? { score: best["total"] } : {};
    const group = groups.get(role) ?? { role, personas: [] };
    groups.set(role, group);
    group.personas.push({ name, ...score, isAtWork: busy.has(name) });
  }
  const byScore = (a: { score?: number }, b: { score?: number }) => (b.score ?? 0) - (a.score ?? 0);
  const all = [...groups.values()].sort((a, b) =>
    a.role === "" ? 1 : b.role === "" ? -1 : a.role < b.role ? -1 : 1,
  );
  for (const group of all) group.personas.sort(byScore);
  return all;
}
