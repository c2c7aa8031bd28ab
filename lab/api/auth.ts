import { timingSafeEqual } from "node:crypto";

import type { Context } from "./context";
import { unauthorized } from "./errors";
import { tokenHash } from "./routes/profile";

/** Who may do what. */
export interface Identity {
  readonly username: string;
  readonly scopes: string;
}

/** Knows the lab's tokens and those made at /profile/tokens, by their hashes. */
export class Auth {
  private readonly fixed: readonly (Identity & { readonly hash: string })[];

  constructor(private readonly ctx: Context) {
    this.fixed = ctx.settings.tokens.map(({ token, scopes, username }) => ({
      hash: tokenHash(token),
      scopes,
      username,
    }));
  }

  /** The owner of the token in an Authorization header, or 401. */
  identify(header: string | undefined): Identity {
    const token = /^Bearer (\S+)$/i.exec(header ?? "")?.[1];
    if (token === undefined) throw unauthorized();
    const hash = tokenHash(token);
    const same = (other: string): boolean => timingSafeEqual(Buffer.from(hash), Buffer.from(other));
    const found = this.fixed.find((each) => same(each.hash)) ?? this.personal(same);
    if (found === undefined) throw unauthorized();
    return { username: found.username, scopes: found.scopes };
  }

  private personal(same: (hash: string) => boolean): Identity | undefined {
    const token = this.ctx.store.table("tokens").find((each) => same(each.hash));
    if (token === undefined) return undefined;
    const expired = token.expiry !== null && Date.parse(`${token.expiry}Z`) <= this.ctx.settings.clock();
    return expired ? undefined : token;
  }
}

/** Whether scopes such as `linodes:read_write volumes:read_only` include all that are needed; `*` is in each of them. */
export function allows(scopes: string, needed: string): boolean {
  return needed.split(",").every((each) => each === "*" || includes(scopes, each));
}

function includes(scopes: string, needed: string): boolean {
  const [kind, level] = needed.split(":");
  return scopes.split(/[\s,]+/).some((scope) => {
    if (scope === "*") return true;
    const [ownKind, ownLevel] = scope.split(":");
    return ownKind === kind && (ownLevel === level || ownLevel === "read_write" || ownLevel === "*");
  });
}
