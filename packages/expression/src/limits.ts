// Every bound this package enforces, in one place. The first group is DynamoDB's ("Service, account, and
// table quotas": expression parameters); the second is ours.

export const expressionBytesMax = 4096;
export const operatorsMax = 300;
export const inOperandsMax = 100;
/** Elements of a document path, the top-level attribute included. */
export const pathElementsMax = 32;
export const listIndexMax = 2_147_483_647;
/** Bytes of a #name placeholder, the # included; its characters are one byte each. */
export const namePlaceholderBytesMax = 255;

/** Compiled expressions kept per kind and process; the least recently used goes first. */
export const compiledExpressionsMax = 1024;
