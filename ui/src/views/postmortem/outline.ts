/** What the desk keeps of a document, read and looked over. Pure. */

export interface Json {
  readonly type?: string;
  readonly attrs?: Record<string, unknown>;
  readonly content?: readonly Json[];
  readonly text?: string;
}

export interface Heading {
  readonly level: number;
  readonly text: string;
  /** Its place among the blocks of the document. */
  readonly index: number;
}

/** The document as the editor takes it; null where nothing was drafted, and an error's words where it is none. */
export function readDocument(text: string): { json: Json | null; problem: string } {
  if (text.trim() === "") return { json: null, problem: "" };
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === "object" && json !== null && (json as Json).type === "doc") return { json: json as Json, problem: "" };
    return { json: null, problem: "what is kept is no document" };
  } catch (thrown) {
    return { json: null, problem: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

export function textOf(node: Json): string {
  return node.text ?? (node.content ?? []).map(textOf).join("");
}

/** The headings, in order; one without words is left out. */
export function outline(doc: Json | null): Heading[] {
  const found: Heading[] = [];
  for (const [index, block] of (doc?.content ?? []).entries()) {
    if (block.type !== "heading") continue;
    const text = textOf(block).trim();
    if (text) found.push({ level: Number(block.attrs?.["level"] ?? 1), text, index });
  }
  return found;
}

/** Headings under which nothing is written. */
export function unwritten(doc: Json | null): string[] {
  const blocks = doc?.content ?? [];
  return outline(doc)
    .filter(({ index, level }) => {
      const next = blocks[index + 1];
      if (next?.type === "heading") return Number(next.attrs?.["level"] ?? 1) <= level;
      return !blocks.slice(index + 1, blocks.findIndex((b, i) => i > index && b.type === "heading") >>> 0).some((b) => b.type === "image" || b.type === "horizontalRule" || textOf(b).trim() !== "");
    })
    .map((heading) => heading.text);
}
