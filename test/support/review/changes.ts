import type { Rank } from "../../../review";

/** A stack whose changes are reviewed: one of the lab's own, or a program of the test's. */
export type Base = "dual-primary" | "crossed-pair" | "active-passive" | "manual-failover" | "renamed" | "dns";

/** One change that somebody makes to a stack that runs. */
export interface Change {
  /** Unique; also the name of its preview among the fixtures. */
  readonly id: string;
  /** What somebody does, in a few words. */
  readonly what: string;
  readonly base: Base;
  /** Values in the stack's configuration by path, without the project's prefix; undefined takes one away. */
  readonly set?: Readonly<Record<string, unknown>>;
  /** Another program: an empty one, or one of {@link PROGRAMS}. */
  readonly program?: string;
  /** Resources that `pulumi up --replace` is asked to make anew, by the ends of their URNs. */
  readonly replace?: readonly string[];
  /** What the review says of it. */
  readonly predicted: Rank;
  /** The hosts, the API or the program refuse it, so that nothing is felt. */
  readonly refused?: true;
}

/** What is set in a stack beside the lab's own configuration before the changes. */
export const BASE_SETTINGS: Partial<Readonly<Record<Base, Readonly<Record<string, unknown>>>>> = {
  "dual-primary": { "volumes.www.backing": { kind: "volume", sizeGiB: 20 } },
};

const pairProgram = (name: string, alias: string): string => `
import * as pulumi from "@pulumi/pulumi";
import { DrbdVolume, HaPair, Ocfs2Cluster } from "./components";
const pair = new HaPair("${name}", {
  region: "us-east",
  type: "g6-standard-1",
  nodes: ["ren1", "ren2"],
  domain: "example.org",
  disks: { bootMiB: 8192, volumes: { www: { sizeGiB: 10 } } },
  interconnect: { kind: "vlan", label: "kept" },
  access: { adminCidrs: ["203.0.113.0/24"], publicTcpPorts: [80] },
}${alias});
const volume = new DrbdVolume("www", {
  nodes: pair.nodes,
  backing: { kind: "volume", name: "www" },
  mode: { kind: "dual-primary", acceptUnfenced: true },
});
new Ocfs2Cluster("www", { volume, mountpoint: "/srv/www" });
export const endpoints = pair.endpoints;
export const sshPrivateKey = pair.sshPrivateKey;
`;

const dnsProgram = (ttl: number, second: string): string => `
import * as linode from "@pulumi/linode";
const zone = new linode.Domain("zone", { type: "master", domain: "example.org", soaEmail: "ops@example.org" });
["198.51.100.2", "${second}"].forEach((target, index) =>
  new linode.DomainRecord("www-" + (index + 1), { domainId: zone.id.apply(Number), recordType: "A", name: "www", target, ttlSec: ${ttl} }));
`;

