/** Configuration of a small pair for the lab, as a user would write it. */
export function pairConfig(
  nodes: readonly [string, string],
  { volume, mountpoint }: { volume: string; mountpoint: string },
): Record<string, unknown> {
  return {
    system: "dual-primary",
    pair: {
      region: "us-east",
      type: "g6-standard-1",
      nodes,
      domain: "example.org",
      bootMiB: 8192,
      access: { adminCidrs: ["203.0.113.0/24"] },
    },
    volumes: { [volume]: { filesystem: { mountpoint } } },
    fencing: { kind: "none", acceptUnfenced: true },
  };
}
