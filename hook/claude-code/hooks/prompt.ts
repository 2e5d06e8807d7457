// Where the words of a preamble go.

/** How a preamble begins and ends, and how long one can be. */
const FIRST_LINE = /^You are [^\n]* persona assigned by muzzle-persona\.\n/;
const LAST_LINE = "\n---\n";
const LIMIT = 1000;

/**
 * Puts a preamble ahead of a prompt, once: one that is there already, as when a call is made again
 * or a command hook was faster, gives way to it.
 */
export function ahead(preamble: string, prompt: string): string {
  const rest = withoutPreamble(prompt);
  return rest === prompt && prompt.includes(preamble) ? prompt : `${preamble}\n${rest}`;
}

function withoutPreamble(prompt: string): string {
  const end = prompt.slice(0, LIMIT).indexOf(LAST_LINE);
  if (end < 0 || !FIRST_LINE.test(prompt)) return prompt;
  return prompt.slice(end + LAST_LINE.length).replace(/^\n/, "");
}
