import { describe, expect, test } from "claude-code/testing";
import { json, missing, refuses, says, spawning } from "./programs";
import {
  CLOSER,
  COMMANDS,
  SURFACES,
  ago,
  begin,
  close,
  lines,
  mounted,
  persona,
  run,
  screen,
  slot,
  typed,
} from "./screen";

const BUSY = refuses("busy", "another process is writing to the store", "try again in a moment", 4);
const HELP = "ctrl+x tab: keys · ctrl+x x: close · /persona help";

describe("the pane", () => {
  for (const surface of SURFACES) {
    test(`shows who is at work, whom to judge, and the roster on ${surface}`, async ($, on) => {
      const client = screen(on);
      await begin($, client);
      expect(await typed($)).toEqual({ isTextDisplayOnly: true });
      expect(client.opened).toEqual([
        { id: "persona", title: "Personas", focus: true, columns: 56, rows: 24 },
      ]);
      expect(client.asked).toEqual([
        { args: ["--json", "who"] },
        { args: ["--json", "session", "--", "s1"] },
        { args: ["--json", "list"] },
      ]);
      const ui = await mounted($, surface);
      expect(await lines(ui)).toEqual([
        "At work",
        "Ada Quill · testing",
        "  w1 · 5m",
        "Max Li · testing",
        "  w2 · 1h",
        "To be judged",
        "Lian Zhou · testing",
        "  w4 · 4 calls, 1 error, tests passed",
        "[g good]",
        "[b bad]",
        "[s skip]",
        "Rui Sato · testing",
        "  w3 · 4 calls, 1 error, tests passed",
        "[good]",
        "[bad]",
        "[skip]",
        "Roster",
        "general",
        "Rui Sato 0.53",
        "testing",
        "Lian Zhou 0.75, Ada Quill 0.50 (at work)",
        "no record yet",
        "Max Li (at work)",
        HELP,
      ]);
      expect(await ui.keepsBeneath()).toBe(false);
    });
  }

  test("says what to do where there is nothing, and that is no trouble", async ($, on) => {
    const nobody = refuses("not_found", "nobody was ever lent to the session `s1`", "`who`");
    const client = screen(on, {
      who: json({ slots: [] }),
      session: nobody,
      list: json({ personas: [] }),
    });
    await begin($, client);
    await typed($);
    expect(await lines(await mounted($))).toEqual([
      "At work",
      "Nobody. An agent with a name gets a persona.",
      "To be judged",
      "No run of this session waits. `/persona good NAME` judges an earlier one.",
      "Roster",
      "The first agent with a name makes one.",
      HELP,
    ]);
  });

  test("above the prompt goes away with Escape, and says so", async ($, on) => {
    const client = screen(on);
    await begin($, client);
    for (const [columns, isFullscreen] of [
      [109, true],
      [120, false],
    ] as const) {
      await typed($, "", columns, isFullscreen);
    }
    expect(client.opened.map((pane) => pane.closeOnEscape)).toEqual([true, true]);
    const ui = await mounted($);
    await ui.redraw({
      title: "Personas",
      isFocused: true,
      bodyColumns: 76,
      placement: "inline",
      scroll: { offset: 0, bodyRows: 20 },
      view: {},
    });
    expect((await lines(ui)).at(-1)).toBe("esc: close · /persona help");
  });

  test("is not drawn before it was opened", async ($, on) => {
    screen(on);
    expect(await lines(await mounted($))).toEqual([]);
  });

  test("tells of a run what its session knows, and of another its project", async ($, on) => {
    const client = screen(on, {
      ...COMMANDS,
      who: json({
        slots: [
          slot("Rui Sato", "w9", { session: "s2", project: "beta", since: ago(1) }),
          slot("Ada Quill", "w", { slot: "w-0" }),
          slot("Max Li", "w5", { state: "ended" }),
        ],
      }),
    });
    on("tool.call", () => ({ result: {} as never }));
    await begin($, client);
    await $.agent.spawn(spawning({ name: "w" }));
    await $.tool.call({ tool: "Read", file_path: "/a", agentId: "a1" });
    await client.settle($);
    await typed($);
    expect((await lines(await mounted($))).slice(0, 5)).toEqual([
      "At work",
      "Ada Quill · testing",
      "  w · 5m · 1 call",
      "Rui Sato · testing",
      "  w9 on beta · 1m",
    ]);
  });

  test("leaves out what cannot be judged", async ($, on) => {
    const released = { outcomes: [], released_at: ago(1), reason: "session_end" };
    const client = screen(on, {
      ...COMMANDS,
      session: json({
        session: "s1",
        assignments: [
          run("Still At Work", "w1", 1, { outcomes: [] }),
          run("Resting", "w2", 1),
          run("Never Began", "w5", 1, { ...released, reason: "not_started" }),
          run("Judged", "w6", 1, { verdicts: [{ sentiment: "positive" }] }),
          run("Was Followed", "w7", 9),
          run("Follows", "w7", 1, { outcomes: [] }),
          run("Bad End", "w8", 3, { outcomes: [{ at: ago(3), ended: true, result: "bad" }] }),
          run("Not Told", "w9", 2, released),
        ],
      }),
    });
    await begin($, client);
    await typed($);
    const drawn = await lines(await mounted($));
    const at = drawn.indexOf("To be judged");
    expect(drawn.slice(at + 1, drawn.indexOf("Roster"))).toEqual([
      "Not Told · testing",
      "  w9",
      "[g good]",
      "[b bad]",
      "[s skip]",
      "Bad End · testing",
      "  w8 · ended badly",
      "[good]",
      "[bad]",
      "[skip]",
    ]);
  });

  test("keeps what is to be judged in sight where there is little room", async ($, on) => {
    const many = Array.from({ length: 40 }, (_, at) => slot(`Persona ${at}`, `w${at + 10}`));
    const client = screen(on, { ...COMMANDS, who: json({ slots: many }) });
    await begin($, client);
    await typed($);
    for (const [rows, shown] of [
      [40, 12],
      [16, 5],
      [4, 1],
    ] as const) {
      const ui = await mounted($, "terminal", rows);
      const drawn = await lines(ui);
      await ui.unmount();
      expect(drawn.indexOf("To be judged")).toBe(1 + 2 * shown + 1);
      expect(drawn).toContain(`And ${40 - shown} more.`);
    }
  });
});

