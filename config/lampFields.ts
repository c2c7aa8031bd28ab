import { FIELDS, type FieldHelp } from "./fields";
import { SITE_FIELDS } from "./siteFields";

type Fields = Readonly<Record<string, FieldHelp>>;

const help = (meaning: string, allowed: string, example: string, fallback?: string): FieldHelp => ({
  meaning,
  allowed,
  example,
  ...(fallback === undefined ? {} : { default: fallback }),
});

/** Of a pair, what all hosts of this system have in common. */
const HOSTS: Fields = Object.fromEntries(
  Object.entries(FIELDS).flatMap(([key, field]) =>
    /^pair\.(region|domain|bootMiB|swapMiB|access|tags|timezone)\b/.test(key) && !key.includes("publicTcpPorts")
      ? [[key.replace(/^pair/, "hosts"), field] as const]
      : [],
  ),
);

/** Of a site, all but what ties it to a pair's own volume. */
const SITE: Fields = Object.fromEntries(
  Object.entries(SITE_FIELDS).filter(([key]) => !/^(database|site\.volume|dns\.health)\b/.test(key)),
);

const SHARED: Fields = Object.fromEntries(
  Object.entries(FIELDS).filter(([key]) => /^(fencing|fencingToken)(\.|$)/.test(key)),
);

const type = help("Their Linode type.", "the id of a Linode type", "type: g6-standard-2", "that of hosts.type");
const names = (kind: string, one: string, two: string): Fields => ({
  [`${kind}.nodes`]: help("Their names.", "two names of hosts", `nodes: [${one}, ${two}]`, `[${one}, ${two}]`),
  [`${kind}.nodes[]`]: help("A name.", "3 to 63 of a-z, 0-9 and '-', each host's own", one),
  [`${kind}.type`]: type,
});
const size = (kind: string, standard: number): Fields => ({
  [`${kind}.sizeGiB`]: help(
    "Size of each one's Block Storage volume.",
    "a whole number, 10 to 16384",
    `sizeGiB: ${standard}`,
    `${standard}`,
  ),
});

