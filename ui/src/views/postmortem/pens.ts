/** Signs of the editor's tools, drawn with the pen of `.ico` on a field of 20 by 20. */
export const PENS: Record<string, string> = {
  undo: "M4 8h8a4.5 4.5 0 010 9H8M7.5 4.5L4 8l3.5 3.5",
  redo: "M16 8H8a4.5 4.5 0 000 9h4M12.5 4.5L16 8l-3.5 3.5",
  bold: "M6 3.5h5a3.2 3.2 0 010 6.4H6zM6 9.900h6a3.300 3.300 0 010 6.600H6z",
  italic: "M8 3.500h6M6 16.500h6M11 3.500l-2 13",
  strike: "M3.500 10h13M13.500 6c-.5-1.700-2-2.500-3.700-2.500-2 0-3.500 1-3.500 2.800M6.300 13.500c.4 2 1.900 3 3.900 3s3.600-1 3.600-3",
  code: "M7 6l-4 4 4 4M13 6l4 4-4 4",
  link: "M8.500 11.500a3 3 0 004.200 0l2.800-2.800a3 3 0 00-4.200-4.200l-1 1M11.500 8.500a3 3 0 00-4.200 0L4.500 11.300a3 3 0 004.200 4.200l1-1",
  bullets: "M8 5h9M8 10h9M8 15h9M4 5h.01M4 10h.01M4 15h.01",
  numbers: "M8 5h9M8 10h9M8 15h9M3 4l1-.8V7M3 12.500c0-1 2-1 2 0 0 .8-2 1.200-2 2.500h2",
  quote: "M5 4v12M8.500 6h8M8.500 10h8M8.500 14h5",
  block: "M3 4h14v12H3zM8 8l-2 2 2 2M12 8l2 2-2 2",
  rule: "M3 10h14M3 5h3M14 5h3M3 15h3M14 15h3",
  table: "M3 4h14v12H3zM3 8h14M8 4v12M3 12h14",
  picture: "M3 4h14v12H3zM3 14l4-4 3 3 3-4 4 5",
};
