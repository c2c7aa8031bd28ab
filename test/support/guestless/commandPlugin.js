"use strict";
/**
 * A `command` plugin for the engine whose hosts always do what they are told: a step "runs" by answering what every role's result
 * needs. What differs, and why a resource is replaced, is judged by the lab's own plugin, so that previews are the real ones.
 */
const path = require("node:path");
const dist = path.join(__dirname, "..", "..", "..", "dist", "lab", "engine", "plugins");
const { serve } = require(path.join(dist, "runtime", "server"));
const { plugin } = require(path.join(dist, "command", "plugin"));
const { commandId } = require(path.join(dist, "command", "remote"));

/** Any role's result: each takes the fields that it knows. */
const RESULT = {
  changed: true,
  changes: [],
  hostname: "node",
  kernel: "6.12",
  release: "13",
  role: "Primary",
  peerRole: "Secondary",
  disk: "UpToDate",
  peerDisk: "UpToDate",
  connection: "Connected",
  device: "/dev/drbd0",
  sizeBytes: 10736992256,
  sync: "skipped",
  metadata: "created",
  deviceUuid: "0x0000000000000001",
  backingBytes: 10737418240,
  peer: "peer",
  peerLinode: "1",
  filesystem: "created",
  uuid: "00000000-0000-0000-0000-000000000001",
  label: "www",
  mountpoint: "/srv",
  mounted: true,
  unit: "srv.mount",
  sessions: 4,
  announced: [],
  holds: "all",
  peerActive: true,
  peerOnline: true,
  maintenance: false,
  groups: {},
  runs: [],
  active: true,
  data: "created",
  restartPending: false,
  packages: {},
};
const done = () => ({ stdout: `${JSON.stringify(RESULT)}\n`, stderr: "" });

const resources = plugin.resources.map((type) => ({
  ...type,
  create: async (ctx) => ({ id: commandId(ctx.urn), state: done() }),
  update: async () => done(),
  remove: async () => undefined,
}));

serve({ ...plugin, resources }, process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
