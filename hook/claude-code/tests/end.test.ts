import type { On, ToolCallResult } from "claude-code";
import { type Engine, describe, expect, test } from "claude-code/testing";
import { type Programs, agents, ending, programs, spawning } from "./programs";

const bash = (agentId: string, command: string, result: string) =>
  ({ tool: "Bash", command, description: result, agentId }) as const;

const PASSED = { result: { stdout: "ok", stderr: "", interrupted: false }, text: "ok" };
const FAILED = { isError: true, result: "Error", text: "Exit code 101\n1 failed" };
const RESULTS = {
  passed: PASSED,
  failed: FAILED,
  interrupted: { result: { stdout: "", stderr: "", interrupted: true } },
  background: { result: { stdout: "", stderr: "", interrupted: false, backgroundTaskId: "b1" } },
  invalid: { isError: true, result: "Error", text: "no such directory" },
  denied: { deny: "no" },
  created: {
    result: { type: "create", filePath: "/private/a", content: "1\n2\n3\n", structuredPatch: [] },
  },
  edited: {
    result: { filePath: "/private/a", structuredPatch: [{ lines: [" a", "-b", "+B", "+D", " c"] }] },
  },
  "edited elsewhere": {
    result: { filePath: "/private/b", structuredPatch: [{ lines: ["-x"] }, { lines: ["+y"] }] },
  },
  rubbish: { result: { filePath: "/private/c", structuredPatch: [7, null, { lines: [null, 7] }] } },
};

/** Has each tool answer what its call's description says. */
function tools(on: On): void {
  on("tool.call", ($, e) => {
    const { description } = e as { description: keyof typeof RESULTS };
    return RESULTS[description] as ToolCallResult;
  });
}

const ended = (told: Programs["told"]) => told("turn.complete").map((facts) => facts["measures"]);

/** An agent with a slot, whose tools answer as `RESULTS` says. */
async function started($: Engine, on: On): Promise<Programs> {
  const known = programs(on);
  agents(on);
  tools(on);
  await $.agent.spawn(spawning({ name: "w" }));
  return known;
}

