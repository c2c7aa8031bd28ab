import { FIELDS, type FieldHelp } from "./fields";

/** The systems in which services move between the nodes, each with its own manager. */
export const FAILOVER_SYSTEMS = ["crossed-pair", "active-passive", "manual-failover"] as const;

/** One of {@link FAILOVER_SYSTEMS}. */
export type FailoverSystem = (typeof FAILOVER_SYSTEMS)[number];

type Fields = Readonly<Record<string, FieldHelp>>;

/** Of the pair and its volumes, what holds in every system. */
const SHARED: Fields = Object.fromEntries(
  Object.entries(FIELDS).filter(
    ([key]) =>
      /^pair(\.|$)/.test(key) || /^volumes(\.\*(\.(backing|port|minor|initialSync)(\..*)?)?)?$/.test(key) || key === "",
  ),
);

const help = (meaning: string, allowed: string, example: string, fallback?: string): FieldHelp => ({
  meaning,
  allowed,
  example,
  ...(fallback === undefined ? {} : { default: fallback }),
});

const SITES: Fields = Object.fromEntries(
  ["lighttpd", "apache"].flatMap((server) => {
    const at = (rest: string): string => `services.${server}${rest}`;
    return [
      [
        at(""),
        help(
          `The web server ${server}, with PHP, its sites on a volume.`,
          "an object with volume and sites",
          `${server}: { volume: www, sites: [{ host: www.example.org }] }`,
          "none",
        ),
      ],
      [at(".volume"), help("Where the sites are.", "a volume of the group that runs it", "volume: www")],
      [at(".port"), help("Its TCP port. Open it in pair.access.publicTcpPorts.", "1 to 65535", "port: 80", "80")],
      [
        at(".sites"),
        help(
          "The virtual hosts. The first also answers requests that name no known host.",
          "a list of at least one object with host",
          "sites: [{ host: www.example.org }]",
        ),
      ],
      [at(".sites[]"), help("A virtual host.", "an object with host", "{ host: www.example.org }")],
      [at(".sites[].host"), help("Its name.", "lower-case labels joined by dots", "host: www.example.org")],
      [at(".sites[].aliases"), help("More names.", "a list of host names", "aliases: [example.org]", "none")],
      [at(".sites[].aliases[]"), help("One more name.", "lower-case labels joined by dots", "example.org")],
      [
        at(".sites[].frontController"),
        help(
          "What a request for something that is no file becomes.",
          "a path below the site's folder, or false",
          "frontController: /index.php",
          "/index.php",
        ),
      ],
    ];
  }),
);

const DATABASES: Fields = Object.fromEntries(
  (
    [
      ["mariadb", "MariaDB", 3306],
      ["postgresql", "PostgreSQL", 5432],
    ] as const
  ).flatMap(([server, title, port]) => {
    const at = (rest: string): string => `services.${server}${rest}`;
    return [
      [
        at(""),
        help(
          `${title}, its data on a volume.`,
          "an object with volume and address",
          `${server}: { volume: data, address: db }`,
          "none",
        ),
      ],
      [at(".volume"), help("Where the data is.", "a volume of the group that runs it", "volume: data")],
      [
        at(".address"),
        help("The floating address that it listens on.", "an address of the group that runs it", "address: db"),
      ],
      [at(".port"), help("Its TCP port.", "1 to 65535, used by nothing else", `port: ${port}`, `${port}`)],
      [at(".database"), help("Made with the data, once.", "up to 32 of a-z, 0-9 and '_'", "database: site", "site")],
      [at(".user"), help("Who may use it, from both nodes.", "up to 32 of a-z, 0-9 and '_'", "user: site", "site")],
    ];
  }),
);

