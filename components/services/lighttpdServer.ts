import * as pulumi from "@pulumi/pulumi";
import { lighttpdRole } from "../../hosts/services/lighttpd/render";
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

/** Settings of a {@link LighttpdServer}. */
export interface LighttpdServerArgs extends ReplicatedServiceArgs {
  /** At least one; the files of each are in `<mount point>/<host>/htdocs`. */
  readonly sites: readonly WebSiteSettings[];
  /** Default 80. Open it in the pair's `publicTcpPorts`. */
  readonly port?: number;
  /** PHP processes. Default 4. */
  readonly phpChildren?: number;
}

/**
 * lighttpd with PHP over FastCGI on both nodes, its sites and logs on a replicated volume. Neither node starts it: put {@link volume}
 * and `service("lighttpd")` into a group.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class LighttpdServer extends pulumi.ComponentResource {
  /** For the group: ready when the server is. */
  readonly volume: ReplicatedVolume;
  /** The systemd service. */
  readonly unit = "lighttpd.service";
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: LighttpdServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:services:LighttpdServer", name, {}, opts);
    const found = new Findings();
    checkVolumeMode(args, found);
    checkSites(args.sites, found);
    found.requirePort("port", args.port ?? 80, 80);
    refuse(`LighttpdServer "${name}"`, found);
    const { sites, port, phpChildren } = args;
    this.ready = serviceSteps(
      name,
      lighttpdRole,
      args,
      { volume: serviceVolume(args), sites, port, phpChildren },
      this,
    );
    this.volume = volumeWith(args.volume, this.ready);
    this.registerOutputs({});
  }
}
