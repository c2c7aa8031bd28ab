import type { Lab } from "../test/support/lab";
import { until } from "../test/support/run";
import { MOUNTPOINT, nodeNames } from "./names";

const WHOLE_SECONDS = 300;
const LOOK = `grep -q 'ro:Primary/Primary ds:UpToDate/UpToDate' /proc/drbd && findmnt -rn -t ocfs2 ${MOUNTPOINT} >/dev/null`;

/**
 * Waits until both nodes are Primary, UpToDate and have the file system mounted. Returns when that was seen. All ways of building
 * the pair end with this same look, so what the look costs is in all of them.
 */
export async function untilWhole(lab: Lab): Promise<number> {
  await until(
    "both nodes Primary/Primary, UpToDate/UpToDate and mounted",
    WHOLE_SECONDS,
    async () => {
      const looks = await Promise.all(nodeNames.map((node) => lab.ssh(node, LOOK, 30)));
      return looks.every(({ code }) => code === 0);
    },
    300,
  );
  return Date.now();
}

/** How often somebody logged in from the operator's address since the node's boot. Looks from another one, which does not count. */
export async function countConnections(lab: Lab): Promise<number[]> {
  const count =
    "journalctl -b -o cat -t sshd -t sshd-session | grep -c 'Accepted publickey for root from 203.0.113.1 '";
  return await Promise.all(nodeNames.map(async (node) => Number(await lab.sshOk(node, count))));
}
