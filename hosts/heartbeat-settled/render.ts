import { createHash } from "node:crypto";
import { z } from "zod";
import { assetPath } from "../assets";
import { baseResult, type HostRole } from "../contract";
import { heartbeatRole, type HeartbeatParams } from "../heartbeat/render";

const settledResult = baseResult.extend({
  /** The groups that run there. */
  runs: z.array(z.string()).default([]),
});

/** What the `heartbeat-settled` step answers. */
export type HeartbeatSettledResult = z.infer<typeof settledResult>;

/** Waits, on each node and after both have Heartbeat, until every group runs there whole or not at all: starting them takes a while. */
export const heartbeatSettledRole: HostRole<HeartbeatParams, HeartbeatSettledResult> = {
  name: "heartbeat-settled",
  packages: [],
  script: assetPath("heartbeat-settled/role.sh"),
  secrets: [],
  result: settledResult,
  files: () => ({}),
  variables: (params) => ({
    SETTLE: `${Math.ceil(params.timings.initdead) + 180}`,
    // Another wait whenever Heartbeat got other settings.
    SETTINGS: createHash("sha256")
      .update(JSON.stringify(heartbeatRole.files(params)))
      .digest("hex")
      .slice(0, 16),
  }),
};
