import { UserError } from "../components/internal/errors";
import { LinodeApi, type ApiObject } from "./linodeApi";
import { deadLocks, mendStackFiles } from "./fileBackend";
import { judge } from "./pendingCreates";
import { exportStack, importStack, runPulumi, stackFlags, type ExportedResource, type PulumiTarget } from "./pulumiCli";

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
  const locks = deadLocks(target.backend, target.project, target.stack);
  const mended = mendStackFiles(target.backend, target.project, target.stack);
  mended.forEach(progress);
  if (locks.length > 0) {
    await runPulumi(["cancel", "--yes", ...stackFlags(target)]);
    progress("released the lock of an update that was killed");
  }
  const lockReleased = locks.length > 0;
  const stack = await exportStack(target);
  const { resources = [], pending_operations: pending = [] } = stack.deployment;
  const report = { lockReleased, adopted: [] as string[], deleted: [] as string[], forgotten: [] as string[] };
  if (pending.length === 0 && !lockReleased && mended.length === 0) {
    return report;
  }
  const api = new LinodeApi();
  const adopted: ExportedResource[] = [];
  for (const { resource } of pending.filter(({ type }) => type === "creating")) {
    const verdict = await judge(api, resource);
    switch (verdict.kind) {
      case "adopt":
        // The refresh that follows reads the rest from the API.
        adopted.push({ ...resource, id: verdict.id, outputs: {} });
        report.adopted.push(resource.urn);
        progress(`takes back ${shortName(resource.urn)} (${verdict.id})`);
        break;
      case "delete":
        await api.delete(verdict.path);
        report.deleted.push(resource.urn);
        progress(`deleted the unfinished ${shortName(resource.urn)}; nothing was on it`);
        break;
      case "forget":
        report.forgotten.push(resource.urn);
        progress(`${shortName(resource.urn)} had not been made`);
        break;
    }
  }
  const known = [...resources, ...adopted];
  await removeStrangers(api, known, progress);
  // What was being changed or deleted is in the state as it was before; the refresh sees what became of it.
  await importStack(target, {
    ...stack,
    deployment: { ...stack.deployment, resources: known, pending_operations: [] },
  });
  await refresh(target);
  return report;
}

/** Linodes that carry the stack's tag and are known nowhere: deleted while empty, reported otherwise. */
async function removeStrangers(
  api: LinodeApi,
  resources: readonly ExportedResource[],
  progress: (line: string) => void,
): Promise<void> {
  const known = new Set(resources.map(({ id }) => id));
  const tags = new Set(resources.flatMap(tagsOf));
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

async function refresh(target: ResumeTarget): Promise<void> {
  const config = target.configFile === undefined ? [] : ["--config-file", target.configFile];
  await runPulumi(["refresh", "--yes", "--skip-preview", ...stackFlags(target), ...config], { show: true });
}

/** The tag of the pair that a resource belongs to, as it was given to the API. */
function tagsOf({ type, inputs }: ExportedResource): string[] {
  const [tag] = type.startsWith("linode:") ? ((inputs?.["tags"] ?? []) as unknown[]) : [];
  return typeof tag === "string" ? [tag] : [];
}

/** The last two parts of a URN: what a reader recognises. */
function shortName(urn: string): string {
  const [type = "", name = ""] = urn.split("::").slice(-2);
  return `${type.split("$").pop()?.split(":").pop() ?? type} ${name}`;
}
