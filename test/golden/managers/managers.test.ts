import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HostRole } from "../../../hosts/contract";
import { heartbeatRole } from "../../../hosts/heartbeat/render";
import { manualFailoverRole } from "../../../hosts/manual-failover/render";
import { pacemakerRole } from "../../../hosts/pacemaker/render";
import * as cases from "../../unit/managers/cases";

const folder = join(__dirname, "expected");
const UPDATE = process.env.UPDATE_GOLDEN === "1";

/** What a role turns the values into, without the programs that are files of the project themselves. */
function readable<P, R>(role: HostRole<P, R>, params: P): string {
  const own = Object.entries(role.files(params)).filter(
    ([path]) => !/^\/usr\/local\/|^\/etc\/systemd\/|\/linode-ha-(unit|address|mount)$/.test(path),
  );
  const variables = Object.entries(role.variables(params)).map(([name, value]) => `${name}=${value}\n`);
  return [
    ...variables,
    ...own.map(
      ([path, { mode, owner, secret, content }]) =>
        [`\n==> ${path} ${mode}`, owner, secret && `secret ${secret}`].filter(Boolean).join(" ") + `\n${content}`,
    ),
  ].join("");
}

const texts: Record<string, string> = {
  "pacemaker-crossed-pair": readable(pacemakerRole, cases.crossedPacemaker("alice")),
  "heartbeat-active-passive": readable(heartbeatRole, cases.activePassiveHeartbeat("lb1")),
  "heartbeat-crossed-pair": readable(heartbeatRole, cases.crossedHeartbeat("alice")),
  "manual-failover": readable(manualFailoverRole, cases.manualFailover("node1")),
};

test.each(Object.keys(texts))("%s renders as expected (UPDATE_GOLDEN=1 writes anew)", (name) => {
  const path = join(folder, `${name}.txt`);
  if (UPDATE) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, texts[name] ?? "");
  }
  expect(existsSync(path)).toBe(true);
  expect(texts[name]).toBe(readFileSync(path, "utf8"));
});
