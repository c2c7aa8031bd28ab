import { z } from "zod";
import { assetPath } from "../../assets";
import { baseResult, type HostRole } from "../../contract";
import { mariadbPairSecrets, type MariadbPairParams } from "../mariadb-pair/config";

/** The data of a server before it replicates, and the accounts on it. */
export interface MariadbSeedParams extends MariadbPairParams {
  readonly account: {
    readonly database: string;
    readonly user: string;
    /** Hosts that it may come from, as the server sees them: `localhost` and addresses. */
    readonly clients: readonly string[];
  };
}

const seedResult = baseResult.extend({
  /** `empty`: both begin without data; `copied` from the peer; `kept`. Absent where nothing could be seen. */
  data: z.enum(["empty", "copied", "kept"]).optional(),
});

/** A copy of the peer's data where this node has none; then the accounts. */
export const mariadbSeedRole: HostRole<MariadbSeedParams, z.infer<typeof seedResult>> = {
  name: "services-mariadb-seed",
  packages: [],
  script: assetPath("services/mariadb-seed/role.sh"),
  libraries: ["mariadb"],
  secrets: Object.values(mariadbPairSecrets),
  result: seedResult,
  files: () => ({}),
  variables: ({ account }) => ({
    DATABASE: account.database,
    DB_USER: account.user,
    CLIENTS: account.clients.join(" "),
  }),
};
