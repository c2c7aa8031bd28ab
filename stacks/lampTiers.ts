import * as linode from "@pulumi/linode";
import * as pulumi from "@pulumi/pulumi";
import {
  address,
  Certificate,
  drbd,
  DrbdVolume,
  FloatingIp,
  type HaPair,
  mount,
  NfsExport,
  NfsMount,
  NginxProxy,
  type ReplicatedVolume,
  ServerGroup,
  service,
  WordpressSite,
} from "../components";
import { LAMP_DEVICES, type LampTiersConfig, loadLampTiers } from "../config";
import { type LampDatabase, lampDatabase } from "./lampDatabase";
import { backups, secondSite, SITE_MOUNTPOINT, watch } from "./lampBeside";
import { makeTier, manage, onVlan, type Tier, VLAN_INTERFACE, volumeOf } from "./lampTier";

const FILES_MOUNTPOINT = "/srv/files";

/** Proxies, web servers, their files and their database, each on hosts of their own. */
export async function lampTiers(
  all: Readonly<Record<string, string>>,
  project: string,
): Promise<Record<string, unknown>> {
  const config = await loadLampTiers(all, project);
  const proxies = makeTier("proxy", config.tiers.proxies, config);
  // Before the others: their firewalls let its address in.
  const far = config.tiers.disaster && new ServerGroup("far", config.tiers.disaster);
  const sshFrom = (far?.nodes ?? []).map((node) => node.addresses.public4);
  const webTier = onVlan(config.tiers.webServers);
  const web = new ServerGroup("web", { ...webTier, access: { ...webTier.access, sshFrom } });
  const database = lampDatabase(config, sshFrom);
  const files = fileServer(config, web);
  const site = siteOn(config, web, files, database);
  const front = proxiesBefore(config, proxies, web, site);
  const store = backups(config, web, site, database);
  const second = secondSite(config, far, web, site, database);
  const watched = watch(
    config,
    [...proxies.pair.nodes, ...web.nodes, ...files.tier.pair.nodes, ...database.tier.pair.nodes, ...store.nodes],
    [files.volume, ...database.volumes],
    [...front.ready, ...site.ready, ...store.ready],
  );
  const told = ({ endpoints, sshPrivateKey }: HaPair | ServerGroup) => ({ endpoints, sshPrivateKey });
  return {
    pairs: {
      proxies: told(proxies.pair),
      files: told(files.tier.pair),
      database: told(database.tier.pair),
    },
    ...(second === undefined ? {} : { disaster: { promote: second.promoteCommand } }),
    servers: {
      web: told(web),
      ...(far === undefined ? {} : { far: told(far) }),
      ...(store.group.store === undefined ? {} : { store: told(store.group.store) }),
    },
    site: { url: site.url },
    addresses: {
      site: front.address,
      database: config.moving.database,
      files: config.moving.files,
      ...(config.database.design === "replica" ? { reads: config.moving.reads } : {}),
    },
    database: { name: database.name, user: database.user, password: database.password },
    groups: { files: files.groups, database: database.manager.groups, proxies: front.groups },
    rules: watched.rules,
    scrapeConfig: watched.scrapeConfig,
  };
}

interface FileServer {
  readonly tier: Tier;
  readonly volume: ReplicatedVolume;
  readonly mount: NfsMount;
  readonly groups: pulumi.Output<Record<string, string>>;
}

/** The site's files, by NFS from whichever node has them, on each web server. */
function fileServer(config: LampTiersConfig, web: ServerGroup): FileServer {
  const tier = makeTier("files", config.tiers.files, config);
  const filesystem = { type: "ext4", mountpoint: FILES_MOUNTPOINT } as const;
  const volume = new DrbdVolume("files", {
    nodes: tier.pair.nodes,
    backing: { kind: "volume", name: LAMP_DEVICES.files },
    mode: { kind: "single-primary", preferred: tier.preferred, promote: "manager" },
    filesystem,
    ...volumeOf(config),
  });
  const prefixLength = Number(config.hosts.cidr.split("/")[1]);
  const floating = new FloatingIp("files-floating", {
    nodes: tier.pair.nodes,
    arp: { addresses: { files: { address: config.moving.files, prefixLength, interface: VLAN_INTERFACE } } },
  });
  const server = new NfsExport("files", {
    volume,
    filesystem,
    clients: web.nodes.map((node) => node.addresses.interconnect.address),
    // Web servers make the site's folders as root.
    root: "kept",
    leaseSeconds: config.files.leaseSeconds,
  });
  const cluster = manage(
    tier,
    [
      {
        name: "files",
        preferred: tier.preferred,
        runs: [
          drbd(server.volume),
          mount(server.volume, filesystem),
          service(server.unit),
          ...Object.values(floating.addresses).map(address),
        ],
      },
    ],
    [server.unit],
    config,
  );
  const mounted = new NfsMount("www", {
    nodes: web.nodes,
    server: config.moving.files,
    path: server.path,
    mountpoint: SITE_MOUNTPOINT,
    after: cluster.ready,
  });
  return { tier, volume, mount: mounted, groups: cluster.groups };
}