const COMMON: Fields = {
  "volumes.*": help(
    "One DRBD resource and its file system, mounted where its group runs.",
    "an object with filesystem; the name is up to 23 of a-z, 0-9 and '-', starting with a letter",
    "data: { filesystem: { mountpoint: /srv } }",
  ),
  "volumes.*.network": help(
    "The network of the replication: the pair's interconnect, or the nodes' public IPv6 addresses, where DRBD does not encrypt.",
    "interconnect or public6",
    "network: public6",
    "interconnect",
  ),
  "volumes.*.syncRateKiB": help(
    "A fixed rate for a resync in KiB/s; without it DRBD adapts to what the network bears.",
    "a whole number, 250 to 4194304",
    "syncRateKiB: 10240",
    "adaptive",
  ),
  "volumes.*.filesystem": help(
    "The file system on the volume.",
    "an object with mountpoint",
    "filesystem: { mountpoint: /srv }",
  ),
  "volumes.*.filesystem.type": help(
    "Made once, kept ever after.",
    "ext4, xfs or btrfs; jfs with acceptJournalLoss",
    "type: ext4",
    "ext4",
  ),
  "volumes.*.filesystem.acceptJournalLoss": help(
    "With type jfs: that files which were synced just before a crash may be lost, since Debian's jfs_fsck cannot replay a journal.",
    "true",
    "acceptJournalLoss: true",
    "none",
  ),
  "volumes.*.filesystem.mountpoint": help(
    "Where the active node mounts it.",
    "an absolute path without spaces, not within another volume's",
    "mountpoint: /srv",
  ),
  "volumes.*.filesystem.mountOptions": help(
    "Mount options.",
    "a list of options",
    "mountOptions: [noatime]",
    "noatime",
  ),
  "volumes.*.filesystem.mountOptions[]": help("A mount option.", "no spaces or commas", "noatime"),
  addresses: help(
    "The floating addresses by name.",
    "an object; names are up to 32 of a-z, 0-9 and '-', starting with a letter",
    "addresses: { site: { kind: public4 } }",
    "none",
  ),
  "addresses.*": help("One address that moves with its group.", "an object with kind", "site: { kind: public4 }"),
  "addresses.*.kind": help(
    "`public4` and `public6`: bought for the pair, shared between its nodes and announced by the active one; `vlan`: one of the pair's own VLAN.",
    "public4, public6 or vlan",
    "kind: public4",
  ),
  "addresses.*.address": help(
    "With kind vlan: the address.",
    "an IPv4 address in pair.interconnect.cidr that no node has",
    "address: 10.20.0.100",
  ),
  routeServerNumber: help(
    "The number in the addresses of the region's route servers, `2600:3c0f:<number>:34::1`; for regions that this program does not know.",
    "a whole number, 1 to 9999, from the vendor's guide on configuring failover",
    "routeServerNumber: 6",
    "that of a known region",
  ),
  groups: help(
    "What must run together on one node, by name. The first matters most.",
    "an object with at least one name: up to 32 of a-z, 0-9 and '-', starting with a letter",
    "groups: { db: { preferred: web1, volumes: [data], services: [mariadb] } }",
  ),
  "groups.*": help(
    "One group. It starts its volumes, links, addresses and services in this order, and stops them the other way round.",
    "an object with preferred and services",
    "db: { preferred: web1, volumes: [data], services: [mariadb] }",
  ),
  "groups.*.preferred": help("The node where it runs while all is well.", "one of pair.nodes", "preferred: web1"),
  "groups.*.volumes": help("What it mounts.", "a list of names from volumes", "volumes: [data]", "none"),
  "groups.*.volumes[]": help("A volume of the group.", "a name from volumes, in one group only", "data"),
  "groups.*.addresses": help("Where it is reached.", "a list of names from addresses", "addresses: [site]", "none"),
  "groups.*.addresses[]": help("An address of the group.", "a name from addresses, in one group only", "site"),
  "groups.*.services": help(
    "What it runs, in the order of starting.",
    "a list of names from services",
    "services: [mariadb]",
  ),
  "groups.*.services[]": help("A service of the group.", "a name from services, in one group only", "mariadb"),
  "groups.*.mail": help(
    "Who gets mail whenever the group starts or stops on a node.",
    "a mail address or a local user",
    "mail: ops@example.org",
    "nobody",
  ),
  services: help(
    "The services that the groups run.",
    "an object with mariadb, postgresql, lighttpd or apache",
    "services: { mariadb: { volume: data, address: db } }",
  ),
  ...DATABASES,
  "services.mariadb.bufferPoolMiB": help(
    "Size of InnoDB's buffer pool in MiB.",
    "a whole number, 8 or more",
    "bufferPoolMiB: 256",
    "128",
  ),
  ...SITES,
  mail: help(
    "A smarthost that takes the nodes' mail.",
    "an object with relayHost",
    "mail: { relayHost: mail.example.org }",
    "none: mail stays on the node",
  ),
  "mail.relayHost": help("Its name or address.", "a host name or an IP address", "relayHost: mail.example.org"),
  "mail.relayPort": help("Its TCP port.", "1 to 65535", "relayPort: 25", "25"),
  "mail.root": help(
    "Who reads what is written to root.",
    "a mail address",
    "root: ops@example.org",
    "root stays local",
  ),
  detection: help(
    "How soon a dead peer is noticed. All other times follow from it.",
    "an object with seconds",
    "detection: { seconds: 3 }",
  ),
  "detection.seconds": help("Seconds.", "2 to 30", "seconds: 3"),
};

