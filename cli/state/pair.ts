import type { Answers, Survey } from "../reach/survey";
import type { ManagerState } from "./groups";
import { heartbeatState, type HeartbeatWords } from "./heartbeat";
import { manualState, type ManualAnswer } from "./manual";
import { parsePacemaker } from "./pacemaker";
import { parseProcDrbd, unconfigured, type DrbdSide } from "./procDrbd";

/** One of a node's own health checks, as `ha-health` reports it. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** A node as it was found. */
export interface NodeState {
  readonly name: string;
  readonly reached: boolean;
  /** Why it was not reached. */
  readonly why?: string;
  readonly checks: readonly Check[];
  /** Addresses that it has and that are not its own: the floating ones. */
  readonly floating: readonly string[];
  /** Mount points of DRBD devices, by device. */
  readonly mounts: Readonly<Record<string, string>>;
}

/** A replicated resource, each node's view of it. */
export interface ResourceState {
  readonly name: string;
  readonly minor: number;
  /** Both nodes are Primary at all times. */
  readonly dualPrimary: boolean;
  /** By node name; a node that was not reached is not in it. */
  readonly sides: Readonly<Record<string, DrbdSide>>;
  /** The disk below it, by node name. */
  readonly backing: Readonly<Record<string, string>>;
}

/** The pair at one moment: what every command decides upon. */
export interface PairState {
  readonly nodes: readonly NodeState[];
  readonly resources: readonly ResourceState[];
  readonly manager: ManagerState;
}

type Reached = Extract<Survey, { reached: true }>;

/** Puts both nodes' answers together. */
export function pairState(surveys: readonly Survey[]): PairState {
  const reached = surveys.filter((each): each is Reached => each.reached);
  return { nodes: surveys.map(nodeState), resources: resourceStates(reached), manager: managerState(reached) };
}

function nodeState(survey: Survey): NodeState {
  const { name, endpoint } = survey.node;
  if (!survey.reached) return { name, reached: false, why: survey.why, checks: [], floating: [], mounts: {} };
  const { answers } = survey;
  const own = [endpoint.public4, endpoint.public6, endpoint.private4, endpoint.interconnect];
  const lines = (answers.mounts ?? "").split("\n").flatMap((line): [string, string][] => {
    const [device, point] = line.split(" ");
    return device?.startsWith("/dev/drbd") === true && point !== undefined ? [[device, point]] : [];
  });
  return {
    name,
    reached: true,
    checks: checksOf(answers),
    floating: floatingOf(answers.addresses ?? "", own),
    mounts: Object.fromEntries(lines),
  };
}

function checksOf({ health, healthCode }: Answers): readonly Check[] {
  try {
    const { checks = [] } = JSON.parse(health?.trim().split("\n").pop() ?? "") as { checks?: Check[] };
    return checks;
  } catch {
    return [{ name: "ha-health", ok: false, detail: `gives no answer (exit code ${healthCode ?? "none"})` }];
  }
}

/** Loopback and link-local addresses, and those that the vendor's own configuration gives by itself, are nobody's floating address. */
function floatingOf(text: string, own: readonly (string | undefined)[]): readonly string[] {
  const owned = own.map((address) => address?.split("/")[0]);
  const found = text.split("\n").flatMap((line) => {
    const [, device, address] = /^\d+: +(\S+) +inet6? ([0-9a-f.:]+)/.exec(line) ?? [];
    if (address === undefined || device === undefined || /^(127\.|::1$|fe80:)/.test(address)) return [];
    return owned.includes(address) || / dynamic | mngtmpaddr/.test(line) ? [] : [address];
  });
  return [...new Set(found)];
}

