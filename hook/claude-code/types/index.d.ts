// What the mod keeps in a session, for itself alone: what is drawn.

declare module "claude-code" {
  interface PluginState {
    "muzzle-persona": {
      /** What the pane shows. */
      pane: Drawing;
    };
  }
}

/** What the pane shows. */
export type Drawing = {
  overview: Overview;
  /** Whether keys judge the first run: not at once after a verdict, so that one key judges one. */
  hasKeys: boolean;
  /** What was asked for while the model worked, and the lines of the answer. */
  answer?: { typed: string; lines: string[] };
  /** What became of the last verdict, and which event takes it back. */
  notice?: { text: string; undo?: string };
};

/** Who is at work, whose runs are to be judged, and the roster. */
export type Overview = {
  /** When it was drawn, in milliseconds since the epoch, to the minute. */
  at: number;
  /** This session's first, and of each those that began last. */
  atWork: AtWork[];
  /** The runs of this session that ended and have no verdict: those that ended last come first. */
  toJudge: Ended[];
  roster: Group[];
  /** Why there is no more to be shown. */
  trouble?: string;
};

export type AtWork = {
  name: string;
  role: string;
  agent: string;
  /** In milliseconds since the epoch. */
  since: number;
  /** Of the run so far, as this session knows it. */
  measures?: Measures;
  /** The project, where another session holds the persona. */
  elsewhere?: string;
};

export type Ended = {
  /** Tells it from all others of the session. */
  key: string;
  name: string;
  role: string;
  agent: string;
  session: string;
  slot: string;
  measures?: Measures;
  /** `ok`, `bad` or `stopped`; empty where nothing was told of its end. */
  result: string;
};

/** Those who are best in a role. */
export type Group = {
  /** Empty for those who have no record in any. */
  role: string;
  personas: { name: string; score?: number; isAtWork: boolean }[];
};

/** Whole numbers, of all turns of the run so far. */
export type Measures = {
  calls: number;
  errors: number;
  /** Distinct files that were written. */
  files: number;
  /** Lines that were added or removed. */
  lines: number;
  /** How the last test command ended, where that can be told. */
  test?: "passed" | "failed";
  duration_ms: number;
  /** With those that came from a cache. */
  input_tokens?: number;
  output_tokens?: number;
};
