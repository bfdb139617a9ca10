/** From which distance on something is not drawn any more. */

/** Below this many CSS pixels a cell has no shape. */
export const SHAPED = 4.5;
/** Below this scale walls are left to the mosaic. */
export const WALLS_FLOOR = 0.22;
/** Below this scale streets are not drawn. */
export const STREETS_FLOOR = 0.2;
/** Below this scale piles of bars are not drawn. */
export const PILES_FLOOR = 0.3;