const AUTOMATIC: Fields = {
  fencing: help(
    "What makes sure that a lost node is off before its services start elsewhere.",
    "{ kind: linode } or { kind: none, acceptUnfenced: true }",
    "fencing: { kind: linode }",
  ),
  "fencing.kind": help(
    "`linode`: through the vendor's API; `none`: nothing, and nodes that lose each other may both go on writing.",
    "linode or none",
    "kind: linode",
  ),
  fencingToken: help(
    "With fencing of kind linode: an API token with linodes:read_write and nothing else. Set it with `pulumi config set --secret`.",
    "a personal access token",
    "fencingToken: { secure: … }",
    "the environment's LINODE_FENCING_TOKEN",
  ),
  "fencing.confirmSeconds": help(
    "Within how many seconds a fencing is confirmed.",
    "5 to 300",
    "confirmSeconds: 60",
    "60",
  ),
  "fencing.apiUrl": help(
    "Where the nodes reach the API, if not where the vendor has it.",
    "an address with http or https, ending in /v4",
    "apiUrl: http://203.0.113.2/v4",
    "https://api.linode.com/v4",
  ),
  "fencing.caCertificates": help(
    "Certificates that the API's must be signed by, in place of the system's.",
    "text in PEM form",
    "caCertificates: …",
    "the system's",
  ),
  "fencing.acceptUnfenced": help("With kind none: that you accept it.", "true", "acceptUnfenced: true"),
  "groups.*.failback": help(
    "Whether it goes back by itself when its preferred node returns. Each move is an interruption.",
    "true or false",
    "failback: false",
  ),
};

const OWN: Readonly<Record<FailoverSystem, Fields>> = {
  "crossed-pair": {
    ...AUTOMATIC,
    "groups.*.scores": help(
      "How much each node is wanted.",
      "an object with preferred and other, the first higher",
      "scores: { preferred: 100, other: 10 }",
      "100 and 10",
    ),
    "groups.*.scores.preferred": help("Of the preferred node.", "a whole number, 0 to 100000", "preferred: 100"),
    "groups.*.scores.other": help("Of the other node.", "a whole number, 0 to 100000, lower", "other: 10"),
    "groups.*.monitorSeconds": help("Seconds between looks at each member.", "1 to 3600", "monitorSeconds: 10", "10"),
    "groups.*.migrationThreshold": help(
      "Failures on a node after which it moves; 0: never.",
      "0 to 1000",
      "migrationThreshold: 3",
      "3",
    ),
  },
  "active-passive": {
    ...AUTOMATIC,
    pingNodes: help(
      "Addresses that answer while a node's network works: the node that reaches fewer gives its groups up.",
      "a list of IP addresses",
      "pingNodes: [203.0.113.1]",
      "none",
    ),
    "pingNodes[]": help("An address that answers pings.", "an IP address that is no node's", "203.0.113.1"),
    loadBalancing: help(
      "Whether the kernel balances load at layer 4: IPVS modules and IPv4 forwarding.",
      "true or false",
      "loadBalancing: true",
      "true",
    ),
  },
  "manual-failover": {
    "groups.*.links": help(
      "Paths that point into the volume on the active node, and are the node's own on the other.",
      "an object: a path and its target on a volume of the group",
      "links: { /etc/apache2: /srv/etc-apache2 }",
      "none",
    ),
    "groups.*.links.*": help("One link's target.", "a path on a volume of the group", "/var/www: /srv/var-www"),
    connectSeconds: help(
      "Seconds that a start, also at boot, waits for the peer.",
      "0 to 3600",
      "connectSeconds: 10",
      "10",
    ),
  },
};

/** What differs in a default. */
const DETECTION: Readonly<Record<FailoverSystem, string>> = {
  "crossed-pair": "15",
  "active-passive": "30",
  "manual-failover": "3",
};
const FAILBACK = { "crossed-pair": "true", "active-passive": "false", "manual-failover": "false" } as const;

/** Every field of a system's configuration by its path, as {@link FIELDS} has those of `dual-primary`. */
export function failoverFields(system: FailoverSystem): Fields {
  const own = Object.entries({ ...COMMON, ...OWN[system] }).map(([key, value]): [string, FieldHelp] => {
    if (key === "detection") return [key, { ...value, default: `{ seconds: ${DETECTION[system]} }` }];
    if (key === "detection.seconds") return [key, { ...value, default: DETECTION[system] }];
    if (key === "groups.*.failback") return [key, { ...value, default: FAILBACK[system] }];
    return [key, value];
  });
  const all: Record<string, FieldHelp> = {
    system: help("Which reference system this stack is.", system, `system: ${system}`),
    ...SHARED,
    ...Object.fromEntries(own),
  };
  all["pair.interconnect"] = help(
    "The network between the nodes, for replication and membership.",
    "an object with kind vlan, private or public6",
    "interconnect: { kind: vlan, cidr: 10.20.0.0/24 }",
    "a VLAN",
  );
  all["pair.interconnect.kind"] = help(
    "`vlan`: isolated; `private`: the region's network, shared with other customers; `public6`: the public IPv6 addresses.",
    "vlan, private or public6",
    "kind: vlan",
  );
  return all;
}
