// What is known of a run that holds a slot.

import type { ToolCallInput, ToolCallResult, TurnCompleteInput } from "claude-code";
import type { Measures } from "../types";
import { type Answer, fields } from "./contract";
import { testResult } from "./test_command";

export type Run = {
  session: string;
  answer: Answer;
  isTeammate: boolean;
  measures: Measures;
  files: Set<string>;
};

export function newRun(session: string, answer: Answer, isTeammate: boolean): Run {
  const measures = { calls: 0, errors: 0, files: 0, lines: 0, duration_ms: 0 };
  return { session, answer, isTeammate, measures, files: new Set() };
}

/** Counts a tool call, and notes how a test ended. */
export function countCall(run: Run, call: ToolCallInput, done: ToolCallResult): void {
  const { measures, files } = run;
  measures.calls += 1;
  if (done.isError) measures.errors += 1;
  if (done.deny !== undefined) return;
  const change = changeIn(done.result);
  if (change !== undefined) {
    files.add(change.file);
    measures.files = files.size;
    measures.lines += change.lines;
  }
  if (call.tool === "Bash") {
    const result = testResult(call.command, exitCodeOf(done), run.answer.tests);
    if (result === "unknown") delete measures.test;
    else if (result !== "none") measures.test = result;
  }
}

export function countTurn(run: Run, turn: TurnCompleteInput): void {
  const { measures } = run;
  measures.duration_ms += Math.round(turn.durationMs);
  const { usage } = turn;
  if (usage === undefined) return;
  measures.input_tokens =
    (measures.input_tokens ?? 0) +
    usage.input_tokens +
    usage.cache_read_input_tokens +
    usage.cache_creation_input_tokens;
  measures.output_tokens = (measures.output_tokens ?? 0) + usage.output_tokens;
}

/** The exit code of a command, if it ran to its end. */
function exitCodeOf(done: ToolCallResult): number | undefined {
  if (done.isError) {
    const code = /^Exit code (\d+)/.exec(done.text ?? "")?.[1];
    return code === undefined ? undefined : Number(code);
  }
  const { interrupted, backgroundTaskId } = fields(done.result);
  return interrupted || backgroundTaskId !== undefined ? undefined : 0;
}

/** The file that a tool wrote, and how many lines of it changed. */
function changeIn(result: unknown): { file: string; lines: number } | undefined {
  const { filePath, structuredPatch, type, content } = fields(result);
  if (typeof filePath !== "string" || !Array.isArray(structuredPatch)) return undefined;
  if (type === "create" && typeof content === "string") {
    return { file: filePath, lines: content.split("\n").length - (content.endsWith("\n") ? 1 : 0) };
  }
  const patched = structuredPatch.flatMap((hunk) => fields(hunk).lines);
  const changed = patched.filter((line) => typeof line === "string" && /^[-+]/.test(line));
  return { file: filePath, lines: changed.length };
}