function resourceStates(reached: readonly Reached[]): ResourceState[] {
  const settings = reached.map(({ node, answers }) => ({
    node: node.name,
    kernel: parseProcDrbd(answers.drbd ?? ""),
    files: filesOf(answers.resources ?? ""),
  }));
  const names = [...new Set(settings.flatMap(({ files }) => Object.keys(files)))].sort();
  return names.map((name) => {
    const known = settings.filter(({ files }) => files[name] !== undefined);
    const minor = Number(known[0]?.files[name]?.["MINOR"] ?? -1);
    return {
      name,
      minor,
      dualPrimary: known.some(({ files }) => files[name]?.["PROMOTE"] === "always"),
      sides: Object.fromEntries(known.map(({ node, kernel }) => [node, kernel.get(minor) ?? unconfigured(minor)])),
      backing: Object.fromEntries(known.map(({ node, files }) => [node, files[name]?.["DEVICE"] ?? ""])),
    };
  });
}

/** `/etc/linode-ha/drbd/db:MINOR=0`, one a line. */
function filesOf(text: string): Record<string, Record<string, string>> {
  const files: Record<string, Record<string, string>> = {};
  for (const [, name = "", key = "", value = ""] of text.matchAll(/^\/etc\/linode-ha\/drbd\/([^:/]+):(\w+)=(.*)$/gm)) {
    (files[name] ??= {})[key] = value;
  }
  return files;
}

function managerState(reached: readonly Reached[]): ManagerState {
  const none: ManagerState = { kind: "none", nodes: [], maintenance: false, groups: [], notes: [] };
  const has = (kind: string): boolean =>
    reached.some(({ answers }) => new RegExp(`^${kind}=`, "m").test(answers.manager ?? ""));
  if (has("pacemaker")) return pacemakerState(reached);
  if (has("heartbeat")) {
    const words = reached.map(({ node, answers }) => [node.name, heartbeatWords(answers.heartbeat ?? "")] as const);
    const answers: Answers = reached[0]?.answers ?? {};
    return heartbeatState(Object.fromEntries(words), answers.haResources ?? "", answers.haCf ?? "");
  }
  if (has("manual")) {
    return manualState(
      Object.fromEntries(reached.map(({ node, answers }) => [node.name, manualAnswers(answers.groups ?? "")])),
    );
  }
  return none;
}

/** The view of the first node whose cluster answers; a node that answers not is one of the notes. */
function pacemakerState(reached: readonly Reached[]): ManagerState {
  const notes: string[] = [];
  let state: ManagerState | undefined;
  for (const { node, answers } of reached) {
    try {
      const own = parsePacemaker(answers.crmMon ?? "", answers.cib ?? "");
      state ??= own;
    } catch {
      notes.push(`the cluster does not answer on ${node.name}`);
    }
  }
  const found = state ?? { kind: "pacemaker", nodes: [], maintenance: false, groups: [], notes: [] };
  return { ...found, notes: [...found.notes, ...notes] };
}

function heartbeatWords(text: string): HeartbeatWords {
  return {
    jobs: jobsOf(text),
    runs: /^runs=yes$/m.test(text),
    holds: /^holds=(\w+)$/m.exec(text)?.[1] ?? "unknown",
    nodes: Object.fromEntries(
      [...text.matchAll(/^node=([^=]+)=(.*)$/gm)].map(([, name = "", state = ""]) => [name, state]),
    ),
  };
}

/** What `heartbeat-groups` says, by group. */
function jobsOf(text: string): HeartbeatWords["jobs"] {
  const jobs: Record<string, { job: string; running: boolean }[]> = {};
  let group = "";
  for (const [, word, first = "", second = ""] of text.matchAll(/^(group|job) (\S+) (\S+)$/gm)) {
    if (word === "group") group = first;
    else (jobs[group] ??= []).push({ job: first, running: second === "running" });
  }
  return jobs;
}

function manualAnswers(text: string): Record<string, ManualAnswer> {
  const parts = text.split(/^@group /m).slice(1);
  return Object.fromEntries(
    parts.map((part) => {
      const [head = "", answer = ""] = part.split(/^@status$/m);
      const name = head.slice(0, head.indexOf("\n"));
      try {
        const status = JSON.parse(answer.trim()) as NonNullable<ManualAnswer["status"]>;
        return [name, { file: head, status }];
      } catch {
        return [name, { file: head }];
      }
    }),
  );
}
