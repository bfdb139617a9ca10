/** Some rows of a table of columns: numbers stay numbers, texts stay texts. */

/** The places of a list whose number is wanted. */
export function placesOf(count: number, wanted: (i: number) => boolean): Uint32Array {
  const places = new Uint32Array(count);
  let n = 0;
  for (let i = 0; i < count; i++) if (wanted(i)) places[n++] = i;
  return places.subarray(0, n);
}

/** A table with only the rows at these places, in their order. */
export function taken<T extends object>(table: T, places: Uint32Array): T {
  const out: Record<string, unknown> = {};
  for (const [name, column] of Object.entries(table)) {
    if (name === "count") out[name] = places.length;
    else if (Array.isArray(column)) out[name] = Array.from(places, (i) => column[i] as string);
    else if (ArrayBuffer.isView(column)) {
      const numbers = column as Uint8Array;
      const kept = new (numbers.constructor as Uint8ArrayConstructor)(places.length);
      for (let k = 0; k < places.length; k++) kept[k] = numbers[places[k]!]!;
      out[name] = kept;
    } else out[name] = column;
  }
  return out as T;
}
