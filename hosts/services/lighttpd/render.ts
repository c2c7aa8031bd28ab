import type { AbsolutePath } from "../../contract";
import { serviceRole, type ServiceVolume } from "../common/render";

/** One virtual host. */
export interface WebSite {
  /** Its name in lower case, for example `www.example.org`; served too for requests that name no known host if it is the first. */
  readonly host: string;
  readonly aliases?: readonly string[];
  /** What a request for something that is no file becomes. Default `/index.php`, as most content systems want; `false`: not found. */
  readonly frontController?: AbsolutePath | false;
}

/** A lighttpd server that runs where its volume is. */
export interface LighttpdParams {
  readonly volume: ServiceVolume;
  readonly sites: readonly WebSite[];
  /** Default 80. */
  readonly port?: number;
  /** PHP processes. Default 4. */
  readonly phpChildren?: number;
}

/** The folder of a site's files. */
export function siteRoot({ mountpoint }: Pick<ServiceVolume, "mountpoint">, { host }: WebSite): AbsolutePath {
  return `${mountpoint}/${host}/htdocs`;
}

const quoteRegex = (text: string): string => text.replace(/[.]/g, "\\.");

function siteLines(volume: ServiceVolume, site: WebSite): string[] {
  const front = site.frontController ?? "/index.php";
  return [
    `  server.document-root = "${siteRoot(volume, site)}"`,
    `  accesslog.filename = "${volume.mountpoint}/logs/${site.host}.access.log"`,
    // Empty where there is none: a site inherits what stands outside, which is the first one's.
    `  url.rewrite-if-not-file = ( ${front === false ? "" : `"^[^?]*(\\?.*)?$" => "${front}$1" `})`,
  ];
}

/** The server's settings, the distribution's own left aside. */
export function renderLighttpd(params: LighttpdParams): string {
  const { volume, sites } = params;
  const port = params.port ?? 80;
  const [first] = sites;
  if (first === undefined) throw new Error("lighttpd: no site is given");
  return [
    "# Managed: written anew by each deployment.",
    'server.modules = ( "mod_access", "mod_accesslog", "mod_rewrite", "mod_fastcgi" )',
    `server.port = ${port}`,
    // Only the address that has moved here is asked for it; the server itself may wait on all, so that it can start before one comes.
    'server.bind = "0.0.0.0"',
    `$SERVER["socket"] == "[::]:${port}" { }`,
    'server.username = "www-data"',
    'server.groupname = "www-data"',
    'server.pid-file = "/run/lighttpd.pid"',
    `server.errorlog = "${volume.mountpoint}/logs/error.log"`,
    'server.tag = "lighttpd"',
    'index-file.names = ( "index.php", "index.html" )',
    'static-file.exclude-extensions = ( ".php", ".pl", ".fcgi" )',
    'url.access-deny = ( "~", ".inc" )',
    'include_shell "/usr/share/lighttpd/create-mime.conf.pl"',
    'fastcgi.server = ( ".php" => ((',
    '  "bin-path" => "/usr/bin/php-cgi",',
    '  "socket" => "/run/lighttpd/php.socket",',
    '  "max-procs" => 1,',
    `  "bin-environment" => ( "PHP_FCGI_CHILDREN" => "${params.phpChildren ?? 4}", "PHP_FCGI_MAX_REQUESTS" => "10000" ),`,
    '  "broken-scriptfilename" => "enable"',
    ")))",
    ...siteLines(volume, first).map((line) => line.trimStart()),
    ...sites.flatMap((site) => {
      const names = [site.host, ...(site.aliases ?? [])].map(quoteRegex);
      return [`$HTTP["host"] =~ "^(${names.join("|")})(:[0-9]+)?$" {`, ...siteLines(volume, site), "}"];
    }),
    "",
  ].join("\n");
}

/** lighttpd with PHP over FastCGI, virtual hosts, access logs and rewriting, its sites on a replicated volume. */
export const lighttpdRole = serviceRole<LighttpdParams>({
  name: "lighttpd",
  unit: "lighttpd.service",
  packages: ["lighttpd", "perl", "php-cgi", "php-mysql"],
  onChange: "reload",
  files: (params) => ({ "/etc/linode-ha/lighttpd.conf": { mode: "0644", content: renderLighttpd(params) } }),
  settings: ({ volume, sites }) => ({
    ROOTS: sites.map((site) => siteRoot(volume, site)).join(" "),
    LOGS: `${volume.mountpoint}/logs`,
  }),
  dataPaths: ({ volume, sites }) => [
    ...sites.map((site): AbsolutePath => `${volume.mountpoint}/${site.host}`),
    `${volume.mountpoint}/logs`,
  ],
  // The distribution's own file stays as it is, so that its upgrades never ask.
  unitLines: () => [
    "ExecStart=",
    "ExecStart=/usr/sbin/lighttpd -D -f /etc/linode-ha/lighttpd.conf",
    "ExecReload=",
    "ExecReload=/bin/kill -USR1 $MAINPID",
  ],
});