/** Programs beside the product's own, by name. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  empty: "export {};\n",
  renamed: pairProgram("web", ""),
  "renamed-with-alias": pairProgram("site", `, { aliases: [{ name: "web" }] }`),
  "renamed-without-alias": pairProgram("site", ""),
  dns: dnsProgram(300, "198.51.100.3"),
  "dns-ttl": dnsProgram(30, "198.51.100.3"),
  "dns-target": dnsProgram(300, "198.51.100.4"),
};

const dual = (id: string, what: string, predicted: Rank, more: Partial<Change>): Change => ({
  id,
  what,
  predicted,
  base: "dual-primary",
  ...more,
});
const crossed = (id: string, what: string, predicted: Rank, set: Readonly<Record<string, unknown>>): Change => ({
  id,
  what,
  predicted,
  base: "crossed-pair",
  set,
});
const passive = (id: string, what: string, predicted: Rank, set: Readonly<Record<string, unknown>>): Change => ({
  id,
  what,
  predicted,
  base: "active-passive",
  set,
});
const manual = (id: string, what: string, predicted: Rank, set: Readonly<Record<string, unknown>>): Change => ({
  id,
  what,
  predicted,
  base: "manual-failover",
  set,
});

/** The forty. Each is previewed by the real engine from its base, reviewed, and applied on its own. */
export const CHANGES: readonly Change[] = [
  dual("tag", "add a node's tag", 6, { set: { "pair.tags": ["team-web"] } }),
  dual("port-opened", "open a port", 6, { set: { "pair.access.publicTcpPorts": [80, 443, 8080] } }),
  dual("port-closed", "close a port", 2, { set: { "pair.access.publicTcpPorts": [443] } }),
  dual("admin-network", "let another network log in", 6, {
    set: { "pair.access.adminCidrs": ["203.0.113.0/24", "192.0.2.0/24"] },
  }),
  dual("login", "let another person log in", 5, {
    set: {
      "pair.access.authorizedKeys": [
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBvp8m0fCLyiFTsGYw2gKeJJn1G1QGiEnxSpkfzLYC0u ops",
      ],
    },
  }),
  dual("alerts", "change an alert", 6, { set: { "pair.alerts": { cpu: 90 } } }),
  dual("timezone", "change the time zone", 5, { set: { "pair.timezone": "Europe/Berlin" } }),
  dual("replication-port", "change the replication's port", 4, { set: { "volumes.www.port": 7799 }, refused: true }),
  dual("detection", "change the detection time", 2, { set: { "detection.seconds": 6 }, refused: true }),
  dual("mount-options", "change mount options", 6, {
    set: { "volumes.www.filesystem.mountOptions": ["noatime", "acl", "nodiratime"] },
  }),
  dual("owner", "change the owner of the shared folder", 5, {
    set: { "volumes.www.filesystem.owner": "www-data:www-data" },
  }),
  dual("volume-grown", "grow a volume", 6, { set: { "volumes.www.backing.sizeGiB": 40 } }),
  dual("volume-shrunk", "shrink a volume", 1, { set: { "volumes.www.backing.sizeGiB": 10 }, refused: true }),
  dual("volume-renamed", "give a volume another name", 1, {
    set: {
      "volumes.www": undefined,
      "volumes.site": { backing: { kind: "volume", sizeGiB: 20 }, filesystem: { mountpoint: "/srv/www" } },
    },
  }),
  dual("raw-disk", "keep the data on a raw disk instead", 1, {
    set: { "volumes.www.backing": { kind: "disk", sizeMiB: 10240 } },
  }),
  dual("second-volume", "add a volume", 3, {
    set: { "volumes.media": { port: 7789, minor: 1, filesystem: { mountpoint: "/srv/media" } } },
  }),
  dual("region", "move to another region", 1, { set: { "pair.region": "eu-central" } }),
  dual("type", "take larger Linodes", 3, { set: { "pair.type": "g6-standard-2" } }),
  dual("image-one", "another image for one node", 3, {
    set: { "pair.image": { web1: "linode/debian12", web2: "linode/debian13" } },
  }),
  dual("image-both", "another image for both nodes", 3, { set: { "pair.image": "linode/debian12" } }),
  dual("node-swapped", "put another node in one's place", 1, { set: { "pair.nodes": ["web1", "web3"] } }),
  dual("vlan", "another network between the nodes", 2, {
    set: { "pair.interconnect": { kind: "vlan", cidr: "10.21.0.0/24" } },
    refused: true,
  }),
  dual("profile", "rename the configuration profiles", 3, { set: { "pair.configLabel": "pair" } }),
  dual("fencing-on", "switch fencing on", 2, { set: { fencing: { kind: "linode" } }, refused: true }),
  dual("secret", "another shared secret", 5, { replace: ["::www-secret"] }),
  dual("node-replaced", "make a node anew", 3, { replace: ["::web-web1"] }),
  dual("both-replaced", "make both nodes anew", 2, { replace: ["::web-web1", "::web-web2"] }),
  dual("stack-removed", "remove the stack", 1, { program: "empty" }),
  {
    id: "renamed-with-alias",
    what: "rename a component, with an alias",
    base: "renamed",
    program: "renamed-with-alias",
    predicted: 6,
  },
  {
    id: "renamed-without-alias",
    what: "rename a component, without one",
    base: "renamed",
    program: "renamed-without-alias",
    predicted: 1,
  },
  { id: "dns-ttl", what: "change a DNS TTL", base: "dns", program: "dns-ttl", predicted: 6 },
  crossed("crossed-preferred", "let a group prefer the other node", 3, { "groups.db.preferred": "gertrude" }),
  crossed("crossed-detection", "change the detection time", 5, { "detection.seconds": 10 }),
  crossed("crossed-unfenced", "switch fencing off", 1, { fencing: { kind: "none", acceptUnfenced: true } }),
  crossed("crossed-address", "another address for the database", 4, { "addresses.db.address": "10.20.0.101" }),
  crossed("crossed-site", "add a site", 5, {
    "services.lighttpd.sites": [{ host: "www.example.org" }, { host: "blog.example.org" }],
  }),
  passive("passive-ping", "ask another address for pings", 5, { pingNodes: ["198.51.100.1", "198.51.100.9"] }),
  passive("passive-buffer", "give the database more memory", 6, { "services.mariadb.bufferPoolMiB": 192 }),
  manual("manual-port", "another port for the database", 6, { "services.postgresql.port": 5433 }),
  manual("manual-connect", "wait longer for the peer", 6, { connectSeconds: 30 }),
];
