import { baseRole } from "./base/render";
import type { HostRole } from "./contract";
import { drbdActivateRole } from "./drbd-activate/render";
import { drbdRole } from "./drbd/render";
import { filesystemRole } from "./filesystem/render";
import { ocfs2Role } from "./ocfs2/render";

/** Every role there is. */
export const roles: readonly Pick<HostRole<never, unknown>, "name" | "packages">[] = [
  baseRole,
  drbdRole,
  drbdActivateRole,
  filesystemRole,
  ocfs2Role,
];

/** The Debian packages that the roles together may install, sorted: what an image must be able to provide. */
export const packages: readonly string[] = [...new Set(roles.flatMap((role) => role.packages))].sort();
