import type { PromptAutocompleteInput, PromptAutocompleteResult } from "claude-code";
import { type Engine, describe, expect, test } from "claude-code/testing";
import { args } from "../hooks/command";
import { json, missing, refuses, says } from "./programs";
import { COMMANDS, begin, lines, mounted, persona, screen, typed, working } from "./screen";

const NAMES = json({
  personas: ["Ada Quill", "Ada Quill Noor", "Max Li"].map((name) => persona(name)),
});
const SAYS = Object.fromEntries(
  ["feedback", "teach", "why", "show", "who"].map((command) => [
    command,
    says(`${command} said.\n`),
  ]),
);
const isTextDisplayOnly = true;

describe("`/persona`", () => {
  const of = ["--source", "client"];
  for (const [written, ...asked] of [
    ["who", ["who"]],
    ["who acme", ["who", "--", "acme"]],
    ["good elena", ["feedback", "--good", ...of, "--", "elena"]],
    ["bad  elena", ["feedback", "--bad", ...of, "--", "elena"]],
    [
      "mixed elena   Slow, but right. ",
      ["feedback", "--mixed", ...of, "--observation=Slow, but right.", "--", "elena"],
    ],
    [
      "good ada quill Nice.",
      ["feedback", "--good", ...of, "--observation=Nice.", "--", "ada quill"],
    ],
    [
      "good ADA QUILL NOOR Nice.",
      ["feedback", "--good", ...of, "--observation=Nice.", "--", "ADA QUILL NOOR"],
    ],
    [
      "good Ada Quillfeather",
      ["feedback", "--good", ...of, "--observation=Quillfeather", "--", "Ada"],
    ],
    [
      "good max\nLine one.\nLine two.",
      ["feedback", "--good", ...of, "--observation=Line one.\nLine two.", "--", "max"],
    ],
    [
      "bad --store=/tmp -m x",
      ["feedback", "--bad", ...of, "--observation=-m x", "--", "--store=/tmp"],
    ],
    ["good", ["feedback", "--good", ...of]],
    [
      "teach Max Li Run the tests twice.",
      ["teach", "--lesson=Run the tests twice.", "--", "Max Li"],
    ],
    ["teach", ["teach"]],
    ["why Ada Quill", ["why", "--last", "--", "Ada Quill"]],
    ["why Ada Unknown", ["why", "--last", "--", "Ada Unknown"]],
    ["why", ["why", "--last"]],
    ["show Max Li", ["show", "--", "Max Li"]],
    ["show", ["show"]],
  ] as const) {
    test(`asks as it was written: ${JSON.stringify(written)}`, async ($, on) => {
      const client = screen(on, { ...SAYS, list: NAMES });
      await begin($, client);
      const text = `${asked[0]?.[0]} said.`;
      expect(await typed($, written, 100)).toEqual({ text, isTextDisplayOnly });
      const own = client.asked.filter((it) => !it.args.includes("list"));
      expect(own).toEqual([{ args: asked[0], columns: "92" }]);
      expect(client.opened).toEqual([]);
    });
  }

  test("knows each command that it lists", async ($, on) => {
    const client = screen(on);
    await begin($, client);
    const { text } = await typed($, "help");
    expect(client.asked).toEqual([]);
    const listed = [...(text ?? "").matchAll(/^\/persona (\w+)/gm)].map(([, word]) => word);
    expect(listed).toEqual(["good", "bad", "mixed", "who", "why", "show", "teach", "help"]);
    for (const word of listed) expect(args(word as "who", "", [])[0]).not.toBe("");
  });

  for (const word of ["frob", "Good", "--good", "constructor", "\u001b[31m\u202e"]) {
    test(`does not know ${JSON.stringify(word)}, and says what it knows`, async ($, on) => {
      const client = screen(on);
      await begin($, client);
      const { text } = await typed($, `${word} elena`);
      const shown = word.replace("\u001b", "\\u{1b}").replace("\u202e", "\\u{202e}");
      expect(text).toBe(
        `\nerror: \`/persona\` has no command \`${shown}\`\nhint: \`/persona help\` lists them`,
      );
      expect(client.asked).toEqual([]);
    });
  }

  for (const [what, ending, text] of [
    [
      "has a hint",
      () => ({ exitCode: 1, stdout: "", stderr: "error: nobody is called `x`\nhint: `list`\n" }),
      "\nerror: nobody is called `x`\nhint: `list`",
    ],
    [
      "cannot be run",
      missing,
      "\nerror: `muzzle-persona`: it cannot be run, or gave no answer within 10 seconds\n" +
        "hint: run `muzzle-persona doctor` in a shell",
    ],
    [
      "notes something",
      () => ({ exitCode: 0, stdout: "Done.\n", stderr: "note: made a store\n" }),
      "\nDone.\nnote: made a store",
    ],
    ["says nothing", says(""), ""],
  ] as const) {
    test(`says what the program says that ${what}`, async ($, on) => {
      const client = screen(on, { ...SAYS, show: ending });
      await begin($, client);
      expect(await typed($, "show x")).toEqual({ text, isTextDisplayOnly });
    });
  }

  test("takes the first word for the name where the names cannot be had", async ($, on) => {
    const client = screen(on, { ...SAYS, list: refuses("damaged", "line 1", "repair", 3) });
    await begin($, client);
    await typed($, "teach Ada Quill Look twice.");
    expect(client.asked.at(-1)?.args).toEqual(["teach", "--lesson=Quill Look twice.", "--", "Ada"]);
  });

  test("says so where the client cannot say how wide it is", async ($, on) => {
    const client = screen(on);
    await begin($, client);
    const { text } = await $.command.run({
      command: "persona",
      args: "who",
      origin: { kind: "composer" },
    } as never);
    expect(text).toContain("error: `/persona` failed\nhint: `muzzle-persona who` in a shell");
  });
});

