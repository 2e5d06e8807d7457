// Draws what the mod shows: the pane of `/persona`, and the line of the reminder.

import type { EngineInterface, RenderElement, RenderInput } from "claude-code";
import type { AtWork, Drawing, Ended, Group } from "../types";
import { type Desk, judge, skip, undo } from "./desk";
import { age, counted, measured, outcome, visible } from "./shown_text";

/** How many of each list are drawn at most; the rest is counted. */
const AT_WORK = 12;
const TO_JUDGE = 8;
const ROLES = 16;
const LINES = 200;
/** The rows that the first run to be judged takes, with the headings, and those of a notice. */
const FIRST_TO_JUDGE = 6;
const NOTICE = 2;
/** How many of one role are named. */
const NAMES = 4;

/** The whole pane. */
export function pane(
  $: EngineInterface,
  e: RenderInput<"Pane">,
  desk: Desk,
  drawing: Drawing,
): RenderElement {
  const { Box, Text } = $.ui.resolve(e);
  const { overview } = drawing;
  const { trouble } = overview;
  return (
    <Box flexDirection="column">
      {trouble === undefined ? null : <Text color="error">{visible(trouble)}</Text>}
      {answered($, e, drawing.answer)}
      {noticed($, e, desk, drawing.notice)}
      {working($, e, overview.atWork, overview.at, drawing.notice === undefined ? 0 : NOTICE)}
      {judging($, e, desk, overview.toJudge, drawing.hasKeys)}
      {rostered($, e, overview.roster)}
      <Text dimColor>
        {e.props.placement === "dock" ? "ctrl+x tab: keys · ctrl+x x: close" : "esc: close"} ·
        /persona help
      </Text>
    </Box>
  );
}

function working(
  $: EngineInterface,
  e: RenderInput<"Pane">,
  atWork: readonly AtWork[],
  now: number,
  above: number,
): RenderElement {
  const { Box, Text } = $.ui.resolve(e);
  // What is to be judged has to be in sight, since its keys judge.
  const room = Math.floor((e.props.scroll.bodyRows - above - FIRST_TO_JUDGE) / 2);
  const rows = atWork.slice(0, Math.min(Math.max(room, 1), AT_WORK)).map((it) => {
    const known = measured(it.measures);
    const of = it.elsewhere === undefined ? it.agent : `${it.agent} on ${it.elsewhere}`;
    return <Box flexDirection="column">{titled($, e, it, [of, age(it.since, now), known])}</Box>;
  });
  return (
    <Box flexDirection="column">
      <Text bold>At work</Text>
      {rows}
      {more($, e, atWork.length - rows.length)}
      {rows.length > 0 ? null : <Text dimColor>Nobody. An agent with a name gets a persona.</Text>}
    </Box>
  );
}

function judging(
  $: EngineInterface,
  e: RenderInput<"Pane">,
  desk: Desk,
  runs: readonly Ended[],
  hasKeys: boolean,
): RenderElement {
  const { Box, Text, Button } = $.ui.resolve(e);
  const rows = runs.slice(0, TO_JUDGE).map((run, index) => {
    // The keys are those of the run that ended last.
    const hotkey = (key: string) => (hasKeys && index === 0 ? { hotkey: key } : {});
    return (
      <Box flexDirection="column">
        {titled($, e, run, [run.agent, outcome(run)])}
        <Box gap={2} paddingLeft={2}>
          <Button
            key={`good ${run.key}`}
            label="good"
            plain
            {...hotkey("g")}
            onPress={() => judge($, desk, run, "good")}
          />
          <Button
            key={`bad ${run.key}`}
            label="bad"
            plain
            {...hotkey("b")}
            onPress={() => judge($, desk, run, "bad")}
          />
          <Button
            key={`skip ${run.key}`}
            label="skip"
            plain
            {...hotkey("s")}
            onPress={() => skip($, desk, run)}
          />
        </Box>
      </Box>
    );
  });
  return (
    <Box flexDirection="column" marginTop={1}>
      <Text bold>To be judged</Text>
      {rows}
      {more($, e, runs.length - rows.length)}
      {rows.length > 0 ? null : (
        <Text dimColor>
          No run of this session waits. `/persona good NAME` judges an earlier one.
        </Text>
      )}
    </Box>
  );
}