describe("of two runs that ended at once", () => {
  test("the one that began last is judged first", async ($, on) => {
    const client = screen(on, {
      ...COMMANDS,
      session: json({
        session: "s1",
        assignments: [run("Rui Sato", "w3", 2), run("Lian Zhou", "w4", 2)],
      }),
    });
    await begin($, client);
    await typed($);
    const drawn = await lines(await mounted($));
    expect(drawn[drawn.indexOf("To be judged") + 1]).toBe("Lian Zhou · testing");
  });
});

describe("the pane in trouble", () => {
  for (const [what, ending, told] of [
    [
      "a damaged log",
      refuses("damaged", "line 3 is damaged", "`muzzle-persona repair`", 3),
      "line 3 is damaged; `muzzle-persona repair`",
    ],
    [
      "an answer that is no JSON",
      says("rubbish"),
      "`muzzle-persona`: its answer is not JSON; run `muzzle-persona doctor` in a shell",
    ],
    [
      "a program that says nothing of use",
      () => ({ exitCode: 101, stdout: "", stderr: "panicked\n" }),
      "panicked",
    ],
    [
      "an answer without an end",
      () => ({ exitCode: 0, stdout: "{", isStdoutTruncated: true }),
      "`muzzle-persona`: the answer is longer than 4 MiB; run `muzzle-persona doctor` in a shell",
    ],
    [
      "no program",
      missing,
      "`muzzle-persona`: it cannot be run, or gave no answer within 10 seconds; " +
        "run `muzzle-persona doctor` in a shell",
    ],
  ] as const) {
    for (const command of ["who", "session", "list"]) {
      test(`says why \`${command}\` has nothing to say: ${what}`, async ($, on) => {
        const client = screen(on, { ...COMMANDS, [command]: ending });
        await begin($, client);
        await typed($);
        expect((await lines(await mounted($)))[0]).toBe(told);
      });
    }
  }

  test("keeps what was known, and comes out of it", async ($, on) => {
    const commands = { ...COMMANDS };
    const client = screen(on, commands);
    await begin($, client);
    await typed($);
    const ui = await mounted($);
    const before = await lines(ui);
    commands["who"] = BUSY;
    client.log.size += 1;
    await client.clock.advance(1000);
    const sentence = "another process is writing to the store; try again in a moment";
    expect(await lines(ui)).toEqual([sentence, ...before]);
    commands["who"] = COMMANDS["who"]!;
    client.log.size += 1;
    await client.clock.advance(1000);
    expect(await lines(ui)).toEqual(before);
  });

  test("is opened where no facts can be had, and costs nothing", async ($, on) => {
    const client = screen(on);
    // The programs never said where the log is.
    await typed($);
    await client.clock.advance(5000);
    expect([client.asked.length, client.log.asked]).toEqual([3, 0]);
  });
});

