import type { ManagerTimings } from "../managerTimings";
import { operations } from "./operations";
import { nameValueSet, xml, type XmlElement } from "./xml";

/** Fencing through the provider's API. */
export interface PacemakerFencing {
  /** The Linode's id by node name, for `fence_linode`. */
  readonly plugs: Readonly<Record<string, string>>;
  /** Only where it is not the provider's own. */
  readonly apiUrl?: string;
  /** A file with the certificates that the API's must be signed by; only where it is not the system's. */
  readonly caFile?: string;
  /**
   * Who survives when both nodes are alive and cannot see each other.
   *
   * `node`: always this one. The agent waits before it shoots it, unless it is off already: a power cut costs no wait.
   * `active`: the node that runs more, the first group counting more than all that follow it. The cluster waits before it shoots that
   * node, also where it is dead: each failover of the first group takes this much longer.
   */
  readonly survivor: { readonly kind: "active" } | { readonly kind: "node"; readonly name: string };
}

/** What fencing is rendered from. */
export interface FencingSides {
  readonly nodes: readonly [string, string];
  readonly timings: ManagerTimings;
  readonly fencing?: PacemakerFencing;
}

/** How often a device is asked whether it could fence: each is a request to the API. */
const LOOK_SECONDS = 120;

/** One device a node: each has its own delay, and knows who is shooting, for the target never shoots itself. */
export function fencingDevices({ fencing, nodes, timings }: FencingSides): readonly XmlElement[] {
  if (fencing === undefined) {
    return [];
  }
  return nodes.map((node) => {
    const id = fencingId(node);
    const spared = fencing.survivor.kind === "node" && fencing.survivor.name === node;
    const delay = spared ? timings.fencing.delay : 0;
    // The cluster's own bound lies above the agent's, so that the agent can say what went wrong.
    const timeout = `${timings.fencing.action + delay + 5}s`;
    return xml("primitive", { id, class: "stonith", type: "fence_linode" }, [
      // Without it, one look that failed would be told for good, however well all later ones end.
      ...nameValueSet("meta_attributes", `${id}-meta_attributes`, { "failure-timeout": `${LOOK_SECONDS}s` }),
      ...nameValueSet("instance_attributes", `${id}-instance_attributes`, {
        api_url: fencing.apiUrl,
        ca_file: fencing.caFile,
        self_plug: plugOf(nodes[0] === node ? nodes[1] : nodes[0], fencing),
        power_timeout: timings.fencing.action,
        delay: spared ? delay : undefined,
        pcmk_host_list: node,
        pcmk_host_map: `${node}:${plugOf(node, fencing)}`,
        pcmk_off_timeout: timeout,
        pcmk_reboot_timeout: timeout,
      }),
      operations(id, [
        { name: "start", timeout: 60 },
        { name: "monitor", interval: LOOK_SECONDS, timeout: 60 },
      ]),
    ]);
  });
}

function plugOf(node: string, { plugs }: PacemakerFencing): string {
  const plug = plugs[node];
  if (plug === undefined || !/^[1-9][0-9]*$/.test(plug)) {
    throw new Error(`fencing: node "${node}" needs its Linode's id, given: ${JSON.stringify(plug)}`);
  }
  return plug;
}

/** A node is not asked to shoot itself. */
export function fencingLocations({ fencing, nodes }: FencingSides): readonly XmlElement[] {
  if (fencing === undefined) {
    return [];
  }
  return nodes.map((node) => {
    const rsc = fencingId(node);
    return xml("rsc_location", { id: `${rsc}-not-on-${node}`, rsc, node, score: "-INFINITY" });
  });
}

function fencingId(node: string): string {
  return `fence-${node}`;
}
