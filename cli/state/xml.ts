/** An element of the XML that the cluster's tools print. Text between elements is left out: they put everything into attributes. */
export interface XmlNode {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlNode[];
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replace(/&(#x?[0-9a-fA-F]+|\w+);/g, (whole, name: string) => {
    if (!name.startsWith("#")) return ENTITIES[name] ?? whole;
    return String.fromCodePoint(name.startsWith("#x") ? parseInt(name.slice(2), 16) : Number(name.slice(1)));
  });
}

/**
 * Reads XML as a program printed it; whatever stands before the first element is passed over.
 *
 * @throws Error where the elements do not close, as in an answer that was cut off.
 */
export function parseXml(text: string): XmlNode {
  const root = { name: "", attributes: {}, children: [] as XmlNode[] };
  const open: { name: string; attributes: Record<string, string>; children: XmlNode[] }[] = [root];
  const tags = text.replace(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>/g, "");
  for (const [, slash, name = "", words = "", self] of tags.matchAll(
    /<(\/?)([\w:-]+)((?:"[^"]*"|'[^']*'|[^"'>])*?)(\/?)>/g,
  )) {
    const parent = open[open.length - 1];
    if (slash === "/") {
      if (open.pop()?.name !== name || name === "") throw new Error(`</${name}> closes nothing`);
      continue;
    }
    const attributes: Record<string, string> = {};
    for (const [, key = "", double, single] of words.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
      attributes[key] = decode(double ?? single ?? "");
    }
    const element = { name, attributes, children: [] as XmlNode[] };
    parent?.children.push(element);
    if (self !== "/") open.push(element);
  }
  const [first] = root.children;
  if (open.length !== 1 || first === undefined) throw new Error("the XML is not whole");
  return first;
}

/** All elements of this name, at any depth. */
export function findAll(node: XmlNode, name: string): XmlNode[] {
  return node.children.flatMap((child) => [...(child.name === name ? [child] : []), ...findAll(child, name)]);
}
