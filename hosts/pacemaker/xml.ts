/** An XML element as plain values. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly children: readonly XmlElement[];
}

/** An element; attributes keep the order in which they are written. */
export function xml(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  children: readonly XmlElement[] = [],
): XmlElement {
  return { name, attributes, children };
}

/** A value as it stands between double quotes. */
function escaped(value: string | number): string {
  const text = String(value);
  // XML 1.0 has no way to write these at all, and an attribute's line ends would come back as blanks.
  if (Array.from(text).some((char) => char < " ")) {
    throw new Error(`an XML attribute cannot hold control characters: ${JSON.stringify(text)}`);
  }
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

/** The text of an element, one element a line, so that a changed setting is a changed line. */
export function renderXml(element: XmlElement, indent = ""): string {
  const attributes = Object.entries(element.attributes).map(([name, value]) => ` ${name}="${escaped(value)}"`);
  const open = `${indent}<${element.name}${attributes.join("")}`;
  if (element.children.length === 0) {
    return `${open}/>\n`;
  }
  const children = element.children.map((child) => renderXml(child, `${indent}  `)).join("");
  return `${open}>\n${children}${indent}</${element.name}>\n`;
}

/** A set of name-value pairs (`meta_attributes`, `instance_attributes` …) whose ids follow from the set's; nothing where there are none. */
export function nameValueSet(
  kind: string,
  id: string,
  values: Readonly<Record<string, string | number | boolean | undefined>>,
): readonly XmlElement[] {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [xml("nvpair", { id: `${id}-${name}`, name, value: String(value) })],
  );
  return pairs.length === 0 ? [] : [xml(kind, { id }, pairs)];
}
