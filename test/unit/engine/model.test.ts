import {
  check,
  diff,
  inputsFromState,
  markSecrets,
  mergeState,
  previewState,
} from "../../../lab/engine/plugins/runtime/model";
import { ResourceType, t } from "../../../lab/engine/plugins/runtime/table";
import { isSecret, Json, plainProps, Props, UNKNOWN } from "../../../lab/engine/plugins/runtime/wire";

const type: ResourceType<null> = {
  token: "test:index/thing:Thing",
  trust: "service",
  defaultsIn: "inputs",
  fields: {
    owner: t.int({ required: true, replaces: true }),
    label: t.string({ computed: true, length: [3, 8] }),
    note: t.string(),
    kernel: t.string({ default: "grub2" }),
    password: t.string({ secret: true, replaces: true, length: [7, 128] }),
    tags: t.set(t.string()),
    device: t.set(t.object({ name: t.string({ required: true }), disk: t.int(), volume: t.int() }), { computed: true }),
    nics: t.list(t.object({ purpose: t.string({ required: true }), primary: t.bool({ default: false }) })),
    inner: t.object({ open: t.string(), hidden: t.string({ secret: true }) }),
    status: t.string({ output: true, volatile: true }),
    address: t.string({ output: true }),
  },
  create: async () => ({ id: "1", state: {} }),
  remove: async () => undefined,
};

const paths = (olds: Props, news: Props, oldInputs?: Props) =>
  diff(type, olds, news, oldInputs).map((entry) => `${entry.kind} ${entry.path}${entry.replaces ? " replaces" : ""}`);

describe("check", () => {
  it("fills defaults in, at every depth, and turns numbers given as text into numbers", () => {
    const { inputs, failures } = check(type, {}, { owner: "12", nics: [{ purpose: "vlan" }] });
    expect(failures).toEqual([]);
    expect(inputs).toEqual({ owner: 12, kernel: "grub2", nics: [{ purpose: "vlan", primary: false }] });
  });

  it("names everything that is wrong, and never the value of a password", () => {
    const { failures } = check(type, {}, { label: "x", password: "kurz", tags: "ha", unknown: 1 });
    expect(failures.map((failure) => failure.property).sort()).toEqual([
      "label",
      "owner",
      "password",
      "tags",
      "unknown",
    ]);
    expect(JSON.stringify(failures)).not.toContain("kurz");
  });

  it("lets values pass that are not known yet", () => {
    expect(check(type, {}, { owner: UNKNOWN, tags: UNKNOWN }).failures).toEqual([]);
  });
});

describe("diff", () => {
  const state = { owner: 1, label: "auto", kernel: "grub2", status: "ready", address: "192.0.2.1" };

  it("finds nothing where only the service's own values differ", () => {
    expect(paths({ ...state, tags: ["b", "a"] }, { owner: 1, kernel: "grub2", tags: ["a", "b"] })).toEqual([]);
  });

  it("replaces for a field that is fixed for life, and for one that is not known yet", () => {
    expect(paths(state, { owner: 2 })).toEqual(["update owner replaces"]);
    expect(paths(state, { owner: UNKNOWN })).toEqual(["update owner replaces"]);
  });

  it("treats zero from the service as nothing, in a set of objects in any order", () => {
    const device = [
      { name: "sdb", disk: 2, volume: 0 },
      { name: "sda", disk: 1, volume: 0 },
    ];
    const wanted = [
      { name: "sda", disk: 1 },
      { name: "sdb", disk: 2 },
    ];
    expect(paths({ ...state, device }, { owner: 1, device: wanted })).toEqual([]);
    expect(paths({ ...state, device }, { owner: 1, device: [wanted[0] as Json] })).toEqual(["delete device[1]"]);
  });

  it("tells the removal of an input from one that was never given", () => {
    expect(paths({ ...state, note: "x" }, { owner: 1 }, { owner: 1, note: "x" })).toEqual(["delete note"]);
    expect(paths({ ...state, nics: [{ purpose: "public" }] }, { owner: 1 }, { owner: 1 })).toEqual([]);
    expect(paths({ ...state, label: "auto" }, { owner: 1 }, { owner: 1, label: "auto" })).toEqual([]);
  });

  it("says where in a list something changed", () => {
    const olds = {
      ...state,
      nics: [
        { purpose: "public", primary: false },
        { purpose: "vlan", primary: false },
      ],
    };
    expect(paths(olds, { owner: 1, nics: [{ purpose: "public" }, { purpose: "vpc" }] })).toEqual([
      "update nics[1].purpose",
    ]);
  });
});

describe("state", () => {
  it("promises in a preview what is known, and nothing else", () => {
    expect(previewState(type, { owner: 1 })).toMatchObject({
      owner: 1,
      kernel: "grub2",
      status: UNKNOWN,
      label: UNKNOWN,
    });
    const olds = { status: "ready", address: "192.0.2.1", label: "auto" };
    expect(previewState(type, { owner: 1 }, olds)).toMatchObject({
      status: UNKNOWN,
      address: "192.0.2.1",
      label: "auto",
    });
  });

  it("keeps what the service never answers", () => {
    const merged = mergeState(type, { owner: 1, password: "geheim-1" }, { owner: 1, kernel: "other" });
    expect(merged).toMatchObject({ password: "geheim-1", kernel: "other" });
  });

  it("marks secrets by table and by origin, and leaves the rest open", () => {
    const props = { password: "geheim-1", note: "n", label: "l", inner: { open: "o", hidden: "h" } };
    const marked = markSecrets(type, props, new Set(["note"]));
    expect(isSecret(marked.password)).toBe(true);
    expect(isSecret(marked.note)).toBe(true);
    expect(marked.label).toBe("l");
    expect(isSecret((marked.inner as Props).hidden)).toBe(true);
    expect((marked.inner as Props).open).toBe("o");
    expect(plainProps(marked)).toEqual(props);
  });

  it("finds the inputs of an imported thing, without outputs, defaults and zeros", () => {
    const found = { owner: 3, label: "web", kernel: "grub2", note: "", tags: [], status: "ready" };
    expect(inputsFromState(type, found)).toEqual({ owner: 3, label: "web" });
    expect(inputsFromState(type, { ...found, note: "drift" }, { owner: 3, note: "old" })).toEqual({
      owner: 3,
      note: "drift",
    });
  });
});
