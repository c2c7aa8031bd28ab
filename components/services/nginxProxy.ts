import * as net from "node:net";
import * as pulumi from "@pulumi/pulumi";
import type { AbsolutePath } from "../../hosts/contract";
import { nginxProxyRole } from "../../hosts/services/nginx-proxy/render";
import type { NodePair } from "../haNode";
import { UserError } from "../internal/errors";
import { claim } from "../internal/hostClaims";
import { HostStep } from "../internal/hostStep";
import { childName } from "../internal/naming";
import { Findings } from "../internal/rules";
import type { GroupAddress } from "../serviceGroup";

const DEFAULTS = { connectSeconds: 2, restSeconds: 10, answerSeconds: 60, maxBodyMiB: 65 } as const;

/** A web server behind a {@link NginxProxy}. */
export interface ProxiedServer {
  /** As a reader of logs knows it; each server's own. */
  readonly name: string;
  /** IPv4 or IPv6, on a network that both proxies reach. */
  readonly address: pulumi.Input<string>;
  /** Default 80. */
  readonly port?: number;
}

/** Settings of a {@link NginxProxy}. */
export interface NginxProxyArgs {
  readonly nodes: NodePair;
  /** The address under which people find the site; it moves with the proxy. */
  readonly address: GroupAddress;
  /** One or more. They believe what the proxies say of a request: let nobody else reach their port. */
  readonly servers: readonly ProxiedServer[];
  /** HTTPS ends here, and HTTP is sent there. Name `nginx.service` in the certificate's `reload`. */
  readonly certificate?: {
    readonly certificatePath: string;
    readonly keyPath: string;
    readonly ready: readonly pulumi.Resource[];
  };
  /** Whether a client, known by its address, stays with one server while that answers. Default `none`. */
  readonly stick?: "none" | "address";
  /** Seconds for a connection to a server, after which the next is asked, 1 to 60. Default 2. */
  readonly connectSeconds?: number;
  /** Seconds for which a server that failed is not asked, 1 to 600. Default 10. */
  readonly restSeconds?: number;
  /** Seconds that a server may take to answer, 1 to 3600. Default 60. */
  readonly answerSeconds?: number;
  /** The largest body of a request, 1 to 4096. Default 65. */
  readonly maxBodyMiB?: number;
}

/**
 * nginx before web servers, with one and the same configuration on both nodes. Neither node starts it: put {@link address} and
 * `service("nginx")` into a group. Open ports 80 and 443 in the pair's `publicTcpPorts`.
 *
 * A server that does not answer is out of the rotation for {@link NginxProxyArgs.restSeconds}, and its requests go to the next; one that may
 * have had its effect does not. The servers are told the client's address (`X-Forwarded-For`) and whether it came over HTTPS.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class NginxProxy extends pulumi.ComponentResource {
  /** For the group: ready when the proxy is. */
  readonly address: GroupAddress;
  /** The systemd service. */
  readonly unit = "nginx.service";
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: NginxProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:services:NginxProxy", name, {}, opts);
    check(name, args);
    const { certificate } = args;
    const backends = pulumi.all(
      args.servers.map((server) =>
        pulumi
          .output(server.address)
          .apply((address) => ({ name: server.name, address: known(name, address), port: server.port ?? 80 })),
      ),
    );
    this.ready = args.nodes.map(
      (node) =>
        new HostStep(
          childName(name, node.name, "proxy"),
          {
            role: nginxProxyRole,
            step: `proxy-${name}`,
            node,
            params: backends.apply((all) => ({
              name,
              backends: all,
              tls:
                certificate === undefined
                  ? undefined
                  : {
                      certificate: certificate.certificatePath as AbsolutePath,
                      key: certificate.keyPath as AbsolutePath,
                    },
              stick: args.stick ?? ("none" as const),
              connectSeconds: args.connectSeconds ?? DEFAULTS.connectSeconds,
              restSeconds: args.restSeconds ?? DEFAULTS.restSeconds,
              answerSeconds: args.answerSeconds ?? DEFAULTS.answerSeconds,
              maxBodyMiB: args.maxBodyMiB ?? DEFAULTS.maxBodyMiB,
            })),
            after: certificate?.ready,
          },
          { parent: this },
        ),
    );
    this.address = { ...args.address, ready: [...(args.address.ready ?? []), ...this.ready] };
    this.registerOutputs({});
  }
}

/** What becomes known only now is checked only now. */
function known(name: string, address: string): string {
  if (net.isIP(address) !== 0) return address;
  throw new UserError(`NginxProxy "${name}" cannot be built:`, [notAnAddress("servers", address)]);
}

function notAnAddress(path: string, given: string) {
  return {
    path,
    given,
    what: "is not an address",
    allowed: "IPv4 or IPv6, without a port",
    todo: "give the server's address",
  };
}

function check(name: string, args: NginxProxyArgs): void {
  const found = new Findings();
  found.require(/^[a-z][a-z0-9-]{0,31}$/.test(name), {
    path: "name",
    given: name,
    what: "is not a name that files can carry",
    allowed: "up to 32 of a-z, 0-9 and '-', starting with a letter",
    todo: 'choose a short name such as "proxy"',
  });
  found.require(args.servers.length > 0, {
    path: "servers",
    what: "is empty: there is nothing to stand before",
    allowed: "one server or more",
    todo: "name the web servers",
  });
  const names = args.servers.map((server) => server.name);
  args.servers.forEach((server, index) => {
    found.require(names.indexOf(server.name) === index, {
      path: `servers[${index}].name`,
      given: server.name,
      what: "is the name of another one",
      todo: "give each server a name of its own",
    });
    found.requirePort(`servers[${index}].port`, server.port ?? 80, 80);
    if (typeof server.address === "string" && net.isIP(server.address) === 0) {
      found.problems.push(notAnAddress(`servers[${index}].address`, server.address));
    }
  });
  for (const [path, most] of [
    ["connectSeconds", 60],
    ["restSeconds", 600],
    ["answerSeconds", 3600],
    ["maxBodyMiB", 4096],
  ] as const) {
    const given = args[path] ?? DEFAULTS[path];
    found.require(Number.isInteger(given) && given >= 1 && given <= most, {
      path,
      given,
      what: "is out of range",
      allowed: `whole numbers from 1 to ${most}`,
      todo: `leave it out for ${DEFAULTS[path]}`,
    });
  }
  if (found.problems.length === 0) {
    for (const node of args.nodes) {
      claim(node, "service", "nginx.service", `NginxProxy "${name}"`, "nodes", found);
      for (const port of [80, 443]) claim(node, "tcp port", port, `NginxProxy "${name}"`, "nodes", found);
    }
  }
  if (found.problems.length > 0) throw new UserError(`NginxProxy "${name}" cannot be built:`, found.problems);
}
