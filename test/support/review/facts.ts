import type { StackProject } from "../stackProject";

/** What can be seen of a stack beside what its clients see. */
export interface Facts {
  /** Volumes and raw disks, by resource name. */
  readonly storage: Readonly<Record<string, string>>;
  readonly nodes: Readonly<Record<string, NodeFacts>>;
}

/** What a node says of itself. */
export interface NodeFacts {
  /** Changes with each boot; empty where the node does not answer. */
  readonly boot: string;
  /** By unit: changes with each start. */
  readonly starts: Readonly<Record<string, string>>;
  /** What keeps data from diverging: DRBD's protocol and fencing policy, the manager's fencing. Lines of `name value`. */
  readonly protection: readonly string[];
}

interface Resource {
  readonly type: string;
  readonly urn: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

const nameOf = (urn: string): string => urn.split("::").at(-1) ?? "";
const UNITS = "mariadb linode-ha-postgresql apache2 lighttpd";

/** Looks at a stack and at its nodes. */
export async function factsOf(project: StackProject, nodes: readonly string[]): Promise<Facts> {
  const { deployment } = JSON.parse(await project.exportState()) as { deployment: { resources?: Resource[] } };
  const resources = deployment.resources ?? [];
  const ids = (wanted: (resource: Resource) => boolean): Record<string, string> =>
    Object.fromEntries(resources.filter(wanted).map(({ urn, id }) => [nameOf(urn), id ?? ""]));
  const answers = await Promise.all(nodes.map(async (node) => [node, await nodeFacts(project, node)] as const));
  return {
    storage: ids(
      ({ type, inputs }) =>
        type === "linode:index/volume:Volume" ||
        (type === "linode:index/instanceDisk:InstanceDisk" && inputs?.["filesystem"] === "raw"),
    ),
    nodes: Object.fromEntries(answers),
  };
}

async function nodeFacts({ lab }: StackProject, node: string): Promise<NodeFacts> {
  const script = `
    echo "boot $(cat /proc/sys/kernel/random/boot_id)"
    for unit in ${UNITS}; do
      if systemctl is-active --quiet $unit.service; then
        echo "start $unit $(systemctl show --property InvocationID --value $unit.service)"
      fi
    done
    drbdadm dump all 2>/dev/null | sed -nE 's/^ *(protocol|fencing) +([A-Za-z-]+);.*/protection \\1 \\2/p' | sort -u
    crm_attribute --type crm_config --name stonith-enabled --query --quiet 2>/dev/null | sed 's/^/protection stonith /'
  `;
  const lines = (await lab.probe(node, script, 40)).stdout.split("\n").map((line) => line.split(" "));
  const of = (word: string): readonly (readonly string[])[] =>
    lines.filter(([first]) => first === word).map(([, ...rest]) => rest);
  return {
    boot: of("boot")[0]?.[0] ?? "",
    starts: Object.fromEntries(of("start").map(([unit = "", id = ""]) => [unit, id])),
    protection: of("protection").map((words) => words.join(" ")),
  };
}

/** From the weakest on. A word that is in no list counts as the weakest. */
const STRENGTH: Readonly<Record<string, readonly string[]>> = {
  protocol: ["A", "B", "C"],
  fencing: ["dont-care", "resource-only", "resource-and-stonith"],
  stonith: ["false", "true"],
};

/** What protects less than before, in words; nothing where all is as strong. */
export function weakened(before: NodeFacts | undefined, after: NodeFacts | undefined): readonly string[] {
  if (before === undefined || after === undefined || after.boot === "") return [];
  return Object.entries(STRENGTH).flatMap(([name, order]) => {
    const strength = ({ protection }: NodeFacts): number =>
      Math.min(
        order.length,
        ...protection
          .filter((line) => line.startsWith(`${name} `))
          .map((line) => order.indexOf(line.split(" ")[1] ?? "")),
      );
    const word = ({ protection }: NodeFacts): string =>
      protection.find((line) => line.startsWith(`${name} `))?.split(" ")[1] ?? "none";
    const is = after.protection.some((line) => line.startsWith(`${name} `)) ? strength(after) : -1;
    const was = before.protection.some((line) => line.startsWith(`${name} `)) ? strength(before) : -1;
    return is < was ? [`${name} ${word(before)} became ${word(after)}`] : [];
  });
}
