import { UserError } from "../components/internal/errors";
import { LinodeApi, type ApiObject } from "./linodeApi";
import { releaseDeadLock } from "./lock";
import { judge } from "./pendingCreates";
import { exportDeployment, runPulumi, stackFlags, type Deployment, type PulumiTarget } from "./pulumiCli";

/** What a resume did. */
export interface ResumeReport {
  readonly lockReleased: boolean;
  readonly adopted: readonly string[];
  readonly deleted: readonly string[];
  readonly forgotten: readonly string[];
}

/** Where the stack is kept. */
export interface ResumeTarget extends PulumiTarget {
  readonly stack: string;
  readonly project: string;
  /** `file://…` or another backend's URL. */
  readonly backend: string;
}

/**
 * Puts a stack right whose update was killed: releases its lock, and brings state and account together again. What was
 * created but never recorded is taken into the state, or deleted where nothing can be on it.
 *
 * Does nothing, and asks the API nothing, where the last update ended properly.
 */
export async function resume(target: ResumeTarget, progress: (line: string) => void): Promise<ResumeReport> {
  const lockReleased = await releaseDeadLock(target, target.backend, target.project);
  if (lockReleased) {
    progress("released the lock of an update that was killed");
  }
  const deployment = await exportDeployment(target);
  const report = { lockReleased, adopted: [] as string[], deleted: [] as string[], forgotten: [] as string[] };
  if (deployment.pendingOperations.length === 0 && !lockReleased) {
    return report;
  }
  const api = new LinodeApi();
  const imports: string[] = [];
  for (const operation of deployment.pendingOperations.filter(({ type }) => type === "creating")) {
    const { urn } = operation.resource;
    const verdict = await judge(api, operation);
    switch (verdict.kind) {
      case "adopt":
        imports.push(urn, verdict.id);
        report.adopted.push(urn);
        progress(`takes back ${shortName(urn)} (${verdict.id})`);
        break;
      case "delete":
        await api.delete(verdict.path);
        report.deleted.push(urn);
        progress(`deleted the unfinished ${shortName(urn)}; nothing was on it`);
        break;
      case "forget":
        report.forgotten.push(urn);
        progress(`${shortName(urn)} had not been made`);
        break;
    }
  }
  await removeStrangers(api, deployment, imports, progress);
  await refresh(target, imports);
  return report;
}

/** Linodes that carry the stack's tag and are known nowhere: deleted while empty, reported otherwise. */
async function removeStrangers(
  api: LinodeApi,
  deployment: Deployment,
  imports: readonly string[],
  progress: (line: string) => void,
): Promise<void> {
  const known = new Set([...deployment.resources.map(({ id }) => id ?? ""), ...imports]);
  const tags = new Set(deployment.resources.flatMap(({ type, outputs }) => (isPair(type) ? [String(outputs?.["tag"])] : [])));
  for (const tag of tags) {
    for (const linode of await api.list("linode/instances", { tags: tag })) {
      if (!known.has(String(linode["id"]))) {
        await removeStranger(api, linode, progress);
      }
    }
  }
}

async function removeStranger(api: LinodeApi, linode: ApiObject, progress: (line: string) => void): Promise<void> {
  const path = `linode/instances/${String(linode["id"])}`;
  const occupied = [...(await api.list(`${path}/disks`)), ...(await api.list(`${path}/volumes`))];
  if (occupied.length > 0) {
    throw new UserError("A Linode with this stack's tag is not in its state", [
      {
        path: `${String(linode["label"])} (${String(linode["id"])})`,
        what: "has disks or volumes, so something may be on it",
        todo: `look at it; then \`pulumi import linode:index/instance:Instance <name> ${String(linode["id"])}\`, or delete it`,
      },
    ]);
  }
  await api.delete(path);
  progress(`deleted the empty Linode ${String(linode["label"])}, which no state knew`);
}

async function refresh(target: ResumeTarget, imports: readonly string[]): Promise<void> {
  await runPulumi(
    [
      "refresh",
      "--yes",
      "--skip-preview",
      ...stackFlags(target),
      ...(target.configFile === undefined ? [] : ["--config-file", target.configFile]),
      ...imports.flatMap((entry) => ["--import-pending-creates", entry]),
      // What was not made, or was deleted again, is nothing that the state should remember.
      ...(imports.length === 0 ? ["--clear-pending-creates"] : []),
    ],
    { show: true },
  );
  const left = (await exportDeployment(target)).pendingOperations;
  if (imports.length > 0 && left.length > 0) {
    await refresh(target, []);
  }
}

function isPair(type: string): boolean {
  return type === "linode-ha:pair:HaPair";
}

/** The last two parts of a URN: what a reader recognises. */
function shortName(urn: string): string {
  const [type = "", name = ""] = urn.split("::").slice(-2);
  return `${type.split("$").pop()?.split(":").pop() ?? type} ${name}`;
}
