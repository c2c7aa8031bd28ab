import type { FieldHelp } from "./fields";

/** The fields of a site on two nodes that both write: as {@link FIELDS}, of which they are part. */
export const SITE_FIELDS: Readonly<Record<string, FieldHelp>> = {
  database: {
    meaning: "MariaDB on both nodes, both written to, each on storage of its own: docs/multi-master.md.",
    allowed: "an object, which may be empty",
    example: "database: {}",
    default: "no database",
  },
  "database.backing": {
    meaning: "Where each node keeps its data.",
    allowed: "an object with kind volume (Block Storage), disk (of the Linode) or folder (of the boot disk)",
    example: "backing: { kind: volume, sizeGiB: 10 }",
    default: "{ kind: volume, sizeGiB: 10 }",
  },
  "database.backing.kind": {
    meaning: "`volume` outlives its Linode; `disk` and `folder` die with it.",
    allowed: "volume, disk or folder",
    example: "kind: volume",
  },
  "database.backing.sizeGiB": {
    meaning: "Size of each node's Block Storage volume.",
    allowed: "a whole number, 10 to 16384",
    example: "sizeGiB: 10",
    default: "10",
  },
  "database.backing.sizeMiB": {
    meaning: "Size of each node's raw disk.",
    allowed: "a whole number, 1024 or more",
    example: "sizeMiB: 10240",
  },
  "database.bufferPoolMiB": {
    meaning: "Memory for the database's pages.",
    allowed: "a whole number, 8 to 1048576",
    example: "bufferPoolMiB: 512",
    default: "128",
  },
  "database.binlogDays": {
    meaning: "How many days a node may be away and still be caught up with.",
    allowed: "a whole number, 1 to 90",
    example: "binlogDays: 7",
    default: "7",
  },
  site: {
    meaning:
      "A WordPress site on both nodes. Needs `database`, ports 80 and 443 in `pair.access.publicTcpPorts`, and a password.",
    allowed: "an object with host, title, adminUser and adminEmail",
    example: "site: { host: www.example.org, title: Our site, adminUser: editor, adminEmail: editor@example.org }",
    default: "no site",
  },
  "site.host": {
    meaning: "The site's name. It stays the same for life: WordPress writes it into its pages.",
    allowed: "lower-case labels joined by dots",
    example: "host: www.example.org",
  },
  "site.aliases": {
    meaning: "Names that lead to it.",
    allowed: "a list of names other than the host's",
    example: "aliases: [example.org]",
    default: "none",
  },
  "site.aliases[]": { meaning: "A name.", allowed: "lower-case labels joined by dots", example: "example.org" },
  "site.volume": {
    meaning: "The volume that its files are on.",
    allowed: "the name of one of the volumes",
    example: "volume: www",
    default: "the volume, where there is one alone",
  },
  "site.title": { meaning: "Its title at the beginning.", allowed: "one line", example: "title: Our site" },
  "site.adminUser": {
    meaning: "Name of the first account.",
    allowed: "3 to 60 letters, digits, '.', '_', '-' and '@'",
    example: "adminUser: editor",
  },
  "site.adminEmail": {
    meaning: "Its mailbox.",
    allowed: "an address that somebody reads",
    example: "adminEmail: editor@example.org",
  },
  "site.workers": {
    meaning: "PHP processes on each node.",
    allowed: "a whole number, 1 to 512",
    example: "workers: 8",
    default: "8",
  },
  "site.maxUploadMiB": {
    meaning: "The largest file that can be uploaded.",
    allowed: "a whole number, 1 to 4096",
    example: "maxUploadMiB: 64",
    default: "64",
  },
  siteAdminPassword: {
    meaning: "Password of the first account; used once. Set it with `pulumi config set --secret`.",
    allowed: "12 characters or more",
    example: "siteAdminPassword: { secure: … }",
    default: "the environment's SITE_ADMIN_PASSWORD",
  },
  dns: {
    meaning: "The site's names lead to both nodes: A and AAAA records in a domain of the account.",
    allowed: "an object with zone",
    example: "dns: { zone: example.org }",
    default: "nobody's names are touched",
  },
  "dns.zone": {
    meaning: "The domain. The site's host and aliases are in it.",
    allowed: "a domain of the account, or one to create",
    example: "zone: example.org",
  },
  "dns.create": {
    meaning: "The domain is made, and goes with the stack.",
    allowed: "an object with soaEmail",
    example: "create: { soaEmail: hostmaster@example.org }",
    default: "it is in the account already",
  },
  "dns.create.soaEmail": {
    meaning: "Mailbox of who is responsible for it.",
    allowed: "an address that somebody reads",
    example: "soaEmail: hostmaster@example.org",
  },
  "dns.ttlSeconds": {
    meaning: "How long resolvers may keep an answer.",
    allowed:
      "0 (a day), 30, 120, 300, 3600, 7200, 14400, 28800, 57600, 86400, 172800, 345600, 604800, 1209600 or 2419200",
    example: "ttlSeconds: 120",
    default: "120",
  },
  "dns.health": {
    meaning: "Whether the nodes take each other's records out while the other does not answer.",
    allowed: "true or false",
    example: "health: true",
    default: "true",
  },
  "dns.apiUrl": {
    meaning: "Where the nodes reach the API, if not where the vendor has it.",
    allowed: "an address with http or https, ending in /v4",
    example: "apiUrl: http://203.0.113.2/v4",
    default: "https://api.linode.com/v4",
  },
  "dns.caCertificates": {
    meaning: "Certificates that the API's must be signed by, in place of the system's.",
    allowed: "text in PEM form",
    example: "caCertificates: …",
    default: "the system's",
  },
  dnsToken: {
    meaning:
      "An API token with domains:read_write and nothing else, for `dns.health` and `certificate`. Set it with `pulumi config set --secret`.",
    allowed: "a personal access token",
    example: "dnsToken: { secure: … }",
    default: "the environment's LINODE_DNS_TOKEN",
  },
  certificate: {
    meaning: "One certificate for the site's names on both nodes, proven through `dns`, renewed by either.",
    allowed: "an object with contact and acceptTerms",
    example: "certificate: { contact: hostmaster@example.org, acceptTerms: true }",
    default: "the site is served over HTTP",
  },
  "certificate.contact": {
    meaning: "Mailbox for the authority's warnings.",
    allowed: "an address that somebody reads",
    example: "contact: hostmaster@example.org",
  },
  "certificate.acceptTerms": {
    meaning: "That you agree to the authority's terms.",
    allowed: "true",
    example: "acceptTerms: true",
  },
  "certificate.directory": {
    meaning: "The authority's ACME directory.",
    allowed: "an https address",
    example: "directory: https://acme-v02.api.letsencrypt.org/directory",
    default: "Let's Encrypt's",
  },
  "certificate.caCertificates": {
    meaning: "Certificates that the authority's own HTTPS must be signed by.",
    allowed: "text in PEM form",
    example: "caCertificates: …",
    default: "what is in the file that the environment's LINODE_ACME_CA_FILE names, else the system's",
  },
  "certificate.renewDays": {
    meaning: "Days before its end from which on it is renewed; the second node waits five days for the first.",
    allowed: "a whole number, 10 to 60",
    example: "renewDays: 30",
    default: "30",
  },
};
