// The limits of the item operations. Sources: "Service, account, and table quotas" of the developer guide, and the
// API's model.

/** Bytes read (before filters) after which a page of Query or Scan ends. */
export const pageBytesMax = 1024 * 1024;

export const batchGetKeysMax = 100;
export const batchWriteRequestsMax = 25;
export const batchBytesMax = 16 * 1024 * 1024;

export const scanSegmentsMax = 1_000_000;

export const tableNameLengthMin = 3;
export const tableNameLengthMax = 255;
export const tableArnLengthMax = 1024;

export const attributesToGetMax = 255;
export const listTablesMax = 100;

export const tagsPerTableMax = 50;
export const tagKeyLengthMax = 128;
export const tagValueLengthMax = 256;

/** Default quotas of provisioned units. */
export const tableUnitsMax = 40_000;
export const accountUnitsMax = 80_000;

export const localIndexesMax = 5;
export const globalIndexesMax = 20;
/** Partition key attributes, and sort key attributes, of a global index. */
export const indexKeyAttributesMax = 4;
export const nonKeyAttributesMax = 100;
/** Over all indexes of a table that project by INCLUDE. */
export const projectedAttributesMax = 100;
