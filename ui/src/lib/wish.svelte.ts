/** What was asked of a view that may still be loading. */
class Wishes {
  /** Grows when somebody wants to write a line of the record. */
  write = $state(0);
  /** Grows when somebody wants the map copied as a picture, or saved as a drawing. */
  copyMap = $state(0);
  saveMap = $state(0);
  /** Grows when somebody wants to walk the map as a tree. */
  mapTree = $state(0);
}

export const wishes = new Wishes();
