import { parsePreview } from "../parse";
import { isObject } from "../parse/values";
import { review } from "../classify";
import type { Rank } from "../ranks";
import { writeMermaid } from "./mermaid";
import type { Picture, Touched } from "./model";
import { GraphError, pictureOfOutputs, pictureOfPlan, pictureOfState } from "./read";
import { writeSvg } from "./svg";

export { GraphError } from "./read";
export type { Picture, Thing, Touched } from "./model";

/** Ways to draw, by the name that `--format` takes. */
export const DRAWINGS = { mermaid: writeMermaid, svg: writeSvg } as const;

/** What `linode-ha graph --format` takes. */
export type DrawingFormat = keyof typeof DRAWINGS;

/** What a plan touches, and how badly. */
export function touchedBy(preview: string | Uint8Array): Touched {
  const touched = new Map<string, Rank>();
  for (const { urns, rank } of review(parsePreview(preview)).findings) for (const urn of urns) touched.set(urn, rank);
  return touched;
}

/** Reads a stack from its state, its outputs or a preview, whichever it is. @throws GraphError, PreviewError */
export function readPicture(text: string): Picture {
  const document = readObject(text);
  if (document !== undefined && "deployment" in document) return pictureOfState(document);
  if (document !== undefined && "endpoints" in document) return pictureOfOutputs(document);
  if (document === undefined || "steps" in document || "changeSummary" in document)
    return pictureOfPlan(parsePreview(text));
  throw new GraphError("this is neither a stack's state nor its outputs nor a preview");
}

/** Undefined where it is not one JSON object: a preview's events are one a line, and what is wrong is for its own reader to say. */
function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
