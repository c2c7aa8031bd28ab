import type { DnsWatchParams } from "../../../hosts/dns-watch/render";
import type { BackupSourceParams } from "../../../hosts/services/backup-source/render";
import type { BackupTargetParams } from "../../../hosts/services/backup/render";
import type { NginxProxyParams } from "../../../hosts/services/nginx-proxy/render";
import type { CertificateParams } from "../../../hosts/services/certificate/render";
import type { WordpressParams } from "../../../hosts/services/wordpress/render";

const key = (text: string): string => `ssh-ed25519 ${Buffer.from(text).toString("base64")}`;

export const certificate: CertificateParams = {
  name: "site",
  members: [
    { name: "web1", address: "10.20.0.1", hostKey: key("host 1") },
    { name: "web2", address: "10.20.0.2", hostKey: key("host 2") },
  ],
  node: "web1",
  domains: ["www.example.org", "example.org"],
  zone: "example.org",
  contact: "hostmaster@example.org",
  directory: "https://acme-v02.api.letsencrypt.org/directory",
  renewDays: 30,
  reload: ["nginx.service"],
  peerKey: `${key("peer")} certificate-site`,
};

export const dnsWatch: DnsWatchParams = {
  zone: "example.org",
  names: ["www", ""],
  nodes: [
    { name: "web1", public4: "198.51.100.1", public6: "2001:db8:1::1" },
    { name: "web2", public4: "198.51.100.2", public6: "2001:db8:1::2" },
  ],
  node: "web2",
  probe: { scheme: "https", port: 443, path: "/ha-health", host: "www.example.org" },
  downSeconds: 10,
  upSeconds: 20,
};

/** S0: over HTTPS, the database on the node. */
export const wordpress: WordpressParams = {
  name: "site",
  host: "www.example.org",
  aliases: ["example.org"],
  first: true,
  mountpoint: "/srv/www",
  title: "It's a site",
  adminUser: "editor",
  adminEmail: "editor@example.org",
  database: { host: "localhost:/run/mysqld/mysqld.sock", name: "site", user: "site" },
  tls: {
    certificate: "/var/lib/linode-ha/certificates/site/live/fullchain.pem",
    key: "/var/lib/linode-ha/certificates/site/live/privkey.pem",
  },
  proxies: [],
  https: true,
  transients: "local",
  workers: 8,
  maxUploadMiB: 64,
};

/** Behind proxies, which speak HTTPS in its place. */
export const wordpressBehind: WordpressParams = {
  ...wordpress,
  first: false,
  aliases: [],
  database: { host: "10.20.0.20", name: "site", user: "site" },
  tls: undefined,
  proxies: ["10.20.0.0/24"],
  transients: "database",
};

/** S1: before three web servers. */
export const proxy: NginxProxyParams = {
  name: "proxy",
  backends: [1, 2, 3].map((number) => ({ name: `app${number}`, address: `10.20.0.${10 + number}`, port: 80 })),
  tls: wordpress.tls,
  stick: "none",
  connectSeconds: 2,
  restSeconds: 10,
  answerSeconds: 60,
  maxBodyMiB: 65,
};

const content = { database: "site", folder: "/srv/www", mountpoint: "/srv/www" } as const;

/** S1: another host fetches what two nodes have. */
export const backup: BackupTargetParams = {
  name: "nightly",
  sources: certificate.members,
  content,
  base: "/srv/backup",
  at: "02:15",
  keepDays: 42,
  alarmHours: 26,
  rehearsalDays: 7,
  restoreKey: key("restore"),
};

export const backupSource: BackupSourceParams = {
  name: "nightly",
  content,
  target: { name: "store", address: "10.20.0.9", hostKey: key("host 9") },
  sourceKey: key("source"),
};
