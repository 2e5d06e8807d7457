"""Sessions of the real Claude Code with our plugin, against a stand-in for its model.

usage: session.py CLAUDE PROGRAMS

CLAUDE is the client, PROGRAMS the directory of our programs. Each session has a home of its own, in which
`muzzle-persona install` has put the plugin, and beside it a hook of somebody else that rewrites the same calls and
is slower. What is held: every named agent that ran was told exactly once who it is, as the log has it; the mod told
how each run began and ended; and of calls that plan mode refused nothing is recorded.
"""

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

CLAUDE, PROGRAMS = sys.argv[1:]

# What the lead agent calls, turn by turn, and what each of its agents does.
TURNS = [
    [
        {"name": "worker-1", "description": "Review parser", "prompt": "CHILD 1", "subagent_type": "general-purpose"},
        {"name": "worker-2", "description": "Find callers", "prompt": "CHILD 2", "subagent_type": "Explore"},
    ],
    [{"description": "Count lines", "prompt": "CHILD 3", "subagent_type": "general-purpose"}],
    [{"name": "worker-4", "description": "Fix it", "prompt": "CHILD 4", "subagent_type": "general-purpose", "run_in_background": False}],
]
TOOLS = {
    "CHILD 4": [
        ("Write", {"file_path": "{project}/a.txt", "content": "a\nb\n"}),
        ("Bash", {"command": "exit 3", "description": "fails"}),
        ("Bash", {"command": "make test", "description": "passes"}),
    ],
}

RIVAL = """#!/usr/bin/env python3
import json, sys, time
call = json.load(sys.stdin)["tool_input"]
time.sleep(0.05)
call["prompt"] = "RIVAL. " + call["prompt"]
print(json.dumps({"hookSpecificOutput": {"hookEventName": "PreToolUse", "updatedInput": call}}))
"""


def text_of(message):
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n".join(block.get("text", "") for block in content if block.get("type") == "text")


