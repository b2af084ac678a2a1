// Every bound this package enforces, in one place.

/** Parentheses, literals, signs and NOTs around one another; beyond it a statement is not well formed. Ours. */
export const nestingMax = 250;
/** Lists and maps around a value in a literal. */
export const literalNestingMax = 31;
export const listIndexMax = 2_147_483_647;
/** Exponents and scales of number literals are 32-bit integers. */
export const exponentMax = 2_147_483_647;
export const exponentMin = -2_147_483_648;
/** Reads that one SELECT may fall apart into: "decomposed read operations". */
export const readsMax = 50;
