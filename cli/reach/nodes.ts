import type { NodeEndpoint } from "../../components/haPair";
import { UserError } from "../../components/internal/errors";
import { sshExec, type SshResult } from "../../components/internal/sshExec";
import type { HostConnection } from "../../components/haNode";
import { stackOutputs, type PulumiTarget } from "../pulumiCli";

/** A node of the stack, with a way to run commands on it. */
export interface Node {
  readonly name: string;
  readonly endpoint: NodeEndpoint;
  /** For what reads or writes more than text. */
  readonly connection?: HostConnection;
  /**
   * Runs one command as root; what it says on standard error is part of the answer.
   *
   * @throws Error when the node cannot be reached, shows another host key, or does not end within `timeoutMs`.
   */
  readonly run: (command: string, timeoutMs: number) => Promise<SshResult>;
}

/** The nodes of the stack's pair, or of the one of its pairs that is named, from its outputs. Host keys are checked at each connection. */
export async function stackNodes(target: PulumiTarget, pair?: string): Promise<Node[]> {
  const stack = target.stack ?? "the selected stack";
  return nodesOf(pairOf(await stackOutputs(target), stack, pair), stack);
}

type Outputs = Readonly<Record<string, unknown>>;

/** The names of a stack's pairs, where it has several; none where it has one. */
export function pairNames(outputs: Outputs): readonly string[] {
  return Object.keys((outputs["pairs"] as Outputs | undefined) ?? {});
}

/** The outputs of one pair. @throws UserError where it is not said which, or there is none of that name. */
export function pairOf(outputs: Outputs, stack: string, pair?: string): Outputs {
  const names = pairNames(outputs);
  if (pair === undefined && names.length === 0) return outputs;
  const found = pair === undefined ? undefined : (outputs["pairs"] as Record<string, Outputs> | undefined)?.[pair];
  if (found !== undefined) return found;
  throw new UserError("Which pair?", [
    {
      path: "--pair",
      ...(pair === undefined ? {} : { given: pair }),
      what: names.length === 0 ? `${stack} has one pair, which has no name` : `${stack} has several`,
      allowed: names.join(", ") || "none",
      todo: names.length === 0 ? "leave it out" : `write, for example: linode-ha --pair ${names[0] ?? ""} status`,
    },
  ]);
}

/** As {@link stackNodes}, from outputs already read. */
export function nodesOf(outputs: Readonly<Record<string, unknown>>, stack: string): Node[] {
  const endpoints = outputs["endpoints"] as Record<string, NodeEndpoint> | undefined;
  const privateKey = outputs["sshPrivateKey"] as string | undefined;
  if (endpoints === undefined || privateKey === undefined) {
    throw new UserError("This stack has no pair yet", [
      { path: stack, what: "has no endpoints among its outputs", todo: "run `pulumi up` first" },
    ]);
  }
  return Object.entries(endpoints).map(([name, endpoint]) => {
    const connection = { host: endpoint.public4, port: 22, user: "root", privateKey, hostKey: endpoint.hostKey };
    return {
      name,
      endpoint,
      connection,
      run: (command, timeoutMs) => sshExec(connection, `exec 2>&1; ${command}`, timeoutMs),
    };
  });
}

/** The node of this name, which the caller knows to be one of them. */
export function nodeNamed(nodes: readonly Node[], name: string): Node {
  const node = nodes.find((each) => each.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return node;
}

/** Puts a word into a command so that the shell takes it as it is. */
export function quoted(word: string): string {
  return `'${word.replace(/'/g, `'\\''`)}'`;
}

/** A command of drbdadm's that fails is shown whole, with the secret of the replication among its words. */
export function withoutSecrets(words: string): string {
  return words.replace(/(--shared-secret=)("[^"]*"|'[^']*'|\S*)/g, "$1(secret)");
}

/**
 * Runs one command that must work.
 *
 * @throws UserError with what the node said.
 */
export async function must(node: Node, command: string, timeoutMs: number, todo: string): Promise<string> {
  let result: SshResult;
  try {
    result = await node.run(command, timeoutMs);
  } catch (error) {
    throw new UserError(`${node.name} did not do it`, [
      { path: `${node.name}: ${command}`, what: error instanceof Error ? error.message : String(error), todo },
    ]);
  }
  if (result.code !== 0) {
    const said = withoutSecrets(result.stdout).trim().split("\n").slice(-8).join("\n      ");
    throw new UserError(`${node.name} did not do it`, [
      { path: `${node.name}: ${command}`, what: said || `exit code ${result.code}`, todo },
    ]);
  }
  return result.stdout;
}
