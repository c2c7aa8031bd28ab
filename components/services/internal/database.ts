import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { childName } from "../../internal/naming";
import type { Findings } from "../../internal/rules";
import type { GroupAddress, ReplicatedVolume } from "../../serviceGroup";

const SQL_NAME = /^[a-z][a-z0-9_]{0,31}$/;

/** Whether the database and the account that are made with the data have names that need no quoting anywhere. */
export function checkAccount(names: { readonly database: string; readonly user: string }, found: Findings): void {
  for (const [path, given] of Object.entries(names)) {
    found.require(SQL_NAME.test(given), {
      path,
      given,
      what: "is not a plain name",
      allowed: "up to 32 of a-z, 0-9 and '_', starting with a letter",
      todo: 'choose one such as "site"',
    });
  }
}

/** The account's password, made once: letters and digits, so that it needs no quoting either. */
export function accountPassword(name: string, parent: pulumi.Resource): pulumi.Output<string> {
  return new random.RandomPassword(childName(name, "password"), { length: 32, special: false }, { parent }).result;
}

/** Where the server listens, and from where the nodes come to it. */
export function reach({
  address,
  volume,
}: {
  readonly address: GroupAddress;
  readonly volume: ReplicatedVolume;
}): pulumi.Output<{ readonly listen: string; readonly clients: readonly string[] }> {
  return pulumi.all([address.address, pulumi.all(volume.nodes.flatMap(addressesOf))]).apply(([listen, own]) => ({
    listen,
    // A client on the active node comes from the floating address itself.
    clients: [...new Set([listen, ...own])].sort(),
  }));
}

function addressesOf({ addresses }: ReplicatedVolume["nodes"][number]): pulumi.Output<string>[] {
  const { interconnect, private4 } = addresses;
  return [interconnect.address, ...(private4 === undefined ? [] : [private4])];
}
