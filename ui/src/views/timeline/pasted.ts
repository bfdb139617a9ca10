/** The most a line of the record is typed as; what is longer is attached. */
export const LINE = 8000;

/** What was pasted as files: pictures and documents, and a text that has no room in the line. Nothing of it is cut off. */
export function pastedFiles(pasted: Pick<DataTransfer, "files" | "getData"> | null, room: number): File[] {
  const files = [...(pasted?.files ?? [])];
  const text = files.length ? "" : (pasted?.getData("text/plain") ?? "");
  return text.length > room ? [new File([text], "pasted.txt", { type: "text/plain" })] : files;
}
