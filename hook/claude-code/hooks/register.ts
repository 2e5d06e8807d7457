// The mod: it lends personas, shows who is at work, and takes verdicts.

import type { EngineInterface, Register } from "claude-code";
import { HINT, answer, completions } from "./command";
import { COLUMNS, close, follow, newDesk, open } from "./desk";
import { lending, newLent, runOf } from "./lending";
import { pane, reminder } from "./pane";
import { visible } from "./shown_text";

/** What keeps an answer from the model. */
const isForPerson = { isTextDisplayOnly: true as const };
/** The answer to what has no place to be answered. */
const WAIT = "The model is at work: ask again when it is done.";
/** From how many columns on the client puts a pane beside the chat. */
const DOCKED = 110;

export const register: Register = (on) => {
  const lent = newLent();
  lending(on, lent);
  const desk = newDesk(lent);

  on("session.start", async ($, e, next) => {
    const result = await next(e);
    void offer($);
    return result;
  }).catch(($, e, next) => next(e));

  on("command.run", { command: "persona" }, async ($, e) => {
    const { columns, isFullscreen } = e.presentation;
    const isBesideChat = isFullscreen && columns >= DOCKED;
    const typed = e.args.trim();
    if (typed === "" && lent.shown.pane && (await open($, desk, isBesideChat))) return isForPerson;
    const asked = typed === "" ? "who" : typed;
    // What is answered in the chat while the model works, it would read.
    if (!desk.isWorking) return { text: await answer($, asked, columns), ...isForPerson };
    if (!lent.shown.pane) return { text: WAIT, ...isForPerson };
    const lines = (await answer($, asked, isBesideChat ? COLUMNS : columns)).trim().split("\n");
    if (await open($, desk, isBesideChat, { typed: asked, lines })) return isForPerson;
    return { text: WAIT, ...isForPerson };
  }).catch(() => ({
    text: "error: `/persona` failed\nhint: `muzzle-persona who` in a shell tells the same",
    ...isForPerson,
  }));

  on("ui.render", { component: "AgentRow" }, async ($, e, next) => {
    const run = lent.shown.rows ? await runOf(lent, e.props.id) : undefined;
    if (run === undefined) return next(e);
    const { persona, role } = run.answer;
    const words = [persona, role, e.props.label].filter((word) => word !== "");
    return next({ ...e, props: { ...e.props, label: words.map(visible).join(" · ") } });
  }).catch(($, e, next) => next(e));

  on("ui.render", { component: "Pane", requestId: "persona" }, async ($, e, next) => {
    const { value } = await $.state.get({ plugin: "muzzle-persona", key: "pane" });
    return value === undefined ? next(e) : pane($, e, desk, value);
  }).catch(($, e, next) => next(e));

  on("ui.render", { component: "AbovePrompt" }, async ($, e, next) => {
    desk.isWorking = e.props.isWorking;
    if (!lent.shown.reminder || e.props.hasSurvey) return next(e);
    follow($, desk);
    const { value } = await $.state.get({ plugin: "muzzle-persona", key: "pane" });
    const count = value?.overview.toJudge.length ?? 0;
    const judge = lent.shown.pane ? () => open($, desk, false) : undefined;
    return reminder($, e, count, judge) ?? next(e);
  }).catch(($, e, next) => next(e));

  on("ui.close", { id: "persona" }, async ($, e, next) => {
    close(desk);
    return next(e);
  }).catch(($, e, next) => next(e));

  on("prompt.autocomplete", async ($, e, next) => {
    const below = await next(e);
    const found = await completions($, e.text.slice(0, e.cursor), e.token);
    const own = found.map((text) => ({ text: `${text} `, label: visible(text) }));
    return { suggestions: [...own, ...below.suggestions] };
  }).catch(($, e, next) => next(e));
};

/** Offers `/persona`. */
async function offer($: EngineInterface): Promise<void> {
  try {
    await $.command.register({
      name: "persona",
      description: "Shows who is at work, and takes verdicts on those who were",
      argumentHint: HINT,
      immediate: true,
    });
  } catch {
    // Somebody else has the name, or the client knows no such commands.
  }
}
