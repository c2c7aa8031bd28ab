import type { MachineWiring } from "../machines/contract";
import { ArpMoves } from "./arpMoves";
import { RouteServers, type RouteServersOptions } from "./routeServers";

/** What {@link createUpstream} needs to know. */
export type UpstreamOptions = RouteServersOptions;

/** What lies above a lab's router: it decides to which Linode a shared address leads. */
export interface Upstream {
  /** Brings it to what Linodes may have now. The first call starts it, or finds it running. */
  update(machines: ReadonlyMap<number, MachineWiring>): Promise<void>;
  /** Lets go of it; the route servers run on, and the next process finds them. */
  close(): Promise<void>;
  /** Ends it. */
  end(): Promise<void>;
}

/** The upstream of a lab: route servers, and in regions of the vendor's older network moves by ARP. */
export function createUpstream(options: UpstreamOptions): Upstream {
  const servers = new RouteServers(options);
  const arp = new ArpMoves(options.namespace, options.log ?? (() => undefined));
  return {
    update: async (machines) => {
      await arp.update(machines);
      await servers.update(machines);
    },
    close: async () => {
      await Promise.all([arp.close(), servers.close()]);
    },
    end: async () => {
      await Promise.all([arp.close(), servers.end()]);
    },
  };
}
