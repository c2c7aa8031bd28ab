import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { managerTimings } from "../../../hosts/managerTimings";
import { renderTimings } from "../../../hosts/timingsTable";
import { projectRoot } from "../../support/lab";

test("fifteen seconds give the crossed pair's heartbeat times, thirty the active/passive pair's", () => {
  expect(managerTimings({ seconds: 15 }).heartbeat).toMatchObject({
    keepalive: 2,
    warntime: 5,
    deadtime: 15,
    initdead: 120,
  });
  expect(managerTimings({ seconds: 30 }).heartbeat).toMatchObject({ keepalive: 2, deadtime: 30, initdead: 120 });
});

test("the documented example: three seconds, fencing within thirty", () => {
  expect(managerTimings({ fencingSeconds: 30 })).toMatchObject({
    storage: { drbd: { pingInt: 2, pingTimeout: 10, timeout: 19 } },
    corosync: { token: 1364, consensus: 1637, join: 68 },
    heartbeat: { keepalive: 0.5, warntime: 1, deadtime: 3, deadping: 3, initdead: 120 },
    bgp: { hold: 9, keepalive: 3 },
    fencing: { delay: 2, action: 30, total: 44, handler: 52 },
    drbd: { promote: 90 },
  });
});

test("without fencing nothing waits for it", () => {
  expect(managerTimings().fencing).toEqual({ delay: 0, action: 0, total: 0, handler: 0 });
});

test("docs/fencing.md shows what the settings make of each other today (else: make api-docs)", () => {
  const page = readFileSync(join(projectRoot, "docs", "fencing.md"), "utf8");
  const table = /<!-- timings: begin[^\n]*\n([^]*)<!-- timings: end/.exec(page)?.[1]?.trim();
  expect(table).toBe(renderTimings());
  const cells = (row: string): string[] =>
    (table ?? "")
      .split("\n")
      .find((line) => line.startsWith(`| ${row} |`))!
      .split(" | ");
  // The sources' own times are there: 2 and 15 s, 2 and 30 s.
  expect(cells("Heartbeat | `keepalive`").slice(2)).toEqual(["0.333 s", "0.5 s", "1 s", "2 s", "2 s |"]);
  expect(cells("Heartbeat | `deadtime`, `deadping`").slice(2)).toEqual(["2 s", "3 s", "6 s", "15 s", "30 s |"]);
  expect(cells("o2cb | the same without fencing")[2]).toBe("12 s (7)");
});

test("own heartbeat times replace the derived ones, and must be in order", () => {
  expect(managerTimings({ heartbeat: { warntime: 2.5 } }).heartbeat).toMatchObject({ warntime: 2.5, deadtime: 3 });
  for (const heartbeat of [{ warntime: 3 }, { keepalive: 1.6 }, { initdead: 5 }, { keepalive: 0 }]) {
    expect(() => managerTimings({ heartbeat })).toThrow(/each must be longer than the one before/);
  }
});

test.each([{ seconds: 1 }, { seconds: 31 }, { seconds: NaN }, { fencingSeconds: 1 }, { fencingSeconds: 301 }])(
  "refuses %j",
  (detection) => {
    expect(() => managerTimings(detection)).toThrow(/allowed are/);
  },
);

const seconds = fc.double({ min: 2, max: 30, noNaN: true });
const fencing = fc.oneof(fc.constant(0), fc.double({ min: 5, max: 300, noNaN: true }));

test("everybody notices in the right order, whatever is set", () => {
  fc.assert(
    fc.property(seconds, fencing, (D, F) => {
      const {
        storage,
        corosync,
        heartbeat,
        bgp,
        fencing: shot,
        drbd,
      } = managerTimings({ seconds: D, fencingSeconds: F });
      const membership = (corosync.token + corosync.consensus) / 1000;
      const quiet = storage.drbd.pingInt + storage.drbd.pingTimeout / 10;
      // DRBD first (its settings have steps of a tenth of a second), then the membership, at D.
      expect(quiet).toBeLessThanOrEqual(D + 0.05);
      expect(storage.drbd.timeout / 10).toBeLessThan(storage.drbd.pingInt);
      expect(membership).toBeGreaterThanOrEqual(D);
      expect(membership).toBeLessThan(D + 0.01);
      expect(corosync.consensus).toBeGreaterThanOrEqual(1.2 * corosync.token);
      expect(corosync.join).toBeLessThan(corosync.consensus);
      // Heartbeat: several beats fit into the dead time, a warning comes before it.
      expect(heartbeat.keepalive).toBeLessThan(heartbeat.warntime);
      expect(heartbeat.keepalive * 2).toBeLessThanOrEqual(heartbeat.warntime + 1e-9);
      expect(heartbeat.warntime).toBeLessThan(heartbeat.deadtime);
      expect(heartbeat.deadtime).toBeCloseTo(D);
      expect(heartbeat.initdead).toBeGreaterThanOrEqual(2 * heartbeat.deadtime);
      expect(bgp.keepalive * 3).toBe(bgp.hold);
      // What waits for fencing waits longer than fencing may take; o2cb decides after it.
      const dead = (storage.o2cb.heartbeatDeadThreshold - 1) * 2;
      if (F > 0) {
        expect(shot.delay).toBeGreaterThanOrEqual(D / 2);
        expect(shot.total).toBeGreaterThan(shot.delay + shot.action + 5);
        expect(shot.handler).toBeGreaterThan(D + shot.total);
        expect(drbd.promote).toBeGreaterThan(shot.handler);
        expect(dead).toBeGreaterThanOrEqual(D + 2 * shot.delay + F);
      }
      expect(dead).toBeGreaterThan(D);
    }),
  );
});

test("a longer detection never makes anything shorter", () => {
  fc.assert(
    fc.property(seconds, seconds, fencing, (a, b, F) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)].map((s) =>
        managerTimings({ seconds: s, fencingSeconds: F }),
      );
      for (const of of [
        (t: typeof less) => t!.corosync.token,
        (t: typeof less) => t!.heartbeat.keepalive,
        (t: typeof less) => t!.heartbeat.warntime,
        (t: typeof less) => t!.fencing.delay,
        (t: typeof less) => t!.fencing.handler,
        (t: typeof less) => t!.storage.o2cb.heartbeatDeadThreshold,
      ]) {
        expect(of(more)).toBeGreaterThanOrEqual(of(less));
      }
    }),
  );
});
