// What the pane knows and does: it asks the command line, and keeps what it said for the drawing.

import type { EngineInterface, Timer } from "claude-code";
import type { Drawing, Ended, Measures, Overview } from "../types";
import { askJson } from "./ask";
import { text } from "./contract";
import type { Lent } from "./lending";
import { atWork, roster, toJudge } from "./overview";

/** The pane, and where the client keeps what is drawn in it. */
const PANE = "persona";
const DRAWING = { plugin: "muzzle-persona", key: "pane" } as const;

/** How wide the pane is beside the chat, in columns. */
export const COLUMNS = 56;
/** How often an open pane looks whether something was recorded, in milliseconds. */
const PERIOD = 1000;
/** How often it asks for the roster at most, since all personas are in that answer. */
const ROSTER_PERIOD = 10_000;

type Json = Record<string, unknown>;

/** What one session's pane stands on. */
export type Desk = {
  readonly lent: Lent;
  /** What the command line said last. */
  who: Json;
  session: Json;
  roster: Json;
  /** When the roster was read, in milliseconds since the epoch. */
  rosterAt: number;
  trouble?: string;
  notice?: NonNullable<Drawing["notice"]>;
  answer?: NonNullable<Drawing["answer"]>;
  /** Whether a turn of the model is running, so that it would read what is answered in the chat. */
  isWorking: boolean;
  /** Those that are not to be judged. */
  readonly skipped: Set<string>;
  /** Those whose verdict is being recorded, or taken back. */
  readonly busy: Set<string>;
  /** When the last verdict was given, in milliseconds since the epoch. */
  judgedAt: number;
  /** The log as it was when it was read last, and when the roster was. */
  seen: string;
  rosterSeen: string;
  asking?: Promise<void>;
  /** What was drawn last. */
  drawn: string;
  timer?: Timer;
};

export function newDesk(lent: Lent): Desk {
  const empty = { who: {}, session: {}, roster: {}, rosterAt: 0, judgedAt: 0 };
  const nothing = { seen: "", rosterSeen: "", drawn: "", isWorking: false };
  return { lent, ...empty, ...nothing, skipped: new Set(), busy: new Set() };
}

/**
 * Opens the pane, and follows what is recorded until it is closed; answers whether it can be seen.
 *
 * Beside the chat it stays when Escape gives the keys back; above the prompt it is in the way.
 */
export async function open(
  $: EngineInterface,
  desk: Desk,
  isBesideChat: boolean,
  answer?: NonNullable<Drawing["answer"]>,
): Promise<boolean> {
  delete desk.notice;
  delete desk.answer;
  if (answer !== undefined) desk.answer = answer;
  desk.rosterAt = 0;
  await refresh($, desk);
  const opened = await $.ui.open({
    id: PANE,
    title: "Personas",
    focus: true,
    ...(isBesideChat ? {} : { closeOnEscape: true as const }),
    columns: COLUMNS,
    rows: 24,
  });
  if (opened.isPlaced) follow($, desk);
  return opened.isPlaced;
}

/** Follows what is recorded, for the pane or the reminder. */
export function follow($: EngineInterface, desk: Desk): void {
  // What fails once is tried again the next time.
  const look = () => void lookAgain($, desk).catch(() => undefined);
  desk.timer ??= $.clock.every(PERIOD, look);
}

/** Stops following, unless the reminder needs it. */
export function close(desk: Desk): void {
  if (desk.lent.shown.reminder) return;
  desk.timer?.cancel();
  delete desk.timer;
}

/** Looks whether something was recorded, and draws what is new: no process runs if nothing is. */
async function lookAgain($: EngineInterface, desk: Desk): Promise<void> {
  if (desk.asking !== undefined) return;
  const seen = await state($, desk);
  const isDue = (await $.clock.now()) - desk.rosterAt >= ROSTER_PERIOD;
  const isRosterDue = isDue && seen !== desk.rosterSeen;
  if (seen === desk.seen && !isRosterDue) await draw($, desk);
  else await refresh($, desk);
}

/** Asks the command line anew. Whoever comes while it answers waits for a question of its own. */
async function refresh($: EngineInterface, desk: Desk): Promise<void> {
  while (desk.asking !== undefined) await desk.asking;
  desk.asking = askAll($, desk);
  try {
    await desk.asking;
  } finally {
    delete desk.asking;
  }
  await draw($, desk);
}

