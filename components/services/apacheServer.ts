import * as pulumi from "@pulumi/pulumi";
import { apacheRole } from "../../hosts/services/apache/render";
import { Findings } from "../internal/rules";
import type { ReplicatedVolume } from "../serviceGroup";
import {
  checkVolumeMode,
  refuse,
  type ReplicatedServiceArgs,
  serviceSteps,
  serviceVolume,
  volumeWith,
} from "./internal/replicated";
import { checkSites, type WebSiteSettings } from "./webSites";

/** Settings of a {@link ApacheServer}. */
export interface ApacheServerArgs extends ReplicatedServiceArgs {
  /** At least one; the files of each are in `<mount point>/<host>/htdocs`. */
  readonly sites: readonly WebSiteSettings[];
  /** Default 80. Open it in the pair's `publicTcpPorts`. */
  readonly port?: number;
  /** Where on the volume the group's link `/etc/apache2` points; filled from the active node's own once. Default: each node's own. */
  readonly configuration?: string;
  /** Below it each site has a folder; on the volume. Default the mount point. */
  readonly siteFolder?: string;
}

/**
 * Apache with PHP on both nodes, its sites and logs on a replicated volume. Neither node starts it: put {@link volume}
 * and `service("apache2")` into a group.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class ApacheServer extends pulumi.ComponentResource {
  /** For the group: ready when the server is. */
  readonly volume: ReplicatedVolume;
  /** The systemd service. */
  readonly unit = "apache2.service";
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: ApacheServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:services:ApacheServer", name, {}, opts);
    const found = new Findings();
    checkVolumeMode(args, found);
    checkSites(args.sites, found);
    found.requirePort("port", args.port ?? 80, 80);
    refuse(`ApacheServer "${name}"`, found);
    const { sites, port } = args;
    const [configuration, siteFolder] = [args.configuration, args.siteFolder] as (`/${string}` | undefined)[];
    this.ready = serviceSteps(
      name,
      apacheRole,
      args,
      { volume: serviceVolume(args), sites, port, configuration, siteFolder },
      this,
    );
    this.volume = volumeWith(args.volume, this.ready);
    this.registerOutputs({});
  }
}
