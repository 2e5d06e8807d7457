// Which command lines run tests, and whether their end says how the tests ended.

/** What may stand before a command and runs it. */
const WRAPPERS = new Set(["command", "env", "exec", "nice", "nohup", "sudo", "time", "timeout"]);

/** An operator, or a word with what is quoted in it. */
const TOKEN = /(&&|\|\||\|&|[;|\n]|&(?!>))|((?:"(?:\\[^]|[^"\\])*"|'[^']*'|\\[^]|\d*[<>]+&\d*|&>+|[^\s"'\\;|&])+)|[^\S\n]+/y;

/** What is longer is a script, and no command line that runs tests. */
const LIMIT = 10_000;

type Command = { words: string[]; after: string };

/**
 * Tells how the last test in a command line ended, by the line's exit code.
 *
 * `none`: no command in it is a test. `unknown`: the exit code is, or may be, another command's.
 */
export function testResult(
  line: string,
  exitCode: number | undefined,
  tests: readonly string[],
): "passed" | "failed" | "unknown" | "none" {
  if (line.length > LIMIT) return "none";
  // A line may go on in the next one.
  const commands = split(line.replace(/\\\n/g, " "));
  if (commands === undefined) return "none";
  const at = commands.findLastIndex(({ words }) => isTest(words, tests));
  if (at < 0) return "none";
  const after = commands.slice(at).map((command) => command.after);
  // Somebody ended it, and not the tests.
  if (exitCode === undefined || exitCode === 137 || exitCode === 143) return "unknown";
  if (exitCode === 0) {
    return after.slice(0, -1).every((operator) => operator === "&&") && isEnd(after.at(-1))
      ? "passed"
      : "unknown";
  }
  return after.length === 1 && isEnd(after[0]) ? "failed" : "unknown";
}

function isEnd(operator: string | undefined): boolean {
  return operator === "" || operator === ";" || operator === "\n";
}

/** Splits a command line into commands, each with the operator behind it; nothing if it has no end. */
function split(line: string): Command[] | undefined {
  const commands: Command[] = [];
  let words: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < line.length) {
    const [, operator, word] = TOKEN.exec(line) ?? [undefined, undefined, undefined];
    if (TOKEN.lastIndex === 0) return undefined;
    if (word !== undefined) words.push(word.replace(/["'\\]/g, ""));
    if (operator === undefined) continue;
    if (words.length > 0) commands.push({ words, after: operator });
    words = [];
  }
  if (words.length > 0) commands.push({ words, after: "" });
  return commands;
}

function isTest(words: readonly string[], tests: readonly string[]): boolean {
  const command = unwrapped(words);
  return tests.some((test) => begins(command, test.split(" ")));
}

/** The command itself, without what sets variables or runs it, and without the path to it. */
function unwrapped(words: readonly string[]): string[] {
  let rest = words.slice();
  const isBefore = (word: string) => /^\w+=/.test(word);
  for (;;) {
    while (rest[0] !== undefined && isBefore(rest[0])) rest.shift();
    const [first, ...others] = rest;
    if (first === undefined || !WRAPPERS.has(first)) break;
    const next = others.findIndex((word) => !/^[-\d]/.test(word));
    rest = next < 0 ? [] : others.slice(next);
  }
  const [first, ...others] = rest;
  return first === undefined ? [] : [first.replace(/^.*[/]/, ""), ...others];
}

/** Whether a command begins with these words, flags between them and what a colon adds aside. */
function begins(command: readonly string[], wanted: readonly string[]): boolean {
  let found = 0;
  for (const word of command) {
    if (word.split(":", 1)[0] === wanted[found]) found += 1;
    else if (!/^[-+]/.test(word)) break;
    if (found === wanted.length) return true;
  }
  return false;
}