async function askAll($: EngineInterface, desk: Desk): Promise<void> {
  // What is recorded meanwhile is seen the next time.
  desk.seen = await state($, desk);
  const [session, now] = [await $.session.id(), await $.clock.now()];
  const isDue = now - desk.rosterAt >= ROSTER_PERIOD;
  const [who, runs, all] = await Promise.all([
    askJson($, ["who"]),
    askJson($, ["session", "--", session]),
    isDue ? askJson($, ["list"]) : undefined,
  ]);
  delete desk.trouble;
  if ("json" in who) desk.who = who.json;
  else desk.trouble = who.trouble;
  if ("json" in runs) desk.session = runs.json;
  else if (runs.kind === "not_found") desk.session = {};
  else desk.trouble = runs.trouble;
  if (all === undefined) return;
  [desk.rosterAt, desk.rosterSeen] = [now, desk.seen];
  if ("json" in all) desk.roster = all.json;
  else desk.trouble = all.trouble;
}

/** The size and the age of the log. */
async function state($: EngineInterface, desk: Desk): Promise<string> {
  if (desk.lent.shown.log === undefined) return "";
  try {
    const { size, mtimeMs } = await $.fs.stat(desk.lent.shown.log);
    return `${size} ${mtimeMs}`;
  } catch {
    return "";
  }
}

/** Draws what is known, if that is not what is drawn already. */
async function draw($: EngineInterface, desk: Desk): Promise<void> {
  const [session, now] = [await $.session.id(), await $.clock.now()];
  const measured = (slot: string): Measures | undefined =>
    [...desk.lent.runs.values()].find((it) => it.session === session && it.answer.slot === slot)
      ?.measures;
  const overview: Overview = {
    at: Math.floor(now / 60_000) * 60_000,
    atWork: atWork(desk.who, session, measured),
    toJudge: toJudge(desk.session, desk.who).filter(
      ({ key }) => !desk.skipped.has(key) && !desk.busy.has(key),
    ),
    roster: roster(desk.roster, desk.who),
    ...(desk.trouble === undefined ? {} : { trouble: desk.trouble }),
  };
  const { notice, answer } = desk;
  const drawing: Drawing = {
    overview,
    hasKeys: desk.busy.size === 0 && now - desk.judgedAt >= PERIOD,
    ...(notice === undefined ? {} : { notice }),
    ...(answer === undefined ? {} : { answer }),
  };
  const drawn = JSON.stringify(drawing);
  if (drawn === desk.drawn) return;
  desk.drawn = drawn;
  await $.state.set(DRAWING, drawing);
}

export type Verdict = "good" | "bad";

/** Records a verdict on a run, once. */
export async function judge(
  $: EngineInterface,
  desk: Desk,
  run: Ended,
  verdict: Verdict,
): Promise<void> {
  await once($, desk, run.key, async () => {
    const { session, slot, name } = run;
    const of = ["--session", session, "--slot", slot, "--source", "client"];
    const reply = await askJson($, ["feedback", `--${verdict}`, ...of, "--", name]);
    if (!("json" in reply)) return { text: reply.trouble };
    const { role, affinity_before, affinity_after, event } = reply.json;
    const change = `${points(affinity_before)} → ${points(affinity_after)}`;
    const undo = text(event);
    return { text: `${name} as ${text(role)}: ${change}`, ...(undo === "" ? {} : { undo }) };
  });
}

/** Takes a verdict back, once. */
export async function undo($: EngineInterface, desk: Desk, event: string): Promise<void> {
  await once($, desk, event, async () => {
    const reply = await askJson($, ["retract", "--", event]);
    if (!("json" in reply)) return { text: reply.trouble, undo: event };
    return { text: "The verdict was taken back." };
  });
}

/** Leaves a run without a verdict. */
export async function skip($: EngineInterface, desk: Desk, run: Ended): Promise<void> {
  desk.skipped.add(run.key);
  await draw($, desk);
}

/** Does what was pressed, unless it is being done already, and tells what became of it. */
async function once(
  $: EngineInterface,
  desk: Desk,
  key: string,
  act: () => Promise<NonNullable<Drawing["notice"]>>,
): Promise<void> {
  if (desk.busy.has(key)) return;
  desk.busy.add(key);
  delete desk.notice;
  await draw($, desk);
  try {
    desk.notice = await act();
    desk.judgedAt = await $.clock.now();
    desk.rosterAt = 0;
    // What was recorded is known before it can be pressed again.
    await refresh($, desk);
  } finally {
    desk.busy.delete(key);
    await draw($, desk);
  }
}

function points(value: unknown): string {
  return typeof value === "number" ? value.toFixed(2) : "?";
}
