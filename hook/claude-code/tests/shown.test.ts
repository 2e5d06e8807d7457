import type { On, RenderPropsOf } from "claude-code";
import { type Engine, describe, expect, test } from "claude-code/testing";
import { ANSWER, PREAMBLE, agents, json, missing, programs, says, spawning } from "./programs";
import {
  CLOSER,
  COMMANDS,
  SURFACES,
  type Surface,
  above,
  begin,
  close,
  lines,
  mounted,
  screen,
  typed,
} from "./screen";

/** Notes how the client is asked to label its agents. */
function labels(on: On): string[] {
  const asked: string[] = [];
  on("ui.render", { component: "AgentRow" }, ($, e, next) => {
    asked.push(e.props.label);
    return next(e);
  });
  return asked;
}

/** The row of an agent in the client's list. */
async function row($: Engine, id: string, more: object = {}, surface: Surface = "terminal") {
  const props = {
    id,
    description: "Run the tests",
    type: "general-purpose",
    status: "running",
    kind: "local_agent",
    taskStatus: "running",
    label: "Run the tests",
    startTime: 0,
    cwd: "/home/dev/acme",
    tokenCount: 0,
    tokenSamples: [],
    hasRow: true,
    rowIds: [id],
    isHidden: false,
    ...more,
  } as RenderPropsOf["AgentRow"];
  const ui = await $.ui.mount({ plugin: "muzzle-persona", surface, component: "AgentRow", props });
  const keeps = await ui.keepsBeneath();
  await ui.unmount();
  return keeps;
}

describe("the agent list", () => {
  for (const surface of SURFACES) {
    test(`tells persona and role beside the agent on ${surface}`, async ($, on) => {
      programs(on);
      agents(on);
      const asked = labels(on);
      await $.agent.spawn(spawning({ name: "w" }));
      expect(await row($, "a1", {}, surface)).toBe(true);
      expect(asked).toEqual(["Ada Quill · testing · Run the tests"]);
    });
  }

  for (const [what, e, id, more] of [
    ["a teammate", { isTeammate: true }, "a1", { kind: "in_process_teammate", label: "" }],
    ["an agent that goes on", { resume: { agentId: "a7" } }, "a7", { label: "" }],
    ["an agent in the foreground", { background: false }, "a1", { label: "" }],
  ] as const) {
    test(`tells it of ${what}`, async ($, on) => {
      programs(on);
      agents(on);
      const asked = labels(on);
      await $.agent.spawn(spawning({ name: "w", ...e }));
      await row($, id, more);
      expect(asked).toEqual(["Ada Quill · testing"]);
    });
  }

  test("is as it was for an agent without a persona, or whose slot is gone", async ($, on) => {
    let answer = JSON.stringify(ANSWER);
    programs(on, () => ({ exitCode: 0, stdout: answer }));
    agents(on);
    const asked = labels(on);
    await $.agent.spawn(spawning({ name: "w" }));
    await row($, "a2");
    answer = "";
    await $.agent.spawn(spawning({ name: "w", resume: { agentId: "a1" } }));
    await row($, "a1");
    expect(asked).toEqual(["Run the tests", "Run the tests"]);
  });

  test("tells it while the start is not answered yet", async ($, on) => {
    programs(on);
    const asked = labels(on);
    const engine = $;
    let drawn: Promise<unknown> | undefined;
    on("agent.spawn", () => {
      drawn = row(engine, "a1");
      return { model: "m", agentId: "a1" };
    });
    await $.agent.spawn(spawning({ name: "w" }));
    await drawn;
    expect(asked).toEqual(["Ada Quill · testing · Run the tests"]);
  });

  test("is as it was where the seed says so", async ($, on) => {
    const asked = labels(on);
    const client = screen(on, COMMANDS, { rows: false });
    await begin($, client);
    await $.agent.spawn(spawning({ name: "w" }));
    await row($, "a1");
    expect(asked).toEqual(["Run the tests"]);
  });

  for (const [what, answer, label] of [
    ["of an older program", { slot: "w-0", preamble: PREAMBLE, tests: [] }, "Run the tests"],
    ["of another type", { ...ANSWER, persona: 7, role: ["x"] }, "Run the tests"],
    [
      "with what is hidden",
      { ...ANSWER, persona: "A\u001b[31m\n\u202eda", role: "te\u0007st" },
      "A\\u{1b}[31m\\u{a}\\u{202e}da · te\\u{7}st · Run the tests",
    ],
    [
      "with wide letters",
      { ...ANSWER, persona: "佐藤 美咲" },
      "佐藤 美咲 · testing · Run the tests",
    ],
  ] as const) {
    test(`shows an answer ${what} as it can`, async ($, on) => {
      programs(on, JSON.stringify(answer));
      agents(on);
      const asked = labels(on);
      await $.agent.spawn(spawning({ name: "w" }));
      await row($, "a1");
      expect(asked).toEqual([label]);
    });
  }

  test("is as it was where no program can be run", async ($, on) => {
    programs(on, missing as never);
    agents(on);
    const asked = labels(on);
    await $.agent.spawn(spawning({ name: "w" }));
    expect(await row($, "a1")).toBe(true);
    expect(asked).toEqual(["Run the tests"]);
  });
});

