import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { renderRemoval, renderStep } from "../../hosts/bundle";
import { parseResult, renderSecrets, type HostRole } from "../../hosts/contract";
import type { HaNode } from "../haNode";

/** How long one step may take, first syncs included, before Pulumi gives up on it. */
const STEP_TIMEOUT = "60m";

/** Settings of a {@link HostStep}. */
export interface HostStepArgs<P, R> {
  readonly role: HostRole<P, R>;
  /** Unique on the host, for example `drbd-www`. */
  readonly step: string;
  readonly node: HaNode;
  /** What the role is rendered from. Must not be secret: it is shown in previews. */
  readonly params: pulumi.Input<P>;
  /** The role's secrets by name; they travel on standard input only. */
  readonly secrets?: Readonly<Record<string, pulumi.Input<string>>>;
  /** What must be done before, beside the node's own readiness. */
  readonly after?: readonly pulumi.Resource[];
}

/**
 * One role on one host: one command resource, one SSH connection. The only way a component reaches a host.
 *
 * The command's text is the role's script and the files rendered from `params`, so that a preview shows a change of
 * configuration as changed lines, and a changed text is simply run again.
 */
export class HostStep<P, R> extends pulumi.ComponentResource {
  /** What the role's script answered. */
  readonly result: pulumi.Output<R>;

  constructor(name: string, args: HostStepArgs<P, R>, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:internal:HostStep", name, {}, opts);
    const { role, step, node } = args;
    const text = pulumi
      .all([args.params, node.identity])
      .apply(([params, machine]) => renderStep(role, params as P, { step, node: node.name, machine }));
    const run = new command.remote.Command(
      name,
      {
        connection: node.connection.apply(remoteConnection),
        create: refuseSecret(name, text),
        delete: renderRemoval(role, step),
        stdin: stdinFor(role, args.secrets),
        addPreviousOutputInEnv: false,
        logging: command.remote.Logging.Stderr,
      },
      {
        parent: this,
        dependsOn: [...node.ready, ...(args.after ?? [])],
        deletedWith: node.owner,
        // A host that is gone and did not take its steps with it must not hold up a destroy for long.
        customTimeouts: { create: STEP_TIMEOUT, update: STEP_TIMEOUT, delete: "90s" },
      },
    );
    // Pulumi's mocks, with which users test their stacks, compute no output.
    this.result = run.stdout.apply((stdout: string | undefined) =>
      stdout === undefined ? ({} as R) : parseResult(role, stdout),
    );
    this.registerOutputs({ result: this.result });
  }
}

function remoteConnection(connection: {
  host: string;
  port: number;
  user: string;
  privateKey: string;
  hostKey: string;
}): command.types.input.remote.ConnectionArgs {
  const { host, port, user, privateKey, hostKey } = connection;
  // Until a fresh host's sshd is there, an attempt fails at once (then waits some seconds) or after `perDialTimeout`.
  return { host, port, user, privateKey, hostKey, dialErrorLimit: 60, perDialTimeout: 15 };
}

function stdinFor<P, R>(
  role: HostRole<P, R>,
  secrets: Readonly<Record<string, pulumi.Input<string>>> | undefined,
): pulumi.Output<string> | undefined {
  if (role.secrets.length === 0) {
    return undefined;
  }
  return pulumi.secret(pulumi.all(secrets ?? {}).apply((values) => renderSecrets(role, values)));
}

/** A secret in the text would be shown by the first failing command. */
function refuseSecret(name: string, text: pulumi.Output<string>): pulumi.Output<string> {
  return pulumi.output(pulumi.isSecret(text)).apply((secret) => {
    if (secret) {
      throw new Error(`step "${name}": its parameters hold a secret; give it in "secrets"`);
    }
    return text;
  });
}
