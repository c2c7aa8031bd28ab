import { createHash, randomBytes } from "node:crypto";

import { createPersonalAccessTokenSchema, createSSHKeySchema, updateSSHKeySchema } from "@linode/validation";

import { now } from "../context";
import { invalid, notFound } from "../errors";
import type { SshKeyRecord, TokenRecord } from "../model";
import { idOf } from "../paging";
import { area, bodyOf, listOf, type Call, type Route } from "../route";

const { get, post, put, del } = area("account");
const anybody = area("*");
const KEY = "/profile/sshkeys/:keyId";
const TOKEN = "/profile/tokens/:tokenId";
/** What the API shows as the end of a token that has none. */
const NEVER = "2999-12-12T05:00:00";
const KEY_FORM =
  /^(ssh-(rsa|ed25519|dss)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]+={0,2}( .*)?$/;

/** How a token is kept: as its hash. */
export function tokenHash(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Who is asking: profile, SSH keys, tokens. */
export const profileRoutes: readonly Route[] = [
  anybody.get("/profile", profile),
  put("/profile", profile),
  // Grants are for restricted users; the lab's are not.
  anybody.get("/profile/grants", () => undefined),
  get("/profile/preferences", () => ({})),
  put("/profile/preferences", (call) => bodyOf(call)),
  get("/profile/security-questions", () => ({ security_questions: [] })),
  ...["apps", "devices", "logins"].map((what) => get(`/profile/${what}`, (call) => listOf(call, [], ["id"]))),
  get("/profile/sshkeys", (call) =>
    listOf(call, call.ctx.store.table("sshKeys").all().map(keyView), ["id", "label", "ssh_key", "created"]),
  ),
  post(
    "/profile/sshkeys",
    (call) => {
      const body = bodyOf<{ label: string; ssh_key?: string }>(call);
      const key = (body.ssh_key ?? "").trim();
      if (!KEY_FORM.test(key)) {
        throw invalid(
          "SSH Key key-type must be ssh-dss, ssh-rsa, ecdsa-sha2-nistp, ssh-ed25519, or sk-ecdsa-sha2-nistp256.",
          "ssh_key",
        );
      }
      return keyView(
        call.ctx.store.table("sshKeys").put({
          id: call.ctx.store.nextId(),
          label: body.label,
          ssh_key: key,
          username: call.username,
          created: now(call.ctx),
        }),
      );
    },
    { schema: createSSHKeySchema },
  ),
  get(KEY, (call) => keyView(sshKey(call))),
  put(
    KEY,
    (call) => {
      const { label } = bodyOf<{ label: string }>(call);
      return keyView(call.ctx.store.table("sshKeys").update(sshKey(call).id, { label }));
    },
    { schema: updateSSHKeySchema },
  ),
  del(KEY, (call) => {
    call.ctx.store.table("sshKeys").delete(sshKey(call).id);
    return {};
  }),
  get("/profile/tokens", (call) =>
    listOf(
      call,
      call.ctx.store
        .table("tokens")
        .all()
        .map((token) => tokenView(token)),
      ["id", "label"],
    ),
  ),
  post(
    "/profile/tokens",
    (call) => {
      const body = bodyOf<{ label?: string; scopes?: string; expiry?: string | null }>(call);
      if (body.expiry && Number.isNaN(Date.parse(`${body.expiry.replace(/Z$/, "")}Z`))) {
        throw invalid("expiry must be a date such as 2030-01-01T00:00:00", "expiry");
      }
      const secret = randomBytes(32).toString("hex");
      const token = call.ctx.store.table("tokens").put({
        id: call.ctx.store.nextId(),
        label: body.label ?? "",
        scopes: body.scopes ?? "*",
        username: call.username,
        hash: tokenHash(secret),
        shown: secret.slice(0, 16),
        created: now(call.ctx),
        expiry: body.expiry?.replace(/Z$/, "") ?? null,
      });
      // The only time that it is shown in full.
      return tokenView(token, secret);
    },
    { schema: createPersonalAccessTokenSchema },
  ),
  get(TOKEN, (call) => tokenView(token(call))),
  put(TOKEN, (call) => {
    const { label } = bodyOf<{ label?: string }>(call);
    const old = token(call);
    return tokenView(call.ctx.store.table("tokens").update(old.id, { label: label ?? old.label }));
  }),
  del(TOKEN, (call) => {
    call.ctx.store.table("tokens").delete(token(call).id);
    return {};
  }),
];

function profile(call: Call) {
  return {
    uid: 1,
    username: call.username,
    email: `${call.username}@example.org`,
    verified_phone_number: null,
    timezone: "GMT",
    email_notifications: true,
    referrals: { code: "", url: "", total: 0, completed: 0, pending: 0, credit: 0 },
    ip_whitelist_enabled: false,
    lish_auth_method: "password_keys",
    authorized_keys: null,
    two_factor_auth: false,
    restricted: false,
    authentication_type: "password",
    user_type: "default",
  };
}

function sshKey(call: Call): SshKeyRecord {
  const key = call.ctx.store.table("sshKeys").get(idOf(call.params["keyId"]));
  if (key === undefined) throw notFound();
  return key;
}

function token(call: Call): TokenRecord {
  const found = call.ctx.store.table("tokens").get(idOf(call.params["tokenId"]));
  if (found === undefined) throw notFound();
  return found;
}

function keyView({ id, label, ssh_key, created }: SshKeyRecord) {
  return { id, label, ssh_key, created };
}

function tokenView({ id, label, scopes, created, expiry, shown }: TokenRecord, secret = shown) {
  return { id, scopes, created, label, token: secret, expiry: expiry ?? NEVER };
}
