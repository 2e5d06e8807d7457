import { describe, expect, test } from "claude-code/testing";
import { ANSWER, PREAMBLE, agents, programs, spawning } from "./programs";

describe("an agent that is about to start", () => {
  test("gets the words ahead of its prompt, and nothing else changes", async ($, on) => {
    const { handed, told, settle } = programs(on);
    const started = agents(on);
    const e = spawning({ name: "w", model: "haiku", permissionMode: "plan" });
    expect(await $.agent.spawn(e)).toEqual({ model: "m", agentId: "a1" });
    expect(started).toEqual([{ ...e, prompt: `${PREAMBLE}\nGo.` }]);
    await settle($);
    expect(handed.map(({ argv, timeoutMs }) => [argv, timeoutMs])).toEqual([
      [["persona-inject"], 2000],
      [["persona-inject"], 2000],
    ]);
    const session = { session_id: "s1", tool_use_id: "toolu_1" };
    expect(told("agent.spawn")).toEqual([
      {
        hook_event_name: "agent.spawn",
        ...session,
        cwd: "/home/dev/acme",
        subagent_type: "general-purpose",
        description: "Run the tests",
        name: "w",
      },
    ]);
    const start = { hook_event_name: "agent.started", ...session, slot: "w-0" };
    expect(told("agent.started")).toEqual([{ ...start, agent_id: "a1", arrived: true }]);
  });

  test("is told of with all that is known of it, but its prompt", async ($, on) => {
    const { told } = programs(on, "");
    agents(on);
    await $.agent.spawn(
      spawning({
        cwd: "/elsewhere",
        isTeammate: true,
        fork: true,
        workflow: { runId: "wf_1", agentIndex: 2 },
        resume: { agentId: "a9" },
      }),
    );
    expect(told("agent.spawn")).toEqual([
      {
        hook_event_name: "agent.spawn",
        session_id: "s1",
        cwd: "/elsewhere",
        tool_use_id: "toolu_1",
        subagent_type: "general-purpose",
        description: "Run the tests",
        is_teammate: true,
        fork: true,
        workflow: { run_id: "wf_1", agent_index: 2 },
        resume: { agent_id: "a9" },
      },
    ]);
  });

  test("is in the team that its call names", async ($, on) => {
    const { told } = programs(on);
    agents(on);
    const engine = $;
    let id = "";
    on("tool.call", async ($, e) => {
      id = e.tool_use_id;
      await engine.agent.spawn(spawning({ tool_use_id: id }));
      return { result: {} as never };
    });
    await $.tool.call({
      tool: "Agent",
      description: "d",
      prompt: "p",
      team_name: "blue",
    } as never);
    await $.agent.spawn(spawning({ tool_use_id: id }));
    expect(told("agent.spawn").map((facts) => facts["team_name"])).toEqual(["blue", undefined]);
  });

  test("starts as it came where nothing is answered", async ($, on) => {
    const { handed, settle } = programs(on, "");
    const started = agents(on);
    await $.agent.spawn(spawning());
    await settle($);
    expect(started).toEqual([spawning()]);
    expect(handed).toHaveLength(1);
  });

  test("keeps its prompt and has its slot back where it goes on", async ($, on) => {
    const { told, settle } = programs(on);
    const started = agents(on);
    const e = spawning({ name: "w", tool_use_id: "", resume: { agentId: "a7" } });
    await $.agent.spawn(e);
    await settle($);
    expect(started).toEqual([e]);
    expect(told("agent.started")).toEqual([
      {
        hook_event_name: "agent.started",
        session_id: "s1",
        tool_use_id: "",
        slot: "w-0",
        agent_id: "a7",
        arrived: false,
        resumed: true,
      },
    ]);
  });

  test("keeps its prompt where there are no words", async ($, on) => {
    const { told, settle } = programs(on, JSON.stringify({ slot: "w-0" }));
    const started = agents(on);
    await $.agent.spawn(spawning());
    await settle($);
    expect(started).toEqual([spawning()]);
    expect(told("agent.started")).toMatchObject([{ slot: "w-0", arrived: false }]);
  });

  test("and is refused is told of", async ($, on) => {
    const { told, settle } = programs(on);
    on("agent.spawn", () => ({ deny: "not today" }));
    expect(await $.agent.spawn(spawning({ isTeammate: true }))).toEqual({ deny: "not today" });
    await settle($);
    expect(told("agent.started")).toEqual([
      {
        hook_event_name: "agent.started",
        session_id: "s1",
        tool_use_id: "toolu_1",
        slot: "w-0",
        is_teammate: true,
        denied: true,
      },
    ]);
  });
});

describe("an agent that cannot start", () => {
  test("is told of, and fails as it did", async ($, on) => {
    const { told, settle } = programs(on);
    await expect($.agent.spawn(spawning())).rejects.toThrow();
    await settle($);
    expect(told("agent.started")).toMatchObject([{ slot: "w-0", denied: true }]);
  });
});

