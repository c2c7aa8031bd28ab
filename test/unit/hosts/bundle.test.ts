import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { assetPath } from "../../../hosts/assets";
import { hostFolder, maxStepBytes, renderRemoval, renderStep, shellQuote } from "../../../hosts/bundle";
import { baseResult, parseResult, renderSecrets, type HostFile, type HostRole } from "../../../hosts/contract";
import { drbdRole } from "../../../hosts/drbd/render";
import * as cases from "./cases";

const identity = { step: "probe", node: "web1", machine: "linode 1" };

function role(
  files: Record<`/${string}`, HostFile>,
  more: Partial<HostRole<object, unknown>> = {},
): HostRole<object, unknown> {
  return {
    name: "probe",
    packages: [],
    script: assetPath("drbd-activate/role.sh"),
    secrets: [],
    result: baseResult,
    files: () => files,
    variables: () => ({}),
    ...more,
  };
}

test("the same values give the same text, and the text names step and machine", () => {
  const one = renderStep(drbdRole, cases.dualPrimary, identity);
  expect(renderStep(drbdRole, cases.dualPrimary, identity)).toBe(one);
  expect(one.split("\n").slice(0, 2)).toEqual(["# linode-ha step probe: role drbd", "# node web1, machine linode 1"]);
});

test("another machine of that name changes one line, and a changed setting only its own", () => {
  const lines = renderStep(drbdRole, cases.dualPrimary, identity).split("\n");
  const changed = (text: string) => text.split("\n").filter((line, i) => line !== lines[i]);
  expect(changed(renderStep(drbdRole, cases.dualPrimary, { ...identity, machine: "linode 2" }))).toEqual([
    "# node web1, machine linode 2",
  ]);
  const port = renderStep(drbdRole, { ...cases.dualPrimary, port: 7799 }, identity);
  expect(changed(port)).toEqual(["    address ipv4 10.20.0.1:7799;", "    address ipv4 10.20.0.2:7799;"]);
});

test("no secret is in the text, only its place", () => {
  const text = renderStep(drbdRole, cases.dualPrimary, identity);
  expect(text).toContain('shared-secret "{{secret:drbd-shared-secret}}";');
  expect(renderSecrets(drbdRole, { "drbd-shared-secret": "geheim" })).toBe("drbd-shared-secret=Z2VoZWlt\n");
  expect(() => renderSecrets(drbdRole, {})).toThrow('secret "drbd-shared-secret" has no value');
});

test.each(["sh", "bash"])(
  "%s lays the step out as it was rendered, whatever is in its files and variables",
  (shell) => {
    const folder = mkdtempSync(join(tmpdir(), "linode-ha-step-"));
    try {
      const nasty = "$HOME `id` \\ 'x' \"y\"\nend-of\n# {{secret:other}}\nEOF\n";
      const text = renderStep(
        role(
          {
            "/etc/nasty": { content: nasty, mode: "0644" },
            "/etc/key": { content: "{{secret:key}}\n", mode: "0600", secret: "key" },
          },
          { secrets: ["key"], variables: () => ({ NASTY: "it's $HOME\nand `id`" }) },
        ),
        {},
        identity,
      )
        .replaceAll(hostFolder, folder)
        // The role itself is for hosts; what counts here is what reaches it.
        .replace(/^exec bash "\$base.*$/m, ": end");
      const run = spawnSync(shell, ["-c", text], { input: "key=Z2U5aGVpbQ==\nunknown=eA==\n", encoding: "utf8" });
      expect(run.stderr).toBe("");
      expect(run.status).toBe(0);
      const step = join(folder, "steps", "probe");
      expect(readFileSync(join(step, "files.list"), "utf8")).toBe(
        "0600 root:root key 0 /etc/key\n0644 root:root - 1 /etc/nasty\n",
      );
      expect(readFileSync(join(step, "files", "1"), "utf8")).toBe(nasty);
      expect(readFileSync(join(folder, "secrets", "probe", "key"), "utf8")).toBe("ge9heim");
      const sourced = spawnSync("bash", ["-c", `. ${shellQuote(join(step, "variables"))}; printf %s "$NASTY"`], {
        encoding: "utf8",
      });
      expect(sourced.stdout).toBe("it's $HOME\nand `id`");
      const missing = spawnSync(shell, ["-c", text.replaceAll("secrets/probe", "secrets/other")], {
        input: "",
        encoding: "utf8",
      });
      expect(missing.status).toBe(2);
      expect(missing.stderr).toContain("secret key is missing");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test("a removal succeeds where nothing is there", () => {
  const folder = mkdtempSync(join(tmpdir(), "linode-ha-step-"));
  try {
    const text = renderRemoval(drbdRole, "drbd-www").replaceAll(hostFolder, folder);
    const run = spawnSync("sh", ["-c", text], { encoding: "utf8" });
    expect([run.status, run.stdout]).toEqual([0, '{"changed":false,"changes":[]}\n']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.each<[string, Record<`/${string}`, HostFile>, RegExp]>([
  ["a path with a space", { "/etc/a b": { content: "x\n", mode: "0644" } }, /not an absolute path/],
  ["a mode that is not octal", { "/etc/a": { content: "x\n", mode: "644" } }, /is not octal/],
  ["a text without a last newline", { "/etc/a": { content: "x", mode: "0644" } }, /end with a newline/],
  [
    "a secret that others may read",
    { "/etc/a": { content: "{{secret:s}}\n", mode: "0644", secret: "s" } },
    /nobody else may read/,
  ],
  ["a secret without a place", { "/etc/a": { content: "x\n", mode: "0600", secret: "s" } }, /no place for secret/],
  [
    "a text too long for a command",
    { "/etc/a": { content: `${"x".repeat(maxStepBytes)}\n`, mode: "0644" } },
    /split the role/,
  ],
])("%s is refused", (_, files, message) => {
  expect(() => renderStep(role(files, { secrets: ["s"] }), {}, identity)).toThrow(message);
});

test("the result is the last line, and anything else is refused without repeating it", () => {
  const shape = { name: "probe", result: z.object({ changed: z.boolean() }) };
  expect(parseResult(shape, 'words\n{"changed":true}\n')).toEqual({ changed: true });
  expect(() => parseResult(shape, "password: x\n")).toThrow(
    /^role "probe" ended without a result: its last line is not JSON$/,
  );
  expect(() => parseResult(shape, '{"changed":1}\n')).toThrow();
});
