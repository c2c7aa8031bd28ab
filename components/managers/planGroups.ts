import type { NodePair } from "../haNode";
import type { Findings } from "../internal/rules";
import type { PlannedGroup, ServiceGroup } from "../serviceGroup";
import { checkAddress, checkFilesystem, checkLinks, checkService, checkVolume, NAME } from "./memberChecks";

const MAIL = /^[A-Za-z0-9][A-Za-z0-9._+-]*(@[A-Za-z0-9.-]+)?$/;
/** The words that managers put between a group's name and its members', so that no two things have one name. */
const MEMBER_WORDS = /^(drbd|fence)(-|$)|-(on|with|after|drbd|fs|ip|svc|links|mail)(-|$)/;

/** What a check of groups is told beside the groups. */
export interface GroupSettings {
  readonly nodes: NodePair;
  /** The systemd services that the nodes have; others are refused. Default: not checked here, but on the hosts. */
  readonly knownServices?: readonly string[];
}

/**
 * Checks groups against each other and their pair, and fills in the defaults. Every problem goes into `found`; the result is good
 * only if there were none.
 */
export function planGroups(
  groups: readonly ServiceGroup[],
  settings: GroupSettings,
  found: Findings,
): readonly PlannedGroup[] {
  found.require(groups.length > 0, {
    path: "groups",
    what: "a manager without groups has nothing to do",
    todo: 'give it at least one, for example { name: "db", preferred: "web1", runs: [...] }',
  });
  const planned = groups.map((group) => ({
    ...group,
    scores: group.scores ?? { preferred: 100, other: 10 },
    failback: group.failback ?? false,
    monitorSeconds: group.monitorSeconds ?? 10,
    migrationThreshold: group.migrationThreshold ?? 3,
    failureTimeoutSeconds: group.failureTimeoutSeconds ?? 600,
  }));
  const once = new Once(found);
  planned.forEach((group, index) => {
    const path = `groups[${index}]`;
    checkGroup(group, path, settings, found);
    once.require("group", group.name, `group "${group.name}"`, `${path}.name`);
    checkMembers(group, path, planned, settings, once, found);
  });
  return planned;
}

/** What only one group of a pair may have. */
class Once {
  private readonly holders = new Map<string, string>();

  constructor(private readonly found: Findings) {}

  require(kind: string, value: string, holder: string, path: string): void {
    const key = `${kind} ${value}`;
    const earlier = this.holders.get(key);
    this.found.require(earlier === undefined, {
      path,
      given: value,
      what: `this ${kind} is already ${earlier === holder ? `given earlier in ${holder}` : `that of ${earlier}`}`,
      todo: "a thing runs in one group, once: choose another, or take it out here",
    });
    this.holders.set(key, earlier ?? holder);
  }
}

function checkGroup(group: PlannedGroup, path: string, { nodes }: GroupSettings, found: Findings): void {
  const { name, preferred, scores, runs } = group;
  const names = nodes.map((node) => node.name);
  found.require(NAME.test(name) && !MEMBER_WORDS.test(name), {
    path: `${path}.name`,
    given: name,
    what: "is not a name for a group",
    allowed:
      'up to 32 of a-z, 0-9 and "-", starting with a letter, and without the words that members\' names are made with',
    todo: 'choose a short one such as "db"',
  });
  found.require(names.includes(preferred), {
    path: `${path}.preferred`,
    given: preferred,
    what: "is not a node of this pair",
    allowed: names.join(", "),
    todo: "name one of them",
  });
  found.require(scores.preferred !== scores.other, {
    path: `${path}.scores`,
    given: scores,
    what: "the scores tie: nothing would say where the group runs",
    allowed: "a higher one for the preferred node",
    todo: "leave them out for 100 and 10",
  });
  const isScore = (score: number): boolean => Number.isInteger(score) && score >= 0 && score <= 100_000;
  found.require(scores.preferred >= scores.other && isScore(scores.preferred) && isScore(scores.other), {
    path: `${path}.scores`,
    given: scores,
    what: "are not scores of a preferred and another node",
    allowed: "whole numbers from 0 to 100000, the higher one for the preferred node",
    todo: "leave them out for 100 and 10, or name the other node as the preferred one",
  });
  range(`${path}.monitorSeconds`, group.monitorSeconds, 1, 3600, "10 s", found);
  range(`${path}.migrationThreshold`, group.migrationThreshold, 0, 1000, "3", found);
  range(`${path}.failureTimeoutSeconds`, group.failureTimeoutSeconds, 0, 86400, "600 s", found);
  found.require(
    runs.some(({ kind }) => kind !== "drbd" && kind !== "mail"),
    {
      path: `${path}.runs`,
      what: "nothing in this group serves anybody",
      allowed: "at least one file system, address or service",
      todo: "add what is to run, in the order of starting",
    },
  );
}

function range(path: string, given: number, least: number, most: number, standard: string, found: Findings): void {
  found.require(Number.isInteger(given) && given >= least && given <= most, {
    path,
    given,
    what: "is out of range",
    allowed: `${least} to ${most}`,
    todo: `leave it out for ${standard}`,
  });
}

function checkMembers(
  group: PlannedGroup,
  groupPath: string,
  all: readonly PlannedGroup[],
  settings: GroupSettings,
  once: Once,
  found: Findings,
): void {
  const holder = `group "${group.name}"`;
  group.runs.forEach((member, index) => {
    const path = `${groupPath}.runs[${index}]`;
    const earlier = group.runs.slice(0, index);
    switch (member.kind) {
      case "drbd":
        checkVolume(member, path, settings, found);
        once.require("DRBD resource", member.volume.resource, holder, path);
        return;
      case "filesystem":
        checkFilesystem(member, path, group, earlier, all, settings, found);
        once.require("mount point", member.filesystem.mountpoint, holder, `${path}.mountpoint`);
        return;
      case "address":
        checkAddress(member, path, settings, found);
        once.require("address name", member.floating.name, holder, path);
        if (typeof member.floating.address === "string") {
          once.require("address", member.floating.address, holder, path);
        }
        if (member.floating.method.kind !== "arp") {
          once.require("service", member.floating.method.unit, holder, path);
        }
        return;
      case "service":
        checkService(member.unit, path, settings, found);
        once.require("service", member.unit, holder, path);
        return;
      case "links":
        checkLinks(member, path, earlier, found);
        once.require("list of links of", holder, holder, path);
        member.links.forEach((link) => once.require("link", link.path, holder, path));
        return;
      case "mail":
        found.require(MAIL.test(member.to), {
          path,
          given: member.to,
          what: "is neither a mail address nor a local user",
          todo: 'write one, for example "root" or "ops@example.org"',
        });
        once.require("mail of", holder, holder, path);
    }
  });
}