describe("an open pane", () => {
  test("asks nothing while nothing is recorded, and once when something is", async ($, on) => {
    const client = screen(on);
    await begin($, client);
    await typed($);
    await client.clock.advance(5000);
    expect([client.asked.length, client.log.asked]).toEqual([3, 1 + 5]);
    client.log.size += 1;
    await client.clock.advance(1000);
    const names = () => client.asked.slice(3).map(({ args }) => args[1]);
    expect(names()).toEqual(["who", "session"]);
    await client.clock.advance(3000);
    expect(names()).toHaveLength(2);
    // The roster follows, ten seconds after it was read.
    await client.clock.advance(1000);
    expect(names()).toEqual(["who", "session", "who", "session", "list"]);
    await client.clock.advance(30_000);
    expect(names()).toHaveLength(5);
  });

  test("shows what is recorded elsewhere, and how time goes by", async ($, on) => {
    const commands = { ...COMMANDS };
    const client = screen(on, commands);
    await begin($, client);
    await typed($);
    const ui = await mounted($);
    commands["who"] = json({ slots: [slot("Rui Sato", "w7")] });
    client.log.size += 1;
    await client.clock.advance(1000);
    expect((await lines(ui)).slice(0, 4)).toEqual([
      "At work",
      "Rui Sato · testing",
      "  w7 · 5m",
      "To be judged",
    ]);
    await client.clock.advance(60_000);
    expect(await lines(ui)).toContain("  w7 · 6m");
  });

  test(
    "is left alone once it is closed, and followed anew when it is opened again",
    { plugins: [CLOSER] },
    async ($, on) => {
      const client = screen(on);
      await begin($, client);
      await typed($);
      await close($);
      client.log.size += 1;
      await client.clock.advance(20_000);
      expect([client.asked.length, client.log.asked]).toEqual([3, 1]);
      await typed($);
      await typed($);
      await client.clock.advance(2000);
      expect([client.asked.length, client.log.asked]).toEqual([3 + 3 + 3, 1 + 1 + 1 + 2]);
    },
  );

  test("that has no place is not followed, and the answer goes to the chat", async ($, on) => {
    const client = screen(on, { ...COMMANDS, who: says("Nobody is at work.\n") });
    await begin($, client);
    client.place.isPlaced = false;
    expect(await typed($)).toEqual({ text: "Nobody is at work.", isTextDisplayOnly: true });
    await client.clock.advance(5000);
    expect(client.log.asked).toBe(1);
  });

  test("goes on where the client fails it for a while", async ($, on) => {
    const client = screen(on);
    await begin($, client);
    await typed($);
    client.session.id = "";
    await client.clock.advance(2000);
    client.session.id = "s1";
    client.log.size += 1;
    await client.clock.advance(1000);
    expect(client.asked).toHaveLength(5);
  });
});

