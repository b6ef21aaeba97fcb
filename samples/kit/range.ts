/** The whole numbers below `count`. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
