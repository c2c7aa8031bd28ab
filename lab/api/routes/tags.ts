import { invalid, notFound } from "../errors";
import { area, bodyOf, listOf, type Call, type Route } from "../route";
import { instanceView, volumeView } from "../views/instance";

const { get, post, del } = area("account");
const KINDS = ["instances", "volumes", "domains", "firewalls"] as const;

/** Tags: labels across all kinds of objects. */
export const tagRoutes: readonly Route[] = [
  get("/tags", (call) =>
    listOf(
      call,
      [...labels(call)].sort().map((label) => ({ label })),
      ["label"],
    ),
  ),
  post("/tags", (call) => {
    const body = bodyOf<{ label?: string; linodes?: number[]; volumes?: number[]; domains?: number[] }>(call);
    const label = body.label ?? "";
    if (label.length < 3 || label.length > 50) throw invalid("Length must be 3-50 characters", "label");
    if (labels(call).has(label)) throw invalid("Tag already exists", "label");
    const { store } = call.ctx;
    for (const [kind, ids] of [
      ["instances", body.linodes],
      ["volumes", body.volumes],
      ["domains", body.domains],
    ] as const) {
      for (const id of ids ?? []) {
        const record = store.table(kind).get(id);
        if (record === undefined) throw notFound();
        store.table(kind).update(id, { tags: [...record.tags, label] });
      }
    }
    store.setting("tags", [...(store.setting<string[]>("tags") ?? []), label]);
    return { label };
  }),
  get("/tags/:label", (call) => {
    const label = call.params["label"] ?? "";
    if (!labels(call).has(label)) throw notFound();
    const { store } = call.ctx;
    const tagged = (record: { readonly tags: readonly string[] }) => record.tags.includes(label);
    return listOf(
      call,
      [
        ...store
          .table("instances")
          .where(tagged)
          .map((each) => ({ type: "linode", data: instanceView(call.ctx, each) })),
        ...store
          .table("volumes")
          .where(tagged)
          .map((each) => ({ type: "volume", data: volumeView(call.ctx, each) })),
        ...store
          .table("domains")
          .where(tagged)
          .map((each) => ({ type: "domain", data: each })),
      ],
      ["type"],
    );
  }),
  del("/tags/:label", (call) => {
    const label = call.params["label"] ?? "";
    if (!labels(call).has(label)) throw notFound();
    const { store } = call.ctx;
    for (const kind of KINDS) {
      const table = store.table(kind);
      for (const record of table.all()) {
        if (record.tags.includes(label))
          table.update(record.id, { tags: record.tags.filter((each) => each !== label) });
      }
    }
    store.setting(
      "tags",
      (store.setting<string[]>("tags") ?? []).filter((each) => each !== label),
    );
    return {};
  }),
];

function labels(call: Call): Set<string> {
  const { store } = call.ctx;
  const used = KINDS.flatMap((kind) =>
    store
      .table(kind)
      .all()
      .flatMap((record) => record.tags),
  );
  return new Set([...(store.setting<string[]>("tags") ?? []), ...used]);
}
