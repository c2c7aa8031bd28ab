import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { asset } from "../../../hosts/assets";
import { Desk, said as contentOf } from "../fencing/support";

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});
afterEach(() => {
  desk.close();
});

/** Runs the program where the attribute daemon holds some scores and the cluster's configuration has others. */
function compared(
  action: string,
  held: Readonly<Record<string, string>>,
  counted: Readonly<Record<string, string>>,
  manager = 0,
): { status: number | null; stdout: string; refreshed: string } {
  mkdirSync(join(desk.folder, "bin"), { recursive: true });
  const answers = Object.entries(held)
    .map(([name, value]) => `*" --name ${name} "*) echo 'name="${name}" host="web" value="${value}"' ;;`)
    .join("\n");
  const pairs = Object.entries(counted)
    .map(([name, value]) => `<nvpair id="status-2-${name}" name="${name}" value="${value}"/>`)
    .join("\n");
  desk.write("bin/crm_node", `#!/bin/sh\ntest "$*" = --name && echo web\nexit ${manager}\n`, 0o755);
  desk.write(
    "bin/attrd_updater",
    `#!/bin/sh\ncase " $* " in\n*" --refresh "*) echo "$*" >>${join(desk.folder, "refreshed")} ;;\n${answers}\n*) exit 6 ;;\nesac\n`,
    0o755,
  );
  desk.write(
    "bin/cibadmin",
    pairs === ""
      ? "#!/bin/sh\nexit 105\n"
      : `#!/bin/sh\ncat <<'X'\n<transient_attributes id="2">\n${pairs}\n</transient_attributes>\nX\n`,
    0o755,
  );
  desk.write("pacemaker-scores", asset("pacemaker/scores.sh"), 0o755);
  const { status, stdout } = spawnSync(join(desk.folder, "pacemaker-scores"), [action, "drbd-db", "drbd-www"], {
    encoding: "utf8",
    env: { PATH: `${join(desk.folder, "bin")}:${process.env["PATH"] ?? ""}` },
  });
  return { status, stdout, refreshed: contentOf(join(desk.folder, "refreshed")).trim() };
}

const scores = { "master-drbd-db": "10000", "master-drbd-www": "1000" };

test.each(["check", "mend"])("%s is content where the cluster has what the daemon holds", (action) => {
  expect(compared(action, scores, { ...scores, shutdown: "0" })).toEqual({ status: 0, stdout: "", refreshed: "" });
});

test.each(["check", "mend"])("%s says nothing of a side that has no score, nor where no manager runs", (action) => {
  expect(compared(action, {}, {})).toEqual({ status: 0, stdout: "", refreshed: "" });
  expect(compared(action, scores, {}, 1)).toEqual({ status: 0, stdout: "", refreshed: "" });
});

test.each([
  ["all are gone", {}, "drbd-db (10000), drbd-www (1000)"],
  ["one is gone", { "master-drbd-www": "1000" }, "drbd-db (10000)"],
  ["one is another", { ...scores, "master-drbd-www": "10000" }, "drbd-www (1000)"],
  ["a longer name has it", { ...scores, "master-drbd-db": "5", "master-drbd-db-2": "10000" }, "drbd-db (10000)"],
] as const)("where %s, it is told, and sent again", (_, counted, what) => {
  expect(compared("check", scores, counted)).toEqual({
    status: 1,
    stdout: `not in the cluster's configuration, so that web cannot be promoted: promotion score of ${what}\n`,
    refreshed: "",
  });
  expect(compared("mend", scores, counted)).toEqual({
    status: 0,
    stdout: `the promotion score of ${what} was not in the cluster's configuration: sending it again\n`,
    refreshed: "--refresh",
  });
});

test("called without a resource, or otherwise, it tells how", () => {
  expect(compared("look", scores, scores).status).toBe(2);
});
