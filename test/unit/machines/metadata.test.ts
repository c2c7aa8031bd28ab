import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { createMetadataServer } from "../../../lab/metadata/server";

let time = 0;
const addresses: Readonly<Record<string, number>> = { "127.0.0.7": 7, "127.0.0.8": 8 };
const server = createMetadataServer({
  machineAt: (address) => addresses[address],
  metadataFor: (id) => ({
    instance: { id, label: `web${id}`, specs: { vcpus: 2 } },
    userData: "I2Nsb3VkLWNvbmZpZwo=",
    network: { ipv4: { public: ["198.51.100.7/32"] } },
    sshKeys: { users: { root: [] } },
  }),
  now: () => time,
});
beforeAll(() => server.listen({ host: "127.0.0.1", port: 0 }));
afterAll(() => server.close());

interface Answer {
  readonly statusCode: number;
  readonly body: string;
  json(): unknown;
}

/** Asks over real HTTP: a Linode is known by the address it comes from, of which loopback has plenty. */
function ask(path: string, from: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  const { port } = server.server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const call = request(
      { host: "127.0.0.1", port, path, method, headers, localAddress: from, agent: false },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
        response.on("end", () =>
          resolve({ statusCode: response.statusCode ?? 0, body, json: () => JSON.parse(body) as unknown }),
        );
      },
    );
    call.on("error", reject).end();
  });
}
const token = async (from: string, seconds = "300"): Promise<string> =>
  (await ask("/v1/token", from, { "metadata-token-expiry-seconds": seconds }, "PUT")).body;

test("a Linode gets its own data, with a token, as JSON and plain", async () => {
  const header = { "metadata-token": await token("127.0.0.7") };
  const json = await ask("/v1/instance", "127.0.0.7", { ...header, accept: "application/json" });
  expect(json.json()).toEqual({ id: 7, label: "web7", specs: { vcpus: 2 } });
  expect((await ask("/v1/instance", "127.0.0.7", header)).body).toBe("id: 7\nlabel: web7\nspecs.vcpus: 2\n");
  expect((await ask("/v1/user-data", "127.0.0.7", header)).body).toBe("I2Nsb3VkLWNvbmZpZwo=");
  expect((await ask("/v1/network", "127.0.0.7", { ...header, accept: "application/json" })).json()).toHaveProperty(
    "ipv4",
  );
});

test("a token is of no use to others, nor after its time", async () => {
  const mine = { "metadata-token": await token("127.0.0.7", "10") };
  expect((await ask("/v1/user-data", "127.0.0.8", mine)).statusCode).toBe(401);
  time += 10_000;
  expect((await ask("/v1/user-data", "127.0.0.7", mine)).statusCode).toBe(401);
});

test("strangers, missing tokens and odd times are refused with a reason", async () => {
  expect((await ask("/v1/token", "127.0.0.9", {}, "PUT")).statusCode).toBe(403);
  expect((await ask("/v1/user-data", "127.0.0.7")).json()).toEqual({
    errors: [{ reason: "A valid Metadata-Token is needed" }],
  });
  const odd = await ask("/v1/token", "127.0.0.7", { "metadata-token-expiry-seconds": "0" }, "PUT");
  expect([odd.statusCode, odd.body]).toEqual([400, expect.stringContaining("between 1 and 86400")]);
});

test("an older cloud-init gets the same without a token, and only its own", async () => {
  expect((await ask("/nocloud/meta-data", "127.0.0.7")).json()).toEqual({
    "instance-id": "7",
    "local-hostname": "web7",
  });
  expect((await ask("/nocloud/meta-data", "127.0.0.8")).json()).toMatchObject({ "instance-id": "8" });
  expect((await ask("/nocloud/user-data", "127.0.0.7")).body).toBe("#cloud-config\n");
  expect((await ask("/nocloud/vendor-data", "127.0.0.7")).body).toBe("");
  for (const part of ["meta-data", "user-data", "vendor-data"]) {
    expect([part, (await ask(`/nocloud/${part}`, "127.0.0.9")).statusCode]).toEqual([part, 403]);
  }
});