const REMINDER = ["2 runs without a verdict", "[1 judge]"];

describe("the reminder", () => {
  test("is off, and costs nothing, unless it is asked for", async ($, on) => {
    const client = screen(on);
    await begin($, client);
    const ui = await above($);
    await client.clock.advance(3000);
    expect([await lines(ui), await ui.keepsBeneath()]).toEqual([[], true]);
    expect([client.asked.length, client.log.asked]).toEqual([0, 0]);
  });

  for (const surface of SURFACES) {
    test(`tells how many runs wait, and opens the pane, on ${surface}`, async ($, on) => {
      const client = screen(on, COMMANDS, { reminder: true });
      await begin($, client);
      const ui = await above($, {}, surface);
      expect([await lines(ui), await ui.keepsBeneath()]).toEqual([[], true]);
      await client.clock.advance(1000);
      expect(await lines(ui)).toEqual(REMINDER);
      await ui.press({ key: "judge" });
      expect(client.opened).toHaveLength(1);
    });
  }

  test("has no key without a pane", async ($, on) => {
    const client = screen(on, COMMANDS, { reminder: true, pane: false });
    await begin($, client);
    const ui = await above($);
    await client.clock.advance(1000);
    expect(await lines(ui)).toEqual(["2 runs without a verdict"]);
  });

  test("gives way to a survey", async ($, on) => {
    const client = screen(on, COMMANDS, { reminder: true });
    await begin($, client);
    const ui = await above($);
    await client.clock.advance(1000);
    await ui.unmount();
    const survey = await above($, { hasSurvey: true });
    expect([await lines(survey), await survey.keepsBeneath()]).toEqual([[], true]);
  });

  test("goes on when the pane is closed", { plugins: [CLOSER] }, async ($, on) => {
    const commands = { ...COMMANDS };
    const client = screen(on, commands, { reminder: true });
    await begin($, client);
    const ui = await above($);
    await typed($);
    expect(await lines(ui)).toEqual(REMINDER);
    await close($);
    commands["session"] = json({ session: "s1", assignments: [] });
    client.log.size += 1;
    await client.clock.advance(1000);
    expect(await lines(ui)).toEqual([]);
  });

  test("is not there where the programs fail", async ($, on) => {
    const client = screen(
      on,
      { who: missing, session: missing, list: missing },
      { reminder: true },
    );
    await begin($, client);
    const ui = await above($);
    await client.clock.advance(3000);
    expect([await lines(ui), await ui.keepsBeneath()]).toEqual([[], true]);
    // What failed is not asked again before something is recorded.
    expect(client.asked).toHaveLength(3);
  });
});

describe("what the seed says is to be shown", () => {
  test("counts: without a pane `/persona` answers in the chat", async ($, on) => {
    const client = screen(on, { who: says("Nobody is at work.\n") }, { pane: false });
    await begin($, client);
    const text = "Nobody is at work.";
    expect(await typed($)).toEqual({ text, isTextDisplayOnly: true });
    expect(client.opened).toEqual([]);
  });

  for (const [what, release] of [
    ["cannot be run", missing],
    ["says nothing", says("")],
    ["talks nonsense", says("[7]")],
    ["answers other types", json({ rows: 0, pane: "no", reminder: 1, log: 7 })],
    ["fails", () => ({ exitCode: 1, stdout: '{"pane":false}' })],
  ] as const) {
    test(`is what is built in where the program ${what}`, async ($, on) => {
      const asked = labels(on);
      const client = screen(on, COMMANDS, {}, release);
      await begin($, client);
      await typed($);
      expect((await lines(await mounted($)))[0]).toBe("At work");
      expect(await lines(await above($))).toEqual([]);
      await $.agent.spawn(spawning({ name: "w" }));
      await row($, "a1");
      expect(asked).toEqual(["Ada Quill · testing · Run the tests"]);
    });
  }
});

describe("a session that starts", () => {
  const start = { cwd: "/home/dev/acme", surface: "terminal", isInteractive: true } as const;

  test("offers `/persona`", async ($, on) => {
    const { settle } = programs(on);
    const offered: unknown[] = [];
    on("session.start", ($, e) => ({ cwd: e.cwd }));
    on("command.register", ($, e) => {
      offered.push(e);
      return { value: undefined } as never;
    });
    expect(await $.session.start(start)).toEqual({ cwd: "/home/dev/acme" });
    await settle($);
    expect(offered).toEqual([
      {
        name: "persona",
        description: "Shows who is at work, and takes verdicts on those who were",
        argumentHint: "[good|bad|mixed|who|why|show|teach|help]",
        immediate: true,
      },
    ]);
  });

  test("goes on where somebody else has the name", async ($, on) => {
    const { settle } = programs(on);
    on("session.start", ($, e) => ({ cwd: e.cwd }));
    on("command.register", () => ({ deny: "taken" }));
    expect(await $.session.start(start)).toEqual({ cwd: "/home/dev/acme" });
    await settle($);
  });
});
