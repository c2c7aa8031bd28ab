import { plugin, characters } from "../../../lab/engine/plugins/random/plugin";
import { Handlers } from "../../../lab/engine/plugins/runtime/handlers";
import { isSecret, plain } from "../../../lab/engine/plugins/runtime/wire";

const urn = (type: string) =>
  `urn:pulumi:dev::p::a:b:C$random:index/${type[0]?.toLowerCase()}${type.slice(1)}:${type}::x`;

async function handlers(): Promise<Handlers<null>> {
  const made = new Handlers(plugin, () => undefined);
  await made.configure({});
  return made;
}

describe("the random plugin", () => {
  it("keeps every secret result secret and gives nothing of it away in the id", async () => {
    const random = await handlers();
    const password = await random.create({ urn: urn("RandomPassword"), news: { length: 20 } });
    expect(password.id).toBe("none");
    expect(isSecret(password.properties.result)).toBe(true);
    const bytes = await random.create({ urn: urn("RandomBytes"), news: { length: 32 } });
    expect(isSecret(bytes.properties.base64) && isSecret(bytes.properties.hex)).toBe(true);
    expect(Buffer.from(plain(bytes.properties.hex) as string, "hex")).toHaveLength(32);
    for (const key of ["base64", "hex"]) expect(bytes.id).not.toBe(plain(bytes.properties[key]));
  });

  it("never changes a result unless the request for it changes", async () => {
    const random = await handlers();
    const news = { length: 8, special: false };
    const { properties } = await random.create({ urn: urn("RandomString"), news });
    const same = { urn: urn("RandomString"), olds: properties, oldInputs: news };
    expect(random.diff({ ...same, news }).differences).toEqual([]);
    expect(random.diff({ ...same, news: { ...news, length: 9 } }).replaces).toEqual(["length"]);
    expect(random.diff({ ...same, news: { ...news, keepers: { a: "1" } } }).replaces).toEqual(["keepers"]);
  });

  it("uses the classes that are wanted, each at least as often as asked", () => {
    const text = characters({ length: 12, special: false, upper: false, minNumeric: 10 });
    expect(text).toMatch(/^[a-z0-9]{12}$/);
    expect(text.replace(/\D/g, "").length).toBeGreaterThanOrEqual(10);
  });
});
