import type { z } from "zod";
import { assetPath } from "../../assets";
import { type AbsolutePath, baseResult, type HostRole } from "../../contract";

/** A web server behind a proxy. */
export interface ProxyBackend {
  readonly name: string;
  /** IPv4 or IPv6. */
  readonly address: string;
  readonly port: number;
}

/** A proxy, the same on both nodes of a pair. */
export interface NginxProxyParams {
  /** Of the component. */
  readonly name: string;
  readonly backends: readonly ProxyBackend[];
  /** HTTPS ends here; absent: HTTP only. */
  readonly tls?: { readonly certificate: AbsolutePath; readonly key: AbsolutePath };
  /** Whether a client stays with one backend while that answers. */
  readonly stick: "none" | "address";
  /** Seconds for a connection to a backend; then the next is asked. */
  readonly connectSeconds: number;
  /** Seconds for which a backend that failed is not asked. */
  readonly restSeconds: number;
  /** Seconds that a backend may take to answer. */
  readonly answerSeconds: number;
  readonly maxBodyMiB: number;
}

/** nginx before web servers, started and stopped by a manager. */
export const nginxProxyRole: HostRole<NginxProxyParams, z.infer<typeof baseResult>> = {
  name: "services-nginx-proxy",
  packages: ["nginx-light"],
  script: assetPath("services/nginx-proxy/role.sh"),
  secrets: [],
  result: baseResult,
  files: (params) => ({
    [`/etc/nginx/conf.d/linode-ha-${params.name}.conf`]: { mode: "0644", content: renderProxy(params) },
  }),
  variables: () => ({}),
};

/** nginx's configuration. */
export function renderProxy(params: NginxProxyParams): string {
  const { name, backends, tls, stick } = params;
  if (backends.length === 0) throw new Error("nginx-proxy: no backend is given");
  const upstream = `linode_ha_${name.replace(/-/g, "_")}`;
  return [
    "# Managed: written anew by each deployment.",
    `upstream ${upstream} {`,
    ...(stick === "address" ? ["  hash $remote_addr consistent;"] : []),
    // The only one is asked always: there is nobody to ask in its place.
    ...backends.map(
      (backend) =>
        `  server ${where(backend)}${backends.length > 1 ? ` max_fails=1 fail_timeout=${params.restSeconds}s` : ""};`,
    ),
    "  keepalive 16;",
    "}",
    "",
    "map $http_upgrade $linode_ha_connection {",
    "  default upgrade;",
    '  "" "";',
    "}",
    "",
    "server {",
    "  listen 80 default_server;",
    "  listen [::]:80 default_server;",
    "  server_name _;",
    ...health(),
    ...(tls === undefined
      ? pass(params, upstream)
      : ["  location / {", "    return 301 https://$host$request_uri;", "  }"]),
    "}",
    ...(tls === undefined
      ? []
      : [
          "",
          "server {",
          "  listen 443 ssl default_server;",
          "  listen [::]:443 ssl default_server;",
          "  server_name _;",
          `  ssl_certificate ${tls.certificate};`,
          `  ssl_certificate_key ${tls.key};`,
          "  ssl_session_cache shared:linode_ha:4m;",
          "  ssl_session_tickets off;",
          ...health(),
          ...pass(params, upstream),
          "}",
        ]),
    "",
  ].join("\n");
}

function where({ address, port }: ProxyBackend): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Says that the proxy itself runs, whatever is behind it. */
function health(): string[] {
  return [
    "  location = /ha-proxy-health {",
    "    access_log off;",
    "    default_type text/plain;",
    '    return 200 "ok\\n";',
    "  }",
  ];
}

function pass({ connectSeconds, answerSeconds, maxBodyMiB }: NginxProxyParams, upstream: string): string[] {
  return [
    `  client_max_body_size ${maxBodyMiB}m;`,
    "  location / {",
    `    proxy_pass http://${upstream};`,
    "    proxy_http_version 1.1;",
    "    proxy_set_header Connection $linode_ha_connection;",
    "    proxy_set_header Upgrade $http_upgrade;",
    "    proxy_set_header Host $host;",
    // Whatever a client says of itself is replaced: the servers behind believe what comes from here.
    "    proxy_set_header X-Forwarded-For $remote_addr;",
    "    proxy_set_header X-Forwarded-Proto $scheme;",
    `    proxy_connect_timeout ${connectSeconds}s;`,
    `    proxy_read_timeout ${answerSeconds}s;`,
    `    proxy_send_timeout ${answerSeconds}s;`,
    // A request that may have had its effect is not sent to another one. 503 is the application's own word, the same from all of them, for
    // example while it is under maintenance: were it a failure, all would be out of rotation.
    "    proxy_next_upstream error timeout http_502 http_504;",
    "  }",
  ];
}
