import { DRAWINGS, readPicture, touchedBy } from "../../../review";
import { previewOf } from "../../support/review/fixtures";

const labels = (id: string): readonly string[] => readPicture(previewOf(id)).things.map(({ label }) => label);

describe("the picture of a stack", () => {
  it("has nodes, volumes, resources, file systems, and what stands on what", () => {
    const picture = readPicture(previewOf("stack-removed"));
    expect(picture.nodes.map(({ label }) => label)).toEqual([
      "web1 (g6-standard-1, us-east)",
      "web2 (g6-standard-1, us-east)",
    ]);
    expect(picture.things.map(({ label, node }) => [label, node])).toEqual([
      ["OCFS2 /srv/www", undefined],
      ["firewall lab-web", undefined],
      ["DRBD www, /dev/drbd0", undefined],
      ["volume web1-www, 20 GiB", "web1"],
      ["volume web2-www, 20 GiB", "web2"],
    ]);
    expect(picture.links).toEqual([
      { from: "filesystem:www", to: "resource:www" },
      { from: "resource:www", to: "volume:web1-www" },
      { from: "resource:www", to: "volume:web2-www" },
    ]);
  });

  it("has the groups of each manager, their services and addresses", () => {
    expect(labels("crossed-preferred")).toEqual(
      expect.arrayContaining(["group db", "group web", "mariadb", "lighttpd", "address 10.20.0.100", "DRBD mysql"]),
    );
    expect(labels("passive-ping")).toEqual(expect.arrayContaining(["group lamp", "mariadb", "apache2"]));
    expect(labels("manual-connect")).toEqual(expect.arrayContaining(["group services", "postgresql", "apache2"]));
  });

  it("comes from a state, where secrets are encrypted, and from a stack's outputs", () => {
    const { steps } = JSON.parse(previewOf("stack-removed")) as { steps: { op: string; oldState?: object }[] };
    const state = JSON.stringify({
      version: 3,
      deployment: { resources: steps.flatMap(({ op, oldState }) => (op === "delete" ? [oldState] : [])) },
    });
    expect(readPicture(state)).toMatchObject({ ...readPicture(previewOf("stack-removed")), title: "lab" });
    const outputs = {
      endpoints: { a: { public4: "192.0.2.1" }, b: {} },
      storage: { www: { mountpoint: "/srv" } },
      addresses: { site: "192.0.2.9" },
      groups: { web: "a" },
      sshPrivateKey: "-----BEGIN X PRIVATE KEY-----",
    };
    const picture = readPicture(JSON.stringify(outputs));
    expect(picture.nodes.map(({ label }) => label)).toEqual(["a 192.0.2.1", "b"]);
    expect(picture.things.map(({ label }) => label)).toEqual(["site 192.0.2.9", "/srv", "web", "DRBD www"]);
    expect(JSON.stringify(picture)).not.toContain("PRIVATE KEY");
  });

  it.each(["{}", '{"deployment": 1}', "", "x"])("is not drawn from %j", (text) => {
    expect(() => readPicture(text)).toThrow();
  });
});

describe("what is drawn", () => {
  const picture = readPicture(previewOf("replication-port"));
  const touched = touchedBy(previewOf("replication-port"));

  it("is a Mermaid flow chart, with what a change touches in its rank's colour", () => {
    const text = DRAWINGS.mermaid(picture, touched);
    expect(text).toMatch(/^flowchart TB\n/);
    expect(text).toContain("classDef r4_restart");
    expect(text.split("subgraph").length).toBe(text.split(/^ {2}end$/m).length);
    expect(DRAWINGS.mermaid(picture)).not.toContain("classDef");
  });

  it("is SVG that is well formed, and the same twice", () => {
    const text = DRAWINGS.svg(picture, touched);
    expect(text).toContain("#fef3c7");
    expect(text).toBe(DRAWINGS.svg(picture, touched));
    const open: string[] = [];
    for (const [, close, tag = "", empty] of text.matchAll(/<(\/)?(\w+)(?:\s[^<>]*?)?(\/)?>/g)) {
      if (close !== undefined) expect(open.pop()).toBe(tag);
      else if (empty === undefined) open.push(tag);
    }
    expect(open).toEqual([]);
  });

  it("takes no markup from a name", () => {
    const odd = JSON.stringify({ endpoints: { 'a"]<script>': {} }, storage: {} });
    expect(DRAWINGS.svg(readPicture(odd))).not.toContain("<script>");
    expect(DRAWINGS.mermaid(readPicture(odd))).not.toMatch(/<script>|a"\]/);
  });
});
