import { z } from "zod";
import { asset, assetPath } from "../../assets";
import { type AbsolutePath, baseResult, type HostFile, type HostRole, secretPlaceholder } from "../../contract";
import { mountUnitName } from "../../filesystem/render";
import { renderSiteServer } from "./nginx";

/** One of the web servers of a WordPress site. */
export interface WordpressParams {
  /** Of the component. */
  readonly name: string;
  /** The site's name, without scheme. */
  readonly host: string;
  /** Names that lead to {@link host}. */
  readonly aliases: readonly string[];
  /** Whether this node makes the tables, and has the first turn at what WordPress does by itself. */
  readonly first: boolean;
  /** The file system that all nodes share. */
  readonly mountpoint: AbsolutePath;
  /** Title, name and mailbox of the first account; used once. */
  readonly title: string;
  readonly adminUser: string;
  readonly adminEmail: string;
  readonly database: {
    /** As WordPress's `DB_HOST` has it: `localhost:/run/mysqld/mysqld.sock`, or an address. */
    readonly host: string;
    readonly name: string;
    readonly user: string;
  };
  /** The site is served over HTTPS with these files; absent: over HTTP, or HTTPS ends before it. */
  readonly tls?: { readonly certificate: AbsolutePath; readonly key: AbsolutePath };
  /** Networks of proxies that say whom they ask for, and whether over HTTPS. */
  readonly proxies: readonly string[];
  /** Whether links are to https, although this server may not speak it itself. */
  readonly https: boolean;
  /** Transients in the database as usual, or each node's in its own memory: with two databases that both write. */
  readonly transients: "database" | "local";
  readonly workers: number;
  readonly maxUploadMiB: number;
}

/** The secrets of the step. */
export const wordpressSecrets = {
  database: "wordpress-database",
  salt: "wordpress-salt",
  admin: "wordpress-admin",
} as const;

const wordpressResult = baseResult.extend({
  /** `created` by this run, or `kept`. */
  site: z.enum(["created", "kept"]).optional(),
});

/** What the step answers. */
export type WordpressResult = z.infer<typeof wordpressResult>;

const programs = "/usr/local/lib/linode-ha";

/** The folder of a site on the shared file system. */
export const siteFolder = ({ mountpoint, host }: Pick<WordpressParams, "mountpoint" | "host">): AbsolutePath =>
  `${mountpoint}/${host}`;

/** nginx, PHP-FPM and Debian's WordPress, with the site's own files on a shared file system. */
export const wordpressRole: HostRole<WordpressParams, WordpressResult> = {
  name: "services-wordpress",
  packages: [
    // First: for want of another, `php` would bring Apache along.
    "php-fpm",
    ..."curl nginx-light php php-apcu php-cli php-curl php-gd php-mbstring php-mysql php-xml wordpress".split(" "),
    // A theme that both releases have; the distribution's WordPress comes without any.
    "wordpress-theme-twentytwentythree",
  ],
  script: assetPath("services/wordpress/role.sh"),
  secrets: Object.values(wordpressSecrets),
  result: wordpressResult,
  files: wordpressFiles,
  variables: ({ name, host, mountpoint }) => ({
    NAME: name,
    HOST: host,
    MOUNTPOINT: mountpoint,
    MOUNT_UNIT: mountUnitName(mountpoint),
  }),
};

function wordpressFiles(params: WordpressParams): Record<AbsolutePath, HostFile> {
  const { name, mountpoint } = params;
  const folder: AbsolutePath = `/etc/linode-ha/wordpress/${name}`;
  const secret = (which: keyof typeof wordpressSecrets): HostFile => ({
    mode: "0640",
    owner: "root:www-data",
    content: `${secretPlaceholder(wordpressSecrets[which])}\n`,
    secret: wordpressSecrets[which],
  });
  const text = (content: string): HostFile => ({ mode: "0644", content });
  return {
    [`${folder}/settings`]: text(renderWordpressSettings(params)),
    [`${folder}/site.json`]: text(
      `${JSON.stringify({ title: params.title, adminUser: params.adminUser, adminEmail: params.adminEmail })}\n`,
    ),
    [`${folder}/database.secret`]: secret("database"),
    [`${folder}/salt.secret`]: secret("salt"),
    [`${folder}/pool.conf`]: text(renderPool(params)),
    [`/etc/wordpress/config-${name}.php`]: text(renderWordpressConfig(params, folder)),
    [`/etc/nginx/conf.d/linode-ha-${name}.conf`]: text(renderSiteServer(params, `${programs}/wordpress-lib`)),
    // Without the site's files a server would answer with its own errors; without any, browsers ask the other node.
    [`/etc/systemd/system/nginx.service.d/linode-ha-${name}.conf`]: text(`[Unit]\nRequiresMountsFor=${mountpoint}\n`),
    [`/etc/systemd/system/${mountUnitName(mountpoint)}.d/linode-ha-${name}.conf`]: text(
      "[Unit]\nWants=nginx.service\n",
    ),
    [`${programs}/wordpress`]: { mode: "0755", content: asset("services/wordpress/setup.sh") },
    ...Object.fromEntries(
      ["install.php", "health.php", "object-cache.php"].map((file) => [
        `${programs}/wordpress-lib/${file}`,
        text(asset(`services/wordpress/${file}`)),
      ]),
    ),
    "/etc/systemd/system/linode-ha-wordpress-cron@.service": text(
      asset("services/wordpress/linode-ha-wordpress-cron@.service"),
    ),
    "/etc/systemd/system/linode-ha-wordpress-cron@.timer": text(
      asset("services/wordpress/linode-ha-wordpress-cron@.timer"),
    ),
    [`/etc/linode-ha/health.d/80-wordpress-${name}`]: {
      mode: "0755",
      content: `#!/bin/sh\nexec ${programs}/wordpress ${name} health\n`,
    },
  };
}

