/** Something that is allowed by name, until a date. */
export interface Permission {
  /** Name or URN of the resource, as the refusal names it. */
  readonly name: string;
  /** The last day on which it is allowed (UTC), `2026-12-31`. */
  readonly until: string;
  /** For those who read the configuration later. */
  readonly why?: string;
}

/** What may be done, as far as the configuration says it. */
export type Allowance =
  | { readonly kind: "allowed" }
  | { readonly kind: "not-allowed" }
  /** It was allowed, and is not any more. */
  | { readonly kind: "expired"; readonly until: string };

/** The configuration of the pack is not right. */
export class PermissionError extends Error {}

/**
 * Whether a change of a resource is allowed today.
 *
 * @throws PermissionError where a permission has no date, or one that is none: it would never end.
 */
export function allowanceOf(
  resource: { readonly name: string; readonly urn: string },
  permissions: readonly Permission[],
  now: Date,
): Allowance {
  const today = now.toISOString().slice(0, 10);
  const own = permissions.map(checked).filter(({ name }) => name === resource.name || name === resource.urn);
  if (own.some(({ until }) => until >= today)) return { kind: "allowed" };
  const last = own
    .map(({ until }) => until)
    .sort()
    .at(-1);
  return last === undefined ? { kind: "not-allowed" } : { kind: "expired", until: last };
}

function checked(permission: Permission): Permission {
  const { name, until } = permission as Partial<Permission>;
  if (typeof name !== "string" || name === "") throw new PermissionError("allow: an entry has no name");
  const day =
    typeof until === "string" && /^\d{4}-\d{2}-\d{2}$/.test(until) ? new Date(`${until}T00:00:00Z`) : undefined;
  // 2026-02-30 is taken for the 2nd of March.
  if (day === undefined || Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== until) {
    throw new PermissionError(
      `allow: ${name} needs "until", the last day on which it is allowed, for example "2026-12-31"`,
    );
  }
  return permission;
}