describe("a prompt that holds a preamble", () => {
  const other = "You are Max Li, the general persona assigned by muzzle-persona.\nY.\nZ.\n---\n\n";
  for (const [what, prompt, told] of [
    ["of the same persona", `${PREAMBLE}\nGo.`, `${PREAMBLE}\nGo.`],
    ["of another persona", `${other}Go.\n---\nOn.`, `${PREAMBLE}\nGo.\n---\nOn.`],
    ["and nothing else", PREAMBLE, `${PREAMBLE}\n`],
    ["behind words of another mod", `RIVAL. ${PREAMBLE}\nGo.`, `RIVAL. ${PREAMBLE}\nGo.`],
    ["in a quotation", `Why "${other}"?`, `${PREAMBLE}\nWhy "${other}"?`],
    ["without an end", other.replace("---", "--"), `${PREAMBLE}\n${other.replace("---", "--")}`],
    [
      "with an end far away",
      `${other.replace("---", "--")}${"x".repeat(1000)}\n---\nGo.`,
      `${PREAMBLE}\n${other.replace("---", "--")}${"x".repeat(1000)}\n---\nGo.`,
    ],
  ] as const) {
    test(`${what} holds one afterwards`, async ($, on) => {
      programs(on);
      const started = agents(on);
      await $.agent.spawn(spawning({ prompt }));
      expect(started.map((e) => e.prompt)).toEqual([told]);
    });
  }
});

describe("the agent starts as it came", () => {
  const rubbish: [string, string | (() => { exitCode: number; stdout: string })][] = [
    ["no JSON", "You are Ada Quill."],
    ["half an answer", '{"slot":"w-0","preamble":"You'],
    ["null", "null"],
    ["a number", "7"],
    ["a list", `[${JSON.stringify(ANSWER)}]`],
    ["no slot", JSON.stringify({ preamble: PREAMBLE })],
    ["an empty slot", JSON.stringify({ ...ANSWER, slot: "" })],
    ["a slot of another type", JSON.stringify({ ...ANSWER, slot: 7 })],
    ["a preamble of another type", JSON.stringify({ ...ANSWER, preamble: ["x"] })],
    ["the answer to a command hook", '{"hookSpecificOutput":{"updatedInput":{"prompt":"x"}}}'],
  ];
  for (const [what, stdout] of rubbish) {
    test(`when the program answers ${what}`, async ($, on) => {
      const { handed, settle } = programs(on, stdout);
      const started = agents(on);
      expect(await $.agent.spawn(spawning())).toEqual({ model: "m", agentId: "a1" });
      await settle($);
      expect(started).toEqual([spawning()]);
      expect(handed).toHaveLength(1);
    });
  }

  for (const [what, answer] of [
    ["fails", () => ({ exitCode: 1, stdout: JSON.stringify(ANSWER) })],
    [
      "is not there, not executable, or too slow",
      () => {
        throw "spawn persona-inject ENOENT";
      },
    ],
  ] as const) {
    test(`when the program ${what}`, async ($, on) => {
      const { handed, settle } = programs(on, answer);
      const started = agents(on);
      expect(await $.agent.spawn(spawning())).toEqual({ model: "m", agentId: "a1" });
      await settle($);
      expect(started).toEqual([spawning()]);
      expect(handed).toHaveLength(1);
    });
  }

  test("when no program can be run at all", async ($, on) => {
    const started = agents(on);
    expect(await $.agent.spawn(spawning())).toEqual({ model: "m", agentId: "a1" });
    expect(started).toEqual([spawning()]);
  });

  for (const op of ["session.id", "session.cwd"] as const) {
    test(`when the client does not answer ${op}`, async ($, on) => {
      if (op === "session.cwd") on("session.id", () => ({ value: "s1" }));
      const started = agents(on);
      on(op, () => ({ deny: "no" }));
      expect(await $.agent.spawn(spawning())).toEqual({ model: "m", agentId: "a1" });
      expect(started).toEqual([spawning()]);
    });
  }

  test("with tests of another type, and they are none", async ($, on) => {
    programs(on, JSON.stringify({ ...ANSWER, tests: "cargo test" }));
    const started = agents(on);
    await $.agent.spawn(spawning());
    expect(started.map((e) => e.prompt)).toEqual([`${PREAMBLE}\nGo.`]);
  });
});

describe("a session that starts", () => {
  test("is marked once the client's own hooks are done", async ($, on) => {
    const { handed, settle } = programs(on);
    const order: string[] = [];
    const engine = $;
    on("classic.SessionStart", async () => {
      await settle(engine);
      order.push(`hooks, ${handed.length} told`);
      return {};
    });
    await $.classic.SessionStart({ source: "clear", session_id: "s9", cwd: "/home/dev/acme" });
    await settle($);
    expect(order).toEqual(["hooks, 0 told"]);
    expect(handed.map(({ argv, facts }) => [argv, facts])).toEqual([
      [
        ["persona-release"],
        { hook_event_name: "session.start", session_id: "s9", cwd: "/home/dev/acme" },
      ],
    ]);
  });
});
