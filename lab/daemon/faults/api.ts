import { LabError } from "../../machines/errors";
import type { ApiFault } from "../../api";
import type { FaultCall } from "../protocol";
import type { Fault } from "./contract";

type Options = FaultCall["options"];

const ERRORS: Readonly<Record<string, ApiFault>> = {
  busy: {
    status: 400,
    reason: "Linode busy.",
    match: { methods: ["POST", "PUT", "DELETE"], path: "^/linode/instances/" },
  },
};

/** Makes the API answer with errors, or late. */
export const api: Fault = {
  usage: "api",
  summary: "make the API answer with errors or late, until `--clear`",
  options: [
    { flags: "--error <which>", help: '429, 500, 503 or another status, or `busy` for 400 "Linode busy."' },
    { flags: "--rate <share>", help: "share of the requests that get the error: 0.2 is one in five (default: 1)" },
    { flags: "--seed <number>", help: "the same seed and the same requests give the same errors (default: 1)" },
    { flags: "--path <pattern>", help: "only requests whose path, without /v4, matches this regular expression" },
    { flags: "--method <names>", help: "only requests with these methods, for example POST,PUT" },
    { flags: "--late", help: "the request is done, only its answer is an error" },
    { flags: "--latency <ms>", help: "let every answer wait so long" },
    { flags: "--clear", help: "end all of these" },
  ],
  async run({ region }, { options }) {
    const { faults } = region.api.lab;
    if (options.clear === true) {
      faults.clear();
      return "the API answers as it should";
    }
    const done: string[] = [];
    if (options.error !== undefined) {
      const fault = faultOf(options);
      faults.setApiRule(fault);
      done.push(inWords(fault));
    }
    if (options.latency !== undefined) {
      const milliseconds = number(options, "latency", 0, 600_000);
      faults.setLatency(milliseconds);
      done.push(`every answer of the API waits ${milliseconds} ms`);
    }
    if (done.length === 0) {
      throw new LabError("Nothing to do: what shall the API do?", { hint: "Give --error, --latency or --clear." });
    }
    return done.join("; ");
  },
  active: ({ region }) => {
    const { rules, latencyMs } = region.api.lab.faults.describe();
    return [...rules.map(inWords), ...(latencyMs > 0 ? [`every answer of the API waits ${latencyMs} ms`] : [])];
  },
  lasting: ({ options }) => (options.clear === true ? "forget" : "keep"),
};

/** What `--error`, `--rate` and so on ask for. */
export function faultOf(options: Options): ApiFault {
  const which = String(options.error);
  const known = ERRORS[which];
  const status = Number(which);
  if (known === undefined && !(Number.isInteger(status) && status >= 400 && status <= 599)) {
    throw new LabError(`--error ${which} is not an error that an API answers with.`, {
      hint: "Give a status from 400 to 599, for example 429 or 503, or `busy`.",
    });
  }
  const methods = options.method === undefined ? undefined : String(options.method).toUpperCase().split(",");
  const match = {
    ...known?.match,
    ...(methods && { methods }),
    ...(options.path !== undefined && { path: pattern(options) }),
  };
  return {
    ...(known ?? { status }),
    rate: options.rate === undefined ? 1 : number(options, "rate", 0, 1),
    seed: options.seed === undefined ? 1 : number(options, "seed", 0, 2 ** 32 - 1),
    ...(Object.keys(match).length > 0 && { match }),
    ...(options.late === true && { when: "after" as const }),
  };
}

function number(options: Options, name: string, least: number, most: number): number {
  const text = String(options[name]);
  const value = Number(text);
  if (text.trim() === "" || !(value >= least && value <= most)) {
    throw new LabError(`--${name} ${text} is out of range.`, { hint: `Give a number from ${least} to ${most}.` });
  }
  return value;
}

function pattern(options: Options): string {
  try {
    new RegExp(String(options.path));
    return String(options.path);
  } catch (error) {
    throw new LabError(`--path ${String(options.path)} is not a regular expression.`, {
      detail: (error as Error).message,
    });
  }
}

function inWords({ status, reason, rate = 1, match, when }: ApiFault): string {
  const which = [match?.methods?.join(", "), match?.path].filter(Boolean).join(" ");
  const share = rate === 1 ? "all" : `${Math.round(rate * 1000) / 10} % of`;
  return `${share} requests${which === "" ? "" : ` (${which})`} get ${status}${reason ? ` "${reason}"` : ""}${when === "after" ? ", though they are done" : ""}`;
}
