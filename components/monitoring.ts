import * as pulumi from "@pulumi/pulumi";
import { monitoringRole } from "../hosts/services/monitoring/render";
import { renderRules, renderScrape, type ScrapeTarget } from "../hosts/services/monitoring/rules";
import type { HaNode } from "./haNode";
import { UserError } from "./internal/errors";
import { claim } from "./internal/hostClaims";
import { HostStep } from "./internal/hostStep";
import { childName } from "./internal/naming";
import { Findings } from "./internal/rules";
import type { ReplicatedVolume } from "./serviceGroup";

const DEFAULTS = {
  network: "interconnect",
  port: 9100,
  intervalSeconds: 30,
  lagSeconds: 60,
  certificateDays: 20,
  verifyAt: "Sun 03:30",
  verifyDays: 15,
  verifyHours: 24,
} as const;
const DAYS = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const MAIL = /^[A-Za-z0-9][A-Za-z0-9._+-]*(@[A-Za-z0-9.-]+)?$/;

/** Settings of a {@link Monitoring}. */
export interface MonitoringArgs {
  /** One host or more, of any kind: each tells what it has. */
  readonly nodes: readonly HaNode[];
  /** On which of its addresses each host answers Prometheus, and on no other. Default `interconnect`. */
  readonly network?: "interconnect" | "private4" | "public4" | "public6";
  /** TCP port of Prometheus' exporter. Default 9100. */
  readonly port?: number;
  /** Seconds between two looks at a host, 10 to 600. Default 30. */
  readonly intervalSeconds?: number;
  /** Seconds that a database may be behind, 1 to 86400. Default 60. */
  readonly lagSeconds?: number;
  /** Days before its end at which a certificate should have been renewed, 7 to 60. Default 20. */
  readonly certificateDays?: number;
  /** That a pair without fencing is no alarm. Default false. */
  readonly acceptUnfenced?: boolean;
  /** Comparison of both sides of replicated volumes, in use, on their first node. Default: none. */
  readonly verify?: {
    /** Each with both of its nodes among {@link nodes}. */
    readonly volumes: readonly ReplicatedVolume[];
    /** `DAY HH:MM` or `HH:MM` (each day), in the host's time. Default `Sun 03:30`. */
    readonly at?: string;
    /** Days without one that went through after which somebody should look, 2 to 400. Default 15. */
    readonly alarmDays?: number;
  };
  /** Who gets mail when a host's state becomes bad or well again. The hosts need a `MailRelay`, its steps in {@link after}. */
  readonly mailTo?: string;
  /** What must be there before, for example a manager: what is not there yet would be an alarm. */
  readonly after?: readonly pulumi.Resource[];
}

/**
 * Tells how hosts are, from what their own health checks know: `ha-check` on each of them for Nagios and its kin (exit code 0 to 3), Prometheus'
 * exporter with the same as figures, mail, and alert rules for a Prometheus of yours.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class Monitoring extends pulumi.ComponentResource {
  /** Alert rules, for a file among Prometheus' `rule_files`. */
  readonly rules: string;
  /** Where Prometheus finds the hosts: a part of its `scrape_configs`. */
  readonly scrapeConfig: pulumi.Output<string>;
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:services:Monitoring", name, {}, opts);
    const { network = DEFAULTS.network, port = DEFAULTS.port, acceptUnfenced = false, verify } = args;
    check(name, args, port);
    const limits = {
      intervalSeconds: args.intervalSeconds ?? DEFAULTS.intervalSeconds,
      lagSeconds: args.lagSeconds ?? DEFAULTS.lagSeconds,
      certificateDays: args.certificateDays ?? DEFAULTS.certificateDays,
      verifyDays: verify?.alarmDays ?? DEFAULTS.verifyDays,
    };
    const targets = args.nodes.map((node) =>
      pulumi
        .output(addressOf(node, network) ?? "")
        .apply((address): ScrapeTarget => ({ name: node.name, address, port })),
    );
    this.ready = args.nodes.map(
      (node, index) =>
        new HostStep(
          childName(name, node.name, "monitoring"),
          {
            role: monitoringRole,
            step: "monitoring",
            node,
            params: pulumi.output(targets[index]).apply((target) => ({
              listen: target?.address ?? "",
              port,
              limits,
              acceptUnfenced,
              verify: (verify?.volumes ?? []).filter(({ nodes }) => nodes[0] === node).map(({ resource }) => resource),
              verifyAt: verify?.at ?? DEFAULTS.verifyAt,
              verifyHours: DEFAULTS.verifyHours,
              mailTo: args.mailTo,
            })),
            after: [...(args.after ?? []), ...(verify?.volumes ?? []).flatMap(({ ready }) => ready)],
          },
          { parent: this },
        ),
    );
    this.rules = renderRules(name, limits, acceptUnfenced);
    this.scrapeConfig = pulumi.all(targets).apply((all) => renderScrape(name, all, limits.intervalSeconds));
    this.registerOutputs({ rules: this.rules, scrapeConfig: this.scrapeConfig });
  }
}

