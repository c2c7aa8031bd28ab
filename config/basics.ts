import { z } from "zod";
import { isPort } from "../components/internal/rules";

/** What errors say instead of zod's words; what is allowed is in FIELDS. */
export const text = (what: string, isRight: (value: string) => boolean): z.ZodString =>
  z.string().refine(isRight, what);
/** A whole number within bounds. */
export const whole = (least: number, most = Number.MAX_SAFE_INTEGER): z.ZodNumber =>
  z.number().int("is not a whole number").min(least, "is too small").max(most, "is too large");
/** A TCP port. */
export const port = z.number().refine(isPort, "is not a TCP port");