/** The fields of a stack of the system `lamp-tiers`, as {@link FIELDS}. */
export const LAMP_FIELDS: Fields = {
  system: help("Which reference system this stack is.", "lamp-tiers", "system: lamp-tiers"),
  hosts: help(
    "What all hosts have in common.",
    "an object with region, type, domain and access",
    "hosts: { region: eu-central, type: g6-standard-2, domain: example.org, … }",
  ),
  ...HOSTS,
  "hosts.type": help("The Linode type of all hosts.", "the id of a Linode type", "type: g6-standard-2"),
  "hosts.image": help(
    "The distribution of all hosts. Changing it gives a host a new boot disk.",
    "linode/debian13, linode/debian12, or an image of your own made from one of them (private/ID)",
    "image: linode/debian13",
    "linode/debian13",
  ),
  "hosts.cidr": help(
    "IPv4 network of the VLAN that all hosts are on: proxies from its 11th address on, web servers from the 21st, files from the 31st, " +
      "database from the 41st, backups at the 51st; the addresses that move from the 101st.",
    "a private network with a prefix length of 8 to 24, which nothing else uses",
    "cidr: 10.20.0.0/24",
    "10.20.0.0/24",
  ),
  proxies: help("The pair that people reach.", "an object, which may be left out", "proxies: { stick: none }", "{}"),
  ...names("proxies", "proxy1", "proxy2"),
  "proxies.stick": help(
    "Whether a client stays with one web server while that answers.",
    "none or address",
    "stick: none",
    "none",
  ),
  "proxies.restSeconds": help(
    "How long a web server that failed is not asked.",
    "a whole number, 1 to 600",
    "restSeconds: 10",
    "10",
  ),
  "proxies.answerSeconds": help(
    "How long a web server may take to answer. Longer than files or database may take to move, or their moving is an error page.",
    "a whole number, 1 to 3600",
    "answerSeconds: 60",
    "60",
  ),
  webServers: help("The web servers.", "an object, which may be left out", "webServers: { count: 3 }", "{ count: 2 }"),
  "webServers.count": help(
    "How many there are. One less deletes the last.",
    "a whole number, 1 to 5: the vendor keeps no more of them apart",
    "count: 2",
    "2",
  ),
  "webServers.prefix": help(
    "Their names, before the number.",
    "2 to 21 of a-z, 0-9 and '-', starting with a letter",
    "prefix: web",
    "web",
  ),
  "webServers.type": type,
  files: help(
    "The pair that has the site's files.",
    "an object, which may be left out",
    "files: { sizeGiB: 50 }",
    "{}",
  ),
  ...names("files", "nfs1", "nfs2"),
  ...size("files", 10),
  "files.leaseSeconds": help(
    "How long a silent client keeps its locks; after a failover, how long one that does not come back may hold up the others.",
    "a whole number, 10 to 120",
    "leaseSeconds: 15",
    "15",
  ),
  database: help(
    "The pair that has the database.",
    "an object, which may be left out",
    "database: { design: replica }",
    "{ design: drbd }",
  ),
  "database.design": help(
    "`drbd`: one server, whose data is on both nodes; `replica`: two servers, one follows and takes over, and can be read from; " +
      "`multi-master`: two servers that replicate both ways, one of which has the address that is written to. Fixed for life.",
    "drbd, replica or multi-master",
    "design: replica",
    "drbd",
  ),
  ...names("database", "db1", "db2"),
  ...size("database", 10),
  "database.bufferPoolMiB": help(
    "Memory for the database's pages.",
    "a whole number, 8 to 1048576",
    "bufferPoolMiB: 512",
    "128",
  ),
  "database.serverIds": help(
    "MariaDB's server_id of each, with replica and multi-master.",
    "two different whole numbers, 1 to 4294967295",
    "serverIds: [1, 2]",
    "[1, 2]",
  ),
  "database.serverIds[]": help("A number.", "a whole number, 1 to 4294967295", "1"),
  "database.ackSeconds": help(
    "With replica: how long a commit waits for the other node before it is acknowledged without it. Longer than it takes to notice and " +
      "power off a dead writer, or the other node refuses to take over.",
    "a whole number, 2 to 600",
    "ackSeconds: 90",
    "detection, the time in which fencing is confirmed, and 20 s",
  ),
  ...SITE,
  site: help(
    "A WordPress site on the web servers. Needs a password: siteAdminPassword.",
    "an object with host, title, adminUser and adminEmail",
    "site: { host: www.example.org, title: Our site, adminUser: editor, adminEmail: editor@example.org }",
  ),
  dns: help(
    "The site's names lead to the proxies' address: A records in a domain of the account.",
    "an object with zone",
    "dns: { zone: example.org }",
    "nobody's names are touched",
  ),
  dnsToken: help(
    "An API token with domains:read_write and nothing else, for `certificate`. Set it with `pulumi config set --secret`.",
    "a personal access token",
    "dnsToken: { secure: … }",
    "the environment's LINODE_DNS_TOKEN",
  ),
  certificate: help(
    "One certificate for the site's names on both proxies, proven through `dns`, renewed by either.",
    "an object with contact and acceptTerms",
    "certificate: { contact: hostmaster@example.org, acceptTerms: true }",
    "the site is served over HTTP",
  ),
  backups: help(
    "One more host, which fetches database and files every night: docs/backups.md.",
    "an object, which may be empty",
    "backups: {}",
    "no backups",
  ),
  "backups.node": help("Its name.", "a name that no other host has", "node: store1", "store1"),
  "backups.type": type,
  ...size("backups", 20),
  "backups.at": help("When it begins each night, in its own time.", "00:00 to 23:59", 'at: "02:15"', "02:15"),
  "backups.keepDays": help(
    "For how long a snapshot is kept.",
    "a whole number, 1 to 3650",
    "keepDays: 42",
    "42: six weeks",
  ),
  "backups.alarmHours": help(
    "The age at which the last good one is too old.",
    "a whole number, 2 to 720",
    "alarmHours: 26",
    "26",
  ),
  disaster: help(
    "One more host in another region, whose database and files follow, until a person makes it the site. Needs design replica or multi-master.",
    "an object with region",
    "disaster: { region: us-east }",
    "no second site",
  ),
  "disaster.region": help("Where it is.", "the id of another region than hosts.region", "region: us-east"),
  "disaster.node": help("Its name.", "a name that no other host has", "node: far1", "far1"),
  "disaster.type": type,
  "disaster.minutes": help("Between two copies of the files.", "a whole number, 1 to 1440", "minutes: 5", "5"),
  "disaster.alarmMinutes": help(
    "How far it may be behind before its health check complains.",
    "a whole number, 2 to 10080",
    "alarmMinutes: 30",
    "30",
  ),
  mail: help(
    "Where the hosts' mail goes, and that they write when their state becomes bad or well again.",
    "an object with relayHost",
    "mail: { relayHost: mail.example.org, to: ops@example.org }",
    "no mail",
  ),
  "mail.relayHost": help(
    "A machine that takes mail from these hosts without a password.",
    "a name or an address",
    "relayHost: mail.example.org",
  ),
  "mail.relayPort": help("Its port.", "1 to 65535", "relayPort: 25", "25"),
  "mail.to": help("Who reads it.", "a mail address or a local user", "to: ops@example.org", "root"),
  routeServerNumber: help(
    "The number in the addresses of the region's route servers, where it is not known here.",
    "a whole number, 1 to 9999",
    "routeServerNumber: 10",
    "the region's",
  ),
  ...SHARED,
  detection: help(
    "How soon a dead host is noticed.",
    "an object with seconds",
    "detection: { seconds: 10 }",
    "{ seconds: 10 }",
  ),
  "detection.seconds": help(
    "Until a dead node counts as dead, in all three pairs. Longer where the network itself takes long to converge.",
    "a number, 2 to 30",
    "seconds: 10",
    "10",
  ),
};