describe("while the model works, `/persona`", () => {
  test("answers in the pane, which it does not read", async ($, on) => {
    const client = screen(on, { ...COMMANDS, show: says("Ada Quill\n\n  traits  calm\n") });
    await begin($, client);
    await working($, true);
    expect(await typed($, "show ada")).toEqual({ isTextDisplayOnly });
    expect(client.asked[0]).toEqual({ args: ["show", "--", "ada"], columns: "48" });
    const ui = await mounted($);
    const shown = ["/persona show ada", "Ada Quill", " ", "  traits  calm", "At work"];
    expect((await lines(ui)).slice(0, 5)).toEqual(shown);
    // It stays until something else is asked.
    await client.clock.advance(3000);
    expect((await lines(ui)).slice(0, 5)).toEqual(shown);
    await typed($);
    expect((await lines(ui))[0]).toBe("At work");
  });

  test("bounds what it draws", async ($, on) => {
    const long = Array.from({ length: 5000 }, (_, at) => `${at} ${"x".repeat(90)}`).join("\n");
    const client = screen(on, { ...COMMANDS, show: says(long) });
    await begin($, client);
    await working($, true);
    await typed($, "show ada");
    const drawn = await lines(await mounted($));
    expect(drawn.length).toBeLessThan(300);
    expect(drawn).toContain("And 4800 more.");
    expect(drawn).toContain("At work");
  });

  test("has nothing to say without a pane", async ($, on) => {
    const client = screen(on, SAYS, { pane: false });
    await begin($, client);
    await working($, true);
    const text = "The model is at work: ask again when it is done.";
    expect(await typed($, "show ada")).toEqual({ text, isTextDisplayOnly });
    expect([client.opened, client.asked]).toEqual([[], []]);
  });

  test("has nothing to say where the pane has no place", async ($, on) => {
    const client = screen(on, SAYS);
    client.place.isPlaced = false;
    await begin($, client);
    await working($, true);
    for (const words of ["show ada", ""]) {
      const text = "The model is at work: ask again when it is done.";
      expect(await typed($, words)).toEqual({ text, isTextDisplayOnly });
    }
    await working($, false);
    expect(await typed($, "show ada")).toEqual({ text: "show said.", isTextDisplayOnly });
  });
});

/** What the client offers for a draft. */
function completed($: Engine, e: PromptAutocompleteInput): Promise<PromptAutocompleteResult> {
  type Complete = {
    autocomplete: (e: PromptAutocompleteInput) => Promise<PromptAutocompleteResult>;
  };
  return ($.prompt as unknown as Complete).autocomplete(e);
}

describe("what completes `/persona`", () => {
  const ALL = ["good", "bad", "mixed", "who", "why", "show", "teach", "help"];
  for (const [text, found] of [
    ["/persona ", ALL],
    ["/persona w", ["who", "why"]],
    ["/persona good ", ["Ada Quill", "Ada Quill Noor", "Max Li"]],
    ["/persona good q", ["Ada Quill", "Ada Quill Noor"]],
    ["/persona show MA", ["Max Li"]],
    ["/persona who a", []],
    ["/persona good Ada q", []],
    ["/personas g", []],
    ["say /persona g", []],
    ["", []],
  ] as const) {
    test(`is ${JSON.stringify(found)} after ${JSON.stringify(text)}`, async ($, on) => {
      const client = screen(on, { list: NAMES });
      on("prompt.autocomplete", () => ({ suggestions: [{ text: "below" }] }));
      await begin($, client);
      const token = /\S*$/.exec(text)?.[0] ?? "";
      const start = text.length - token.length;
      const rest = { text: `${text} and more`, cursor: text.length, token, start };
      const { suggestions } = await completed($, rest);
      expect(suggestions.map((it) => it.text)).toEqual([...found.map((it) => `${it} `), "below"]);
    });
  }

  test("is what others say where the programs fail", async ($, on) => {
    const client = screen(on, { list: missing });
    on("prompt.autocomplete", () => ({ suggestions: [{ text: "below" }] }));
    await begin($, client);
    const text = "/persona good a";
    const { suggestions } = await completed($, {
      text,
      cursor: 15,
      token: "a",
      start: 14,
    });
    expect(suggestions).toEqual([{ text: "below" }]);
  });
});