describe("a run that ends", () => {
  test("is told of with what was counted", async ($, on) => {
    const { told, settle } = await started($, on);
    for (const call of ["created", "edited", "edited elsewhere", "rubbish", "invalid", "denied"]) {
      await $.tool.call(bash("a1", "ls", call));
    }
    await $.tool.call(bash("a1", "cargo test", "passed"));
    await ending($, "a1");
    await settle($);
    expect(told("turn.complete")).toEqual([
      {
        hook_event_name: "turn.complete",
        session_id: "s1",
        slot: "w-0",
        agent_id: "a1",
        reason: "answer",
        measures: {
          calls: 7,
          errors: 1,
          files: 3,
          lines: 8,
          test: "passed",
          duration_ms: 12,
          input_tokens: 111,
          output_tokens: 5,
        },
      },
    ]);
  });

  test("and goes on is told of with the sum", async ($, on) => {
    const { told, settle } = await started($, on);
    await $.tool.call(bash("a1", "cargo test", "failed"));
    await ending($, "a1");
    await $.agent.spawn(spawning({ name: "w", resume: { agentId: "a1" } }));
    await $.tool.call(bash("a1", "ls", "passed"));
    await ending($, "a1", "aborted");
    await settle($);
    const sums = { calls: 2, errors: 1, duration_ms: 24, output_tokens: 10, test: "failed" };
    expect(ended(told)).toMatchObject([{ calls: 1 }, sums]);
    expect(told("turn.complete").map((facts) => facts["reason"])).toEqual(["answer", "aborted"]);
  });

  for (const [calls, result] of [
    [[["cargo test", "failed"], ["cargo test", "passed"]], "passed"],
    [[["cargo test", "passed"], ["cargo test", "failed"]], "failed"],
    [[["npm test", "passed"], ["ls", "failed"], ["cargo build", "failed"]], "passed"],
    [[["cargo test", "passed"], ["cargo test", "background"]], undefined],
    [[["cargo test", "passed"], ["cargo test", "interrupted"]], undefined],
    [[["cargo test", "passed"], ["cargo test", "invalid"]], undefined],
    [[["cargo test", "passed"], ["cargo test | tail", "passed"]], undefined],
    [[["cargo test", "passed"], ["cargo test", "denied"]], "passed"],
    [[["pytest", "passed"]], undefined],
    [[], undefined],
  ] as const) {
    test(`with ${JSON.stringify(calls)} ends with tests ${result}`, async ($, on) => {
      const { told, settle } = await started($, on);
        for (const [command, result] of calls) await $.tool.call(bash("a1", command, result));
      await ending($, "a1");
      await settle($);
      expect(ended(told).map((measures) => (measures as { test?: string }).test)).toEqual([result]);
    });
  }

  test("tells nothing of what was said or written", async ($, on) => {
    const { handed, settle } = await started($, on);
    await $.tool.call(bash("a1", "cargo test -- secret", "failed"));
    await $.tool.call(bash("a1", "ls", "created"));
    await ending($, "a1");
    await settle($);
    const told = JSON.stringify(handed);
    for (const secret of ["secret", "1 failed", "/private", "done", "Go."]) {
      expect(told).not.toContain(secret);
    }
  });

  test("of another agent, or of none, is not told of", async ($, on) => {
    const { told, settle } = await started($, on);
    await $.tool.call(bash("a9", "ls", "passed"));
    await ending($, "a9");
    await ending($, undefined);
    await settle($);
    expect(told("turn.complete")).toEqual([]);
  });

  test("of a teammate is told of as such", async ($, on) => {
    const { told, settle } = programs(on);
    agents(on);
    await $.agent.spawn(spawning({ name: "w", isTeammate: true }));
    await ending($, "a1");
    await settle($);
    expect(told("turn.complete")).toMatchObject([{ slot: "w-0", is_teammate: true }]);
  });

  test("belongs to the session that it began in", async ($, on) => {
    const { session, told, settle } = await started($, on);
    session.id = "s2";
    await ending($, "a1");
    await settle($);
    expect(told("turn.complete")).toMatchObject([{ session_id: "s1" }]);
  });

  test("without its slot is not told of any more", async ($, on) => {
    let answer = JSON.stringify({ slot: "w-0" });
    const { told, settle } = programs(on, () => ({ exitCode: 0, stdout: answer }));
    agents(on);
    await $.agent.spawn(spawning({ name: "w" }));
    answer = "";
    await $.agent.spawn(spawning({ name: "w", resume: { agentId: "a1" } }));
    await ending($, "a1");
    await settle($);
    expect(told("turn.complete")).toEqual([]);
  });

  test("before its start is answered is told of all the same", async ($, on) => {
    const { told, settle } = programs(on);
    const engine = $;
    tools(on);
    on("turn.complete", ($, e) => ({ text: e.answer }));
    on("agent.spawn", async () => {
      await engine.tool.call(bash("a1", "cargo test", "passed"));
      await ending(engine, "a1");
      return { model: "m", agentId: "a1" };
    });
    await $.agent.spawn(spawning({ name: "w" }));
    await settle($);
    expect(ended(told)).toMatchObject([{ calls: 1, test: "passed" }]);
  });

  test("ends as it did where no program can be run", async ($, on) => {
    const { session } = programs(on, () => {
      throw "ENOENT";
    });
    agents(on);
    await $.agent.spawn(spawning({ name: "w" }));
    expect(session.id).toBe("s1");
    expect(await ending($, "a1")).toMatchObject({ text: "done" });
  });
});

describe("a tool call", () => {
  for (const agentId of ["a1", "a9", undefined]) {
    test(`of ${agentId ?? "the session"} is passed on as it is`, async ($, on) => {
      await started($, on);
      const call = { tool: "Bash", command: "ls", description: "failed" } as const;
      const result = await $.tool.call({ ...call, ...(agentId ? { agentId } : {}) });
      expect(result).toMatchObject(FAILED);
    });
  }
});