/** What the tool on the host reads: shell variables. */
export function renderWordpressSettings(params: WordpressParams): string {
  return [
    "# Managed: written anew by each deployment.",
    `HOST=${params.host}`,
    `MOUNTPOINT=${params.mountpoint}`,
    `FOLDER=${siteFolder(params)}`,
    `FIRST=${params.first ? "yes" : "no"}`,
    `TRANSIENTS=${params.transients}`,
    "",
  ].join("\n");
}

const SALTS = ["AUTH", "SECURE_AUTH", "LOGGED_IN", "NONCE"].flatMap((name) => [`${name}_KEY`, `${name}_SALT`]);

/** WordPress's own configuration. The distribution's wp-config.php reads it. */
export function renderWordpressConfig(params: WordpressParams, folder: AbsolutePath): string {
  const { database, https, host } = params;
  const define = (name: string, value: string): string => `define('${name}', ${value});`;
  return [
    "<?php",
    "// Managed: written anew by each deployment.",
    define("DB_NAME", phpText(database.name)),
    define("DB_USER", phpText(database.user)),
    define("DB_PASSWORD", `trim(file_get_contents('${folder}/database.secret'))`),
    define("DB_HOST", phpText(database.host)),
    define("DB_CHARSET", "'utf8mb4'"),
    "// One secret, the same on all nodes: who logged in through one is known to the others.",
    "foreach (array(",
    `    ${SALTS.map((name) => `'${name}'`).join(", ")},`,
    ") as $linode_ha_key) {",
    `    define($linode_ha_key, hash_hmac('sha256', $linode_ha_key, trim(file_get_contents('${folder}/salt.secret'))));`,
    "}",
    define("WP_HOME", phpText(`${https ? "https" : "http"}://${host}`)),
    define("WP_SITEURL", "WP_HOME"),
    define("WP_CONTENT_DIR", phpText(`${siteFolder(params)}/wp-content`)),
    define("WP_CONTENT_URL", "WP_HOME . '/wp-content'"),
    define("WP_DEFAULT_THEME", "'twentytwentythree'"),
    "// A timer does it, on one node at a time.",
    define("DISABLE_WP_CRON", "true"),
    "// What WordPress itself is comes with Debian's packages, the same on all nodes.",
    define("AUTOMATIC_UPDATER_DISABLED", "true"),
    define("DISALLOW_FILE_EDIT", "true"),
    define("FS_METHOD", "'direct'"),
    define("WP_ALLOW_MULTISITE", "false"),
    "$table_prefix = 'wp_';",
    "",
  ].join("\n");
}

/** PHP's processes for the site. */
export function renderPool({ name, workers, maxUploadMiB }: WordpressParams): string {
  const spare = Math.max(1, Math.min(2, workers));
  return [
    "; Managed: written anew by each deployment.",
    `[linode-ha-${name}]`,
    "user = www-data",
    "group = www-data",
    `listen = ${socketOf(name)}`,
    "listen.owner = www-data",
    "listen.group = www-data",
    "pm = dynamic",
    `pm.max_children = ${workers}`,
    `pm.start_servers = ${spare}`,
    "pm.min_spare_servers = 1",
    `pm.max_spare_servers = ${spare}`,
    "pm.max_requests = 1000",
    "request_terminate_timeout = 120s",
    `php_admin_value[upload_max_filesize] = ${maxUploadMiB}M`,
    `php_admin_value[post_max_size] = ${maxUploadMiB + 1}M`,
    "php_admin_flag[expose_php] = off",
    "",
  ].join("\n");
}

/** Where nginx reaches PHP. */
export const socketOf = (name: string): AbsolutePath => `/run/php/linode-ha-${name}.sock`;

function phpText(value: string): string {
  return `'${value.replace(/[\\']/g, (sign) => `\\${sign}`)}'`;
}
