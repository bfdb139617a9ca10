/** What a document may hold: the blocks and marks the desk can write as Markdown, HTML and PDF, and nothing else. */
import { type AnyExtension, callOrReturn, getExtensionField, Mark, markInputRule, markPasteRule, Node, type ParentConfig } from "@tiptap/core";
import { Image } from "@tiptap/extension-image";
import type { Schema } from "@tiptap/pm/model";
import { addRowAfter, goToNextCell, isInTable, tableEditing } from "@tiptap/pm/tables";
import { StarterKit } from "@tiptap/starter-kit";

declare module "@tiptap/core" {
  interface NodeConfig<Options, Storage> {
    /** What a node is in a table, for the table commands. */
    tableRole?: string | ((this: { name: string; options: Options; storage: Storage; parent: ParentConfig<NodeConfig<Options>>["tableRole"] }) => string);
  }
}

const spans = {
  colspan: { default: 1 },
  rowspan: { default: 1 },
  colwidth: { default: null },
};

const Table = Node.create({
  name: "table",
  content: "tableRow+",
  tableRole: "table",
  isolating: true,
  group: "block",
  parseHTML: () => [{ tag: "table" }],
  renderHTML: () => ["div", { class: "tablewrap" }, ["table", ["tbody", 0]]],
  addProseMirrorPlugins: () => [tableEditing({ allowTableNodeSelection: false })],
  addKeyboardShortcuts() {
    const next = (): boolean => goToNextCell(1)(this.editor.state, this.editor.view.dispatch);
    return {
      Tab: () => isInTable(this.editor.state) && (next() || (addRowAfter(this.editor.state, this.editor.view.dispatch) && next())),
      "Shift-Tab": () => isInTable(this.editor.state) && goToNextCell(-1)(this.editor.state, this.editor.view.dispatch),
      // A cell is one line of text: Enter goes on, as in any table one fills.
      Enter: () => isInTable(this.editor.state) && (next() || true),
    };
  },
  extendNodeSchema(extension) {
    return { tableRole: callOrReturn(getExtensionField(extension, "tableRole", { name: extension.name, options: extension.options, storage: extension.storage as unknown })) };
  },
});
const TableRow = Node.create({ name: "tableRow", content: "(tableCell | tableHeader)*", tableRole: "row", parseHTML: () => [{ tag: "tr" }], renderHTML: () => ["tr", 0] });
const TableHeader = Node.create({ name: "tableHeader", content: "paragraph", tableRole: "header_cell", isolating: true, addAttributes: () => spans, parseHTML: () => [{ tag: "th" }], renderHTML: ({ HTMLAttributes }) => ["th", HTMLAttributes, 0] });
const TableCell = Node.create({ name: "tableCell", content: "paragraph", tableRole: "cell", isolating: true, addAttributes: () => spans, parseHTML: () => [{ tag: "td" }], renderHTML: ({ HTMLAttributes }) => ["td", HTMLAttributes, 0] });

/** Fixed width that may also be bold, struck or a link, as the desk's documents allow. */
const Code = Mark.create({
  name: "code",
  excludes: "",
  code: true,
  exitable: true,
  parseHTML: () => [{ tag: "code" }],
  renderHTML: () => ["code", 0],
  addCommands() {
    return {
      setCode: () => ({ commands }) => commands.setMark(this.name),
      toggleCode: () => ({ commands }) => commands.toggleMark(this.name),
      unsetCode: () => ({ commands }) => commands.unsetMark(this.name),
    };
  },
  addKeyboardShortcuts() {
    return { "Mod-e": () => this.editor.commands.toggleMark(this.name) };
  },
  addInputRules() {
    return [markInputRule({ find: /(?<!`)`([^`]+)`(?!`)$/, type: this.type })];
  },
  addPasteRules() {
    return [markPasteRule({ find: /(?<!`)`([^`]+)`(?!`)/g, type: this.type })];
  },
});

