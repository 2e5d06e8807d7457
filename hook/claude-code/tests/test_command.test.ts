import { describe, expect, test } from "claude-code/testing";
import { testResult } from "../hooks/test_command";

const TESTS = ["cargo test", "gradlew test", "npm run test", "npm test", "pytest", "python -m pytest"];

describe("a command line", () => {
  for (const line of [
    "cargo test",
    "  cargo test --workspace\n",
    "cargo +nightly --locked test parser",
    "RUST_BACKTRACE=1 A='b c' cargo test",
    "cd app && cargo test",
    "cd app; npm test",
    "timeout 60 cargo test",
    "env -i A=1 nice -n 5 pytest -x",
    "time ./node_modules/.bin/pytest",
    "./gradlew :app:build; ./gradlew test",
    "npm run test:unit",
    "python -m pytest tests/",
    "cargo test 2>&1",
    "cargo test >log.txt 2>&1",
    "cargo test &>log.txt",
    "cargo test -- 'a && b; c | d'",
    'echo "a; b" && cargo test -- --exact "a\\"b"',
    "cargo \\\n test",
    "npm test && cargo test",
    "cargo test;",
  ]) {
    test(`${JSON.stringify(line)} runs tests, and its end is theirs`, () => {
      expect(testResult(line, 0, TESTS)).toBe("passed");
      expect(testResult(line, 1, TESTS)).toBe("failed");
      expect(testResult(line, 101, TESTS)).toBe("failed");
    });
  }

  for (const line of [
    "cargo test 2>&1 | tail -20",
    "cargo test |& tee log.txt",
    "cargo test; cargo clippy",
    "cargo test\ncargo clippy",
    "cargo test || true",
    "cargo test &",
    "cargo test & wait",
    "cargo test && cargo clippy | tail",
  ]) {
    test(`${JSON.stringify(line)} runs tests, and its end says nothing of theirs`, () => {
      expect(testResult(line, 0, TESTS)).toBe("unknown");
      expect(testResult(line, 1, TESTS)).toBe("unknown");
    });
  }

  test("that goes on after the tests passed can fail for another reason", () => {
    expect(testResult("cargo test && git push", 0, TESTS)).toBe("passed");
    expect(testResult("cargo test && git push", 1, TESTS)).toBe("unknown");
  });

  test("that was ended from outside says nothing", () => {
    for (const code of [undefined, 137, 143]) {
      expect(testResult("cargo test", code, TESTS)).toBe("unknown");
    }
  });

  for (const line of [
    "",
    "cargo build",
    "cargo",
    "cargo install test",
    "cargotest",
    "echo cargo test",
    "echo 'cargo test'",
    "grep -r 'cargo test' .",
    "git commit -m 'x; cargo test'",
    "test -f cargo",
    "npm install test",
    "cat pytest.ini",
    "# cargo test",
    "cargo test 'without an end",
    "echo $(cargo test)",
    "if cargo test; then echo yes; fi",
    "! cargo test",
    "timeout 60",
    "A=1",
  ]) {
    test(`${JSON.stringify(line)} runs no tests`, () => {
      for (const code of [0, 1, undefined]) expect(testResult(line, code, TESTS)).toBe("none");
    });
  }

  test("that is long is read, and a script is not", () => {
    const line = `echo ${"a' '\"b\" ".repeat(1_000)}; cargo test`;
    expect(testResult(line, 0, TESTS)).toBe("passed");
    expect(testResult(line.repeat(2), 0, TESTS)).toBe("none");
    expect(testResult("'".repeat(9_999), 0, TESTS)).toBe("none");
    expect(testResult("\\".repeat(9_999), 0, TESTS)).toBe("none");
  });
});
