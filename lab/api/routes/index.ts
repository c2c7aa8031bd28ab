import type { Route } from "../route";
import { accountRoutes, catalogRoutes } from "./account";
import { addressRoutes } from "./addresses";
import { configRoutes } from "./configs";
import { diskRoutes } from "./disks";
import { domainRoutes } from "./domains";
import { firewallRoutes } from "./firewalls";
import { instanceRoutes } from "./instances";
import { placementRoutes } from "./placement";
import { profileRoutes } from "./profile";
import { tagRoutes } from "./tags";
import { volumeRoutes } from "./volumes";

/** Every endpoint of the local Linode. */
export const ROUTES: readonly Route[] = [
  ...instanceRoutes,
  ...diskRoutes,
  ...configRoutes,
  ...volumeRoutes,
  ...addressRoutes,
  ...placementRoutes,
  ...firewallRoutes,
  ...domainRoutes,
  ...profileRoutes,
  ...accountRoutes,
  ...catalogRoutes,
  ...tagRoutes,
];

/** What the real API has and the lab does not: 501 instead of 404, so that nobody searches for a typing error. */
export const NOT_IN_LAB: readonly RegExp[] = [
  /^\/(betas|databases|iam|lke|locks|longview|managed|monitor|nodebalancers|object-storage|support|vpcs)(\/|$)/,
  /^\/linode\/stackscripts(\/|$)/,
  /^\/linode\/instances\/\d+\/(stats|interfaces|backups|nodebalancers)(\/|$)/,
  /^\/linode\/instances\/\d+\/(disks|configs)\/\d+\/(restore|imagize)$/,
  /^\/networking\/(reserved|prefixlists|firewalls\/rulesets|vlans\/.+)/,
  /^\/account\/(agreements|cancel|child-accounts|credit-card|oauth-clients|entity-transfers|service-transfers|promo-codes|payment|users)/,
  /^\/profile\/(tfa|phone|security|preferences|apps|devices|logins|grants)/,
  /^\/images\/.+/,
  /^\/regions\/.+\/(availability|vpc)/,
];
