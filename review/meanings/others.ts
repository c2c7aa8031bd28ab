import type { Step } from "../parse";
import { all, unfelt, type Meaning, type PropertyChange, type Verdict } from "./types";

/** What the product keeps as random text, by the end of the resource's name. */
const PURPOSES: readonly (readonly [suffix: string, verdict: Verdict])[] = [
  [
    "-hostkey",
    {
      rank: 4,
      why: "the program expects another host key than the running node has: it refuses to connect to it until its boot disk is made anew",
      effect: "none",
      procedure: "one-node",
    },
  ],
  [
    "-identity",
    {
      rank: 4,
      why: "the volume's own devices are taken for another's: later steps refuse them until that is put right by hand",
      effect: "none",
      procedure: "protection",
    },
  ],
  [
    "-password",
    {
      rank: 4,
      why: "the account's password was made with the data: the server keeps the old one, and who takes the new one is refused",
      effect: "none",
      procedure: "quiet-hour",
    },
  ],
];

function anew({ name }: Pick<Step, "name">): Verdict {
  const found = PURPOSES.find(([suffix]) => name.endsWith(suffix))?.[1];
  return found ?? unfelt("a new random value; what it does is told by what uses it");
}

const random: Meaning = {
  called: "a random value",
  create: unfelt("a new random value"),
  delete: anew,
  replace: anew,
  properties: all(
    [
      "length",
      "special",
      "byteLength",
      "prefix",
      "keepers",
      "lower",
      "upper",
      "number",
      "numeric",
      "minLower",
      "minUpper",
      "minNumeric",
      "minSpecial",
      "overrideSpecial",
    ],
    ({ step }: PropertyChange) => anew(step),
  ),
};

const engines = unfelt("the engine's own record");
const children = unfelt("its children speak for themselves");

/** What is neither the vendor's nor a host's. */
export const otherMeanings: Readonly<Record<string, Meaning>> = {
  "random:index/randomPassword:RandomPassword": random,
  "random:index/randomId:RandomId": random,
  "pulumi:pulumi:Stack": { called: "the stack", create: engines, delete: engines, replace: engines, properties: {} },
};

/** A provider's settings: what comes of them is told by the resources. */
export const providerMeaning: Meaning = {
  called: "a provider",
  create: engines,
  delete: engines,
  replace: engines,
  properties: all(
    ["version", "url", "apiVersion", "eventPollMs", "skipInstanceReadyPoll", "configPath", "configProfile"],
    unfelt("how the program speaks to the service"),
  ),
};

/** A component is made of its children, each of which speaks for itself. */
export const componentMeaning: Meaning = {
  called: "a component",
  create: children,
  delete: children,
  replace: children,
  properties: {},
};
