import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { baseRole } from "../../../hosts/base/render";
import type { HostRole } from "../../../hosts/contract";
import { drbdActivateRole } from "../../../hosts/drbd-activate/render";
import { drbdRole } from "../../../hosts/drbd/render";
import { filesystemRole } from "../../../hosts/filesystem/render";
import { ocfs2Role } from "../../../hosts/ocfs2/render";
import * as cases from "../../unit/hosts/cases";

const folder = join(__dirname, "expected");
const UPDATE = process.env.UPDATE_GOLDEN === "1";

/** What a role turns the values into, without the programs that are files of the project themselves. */
function readable<P, R>(role: HostRole<P, R>, params: P): string {
  const own = Object.entries(role.files(params)).filter(
    ([path]) => !/^\/usr\/local\/|@\.|linode-ha-o2cb\.service$/.test(path),
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
  base: readable(baseRole, cases.base),
  "drbd-dual-primary": readable(drbdRole, cases.dualPrimary),
  "drbd-crossed-pair": readable(drbdRole, cases.crossedPair),
  "drbd-tuned": readable(drbdRole, cases.tuned),
  "drbd-activate": readable(drbdActivateRole, cases.activate),
  ocfs2: readable(ocfs2Role, cases.ocfs2),
  filesystem: readable(filesystemRole, cases.filesystem),
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
