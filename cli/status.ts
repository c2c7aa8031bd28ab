import type { HostConnection } from "../components/haNode";
import type { NodeEndpoint } from "../components/haPair";
import { UserError } from "../components/internal/errors";
import { sshExec } from "../components/internal/sshExec";
import { stackOutputs, type PulumiTarget } from "./pulumiCli";

const PROBE_MS = 20_000;

/** One of a node's health checks, as `ha-health` reports it. */
interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** What one node answered. */
export interface NodeStatus {
  readonly name: string;
  readonly endpoint: NodeEndpoint;
  readonly healthy: boolean;
  readonly checks: readonly Check[];
}

/** Asks both nodes of the stack's pair how they are, at once. */
export async function readStatus(target: PulumiTarget): Promise<NodeStatus[]> {
  const outputs = await stackOutputs(target);
  const endpoints = outputs["endpoints"] as Record<string, NodeEndpoint> | undefined;
  const privateKey = outputs["sshPrivateKey"] as string | undefined;
  if (endpoints === undefined || privateKey === undefined) {
    throw new UserError("This stack has no pair yet", [
      {
        path: target.stack ?? "the selected stack",
        what: "has no endpoints among its outputs",
        todo: "run `pulumi up` first",
      },
    ]);
  }
  return Promise.all(
    Object.entries(endpoints).map(async ([name, endpoint]) => {
      const connection = { host: endpoint.public4, port: 22, user: "root", privateKey, hostKey: endpoint.hostKey };
      return { name, endpoint, ...(await probe(connection)) };
    }),
  );
}

async function probe(connection: HostConnection): Promise<Pick<NodeStatus, "healthy" | "checks">> {
  try {
    const { code, stdout } = await sshExec(connection, "ha-health", PROBE_MS);
    const { checks = [] } = JSON.parse(stdout.trim().split("\n").pop() ?? "{}") as { checks?: Check[] };
    return { healthy: code === 0, checks };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { healthy: false, checks: [{ name: "ssh", ok: false, detail }] };
  }
}

/** The status as a person reads it. */
export function formatStatus(nodes: readonly NodeStatus[]): string {
  return nodes
    .flatMap(({ name, endpoint, healthy, checks }) => [
      `${name}  ${healthy ? "healthy" : "NOT HEALTHY"}  ${endpoint.hostname}`,
      `  addresses   ${endpoint.public4}  ${endpoint.public6}  between the nodes: ${endpoint.interconnect}`,
      ...checks.map((check) => `  ${check.name.padEnd(12)}${check.ok ? "" : "FAILED "}${check.detail}`),
      "",
    ])
    .join("\n");
}
