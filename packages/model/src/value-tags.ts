// The byte in front of every encoded value. Tags are on disk: never renumber, only add.

export const valueTag = {
  S: 1,
  N: 2,
  B: 3,
  true: 4,
  false: 5,
  NULL: 6,
  L: 7,
  M: 8,
  SS: 9,
  NS: 10,
  BS: 11,
} as const;