class Model(http.server.BaseHTTPRequestHandler):
    """Answers as the scenario says, and keeps what each agent was told first."""

    protocol_version = "HTTP/1.1"
    told, project = {}, ""

    def log_message(self, *_):
        pass

    def send(self, kind, data):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_HEAD(self):
        self.send("text/plain", b"")

    do_GET = do_HEAD

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        if "count_tokens" in self.path:
            return self.send("application/json", b'{"input_tokens": 10}')
        messages = body.get("messages", [])
        turn = sum(message["role"] == "assistant" for message in messages)
        first = text_of(messages[0]) if messages else ""
        child = re.search(r"CHILD \d", first)
        has_agents = any(tool.get("name") == "Agent" for tool in body.get("tools", []))
        calls = []
        if child and body.get("tools"):
            Model.told.setdefault(child.group(), first)
            calls = TOOLS.get(child.group(), [])[turn : turn + 1]
        elif has_agents and "BEGIN" in "".join(map(text_of, messages)) and turn < len(TURNS):
            calls = [("Agent", call) for call in TURNS[turn]]
        at = time.time_ns()
        blocks = [
            {
                "type": "tool_use",
                "id": f"toolu_{at}{index}",
                "name": name,
                "input": {key: value.replace("{project}", Model.project) if isinstance(value, str) else value for key, value in given.items()},
            }
            for index, (name, given) in enumerate(calls)
        ]
        stop = "tool_use" if blocks else "end_turn"
        message = {"id": f"msg_{at}", "type": "message", "role": "assistant", "model": body.get("model", "m"), "content": [],
                   "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5}}
        blocks = blocks or [{"type": "text", "text": "done"}]
        if not body.get("stream"):
            return self.send("application/json", json.dumps(dict(message, content=blocks, stop_reason=stop)).encode())
        events = [("message_start", {"message": message})]
        for index, block in enumerate(blocks):
            if block["type"] == "tool_use":
                start, delta = dict(block, input={}), {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
            else:
                start, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": block["text"]}
            events += [
                ("content_block_start", {"index": index, "content_block": start}),
                ("content_block_delta", {"index": index, "delta": delta}),
                ("content_block_stop", {"index": index}),
            ]
        events += [("message_delta", {"delta": {"stop_reason": stop, "stop_sequence": None}, "usage": {"output_tokens": 5}}), ("message_stop", {})]
        self.send("text/event-stream", "".join(f"event: {kind}\ndata: {json.dumps(dict(type=kind, **data))}\n\n" for kind, data in events).encode())


def script(path, text):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o755)


def session(mode):
    """Runs a session in a permission mode. Returns what was told, the log, and what the mod handed over."""
    home = tempfile.mkdtemp(prefix="claude-code-session-")
    path = lambda *names: os.path.join(home, *names)
    for directory in ["bin", ".claude", "acme-api"]:
        os.mkdir(path(directory))
    for program in ["muzzle-persona", "persona-release"]:
        shutil.copy(os.path.join(PROGRAMS, program), path("bin"))
    # A program that keeps what it is handed.
    inject = os.path.abspath(os.path.join(PROGRAMS, "persona-inject"))
    script(path("bin", "persona-inject"), f'#!/bin/sh\nfacts=$(cat)\nprintf "%s\\n" "$facts" >>"{path("facts")}"\nprintf "%s" "$facts" | "{inject}" "$@"\n')
    script(path("rival"), RIVAL)
    with open(path("acme-api", "Makefile"), "w") as file:
        file.write("test:\n\t@true\n")
    rival = {"type": "command", "command": path("rival"), "args": [], "timeout": 5}
    with open(path(".claude", "settings.json"), "w") as file:
        json.dump({"hooks": {"PreToolUse": [{"matcher": "Agent|Task", "hooks": [rival]}]}}, file)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Model.told, Model.project = {}, path("acme-api")
    env = {
        "HOME": home, "PATH": path("bin") + os.pathsep + os.environ["PATH"], "IS_SANDBOX": "1", "ANTHROPIC_API_KEY": "none",
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{server.server_port}", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1", "DISABLE_ERROR_REPORTING": "1",
        # A slow machine must not fail a test that is not about time.
        "MUZZLE_PERSONA_HOOK_TIMEOUT_MS": "60000",
    }
    subprocess.run([path("bin", "muzzle-persona"), "install", "--via", "plugin"], env=env, check=True, capture_output=True)
    done = subprocess.run([CLAUDE, "-p", "BEGIN", "--permission-mode", mode], env=env, cwd=path("acme-api"), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=180)
    # The exit code is 1 where a call was refused.
    assert "done" in done.stdout, (done.stdout, done.stderr)
    lines = lambda name: [json.loads(line) for line in open(name)] if os.path.exists(name) else []
    log = [event for event in lines(path(".muzzle", "personas", "events.jsonl")) if event["type"] != "seed"]
    facts = [handed for handed in lines(path("facts")) if "." in handed["hook_event_name"]]
    marks = os.listdir(path(".muzzle", "personas", ".cache", "mod"))
    server.shutdown()
    shutil.rmtree(home, ignore_errors=True)
    assert marks == ["last"], marks
    return Model.told, log, facts


told, log, facts = session("bypassPermissions")
assert sorted(told) == ["CHILD 1", "CHILD 2", "CHILD 3", "CHILD 4"], told
lent = {event["data"]["agent"]: event["data"]["slots"][0] for event in log if event["type"] == "assign"}
assert sorted(lent) == ["worker-1", "worker-2", "worker-4"], lent
for prompt, words in told.items():
    slot = lent.get(f"worker-{prompt[-1]}")
    who = re.findall(r"You are (.*), the (.*) persona assigned by muzzle-persona", words)
    assert who == ([(slot["persona"], slot["role"])] if slot else []), (prompt, words)
    assert f"RIVAL. {prompt}" in words, words
handed = lambda event: [fact for fact in facts if fact["hook_event_name"] == event]
slots = sorted(slot["slot"] for slot in lent.values())
assert sorted(fact["slot"] for fact in handed("agent.started")) == slots, facts
assert all(fact["arrived"] and fact["agent_id"] for fact in handed("agent.started")), facts
ends = {fact["slot"]: fact for fact in handed("turn.complete")}
assert sorted(ends) == slots and all(end["reason"] == "answer" for end in ends.values()), facts
measures = ends["worker-4-0"]["measures"]
counted = {key: measures.get(key) for key in ["calls", "errors", "files", "lines", "test", "output_tokens"]}
assert counted == {"calls": 3, "errors": 1, "files": 1, "lines": 2, "test": "passed", "output_tokens": 20}, measures
assert not re.search(r"CHILD|make test|a\.txt|exit 3", json.dumps(facts)), facts
assert log[-1]["type"] == "release" and len(log[-1]["data"]["slots"]) == 3, log

_, log, facts = session("plan")
assert log == [] and not handed("agent.spawn"), (log, facts)
print("sessions: 4 agents, 3 personas, each told once; nothing recorded of refused calls")
