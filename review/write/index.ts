import type { Review } from "../review";
import { writeJson } from "./json";
import { writeMarkdown } from "./markdown";
import { writeSarif } from "./sarif";
import { writeTerminal, type TerminalOptions } from "./terminal";

/** Turns a review into text. Pure: the same review gives the same text. */
export type Writer = (review: Review, options?: TerminalOptions) => string;

/** All writers by the name that `--format` takes. To add one, add it here. */
export const WRITERS = {
  terminal: writeTerminal,
  markdown: writeMarkdown,
  json: writeJson,
  sarif: writeSarif,
} as const satisfies Readonly<Record<string, Writer>>;

/** What `--format` takes. */
export type Format = keyof typeof WRITERS;