function addressOf(
  { addresses }: HaNode,
  network: NonNullable<MonitoringArgs["network"]>,
): pulumi.Output<string> | undefined {
  return network === "interconnect" ? addresses.interconnect.address : addresses[network];
}

function check(name: string, args: MonitoringArgs, port: number): void {
  const found = new Findings();
  found.require(/^[a-z][a-z0-9-]{0,31}$/.test(name), {
    path: "name",
    given: name,
    what: "is not a name that Prometheus' job can have",
    allowed: "up to 32 of a-z, 0-9 and '-', starting with a letter",
    todo: 'choose a short name such as "ha"',
  });
  const names = args.nodes.map((node) => node.name);
  found.require(names.length > 0 && new Set(names).size === names.length, {
    path: "nodes",
    given: names,
    what: names.length === 0 ? "is empty: there is nothing to watch" : "has one host twice",
    allowed: "one host or more, each once",
    todo: "give the nodes of the pair",
  });
  found.requirePort("port", port, DEFAULTS.port);
  for (const [path, least, most] of [
    ["intervalSeconds", 10, 600],
    ["lagSeconds", 1, 86_400],
    ["certificateDays", 7, 60],
  ] as const) {
    range(path, args[path] ?? DEFAULTS[path], least, most, DEFAULTS[path], found);
  }
  found.require(MAIL.test(args.mailTo ?? "root"), {
    path: "mailTo",
    given: args.mailTo,
    what: "is neither a mail address nor a local user",
    todo: 'write one, for example "root" or "ops@example.org"',
  });
  for (const node of args.nodes) {
    found.require(addressOf(node, args.network ?? DEFAULTS.network) !== undefined, {
      path: "network",
      given: args.network,
      what: `${node.name} has no such address`,
      todo: "choose a network that all of them are on",
    });
  }
  checkVerify(args, found);
  if (found.problems.length === 0) {
    for (const node of args.nodes) claim(node, "service", "monitoring", `Monitoring "${name}"`, "nodes", found);
    for (const node of args.nodes) claim(node, "tcp port", port, `Monitoring "${name}"`, "port", found);
  }
  if (found.problems.length > 0) throw new UserError(`Monitoring "${name}" cannot be built:`, found.problems);
}

function checkVerify({ nodes, verify }: MonitoringArgs, found: Findings): void {
  if (verify === undefined) return;
  verify.volumes.forEach((volume, index) => {
    found.require(nodes.includes(volume.nodes[0]) && nodes.includes(volume.nodes[1]), {
      path: `verify.volumes[${index}]`,
      given: volume.resource,
      what: "is not on hosts that are watched here",
      allowed: "volumes with both of their nodes in nodes",
      todo: "add its nodes, or leave it out",
    });
  });
  found.require(verify.volumes.length > 0, {
    path: "verify.volumes",
    what: "is empty",
    allowed: "one volume or more",
    todo: "leave verify out if nothing is to be verified",
  });
  found.require(new RegExp(`^(${DAYS}(,${DAYS})* )?([01]\\d|2[0-3]):[0-5]\\d$`).test(verify.at ?? DEFAULTS.verifyAt), {
    path: "verify.at",
    given: verify.at,
    what: "is not a time of the week",
    allowed: '"Sun 03:30", "Mon,Thu 03:30" or "03:30"',
    todo: `leave it out for ${DEFAULTS.verifyAt}`,
  });
  range("verify.alarmDays", verify.alarmDays ?? DEFAULTS.verifyDays, 2, 400, DEFAULTS.verifyDays, found);
}

function range(path: string, given: number, least: number, most: number, standard: number, found: Findings): void {
  found.require(Number.isInteger(given) && given >= least && given <= most, {
    path,
    given,
    what: "is out of range",
    allowed: `whole numbers from ${least} to ${most}`,
    todo: `leave it out for ${standard}`,
  });
}
