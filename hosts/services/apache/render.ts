import type { AbsolutePath, HostFile } from "../../contract";
import { serviceRole, type ServiceVolume } from "../common/render";
import type { WebSite } from "../lighttpd/render";

/** An Apache server that runs where its volume is. */
export interface ApacheParams {
  readonly volume: ServiceVolume;
  readonly sites: readonly WebSite[];
  /** Default 80. */
  readonly port?: number;
  /** Where on the volume `/etc/apache2` points on the active node; absent: each node has its own, all alike. */
  readonly configuration?: AbsolutePath;
  /** Below it each site has a folder. Default the volume's mount point. */
  readonly siteFolder?: AbsolutePath;
}

const folder = ({ volume, siteFolder }: ApacheParams): AbsolutePath => siteFolder ?? volume.mountpoint;

/** The sites, the distribution's own settings left aside. */
export function renderApache(params: ApacheParams): string {
  const { sites, port = 80, volume } = params;
  if (sites.length === 0) throw new Error("apache: no site is given");
  return [
    "# Managed: written anew by each deployment.",
    // The distribution's own ports.conf listens on 80 already.
    ...(port === 80 ? [] : [`Listen ${port}`]),
    ...sites.flatMap((site) => {
      const root = `${folder(params)}/${site.host}/htdocs`;
      const front = site.frontController ?? "/index.php";
      return [
        `<VirtualHost *:${port}>`,
        `  ServerName ${site.host}`,
        ...(site.aliases ?? []).map((alias) => `  ServerAlias ${alias}`),
        `  DocumentRoot ${root}`,
        // On the node without the volume the folder is missing, and the server would refuse all of its configuration.
        `  <IfFile ${volume.mountpoint}/logs>`,
        `    CustomLog ${volume.mountpoint}/logs/${site.host}.access.log combined`,
        "  </IfFile>",
        `  <Directory ${root}>`,
        "    Require all granted",
        "    DirectoryIndex index.php index.html",
        ...(front === false ? [] : [`    FallbackResource ${front}`]),
        "  </Directory>",
        "</VirtualHost>",
      ];
    }),
    "",
  ].join("\n");
}

const include = "IncludeOptional /etc/linode-ha/apache/site[s].conf\n";

/** Apache with PHP, its sites on a replicated volume, and its configuration too if wanted. */
export const apacheRole = serviceRole<ApacheParams>({
  name: "apache",
  unit: "apache2.service",
  packages: ["apache2", "libapache2-mod-php", "php-mysql", "php-pgsql"],
  onChange: "reload",
  files: (params) => {
    const own: HostFile = { mode: "0644", content: include };
    return {
      "/etc/linode-ha/apache/sites.conf": { mode: "0644", content: renderApache(params) },
      // Written through a link it would be the volume's: there the data's making puts it.
      [params.configuration === undefined
        ? "/etc/apache2/conf-enabled/linode-ha.conf"
        : "/etc/linode-ha/apache/include.conf"]: own,
    };
  },
  settings: (params) => ({
    ROOTS: params.sites.map(({ host }) => `${folder(params)}/${host}/htdocs`).join(" "),
    LOGS: `${params.volume.mountpoint}/logs`,
    CONFIGURATION: params.configuration ?? "",
  }),
  dataPaths: (params) => [
    ...params.sites.map(({ host }): AbsolutePath => `${folder(params)}/${host}`),
    `${params.volume.mountpoint}/logs`,
    ...(params.configuration === undefined ? [] : [params.configuration]),
  ],
});
