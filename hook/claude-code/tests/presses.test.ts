import { describe, expect, test } from "claude-code/testing";
import { json, missing, refuses, says } from "./programs";
import {
  CLOSER,
  COMMANDS,
  SURFACES,
  ago,
  begin,
  buttons,
  close,
  lines,
  mounted,
  run,
  screen,
  typed,
} from "./screen";

const LIAN = `w4-0 ${ago(7)}`;
const RUI = `w3-0 ${ago(14)}`;
const BUSY = refuses("busy", "another process is writing to the store", "try again in a moment", 4);
const BUSY_SAID = "another process is writing to the store; try again in a moment";

/** A store that keeps the verdicts that are given, as the command line does. */
function store() {
  const verdicts = new Map<string, string>();
  const judged = (agent: string) => ({ verdicts: verdicts.has(agent) ? [{}] : [] });
  const commands = {
    ...COMMANDS,
    session: () =>
      json({
        session: "s1",
        assignments: [
          run("Rui Sato", "w3", 9, judged("w3")),
          run("Lian Zhou", "w4", 2, judged("w4")),
        ],
      })(),
    feedback: () => {
      verdicts.set("w4", "e1");
      return COMMANDS["feedback"]!();
    },
    retract: () => {
      verdicts.delete("w4");
      return json({ retracted: true })();
    },
  };
  return { commands, verdicts };
}

const judging = (drawn: string[]) =>
  drawn.slice(drawn.indexOf("To be judged") + 1, drawn.indexOf("Roster"));