/** The id behind `blob:ID`; null for any other address, which is never loaded. */
export function blobOf(src: unknown): string | null {
  const found = typeof src === "string" ? /^blob:([A-Za-z0-9._-]+)$/.exec(src) : null;
  return found?.[1] ?? null;
}

/** Pictures come from the record only: an address elsewhere is named, not fetched. */
function picture(load: (id: string) => Promise<Blob>) {
  return Image.extend({
    addNodeView: () => ({ node, editor, getPos }) => {
      const dom = document.createElement("figure");
      const image = document.createElement("img");
      const caption = document.createElement("figcaption");
      const alt = String(node.attrs["alt"] ?? "");
      let address = "";
      let gone = false;
      const lacking = (why: string): void => {
        image.remove();
        caption.textContent = alt ? `${alt} (${why})` : `A picture (${why})`;
        caption.hidden = false;
      };
      /** What the draft writes below its picture is its caption; it is not said twice. */
      const name = (words: string): void => {
        const at = getPos();
        const below = at === undefined ? null : editor.state.doc.resolve(at).nodeAfter && editor.state.doc.resolve(at + node.nodeSize).nodeAfter;
        image.alt = words;
        caption.textContent = words;
        caption.hidden = words === "" || below?.textContent.trim() === words.trim();
      };
      name(alt);
      dom.append(image, caption);
      dom.contentEditable = "false";
      const id = blobOf(node.attrs["src"]);
      if (id === null) lacking("not kept in the record");
      else
        load(id).then(
          (blob) => {
            if (gone) return;
            address = URL.createObjectURL(blob);
            image.onerror = () => lacking("cannot be shown");
            image.src = address;
          },
          () => !gone && lacking("could not be read"),
        );
      return {
        dom,
        // Its words may change while it is looked at; it is fetched once.
        update: (next) => {
          if (next.type !== node.type || next.attrs["src"] !== node.attrs["src"]) return false;
          name(String(next.attrs["alt"] ?? ""));
          return true;
        },
        destroy: () => {
          gone = true;
          if (address) URL.revokeObjectURL(address);
        },
      };
    },
  }).configure({ inline: false, allowBase64: false });
}

export function extensions(load: (id: string) => Promise<Blob>): AnyExtension[] {
  return [
    StarterKit.configure({ underline: false, code: false, trailingNode: false, heading: { levels: [1, 2, 3, 4] }, link: { openOnClick: false, autolink: false, protocols: ["http", "https", "mailto"] }, dropcursor: { color: "var(--accent)", width: 2 } }),
    Code,
    picture(load),
    Table,
    TableRow,
    TableHeader,
    TableCell,
  ];
}

interface Written {
  readonly type?: string;
  readonly marks?: readonly { type: string }[];
  readonly content?: readonly Written[];
}

/** The same document in the editor's own order of marks, and with a line to write in where it is empty. */
export function settle<T extends Written>(json: T, schema: Schema): T {
  const rank = new Map(Object.keys(schema.marks).map((name, i) => [name, i]));
  const walk = (node: Written): Written => ({
    ...node,
    ...(node.marks ? { marks: node.marks.toSorted((a, b) => (rank.get(a.type) ?? 0) - (rank.get(b.type) ?? 0)) } : {}),
    ...(node.content ? { content: node.content.map(walk) } : {}),
  });
  const settled = walk(json);
  return (settled.type === "doc" && !settled.content?.length ? { ...settled, content: [{ type: "paragraph" }] } : settled) as T;
}

/** A small table: a head and `rows` below. */
export function emptyTable(rows: number, columns: number): { type: string; content: object[] } {
  const cell = (type: string): object => ({ type, content: [{ type: "paragraph" }] });
  const row = (type: string): object => ({ type: "tableRow", content: Array.from({ length: columns }, () => cell(type)) });
  return { type: "table", content: [row("tableHeader"), ...Array.from({ length: rows }, () => row("tableCell"))] };
}