function siteOn(config: LampTiersConfig, web: ServerGroup, files: FileServer, database: LampDatabase): WordpressSite {
  const { site, hosts, moving } = config;
  return new WordpressSite("site", {
    nodes: web.nodes,
    share: files.mount,
    ...site,
    adminPassword: pulumi.secret(config.siteAdminPassword ?? ""),
    database: {
      name: database.name,
      user: database.user,
      password: database.password,
      hosts: Object.fromEntries(web.nodes.map(({ name }) => [name, moving.database])),
      // One at a time is written to, whatever the design.
      multiMaster: false,
    },
    proxies: { cidrs: [hosts.cidr], https: config.certificate !== undefined },
    after: database.ready,
  });
}

interface Front {
  readonly address: pulumi.Output<string>;
  readonly groups: pulumi.Output<Record<string, string>>;
  readonly ready: readonly pulumi.Resource[];
}

/** The pair that people reach, and the names that lead to it. */
function proxiesBefore(config: LampTiersConfig, tier: Tier, web: ServerGroup, site: WordpressSite): Front {
  const { proxies, hosts } = config;
  const floating = new FloatingIp("site-floating", {
    nodes: tier.pair.nodes,
    bgp: {
      region: hosts.region,
      routeServerNumber: config.routeServerNumber,
      addresses: { site: { family: "ipv4", preferred: tier.preferred } },
    },
  });
  const [moving] = Object.values(floating.addresses);
  if (moving === undefined) throw new Error("the site's address was lost on the way");
  const zone = zoneOf(config);
  const proxy = new NginxProxy("proxy", {
    nodes: tier.pair.nodes,
    address: moving,
    servers: web.nodes.map((node) => ({ name: node.name, address: node.addresses.interconnect.address })),
    certificate: certificateOf(config, tier, zone),
    stick: proxies.stick,
    restSeconds: proxies.restSeconds,
    answerSeconds: proxies.answerSeconds,
    maxBodyMiB: config.site.maxUploadMiB + 1,
  });
  const cluster = manage(
    tier,
    [{ name: "proxy", preferred: tier.preferred, runs: [address(proxy.address), service(proxy.unit)] }],
    [proxy.unit],
    config,
    // What people find there should be the site.
    site.ready,
  );
  const records = namesOf(config, pulumi.output(moving.address), zone, cluster.ready);
  return { address: pulumi.output(moving.address), groups: cluster.groups, ready: [...cluster.ready, ...records] };
}

/** Made here before the certificate, which is proven through it. */
function zoneOf({ dns }: LampTiersConfig): linode.Domain | undefined {
  return dns?.create && new linode.Domain("zone", { domain: dns.zone, type: "master", soaEmail: dns.create.soaEmail });
}

function certificateOf(
  config: LampTiersConfig,
  { pair }: Tier,
  zone: linode.Domain | undefined,
): Certificate | undefined {
  const { certificate, dns, dnsToken, site } = config;
  if (certificate === undefined || dns === undefined) return undefined;
  const { contact, acceptTerms, directory, caCertificates, renewDays } = certificate;
  return new Certificate("site", {
    nodes: pair.nodes,
    domains: [site.host, ...site.aliases],
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

/** The site's names lead to the one address that moves: nothing in the zone changes in a failover. */
function namesOf(
  { dns, site }: LampTiersConfig,
  target: pulumi.Output<string>,
  zone: linode.Domain | undefined,
  after: readonly pulumi.Resource[],
): readonly pulumi.Resource[] {
  if (dns === undefined) return [];
  const domainId =
    zone === undefined ? linode.getDomain({ domain: dns.zone }).then(({ id }) => Number(id)) : zone.id.apply(Number);
  return [site.host, ...site.aliases].map((name) => {
    const label = name === dns.zone ? "" : name.slice(0, -dns.zone.length - 1);
    return new linode.DomainRecord(
      `dns-${label === "" ? "apex" : label.replace(/\./g, "-")}`,
      { domainId, recordType: "A", ...(label === "" ? {} : { name: label }), target, ttlSec: dns.ttlSeconds },
      { dependsOn: [...after], ...(zone === undefined ? {} : { deletedWith: zone }) },
    );
  });
}
