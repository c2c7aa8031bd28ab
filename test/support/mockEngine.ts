import * as pulumi from "@pulumi/pulumi";

/** A resource as a component registered it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

/** Stands in for the engine: answers registrations and remembers them. */
export class MockEngine {
  readonly registered: Registered[] = [];

  /** What providers would compute; keyed by resource type. */
  private static readonly outputs: Readonly<Record<string, (name: string, inputs: Record<string, unknown>) => object>> =
    {
      "linode:index/instance:Instance": (name) => ({
        ipAddress: name.endsWith("web1") ? "198.51.100.11" : "198.51.100.12",
        privateIpAddress: name.endsWith("web1") ? "192.168.128.11" : "192.168.128.12",
        ipv6: name.endsWith("web1") ? "2001:db8:1::11/128" : "2001:db8:1::12/128",
      }),
      "linode:index/instanceIp:InstanceIp": () => ({ address: "203.0.113.99" }),
      "linode:index/ipv6Range:Ipv6Range": () => ({ range: "2001:db8:f::" }),
      "random:index/randomId:RandomId": (name) => ({ hex: Buffer.from(name).toString("hex") }),
      "random:index/randomPassword:RandomPassword": (name) => ({ result: `secret-of-${name}` }),
    };

  async start(): Promise<void> {
    await pulumi.runtime.setMocks(
      {
        newResource: (args) => {
          this.registered.push({ type: args.type, name: args.name, inputs: args.inputs as Record<string, unknown> });
          const computed = MockEngine.outputs[args.type]?.(args.name, args.inputs as Record<string, unknown>) ?? {};
          const id = args.custom ? String(1000 + this.registered.length) : "";
          return { id, state: { ...(args.inputs as object), ...computed } };
        },
        call: (args) => args.inputs as Record<string, unknown>,
      },
      "linode-ha",
      "test",
      false,
    );
  }

  /** Waits until everything that was declared is registered; needed before the next test starts. */
  async settled(): Promise<void> {
    await pulumi.runtime.disconnect();
  }

  ofType(type: string): Registered[] {
    return this.registered.filter((resource) => resource.type === type);
  }

  named(name: string, type?: string): Registered {
    const found = this.registered.filter(
      (resource) => resource.name === name && (type === undefined || resource.type === type),
    );
    const [only] = found;
    if (only === undefined || found.length > 1) {
      throw new Error(
        `${found.length} resources are named "${name}": ${this.registered.map((r) => r.name).join(", ")}`,
      );
    }
    return only;
  }
}

/** The value of an output, once everything it waits for is there. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}
