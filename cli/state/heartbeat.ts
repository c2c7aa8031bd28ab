import type { FencingState, GroupState, ManagerNode, ManagerState } from "./groups";

/** What `cl_status` answers on one node. */
export interface HeartbeatWords {
  /** Whether Heartbeat runs there. */
  readonly runs: boolean;
  /** `none`, `local`, `foreign`, `all` or `transition`. */
  readonly holds: string;
  /** `cl_status nodestatus` by node name: `active`, `up`, `dead`, …. */
  readonly nodes: Readonly<Record<string, string>>;
  /** What of each group runs there, looked at one by one: Heartbeat takes for running what it has once started. By group. */
  readonly jobs: Readonly<Record<string, readonly { readonly job: string; readonly running: boolean }[]>>;
}

/** A line of `haresources`. */
export interface HaResourcesGroup {
  readonly name: string;
  readonly preferred: string;
  readonly drbd: readonly string[];
  readonly addresses: readonly string[];
}

/**
 * Reads `haresources`. Heartbeat itself has no names for groups: a comment `# group NAME` before the line says it, or what a job tells of it, or
 * else the group is named after its first DRBD resource.
 */
export function parseHaResources(text: string): HaResourcesGroup[] {
  const groups: HaResourcesGroup[] = [];
  let said: string | undefined;
  for (const line of text.replace(/\\\n/g, " ").split("\n")) {
    said = /^#\s*group\s+(\S+)/.exec(line)?.[1] ?? said;
    const [preferred, ...jobs] = line
      .replace(/^\s*#.*/, "")
      .trim()
      .split(/\s+/);
    if (preferred === undefined || preferred === "") continue;
    const argument = (pattern: RegExp): string[] => jobs.flatMap((job) => pattern.exec(job)?.[1] ?? []);
    const drbd = argument(/^drbddisk::(.+)$/);
    const name =
      said ??
      argument(/^MailTo::[^:]+::(.+)$/)[0] ??
      argument(/^linode-ha-unit::linode-ha-links@(.+)\.service$/)[0] ??
      drbd[0];
    groups.push({
      name: name ?? jobs[0] ?? preferred,
      preferred,
      drbd,
      addresses: argument(/^(?:IPaddr2|linode-ha-address6?)::([^/]+)\//),
    });
    said = undefined;
  }
  return groups;
}

/** Puts both nodes' answers together. `fencing` and `failback` are what `ha.cf` says; words by node name. */
export function heartbeatState(
  answers: Readonly<Record<string, HeartbeatWords>>,
  haResources: string,
  haCf: string,
): ManagerState {
  const names = Object.keys(answers);
  const failback = /^auto_failback\s+(on|yes|true)/m.test(haCf);
  const declared = parseHaResources(haResources);
  const groups = declared.map((group): GroupState => {
    const jobsOn = (name: string) => answers[name]?.jobs[group.name] ?? [];
    const activeOn = names.filter((name) => jobsOn(name).length > 0 && jobsOn(name).every(({ running }) => running));
    const partlyOn = names.filter((name) => !activeOn.includes(name) && jobsOn(name).some(({ running }) => running));
    const notes = partlyOn.flatMap((name) => {
      const dead = jobsOn(name).filter(({ running }) => !running);
      return dead.map(({ job }) => `${job.replace(/^[^:]+::/, "").split("::")[0] ?? job} does not run on ${name}`);
    });
    return { ...group, activeOn, partlyOn, notes, failback };
  });
  return {
    kind: "heartbeat",
    nodes: names.map((name) => nodeOf(name, answers)),
    maintenance: false,
    groups,
    fencing: fencingOf(haCf),
    notes: names.flatMap((name) =>
      answers[name]?.holds === "transition" ? [`${name} is taking or giving up groups`] : [],
    ),
  };
}

function nodeOf(name: string, answers: Readonly<Record<string, HeartbeatWords>>): ManagerNode {
  const own = answers[name];
  const seen = Object.entries(answers).filter(([other, words]) => other !== name && words.runs);
  const views = seen.map(([, words]) => words.nodes[name] ?? "unknown");
  const words = own?.runs === true ? "heartbeat runs" : "heartbeat does not run";
  return {
    name,
    online: own?.runs === true && views.every((view) => view === "active"),
    standby: false,
    words: [words, ...views.map((view) => `its peer sees it ${view}`)].join(", "),
  };
}

function fencingOf(haCf: string): FencingState {
  const hosts = [...haCf.matchAll(/^stonith_host\s+(\S+)\s+(\S+)/gm)].map(
    ([, from, plugin]) => `${from ?? ""} by ${plugin ?? ""}`,
  );
  return hosts.length > 0
    ? { enabled: true, ok: true, words: hosts.join(", ") }
    : { enabled: false, ok: true, words: "none: two nodes that lose each other may both go on" };
}
