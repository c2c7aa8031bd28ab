import * as crypto from "node:crypto";

/** Linode takes tags of 3 to 50 characters. */
const TAG_LIMIT = 50;

/** The child's name: derived from its component's name and its role, never from a position. */
export function childName(component: string, ...parts: readonly string[]): string {
  return [component, ...parts].join("-");
}

/** The tag by which everything that a component made can be found again in the account. */
export function ownerTag(project: string, stack: string, component: string): string {
  const tag = `${project}:${stack}:${component}`;
  if (tag.length <= TAG_LIMIT) {
    return tag;
  }
  const digest = crypto.createHash("sha256").update(tag).digest("hex").slice(0, 8);
  return `${tag.slice(0, TAG_LIMIT - digest.length - 1)}-${digest}`;
}
