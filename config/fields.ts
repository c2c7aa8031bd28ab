import { SITE_FIELDS } from "./siteFields";

/** What is said about a field, in an error and in the reference. */
export interface FieldHelp {
  readonly meaning: string;
  readonly allowed: string;
  /** As a user would write it. */
  readonly example: string;
  /** What holds when the field is left out; undefined: it must be given. */
  readonly default?: string;
}

/**
 * Every field of a `dual-primary` stack's configuration by its path: `[]` is any position in a list, `*` any name. Errors,
 * the did-you-mean and the reference in docs/stacks/dual-primary.md come from here.
 */
export const FIELDS: Readonly<Record<string, FieldHelp>> = {
  system: {
    meaning: "Which reference system this stack is.",
    allowed: "dual-primary",
    example: "system: dual-primary",
  },
  pair: {
    meaning: "The two Linodes.",
    allowed: "an object with region, type, nodes, domain and access",
    example: "pair: { region: eu-central, type: g6-standard-2, nodes: [web1, web2], … }",
  },
  "pair.region": {
    meaning: "The vendor's region. Changing it replaces everything, the volumes and their data included.",
    allowed: "the id of a region",
    example: "region: eu-central",
  },
  "pair.type": {
    meaning: "The Linode type of both nodes.",
    allowed: "the id of a Linode type",
    example: "type: g6-standard-2",
  },
  "pair.image": {
    meaning:
      "The distribution, or one for each node by name. Changing it gives a node a new boot disk: one node an update.",
    allowed:
      "linode/debian13, linode/debian12, or an image of your own made from one of them (private/ID), for both nodes or for each",
    example: "image: linode/debian13",
    default: "linode/debian13",
  },
  "pair.nodes": {
    meaning: "The two nodes' names: Linode labels and host names. The first leads where one side must act first.",
    allowed: "a list of exactly two different names",
    example: "nodes: [web1, web2]",
  },
  "pair.nodes[]": {
    meaning: "A node's name.",
    allowed: "3 to 63 of a-z, 0-9 and '-', not at either end",
    example: "web1",
  },
  "pair.domain": {
    meaning: "The domain of the nodes' full names.",
    allowed: "lower-case labels joined by dots",
    example: "domain: example.org",
  },
  "pair.bootMiB": {
    meaning: "Size of the boot disk in MiB.",
    allowed: "a whole number, 4096 or more",
    example: "bootMiB: 20480",
    default: "20480",
  },
  "pair.swapMiB": {
    meaning: "Size of the swap disk in MiB; 0 for none.",
    allowed: "a whole number, 0 or more",
    example: "swapMiB: 512",
    default: "512",
  },
  "pair.interconnect": {
    meaning: "The network between the nodes, for replication and the cluster file system.",
    allowed: "an object with kind vlan or private (OCFS2's o2cb speaks IPv4 only, so public6 is no choice here)",
    example: "interconnect: { kind: vlan, cidr: 10.20.0.0/24 }",
    default: "a VLAN",
  },
  "pair.interconnect.kind": {
    meaning: "`vlan`: isolated; `private`: the region's network, shared with the vendor's other customers.",
    allowed: "vlan or private",
    example: "kind: vlan",
  },
  "pair.interconnect.cidr": {
    meaning: "The VLAN's IPv4 network; the nodes take its first two addresses.",
    allowed: "an IPv4 network with prefix length 8 to 29 that overlaps no other",
    example: "cidr: 10.20.0.0/24",
    default: "10.20.0.0/24",
  },
  "pair.interconnect.label": {
    meaning: "The VLAN's label. Pairs that share a label share a network.",
    allowed: "1 to 64 of a-z, A-Z, 0-9 and single '-'",
    example: "label: prod-web",
    default: "`<stack>-<pair>`",
  },
  "pair.access": {
    meaning: "Who may reach the nodes. Everything else is dropped by a Cloud Firewall.",
    allowed: "an object with adminCidrs",
    example: "access: { adminCidrs: [203.0.113.0/24] }",
  },
  "pair.access.adminCidrs": {
    meaning: "Networks that may use SSH. The machine that runs Pulumi must be in one of them.",
    allowed: "a list of at least one network",
    example: "adminCidrs: [203.0.113.0/24]",
  },
  "pair.access.adminCidrs[]": {
    meaning: "A network that may use SSH.",
    allowed: "an IPv4 or IPv6 address, a slash and a prefix length",
    example: "203.0.113.0/24 or 2001:db8::/32",
  },
  "pair.access.authorizedKeys": {
    meaning: "Public keys of people who may log in as root, beside the stack's own key.",
    allowed: "a list of OpenSSH public keys",
    example: "authorizedKeys: [ssh-ed25519 AAAA… you@example.org]",
    default: "none",
  },
  "pair.access.authorizedKeys[]": {
    meaning: "A public key.",
    allowed: "one line of an authorized_keys file, without options",
    example: "ssh-ed25519 AAAA… you@example.org",
  },
  "pair.access.publicTcpPorts": {
    meaning: "TCP ports open to the world.",
    allowed: "a list of ports",
    example: "publicTcpPorts: [80, 443]",
    default: "none",
  },
  "pair.access.publicTcpPorts[]": {
    meaning: "A port open to the world.",
    allowed: "1 to 65535, each once, and none that the pair uses itself",
    example: "443",
  },
  "pair.placement": {
    meaning: "Whether the nodes must be on different hosts, or the vendor only tries. Fixed for the pair's life.",
    allowed: "strict or flexible",
    example: "placement: strict",
    default: "strict",
  },
  "pair.configLabel": {
    meaning: "Label of the nodes' configuration profiles.",
    allowed: "1 to 48 characters",
    example: "configLabel: ha",
    default: "ha",
  },
  "pair.alerts": {
    meaning: "Thresholds of the vendor's alert mails.",
    allowed: "an object with cpu, io, networkIn, networkOut, transferQuota",
    example: "alerts: { cpu: 90 }",
    default: "the vendor's",
  },
  "pair.alerts.*": {
    meaning:
      "cpu in per cent of one CPU, io in operations a second, networkIn and networkOut in Mbit/s, transferQuota in per cent.",
    allowed: "a whole number; 0 switches the alert off",
    example: "cpu: 90",
    default: "cpu 180, io 10000, networkIn 10, networkOut 10, transferQuota 80",
  },
  "pair.tags": {
    meaning: "More tags, beside the pair's own.",
    allowed: "a list of texts, 3 to 50 characters each",
    example: "tags: [production]",
    default: "none",
  },
  "pair.tags[]": { meaning: "A tag.", allowed: "3 to 50 characters", example: "production" },
  "pair.timezone": {
    meaning: "Time zone of the hosts.",
    allowed: "a name from the time zone database",
    example: "timezone: Europe/Berlin",
    default: "Etc/UTC",
  },
  volumes: {
    meaning: "The replicated volumes by name. The name is the DRBD resource's, and stays for life.",
    allowed: "an object with at least one name; names are up to 23 of a-z, 0-9 and '-', starting with a letter",
    example: "volumes: { www: { filesystem: { mountpoint: /srv/www } } }",
  },
  "volumes.*": {
    meaning: "One DRBD resource and its file system.",
    allowed: "an object with filesystem; the name is up to 23 of a-z, 0-9 and '-', starting with a letter",
    example: "www: { filesystem: { mountpoint: /srv/www } }",
  },
  "volumes.*.backing": {
    meaning: "Where each node keeps its copy.",
    allowed: "an object with kind volume (Block Storage), disk (of the Linode) or device",
    example: "backing: { kind: volume, sizeGiB: 10 }",
    default: "{ kind: volume, sizeGiB: 10 }",
  },
  "volumes.*.backing.kind": {
    meaning: "`volume` outlives its Linode; `disk` dies with it; `device` is any block device that is there already.",
    allowed: "volume, disk or device",
    example: "kind: volume",
  },
  "volumes.*.backing.sizeGiB": {
    meaning: "Size of each node's Block Storage volume. A size for each node may be given; the two must be equal.",
    allowed: "a whole number, 10 to 16384",
    example: "sizeGiB: 10",
  },
  "volumes.*.backing.sizeMiB": {
    meaning: "Size of each node's raw disk. A size for each node may be given; the two must be equal.",
    allowed: "a whole number, 10240 or more",
    example: "sizeMiB: 20480",
  },
  "volumes.*.backing.path": {
    meaning: "The device, the same path on both nodes.",
    allowed: "a path below /dev that survives a reboot",
    example: "path: /dev/disk/by-id/scsi-0Linode_Volume_www",
  },
  "volumes.*.port": {
    meaning: "TCP port of the replication on both nodes.",
    allowed: "1 to 65535, used by nothing else on the pair",
    example: "port: 7788",
    default: "7788; a second volume must name its own",
  },
  "volumes.*.minor": {
    meaning: "Number of /dev/drbd<minor>.",
    allowed: "0 to 255, used by no other volume",
    example: "minor: 0",
    default: "0; a second volume must name its own",
  },
  "volumes.*.protocol": {
    meaning: "When a write is done. Two primaries need C: on both sides.",
    allowed: "C",
    example: "protocol: C",
    default: "C",
  },
  "volumes.*.initialSync": {
    meaning:
      "First sync of two fresh sides: skip-if-blank copies nothing where both are proven blank; full copies all.",
    allowed: "skip-if-blank or full",
    example: "initialSync: full",
    default: "skip-if-blank",
  },
  "volumes.*.filesystem": {
    meaning: "The cluster file system on the volume.",
    allowed: "an object with mountpoint",
    example: "filesystem: { mountpoint: /srv/www }",
  },
  "volumes.*.filesystem.type": {
    meaning: "Both nodes mount it at once, so it must be a cluster file system.",
    allowed: "ocfs2",
    example: "type: ocfs2",
    default: "ocfs2",
  },
  "volumes.*.filesystem.mountpoint": {
    meaning: "Where both nodes mount it.",
    allowed: "an absolute path without spaces, used by no other volume",
    example: "mountpoint: /srv/www",
  },
  "volumes.*.filesystem.mountOptions": {
    meaning: "Mount options beside `_netdev`.",
    allowed: "a list of options",
    example: "mountOptions: [noatime, acl]",
    default: "noatime, acl",
  },
  "volumes.*.filesystem.mountOptions[]": {
    meaning: "A mount option.",
    allowed: "no spaces or commas",
    example: "noatime",
  },
  "volumes.*.filesystem.owner": {
    meaning: "Owner of the top folder.",
    allowed: "user:group",
    example: "owner: www-data:www-data",
    default: "untouched",
  },
  "volumes.*.filesystem.mode": {
    meaning: "Mode of the top folder.",
    allowed: "three or four octal digits, in quotes",
    example: 'mode: "2775"',
    default: "untouched",
  },
  "volumes.*.filesystem.slots": {
    meaning: "How many nodes may mount it at once; fixed when it is made.",
    allowed: "a whole number, 2 to 16",
    example: "slots: 2",
    default: "2",
  },
  ocfs2: {
    meaning: "The o2cb cluster that all file systems of the pair share.",
    allowed: "an object with cluster or port",
    example: "ocfs2: { cluster: ha }",
    default: "{ cluster: ha, port: 7777 }",
  },
  "ocfs2.cluster": {
    meaning: "Its name.",
    allowed: "1 to 16 letters and digits",
    example: "cluster: ha",
    default: "ha",
  },
  "ocfs2.port": {
    meaning: "Its TCP port on both nodes.",
    allowed: "1 to 65535, used by nothing else on the pair",
    example: "port: 7777",
    default: "7777",
  },
  fencing: {
    meaning:
      "What makes sure that a lost node is off before the other goes on alone. Two primaries without it can diverge, and one side's writes are then thrown away by hand: that you must accept in so many words.",
    allowed: "{ kind: linode } or { kind: none, acceptUnfenced: true }",
    example: "fencing: { kind: linode }",
  },
  "fencing.kind": {
    meaning: "`linode`: DRBD has the lost node powered off through the vendor's API; `none`: nobody does.",
    allowed: "linode or none",
    example: "kind: linode",
  },
  "fencing.confirmSeconds": {
    meaning:
      "With kind linode: within how many seconds a fencing is confirmed. Survivors' writes wait for it; the cluster file system waits longer.",
    allowed: "5 to 300",
    example: "confirmSeconds: 60",
    default: "60",
  },
  "fencing.apiUrl": {
    meaning: "With kind linode: where the nodes reach the API, if not where the vendor has it.",
    allowed: "an address with http or https, ending in /v4",
    example: "apiUrl: http://203.0.113.2/v4",
    default: "https://api.linode.com/v4",
  },
  "fencing.caCertificates": {
    meaning: "With kind linode: certificates that the API's must be signed by, in place of the system's.",
    allowed: "text in PEM form",
    example: "caCertificates: …",
    default: "the system's",
  },
  "fencing.acceptUnfenced": {
    meaning: "With kind none: that you accept two primaries without fencing.",
    allowed: "true",
    example: "acceptUnfenced: true",
  },
  fencingToken: {
    meaning:
      "With fencing of kind linode: an API token with linodes:read_write and nothing else. Set it with `pulumi config set --secret`.",
    allowed: "a personal access token",
    example: "fencingToken: { secure: … }",
    default: "the environment's LINODE_FENCING_TOKEN",
  },
  detection: {
    meaning: "How soon a dead peer is noticed. The times of DRBD and o2cb follow from it together.",
    allowed: "an object with seconds",
    example: "detection: { seconds: 3 }",
    default: "{ seconds: 3 }",
  },
  "detection.seconds": {
    meaning: "Seconds until DRBD notices; the cluster file system decides later, 12 s at the earliest.",
    allowed: "2 to 30",
    example: "seconds: 3",
    default: "3",
  },
  ...SITE_FIELDS,
};

/** A path as a key of {@link FIELDS}: `["pair", "nodes", 1]` is `pair.nodes[]`. Undefined when there is no such field. */
export function fieldKey(path: readonly PropertyKey[], fields = FIELDS): string | undefined {
  let key = "";
  for (const part of path) {
    const next = typeof part === "number" ? `${key}[]` : join(key, String(part));
    const any = `${key}.*`;
    const known = next in fields ? next : any in fields ? any : undefined;
    if (known === undefined) {
      return undefined;
    }
    key = known;
  }
  return key === "" ? undefined : key;
}

/** The names that may stand below a field: `pair.interconnect` has `kind`, `cidr` and `label`. */
export function childNames(key: string, fields = FIELDS): string[] {
  const prefix = key === "" ? "" : `${key}.`;
  return Object.keys(fields)
    .filter((candidate) => candidate.startsWith(prefix))
    .map((candidate) => candidate.slice(prefix.length))
    .filter((rest) => /^[A-Za-z0-9]+$/.test(rest));
}

function join(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}
