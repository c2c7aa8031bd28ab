import { must, type Node } from "../../../cli/reach/nodes";

const answering = (code: number, stdout: string): Node =>
  ({ name: "web1", run: () => Promise.resolve({ code, stdout }) }) as unknown as Node;

test("what a node answers is given, and what it refuses is told", async () => {
  expect(await must(answering(0, "done\n"), "true", 1000, "")).toBe("done\n");
  await expect(must(answering(3, "no such resource\n"), "drbdadm connect x", 1000, "name another")).rejects.toThrow(
    /web1: drbdadm connect x[^]*no such resource[^]*name another/,
  );
});

test.each([
  `--shared-secret=hidden-word`,
  `--shared-secret="hidden-word with blanks"`,
  `--shared-secret='hidden-word'`,
])("the replication's secret is never among the words of a failure: %s", async (option) => {
  const words = `Command 'drbdsetup net-options a b ${option} --cram-hmac-alg=sha256' terminated with exit code 10`;
  const failure = await must(answering(10, words), "drbdadm connect x", 1000, "").catch(String);
  expect(failure).toContain("--shared-secret=(secret)");
  expect(failure).toContain("--cram-hmac-alg=sha256");
  expect(failure).not.toContain("hidden-word");
  expect(failure).not.toContain("blanks");
});
