import * as linode from "@pulumi/linode";
import * as pulumi from "@pulumi/pulumi";
import {
  Certificate,
  type DatabaseStorage,
  type HaPair,
  MariadbMultiMaster,
  type Ocfs2Cluster,
  RoundRobinDns,
  WordpressSite,
} from "../components";
import type { DualPrimaryConfig, SiteConfig } from "../config";
import { DATABASE_DEVICE } from "../config/siteRules";

/** What the site's part of a system gives to its stack. */
export interface WebSiteOutputs {
  readonly database?: { readonly name: string; readonly hosts: pulumi.Output<Record<string, string>> };
  readonly site?: { readonly url: string };
  readonly dns?: { readonly names: readonly string[] };
}

/** A database that both nodes write, a site on their shared files, a certificate, and names that lead to both: as far as the configuration goes. */
export function webSite(
  config: DualPrimaryConfig,
  pair: HaPair,
  shares: ReadonlyMap<string, Ocfs2Cluster>,
): WebSiteOutputs {
  if (config.database === undefined) return {};
  const { backing, ...tuning } = config.database;
  const database = new MariadbMultiMaster("db", { nodes: pair.nodes, storage: storageOf(backing.kind), ...tuning });
  const outputs = { database: { name: database.database, hosts: database.hosts } };
  const share = config.site && shares.get(config.site.volume);
  if (config.site === undefined || share === undefined) return outputs;

  const { dns } = config;
  // Before the certificate, which is proven through it; the names in it come last, when they lead to something.
  const zone =
    dns?.create && new linode.Domain("zone", { domain: dns.zone, type: "master", soaEmail: dns.create.soaEmail });
  const certificate = certificateOf(config, config.site, pair, zone);
  const { host, aliases, volume: _volume, ...settings } = config.site;
  const site = new WordpressSite("site", {
    nodes: pair.nodes,
    share,
    host,
    aliases,
    database: { name: database.database, user: database.user, password: database.password, multiMaster: true },
    certificate,
    after: database.ready,
    ...settings,
    adminPassword: pulumi.secret(settings.adminPassword),
  });
  return { ...outputs, site: { url: site.url }, ...namesOf(config, config.site, pair, site, zone) };
}

/** One for all names of the site, where the configuration wants one. */
function certificateOf(
  { certificate, dns, dnsToken }: DualPrimaryConfig,
  { host, aliases }: SiteConfig,
  pair: HaPair,
  zone: linode.Domain | undefined,
): Certificate | undefined {
  if (certificate === undefined || dns === undefined) return undefined;
  const { contact, acceptTerms, directory, caCertificates, renewDays } = certificate;
  return new Certificate("site", {
    nodes: pair.nodes,
    domains: [host, ...aliases],
    zone: dns.zone,
    contact,
    acceptTerms,
    token: pulumi.secret(dnsToken ?? ""),
    authority: directory === undefined ? undefined : { directory, certificates: caCertificates },
    renewDays,
    reload: ["nginx.service"],
    apiUrl: dns.apiUrl,
    apiCertificates: dns.caCertificates,
    after: zone === undefined ? [] : [zone],
  });
}

/** The site's names lead to both nodes. */
function namesOf(
  { dns, dnsToken, certificate }: DualPrimaryConfig,
  { host, aliases }: SiteConfig,
  pair: HaPair,
  site: WordpressSite,
  zone: linode.Domain | undefined,
): Pick<WebSiteOutputs, "dns"> {
  if (dns === undefined) return {};
  const scheme = certificate === undefined ? "http" : "https";
  const { names } = new RoundRobinDns("dns", {
    nodes: pair.nodes,
    zone: zone === undefined ? { kind: "existing", domain: dns.zone } : { kind: "declared", domain: dns.zone, zone },
    names: [host, ...aliases].map((name) => (name === dns.zone ? "" : name.slice(0, -dns.zone.length - 1))),
    ttlSeconds: dns.ttlSeconds,
    ...(dns.health
      ? {
          health: {
            token: pulumi.secret(dnsToken ?? ""),
            probe: { scheme, path: site.healthPath },
            apiUrl: dns.apiUrl,
            apiCertificates: dns.caCertificates,
          },
        }
      : {}),
    after: site.ready,
  });
  return { dns: { names } };
}

function storageOf(kind: "volume" | "disk" | "folder"): DatabaseStorage {
  return kind === "folder" ? { kind } : { kind, name: DATABASE_DEVICE };
}