/** Who works or worked, and under it what is known of that. */
function titled(
  $: EngineInterface,
  e: RenderInput<"Pane">,
  { name, role }: { name: string; role: string },
  known: readonly string[],
): RenderElement[] {
  const { Text } = $.ui.resolve(e);
  const parts = known.filter((part) => part !== "").map(visible);
  return [
    <Text wrap="end">
      {visible(name)} · {visible(role)}
    </Text>,
    <Text wrap="end" dimColor>
      {`  ${parts.join(" · ")}`}
    </Text>,
  ];
}

function answered(
  $: EngineInterface,
  e: RenderInput<"Pane">,
  answer: Drawing["answer"],
): RenderElement | null {
  if (answer === undefined) return null;
  const { Box, Text } = $.ui.resolve(e);
  const lines = answer.lines.slice(0, LINES);
  return (
    <Box flexDirection="column" marginBottom={1}>
      <Text bold>{`/persona ${visible(answer.typed)}`}</Text>
      {lines.map((line) => (
        <Text>{line === "" ? " " : visible(line)}</Text>
      ))}
      {more($, e, answer.lines.length - lines.length)}
    </Box>
  );
}

function noticed(
  $: EngineInterface,
  e: RenderInput<"Pane">,
  desk: Desk,
  notice: Drawing["notice"],
): RenderElement | null {
  if (notice === undefined) return null;
  const { Box, Text, Button } = $.ui.resolve(e);
  const { text, undo: event } = notice;
  return (
    <Box gap={2} marginBottom={1} flexWrap="wrap">
      <Text>{visible(text)}</Text>
      {event === undefined ? null : (
        <Button
          key={`undo ${event}`}
          label="undo"
          plain
          hotkey="u"
          onPress={() => undo($, desk, event)}
        />
      )}
    </Box>
  );
}

function rostered(
  $: EngineInterface,
  e: RenderInput<"Pane">,
  groups: readonly Group[],
): RenderElement {
  const { Box, Text } = $.ui.resolve(e);
  const rows = groups.slice(0, ROLES).map(({ role, personas }) => {
    const named = personas.slice(0, NAMES).map(({ name, score, isAtWork }) => {
      const points = score === undefined ? "" : ` ${score.toFixed(2)}`;
      return `${visible(name)}${points}${isAtWork ? " (at work)" : ""}`;
    });
    const rest = personas.length - named.length;
    const names = named.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
    return (
      <Box flexDirection="column">
        <Text wrap="end">{role === "" ? "no record yet" : visible(role)}</Text>
        <Box paddingLeft={2}>
          <Text dimColor>{names}</Text>
        </Box>
      </Box>
    );
  });
  return (
    <Box flexDirection="column" marginTop={1} marginBottom={1}>
      <Text bold>Roster</Text>
      {rows}
      {more($, e, groups.length - rows.length)}
      {rows.length > 0 ? null : <Text dimColor>The first agent with a name makes one.</Text>}
    </Box>
  );
}

function more($: EngineInterface, e: RenderInput<"Pane">, count: number): RenderElement | null {
  const { Text } = $.ui.resolve(e);
  return count > 0 ? <Text dimColor>{`And ${count} more.`}</Text> : null;
}

/** The line above the prompt, if there is anything to be judged. */
export function reminder(
  $: EngineInterface,
  e: RenderInput<"AbovePrompt">,
  count: number,
  open: (() => Promise<unknown>) | undefined,
): RenderElement | null {
  if (count === 0) return null;
  const { Box, Text, Button } = $.ui.resolve(e);
  return (
    <Box gap={2}>
      <Text dimColor wrap="end">{`${counted(count, "run")} without a verdict`}</Text>
      {open && <Button key="judge" label="judge" plain hotkey="1" onPress={open} />}
    </Box>
  );
}
