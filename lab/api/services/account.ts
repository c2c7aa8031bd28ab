import type { AccountSettings } from "@linode/api-v4";

import type { Context } from "../context";
import { invalid } from "../errors";
import { POLICIES } from "../catalog/policies";

const NEW_ACCOUNT: AccountSettings = {
  managed: false,
  network_helper: true,
  longview_subscription: null,
  backups_enabled: false,
  object_storage: "disabled",
  interfaces_for_new_linodes: "legacy_config_only",
  maintenance_policy: "linode/migrate",
};

/** What a client may change; the rest is the vendor's to say. */
type Changeable = Pick<
  AccountSettings,
  "network_helper" | "backups_enabled" | "interfaces_for_new_linodes" | "maintenance_policy"
>;

/** What new Linodes and configuration profiles take where a request says nothing. */
export function accountSettings(ctx: Context): AccountSettings {
  return { ...NEW_ACCOUNT, ...ctx.store.setting<Partial<Changeable>>("account") };
}

/** Keeps what a request says, null and what is left out as it was. */
export function changeAccountSettings(
  ctx: Context,
  request: { readonly [K in keyof Changeable]?: Changeable[K] | null },
): AccountSettings {
  demandMaintenancePolicy(request.maintenance_policy);
  const old = accountSettings(ctx);
  ctx.store.setting<Partial<Changeable>>("account", {
    network_helper: request.network_helper ?? old.network_helper,
    backups_enabled: request.backups_enabled ?? old.backups_enabled,
    interfaces_for_new_linodes: request.interfaces_for_new_linodes ?? old.interfaces_for_new_linodes,
    maintenance_policy: request.maintenance_policy ?? old.maintenance_policy,
  });
  return accountSettings(ctx);
}

/** Refuses a maintenance policy that there is not. */
export function demandMaintenancePolicy(slug: string | null | undefined): void {
  if (slug != null && !POLICIES.some((policy) => policy.slug === slug)) {
    throw invalid("Unsupported maintenance policy slug format.", "maintenance_policy");
  }
}
