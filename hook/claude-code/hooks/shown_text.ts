// How what is known is said.

import type { Ended, Measures } from "../types";

/**
 * What would not be seen, or moves what is: controls, directions, joiners, fillers, halves of a pair. The
 * two that choose between the forms of an emoji are none of them.
 */
const HIDDEN = /(?![\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{DI}\u2800]/gu;

/** Shows a text on one line, what is hidden in it as `\u{1b}`. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (hidden) => `\\u{${(hidden.codePointAt(0) ?? 0).toString(16)}}`);
}

/** How long ago something was, in its largest unit. */
export function age(since: number, now: number): string {
  const minutes = Math.floor((now - since) / 60_000);
  if (!(minutes >= 1)) return "now";
  if (minutes < 60) return `${minutes}m`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h`;
  return `${Math.floor(minutes / (24 * 60))}d`;
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** What is known of a run: its calls, its errors and its last test. */
export function measured(measures: Measures | undefined): string {
  if (measures === undefined) return "";
  const { calls, errors, test } = measures;
  const parts = [
    calls > 0 ? counted(calls, "call") : "",
    errors > 0 ? counted(errors, "error") : "",
    test === undefined ? "" : `tests ${test}`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** How a run went. */
export function outcome({ measures, result }: Ended): string {
  const known = measured(measures);
  return known === "" && result === "bad" ? "ended badly" : known;
}
