// Stands in for the client's screen: a clock, the file of the log, and what is drawn.

import type { On } from "claude-code";
import { type Engine, type Plugin, mock } from "claude-code/testing";
import { type Commands, type Programs, agents, json, programs } from "./programs";

export const SURFACES = ["terminal", "desktop", "vscode", "mobile"] as const;
export type Surface = (typeof SURFACES)[number];

/** A quarter past ten, in milliseconds since the epoch. */
export const NOW = Date.parse("2026-11-27T10:15:00Z");
const LOG = "/home/dev/.muzzle/personas/events.jsonl";
const MINUTE = 60_000;

export const ago = (minutes: number) => new Date(NOW - minutes * MINUTE).toISOString();

/** A slot as `who` tells it. */
export const slot = (name: string, agent: string, more: object = {}) => ({
  name,
  role: "testing",
  agent,
  slot: `${agent}-0`,
  session: "s1",
  project: "acme",
  since: ago(5),
  state: "under_way",
  ...more,
});

const MEASURES = { calls: 4, errors: 1, files: 1, lines: 9, duration_ms: 900, test: "passed" };

/** A run as `session` tells it, which ended so many minutes ago. */
export const run = (name: string, agent: string, minutes: number, more: object = {}) => ({
  name,
  role: "testing",
  agent,
  slot: `${agent}-0`,
  assigned_at: ago(minutes + 5),
  released_at: null,
  outcomes: [{ at: ago(minutes), ended: true, result: "ok", measures: MEASURES }],
  verdicts: [],
  ...more,
});

export const persona = (name: string, role?: string, total?: number) => ({
  name,
  best: role === undefined ? null : { role, total },
});

/** Two at work, two to judge, and a roster of four. */
export const COMMANDS: Commands = {
  who: json({ slots: [slot("Ada Quill", "w1"), slot("Max Li", "w2", { since: ago(90) })] }),
  session: json({
    session: "s1",
    assignments: [run("Rui Sato", "w3", 9), run("Lian Zhou", "w4", 2)],
  }),
  list: json({
    personas: [
      persona("Ada Quill", "testing", 0.5),
      persona("Lian Zhou", "testing", 0.75),
      persona("Max Li"),
      persona("Rui Sato", "general", 0.525),
    ],
  }),
  feedback: json({ event: "e1", role: "testing", affinity_before: 0.5, affinity_after: 0.557 }),
};

/** A session in which the mod is at work. */
export type Screen = Programs & {
  clock: ReturnType<typeof mock.clock>;
  /** What the file system says of the log, and how often it was asked. */
  log: { size: number; asked: number };
  /** The panes that were opened. */
  opened: { columns?: number; closeOnEscape?: true; focus?: true }[];
  /** Whether a pane that is opened can be seen. */
  place: { isPlaced: boolean };
};

/** Has the client answer what the mod asks of it; `shown` is what `persona-release` answers. */
export function screen(
  on: On,
  commands: Commands = COMMANDS,
  shown: object = {},
  release = json({ log: LOG, ...shown }),
): Screen {
  const known = programs(on, undefined, commands, release);
  agents(on);
  const clock = mock.clock(on, { now: NOW });
  const log = { size: 1, asked: 0 };
  on("fs.stat", ($, e) => {
    if (e.path !== LOG) return { deny: `ENOENT ${e.path}` };
    log.asked += 1;
    return { value: { kind: "file" as const, size: log.size, mtimeMs: 1, isLink: false } };
  });
  const opened: Screen["opened"] = [];
  const place = { isPlaced: true };
  on("ui.open", ($, e) => {
    opened.push(e as Screen["opened"][number]);
    return { value: place.isPlaced ? { isPlaced: true } : { isPlaced: false, reason: "narrow" } };
  });
  on("ui.close", () => ({ value: undefined }));
  on("classic.SessionStart", () => ({}));
  return { ...known, clock, log, opened, place };
}

/** Starts the session, so that the mod knows what to show. */
export async function begin($: Engine, { settle }: Screen): Promise<void> {
  await $.classic.SessionStart({ source: "startup", session_id: "s1", cwd: "/home/dev/acme" });
  await settle($);
}

/** Types `/persona` and what follows it. */
export function typed($: Engine, args = "", columns = 120, isFullscreen = true) {
  const presentation = { isFullscreen, columns };
  return $.command.run({ command: "persona", args, origin: { kind: "composer" }, presentation });
}

/** Another mod, which closes the pane when a turn asks for it, as a person does with a key. */
export const CLOSER: Plugin = {
  name: "closer",
  register(on) {
    on("turn.start", async ($, e, next) => {
      if (e.text === "close") await $.ui.close({ id: "persona" });
      return next(e);
    });
  },
};

/** Closes the pane, where there is a `CLOSER`. */
export function close($: Engine) {
  return $.turn.start({ text: "close", turnId: "t" });
}

/** The pane as a surface draws it. */
export function mounted($: Engine, surface: Surface = "terminal", bodyRows = 40) {
  return $.ui.mount({
    plugin: "muzzle-persona",
    surface,
    component: "Pane",
    requestId: "persona",
    props: {
      title: "Personas",
      isFocused: true,
      bodyColumns: 56,
      placement: "dock",
      scroll: { offset: 0, bodyRows },
      view: {},
    },
  });
}

type Drawn = {
  findAll: (query: {
    type?: string;
  }) => Promise<{ type: string; text: string; props: Record<string, unknown> }[]>;
};

/** What is drawn: a line to each text, and each button as `[label]`, or `[key label]`. */
export async function lines(ui: Drawn): Promise<string[]> {
  const all = await ui.findAll({});
  return all.flatMap(({ type, text, props }) => {
    if (type === "Text") return [text];
    if (type !== "Button") return [];
    const { label, hotkey } = props as { label: string; hotkey?: string };
    return [hotkey === undefined ? `[${label}]` : `[${hotkey} ${label}]`];
  });
}

/** The keys of the buttons that are drawn. */
export async function buttons(ui: {
  findAll: (query: { type: string }) => Promise<{ key: string | undefined }[]>;
}) {
  return (await ui.findAll({ type: "Button" })).map(({ key }) => key);
}

/** What a client draws above the prompt, which tells the mod whether the model is at work. */
export function above(
  $: Engine,
  more: { isWorking?: boolean; hasSurvey?: boolean } = {},
  surface: Surface = "terminal",
) {
  return $.ui.mount({
    plugin: "muzzle-persona",
    surface,
    component: "AbovePrompt",
    props: {
      hasSurvey: false,
      isCollapsed: false,
      isWorking: false,
      maxRows: 10,
      bodyColumns: 80,
      scroll: { offset: 0, bodyRows: 10 },
      view: {},
      ...more,
    },
  });
}

/** Has the model be at work, or at rest. */
export async function working($: Engine, isWorking: boolean): Promise<void> {
  await (await above($, { isWorking })).unmount();
}
