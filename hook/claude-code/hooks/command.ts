// What `/persona …` asks the command line for.

import type { EngineInterface } from "claude-code";
import { ask, askJson } from "./ask";
import { list, text } from "./contract";
import { visible } from "./shown_text";

/** What follows `/persona`, with what it takes and what it does. */
const COMMANDS = {
  good: ["NAME [words]", "a verdict on the last work of a persona: it was good"],
  bad: ["NAME [words]", "it was bad"],
  mixed: ["NAME [words]", "it was neither, or both"],
  who: ["", "who is at work, for which agent and on what"],
  why: ["NAME", "why a persona was lent the last time, and not another"],
  show: ["NAME", "what is known of a persona"],
  teach: ["NAME lesson", "what its next agents are told"],
  help: ["", "this list"],
} as const;
type Command = keyof typeof COMMANDS;

export const HINT = `[${Object.keys(COMMANDS).join("|")}]`;

/** The commands whose first argument is a persona, those first that take words behind it. */
const WORDED: ReadonlySet<string> = new Set(["good", "bad", "mixed", "teach"]);
const NAMED: ReadonlySet<string> = new Set([...WORDED, "why", "show"]);

/** What the client puts before each line of an answer, and leaves free behind it, in columns. */
const MARGIN = 8;

/** Answers what was typed after `/persona`, as the command line does, to be shown to a person. */
export async function answer($: EngineInterface, typed: string, columns: number): Promise<string> {
  const said = await reply($, typed, columns - MARGIN);
  // The client puts the name of the plugin before the first line.
  return said.includes("\n") ? `\n${said}` : said;
}

async function reply($: EngineInterface, typed: string, columns: number): Promise<string> {
  const [word = "", rest] = cut(typed);
  if (word === "help") return help();
  if (!isCommand(word)) {
    const error = `error: \`/persona\` has no command \`${visible(word)}\``;
    return `${error}\nhint: \`/persona help\` lists them`;
  }
  // Where words may follow, it takes the roster to tell them from a name of several words.
  const names = WORDED.has(word) && rest.includes(" ") ? await namesIn($) : [];
  return (await ask($, args(word, rest, names), columns)).text.trimEnd();
}

/** The arguments of the command line that stand for a command and what follows it. */
export function args(command: Command, rest: string, names: readonly string[]): string[] {
  const [name, words] = named(rest, names);
  // What was left out, the command line asks for in its own words.
  const of = name === "" ? [] : ["--", name];
  switch (command) {
    case "good":
    case "bad":
    case "mixed": {
      const said = words === "" ? [] : [`--observation=${words}`];
      return ["feedback", `--${command}`, "--source", "client", ...said, ...of];
    }
    case "teach":
      return ["teach", ...(words === "" ? [] : [`--lesson=${words}`]), ...of];
    case "why":
      return ["why", "--last", ...whole(rest)];
    case "show":
      return ["show", ...whole(rest)];
    case "who":
      return ["who", ...whole(rest)];
    case "help":
      return ["help"];
  }
}

/** What completes what is typed so far: commands, then names. */
export async function completions(
  $: EngineInterface,
  draft: string,
  token: string,
): Promise<string[]> {
  const before = draft.slice(0, draft.length - token.length);
  const typed = /^\/persona\s+(?:(\S+)\s+)?$/.exec(before);
  if (typed === null) return [];
  const begun = token.toLowerCase();
  if (typed[1] === undefined) {
    return Object.keys(COMMANDS).filter((command) => command.startsWith(begun));
  }
  if (!NAMED.has(typed[1])) return [];
  const names = await namesIn($);
  return names.filter((name) =>
    name
      .toLowerCase()
      .split(/\s/)
      .some((it) => it.startsWith(begun)),
  );
}

/** The names of the personas; none where they cannot be had. */
async function namesIn($: EngineInterface): Promise<string[]> {
  const reply = await askJson($, ["list"]);
  return "json" in reply ? list(reply.json["personas"]).map((it) => text(it["name"])) : [];
}

/** A whole name that is known, or else the first word, and what follows it. */
function named(rest: string, names: readonly string[]): [name: string, words: string] {
  const typed = rest.toLowerCase();
  const known = names.filter((name) => `${typed} `.startsWith(`${name.toLowerCase()} `));
  const longest = known.sort((a, b) => b.length - a.length)[0];
  if (longest === undefined) return cut(rest);
  return [rest.slice(0, longest.length), rest.slice(longest.length).trim()];
}

/** For a command that takes one argument at most: all that was typed is that. */
function whole(rest: string): string[] {
  return rest === "" ? [] : ["--", rest];
}

function cut(typed: string): [word: string, rest: string] {
  const [, word = "", rest = ""] = /^(\S*)\s*([^]*)$/.exec(typed.trim()) ?? [];
  return [word, rest];
}

function isCommand(word: string): word is Command {
  return Object.hasOwn(COMMANDS, word);
}

function help(): string {
  const rows = Object.entries(COMMANDS).map(
    ([command, [takes, does]]) => `/persona ${command} ${takes}`.trimEnd() + `\n    ${does}`,
  );
  return ["/persona\n    who is at work, whose work is to be judged, and the roster", ...rows].join(
    "\n",
  );
}
