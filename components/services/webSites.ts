import { isDomain } from "../internal/rules";
import type { Findings } from "../internal/rules";

/** One virtual host of a web server. */
export interface WebSiteSettings {
  /** Its name in lower case, for example `www.example.org`. The first also answers requests that name no known host. */
  readonly host: string;
  readonly aliases?: readonly string[];
  /** What a request for something that is no file becomes; `false`: not found. Default `/index.php`, as most content systems want. */
  readonly frontController?: `/${string}` | false;
}

/** Whether the sites are ones that a web server can tell apart. */
export function checkSites(sites: readonly WebSiteSettings[], found: Findings): void {
  found.require(sites.length > 0, {
    path: "sites",
    what: "no site is given",
    todo: 'name at least one, for example { host: "www.example.org" }',
  });
  const seen = new Map<string, string>();
  sites.forEach((site, index) => {
    [site.host, ...(site.aliases ?? [])].forEach((host, position) => {
      const path = position === 0 ? `sites[${index}].host` : `sites[${index}].aliases[${position - 1}]`;
      found.require(isDomain(host), {
        path,
        given: host,
        what: "is not a host name",
        allowed: "lower-case labels joined by dots",
        todo: "write it as www.example.org",
      });
      const earlier = seen.get(host);
      found.require(earlier === undefined, {
        path,
        given: host,
        what: `is served already: ${earlier ?? ""}`,
        todo: "take one of the two out",
      });
      seen.set(host, earlier ?? path);
    });
    const front = site.frontController;
    found.require(front === undefined || front === false || /^(\/[A-Za-z0-9._-]+)+$/.test(front), {
      path: `sites[${index}].frontController`,
      given: front,
      what: "is not a path below the site's folder",
      todo: 'write it as "/index.php", or false',
    });
  });
}
