import type { AbsolutePath } from "../../contract";
import type { WordpressParams } from "./render";

/** nginx's part of a WordPress site. */
export function renderSiteServer(params: WordpressParams, library: AbsolutePath): string {
  const { host, aliases, tls, https, proxies } = params;
  const canonical = `${https ? "https" : "http"}://${host}$request_uri`;
  const names = [host, ...aliases].join(" ");
  return [
    "# Managed: written anew by each deployment.",
    ...behind(proxies),
    "server {",
    "  listen 80 default_server;",
    "  listen [::]:80 default_server;",
    "  server_name _;",
    ...health(params, library),
    ...(tls === undefined && !redirects(params)
      ? ["  location / {", "    return 404;", "  }"]
      : ["  location / {", `    return 301 ${canonical};`, "  }"]),
    "}",
    ...(tls === undefined
      ? ["", "server {", "  listen 80;", "  listen [::]:80;", `  server_name ${host};`]
      : [
          "",
          "server {",
          "  listen 443 ssl default_server;",
          "  listen [::]:443 ssl default_server;",
          `  server_name ${names};`,
          `  ssl_certificate ${tls.certificate};`,
          `  ssl_certificate_key ${tls.key};`,
          "  ssl_session_cache shared:linode_ha:4m;",
          "  ssl_session_tickets off;",
          `  if ($host != ${host}) {`,
          `    return 301 ${canonical};`,
          "  }",
        ]),
    ...site(params, library),
    "}",
    "",
  ].join("\n");
}

/** Whether an unknown name's request is sent to the site's own. */
function redirects({ aliases, proxies }: WordpressParams): boolean {
  return aliases.length > 0 || proxies.length === 0;
}

/** Whose word counts on where a request came from. */
function behind(proxies: readonly string[]): string[] {
  if (proxies.length === 0) return [];
  return [
    ...proxies.map((network) => `set_real_ip_from ${network};`),
    "real_ip_header X-Forwarded-For;",
    "real_ip_recursive on;",
    "",
  ];
}

function health(params: WordpressParams, library: AbsolutePath): string[] {
  return [
    "  location = /ha-health {",
    "    access_log off;",
    ...php(params, `${library}/health.php`).map((line) => `    ${line}`),
    "  }",
  ];
}

function php({ name, proxies, host }: WordpressParams, script: string): string[] {
  return [
    "include fastcgi_params;",
    `fastcgi_param SCRIPT_FILENAME ${script};`,
    `fastcgi_param WORDPRESS_CONFIG ${name};`,
    `fastcgi_param HTTP_HOST ${host};`,
    // WordPress believes this header whoever sends it.
    ...(proxies.length === 0 ? ['fastcgi_param HTTP_X_FORWARDED_PROTO "";'] : []),
    `fastcgi_pass unix:/run/php/linode-ha-${name}.sock;`,
  ];
}

function site(params: WordpressParams, library: AbsolutePath): string[] {
  const folder = `${params.mountpoint}/${params.host}`;
  const run = (indent: string): string[] =>
    php(params, "$document_root$fastcgi_script_name").map((line) => indent + line);
  return [
    "  root /usr/share/wordpress;",
    "  index index.php;",
    `  client_max_body_size ${params.maxUploadMiB + 1}m;`,
    ...health(params, library),
    "  location / {",
    "    try_files $uri $uri/ /index.php?$args;",
    "  }",
    "  location ^~ /wp-content/ {",
    `    root ${folder};`,
    // What people upload is never run.
    "    location ~ ^/wp-content/(uploads|languages)/.*\\.php$ {",
    "      return 403;",
    "    }",
    "    location ~ \\.php$ {",
    "      try_files $uri =404;",
    ...run("      "),
    "    }",
    "    location ~ /\\. {",
    "      return 404;",
    "    }",
    "    try_files $uri =404;",
    "  }",
    "  location ~ \\.php$ {",
    "    try_files $uri =404;",
    ...run("    "),
    "  }",
    "  location ~ /\\. {",
    "    return 404;",
    "  }",
  ];
}