describe("a press", () => {
  for (const surface of SURFACES) {
    for (const verdict of ["good", "bad"]) {
      test(`on ${verdict} judges the run, and undo takes it back, on ${surface}`, async ($, on) => {
        const { commands } = store();
        const client = screen(on, commands);
        await begin($, client);
        await typed($);
        const ui = await mounted($, surface);
        const before = await lines(ui);
        client.asked.length = 0;
        await ui.press({ key: `${verdict} ${LIAN}` });
        const of = ["--session", "s1", "--slot", "w4-0", "--source", "client"];
        expect(client.asked.map(({ args }) => args)).toEqual([
          ["--json", "feedback", `--${verdict}`, ...of, "--", "Lian Zhou"],
          ["--json", "who"],
          ["--json", "session", "--", "s1"],
          ["--json", "list"],
        ]);
        const after = await lines(ui);
        expect(after.slice(0, 3)).toEqual([
          "Lian Zhou as testing: 0.50 → 0.56",
          "[u undo]",
          "At work",
        ]);
        // The keys rest, so that one key judges one run.
        expect(judging(after)).toEqual([
          "Rui Sato · testing",
          "  w3 · 4 calls, 1 error, tests passed",
          "[good]",
          "[bad]",
          "[skip]",
        ]);
        await client.clock.advance(1000);
        expect(judging(await lines(ui))[2]).toBe("[g good]");
        client.asked.length = 0;
        await ui.press({ key: "undo e1" });
        expect(client.asked[0]).toEqual({ args: ["--json", "retract", "--", "e1"] });
        await client.clock.advance(1000);
        expect(await lines(ui)).toEqual(["The verdict was taken back.", ...before]);
      });
    }
  }

  test("leaves what is to be judged in sight under what it tells", async ($, on) => {
    const { commands } = store();
    const client = screen(on, commands);
    await begin($, client);
    await typed($);
    const ui = await mounted($, "terminal", 10);
    expect((await lines(ui)).indexOf("To be judged")).toBe(5);
    await ui.press({ key: `good ${LIAN}` });
    const after = await lines(ui);
    expect(after.slice(2, 6)).toEqual([
      "At work",
      "Ada Quill · testing",
      "  w1 · 5m",
      "And 1 more.",
    ]);
  });

  test("on skip leaves the run alone, and asks nothing", async ($, on) => {
    const client = screen(on);
    await begin($, client);
    await typed($);
    const ui = await mounted($);
    client.asked.length = 0;
    await ui.press({ key: `skip ${LIAN}` });
    expect(judging(await lines(ui))[0]).toBe("Rui Sato · testing");
    expect(judging(await lines(ui))[2]).toBe("[g good]");
    client.log.size += 1;
    await client.clock.advance(1000);
    await close($);
    await typed($);
    expect(judging(await lines(ui))).toHaveLength(5);
    expect(client.asked.filter(({ args }) => args.includes("feedback"))).toEqual([]);
  });

  test("while one is under way does nothing", { plugins: [CLOSER] }, async ($, on) => {
    const { commands } = store();
    let answer = () => {};
    const recorded = commands.feedback;
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const client = screen(on, { ...commands, feedback: () => held.then(recorded) });
    await begin($, client);
    await typed($);
    const ui = await mounted($);
    const first = ui.press({ key: `good ${LIAN}` });
    await client.settle($);
    await client.clock.settle();
    // The run is out of reach, and no key judges the next one meanwhile.
    expect(await buttons(ui)).toEqual([`good ${RUI}`, `bad ${RUI}`, `skip ${RUI}`]);
    expect(judging(await lines(ui))[2]).toBe("[good]");
    await expect(ui.press({ key: `bad ${LIAN}` })).rejects.toThrow("no Button");
    // The pane may be closed while it runs.
    await close($);
    answer();
    await first;
    const given = client.asked.filter(({ args }) => args.includes("feedback"));
    expect(given).toHaveLength(1);
    await typed($);
    expect(await buttons(ui)).toEqual([`good ${RUI}`, `bad ${RUI}`, `skip ${RUI}`]);
  });

  test("twice at once on a button that is still drawn judges once", async ($, on) => {
    const { commands } = store();
    const client = screen(on, commands);
    await begin($, client);
    await typed($);
    const ui = await mounted($);
    const presses = ["good", "bad", "good"].map((it) => ui.press({ key: `${it} ${LIAN}` }));
    await Promise.allSettled(presses);
    expect(client.asked.filter(({ args }) => args.includes("feedback"))).toHaveLength(1);
  });

  for (const [what, ending, said] of [
    ["the store is locked", BUSY, BUSY_SAID],
    ["the program cannot be run", missing, "cannot be run, or gave no answer within 10 seconds"],
    ["it answers nonsense", says("[]"), "its answer is not JSON"],
    ["it fails without a word", () => ({ exitCode: 101, stdout: "" }), ""],
  ] as const) {
    test(`while ${what} says so, and the run is back`, async ($, on) => {
      const commands = { ...COMMANDS, feedback: ending };
      const client = screen(on, commands);
      await begin($, client);
      await typed($);
      const ui = await mounted($);
      const before = await lines(ui);
      await ui.press({ key: `good ${LIAN}` });
      await client.clock.advance(1000);
      const [notice, ...rest] = await lines(ui);
      expect(notice).toContain(said);
      expect(rest).toEqual(before);
      await ui.press({ key: `bad ${LIAN}` });
      expect(client.asked.filter(({ args }) => args.includes("feedback"))).toHaveLength(2);
    });
  }

  test("on undo while the store is locked can be tried again", async ($, on) => {
    const { commands, verdicts } = store();
    const taken = commands.retract;
    const all = { ...commands, retract: BUSY as typeof taken };
    const client = screen(on, all);
    await begin($, client);
    await typed($);
    const ui = await mounted($);
    await ui.press({ key: `good ${LIAN}` });
    await ui.press({ key: "undo e1" });
    expect((await lines(ui)).slice(0, 2)).toEqual([BUSY_SAID, "[u undo]"]);
    all.retract = taken;
    await ui.press({ key: "undo e1" });
    expect((await lines(ui)).slice(0, 2)).toEqual(["The verdict was taken back.", "At work"]);
    expect(verdicts.size).toBe(0);
  });

  test("is not undone by an older answer that comes late", async ($, on) => {
    const { commands } = store();
    const session = commands.session;
    let isSlow = false;
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const client = screen(on, {
      ...commands,
      session: () => {
        const ran = session();
        if (!isSlow) return ran;
        isSlow = false;
        return held.then(() => ran);
      },
    });
    await begin($, client);
    await typed($);
    const ui = await mounted($);
    // The clock asks, and is not answered yet.
    isSlow = true;
    client.log.size += 1;
    await client.clock.advance(1000);
    const press = ui.press({ key: `good ${LIAN}` });
    await client.settle($);
    answer();
    await press;
    await client.clock.advance(5000);
    expect(await buttons(ui)).not.toContain(`good ${LIAN}`);
  });

  test("judges the run of its own session where two share a store", async ($, on) => {
    const client = screen(on, {
      ...COMMANDS,
      session: json({ session: "s2", assignments: [run("Rui Sato", "w3", 9)] }),
    });
    client.session.id = "s2";
    await begin($, client);
    await typed($);
    const ui = await mounted($);
    expect(client.asked[1]).toEqual({ args: ["--json", "session", "--", "s2"] });
    await ui.press({ key: `bad ${RUI}` });
    expect(client.asked.find(({ args }) => args.includes("feedback"))?.args.slice(2, 7)).toEqual([
      "--bad",
      "--session",
      "s2",
      "--slot",
      "w3-0",
    ]);
  });

  test("of a name that begins with a dash is a name", async ($, on) => {
    const client = screen(on, {
      ...COMMANDS,
      session: json({ session: "s1", assignments: [run("--store=/tmp", "w3", 9)] }),
    });
    await begin($, client);
    await typed($);
    await (await mounted($)).press({ key: `good ${RUI}` });
    const given = client.asked.find(({ args }) => args.includes("feedback"));
    expect(given?.args.slice(-2)).toEqual(["--", "--store=/tmp"]);
  });
});