describe("what is drawn", () => {
  const hostile = "a\u001b[31m\u0007\n\r\u202e\u2066\u200b\u2028\ud800\u3164\u2800b\u2764\ufe0f";
  const told =
    "a\\u{1b}[31m\\u{7}\\u{a}\\u{d}\\u{202e}\\u{2066}\\u{200b}\\u{2028}\\u{d800}" +
    "\\u{3164}\\u{2800}b\u2764\ufe0f";

  test("holds nothing that is hidden, and moves nothing", async ($, on) => {
    const commands = {
      who: json({
        slots: [
          slot(hostile, hostile, { role: hostile }),
          slot(hostile, hostile, { session: "s2", project: hostile }),
        ],
      }),
      session: json({
        session: "s1",
        assignments: [run(hostile, "x", 1, { role: hostile, agent: hostile })],
      }),
      list: json({ personas: [persona(hostile, hostile, 0.5)] }),
      feedback: refuses("busy", hostile, hostile),
      [hostile]: says(""),
    };
    const client = screen(on, commands);
    await begin($, client);
    await typed($);
    const ui = await mounted($);
    await ui.press({ key: `good x-0 ${ago(6)}` });
    const drawn = await lines(ui);
    expect(drawn.join("")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    expect(drawn[0]).toBe(`${told}; ${told}`);
    expect(drawn.slice(1, 6)).toEqual([
      "At work",
      `${told} · ${told}`,
      `  ${told} · 5m`,
      `${told} · testing`,
      `  ${told} on ${told} · 5m`,
    ]);
    expect(drawn.filter((line) => line.includes(told))).toHaveLength(1 + 4 + 2 + 2);
    commands.who = refuses("busy", hostile, hostile);
    client.log.size += 1;
    await client.clock.advance(1000);
    expect((await lines(ui))[0]).toBe(`${told}; ${told}`);
  });

  for (const name of ["美咲 佐藤", "Zoe\u0308 A\u0301\u0323\u0302", "x".repeat(64), "👩🏽 Ada"]) {
    test(`holds a name as it is: ${name}`, async ($, on) => {
      const client = screen(on, {
        ...COMMANDS,
        who: json({ slots: [slot(name, "w1")] }),
        session: json({ session: "s1", assignments: [run(name, "w3", 1)] }),
      });
      await begin($, client);
      await typed($);
      const drawn = await lines(await mounted($));
      expect(drawn.filter((line) => line === `${name} · testing`)).toHaveLength(2);
    });
  }

  for (const surface of SURFACES) {
    test(`is bounded whatever there is on ${surface}`, async ($, on) => {
      const names = Array.from(
        { length: 1000 },
        (_, at) => `Persona ${String(at).padStart(56, "0")}`,
      );
      const runs = names.slice(0, 200).map((name, at) => run(name, `w${at}`, at + 1));
      const client = screen(on, {
        who: json({ slots: names.slice(200).map((name) => slot(name, name.slice(-4))) }),
        session: json({ session: "s1", assignments: runs }),
        list: json({
          personas: names.map((name, at) => persona(name, `role-${at % 200}`, at / 1000)),
        }),
      });
      await begin($, client);
      await typed($, "", 40);
      const ui = await mounted($, surface);
      const drawn = await lines(ui);
      expect(drawn).toHaveLength(1 + 12 * 2 + 1 + 1 + 8 * 5 + 1 + 1 + 16 * 2 + 1 + 1);
      for (const more of ["And 788 more.", "And 192 more.", "And 184 more."])
        expect(drawn).toContain(more);
      // The runs that ended last are those that can be judged, and no row of the roster is long.
      expect(drawn[drawn.indexOf("To be judged") + 1]).toBe(`${names[0]} · testing`);
      expect(Math.max(...drawn.map((line) => line.length))).toBeLessThan(4 * (64 + 18) + 20);
    });
  }
});
