import type { z } from "zod";
import { assetPath } from "../../assets";
import { baseResult, type HostRole } from "../../contract";
import { wordpressRole } from "../wordpress/render";

/** Nothing to choose: a site's programs are the same everywhere. */
export type WordpressPackagesParams = Readonly<Record<string, never>>;

/** What the step answers. */
export type WordpressPackagesResult = z.infer<typeof baseResult>;

/** The packages of {@link wordpressRole}, on their own: hosts need minutes for them, and the site's own steps go one node after the other. */
export const wordpressPackagesRole: HostRole<WordpressPackagesParams, WordpressPackagesResult> = {
  name: "services-wordpress-packages",
  packages: wordpressRole.packages,
  script: assetPath("services/wordpress-packages/role.sh"),
  secrets: [],
  result: baseResult,
  files: () => ({}),
  variables: () => ({}),
};
