// Which part of which table a partition is.
export interface PartitionDescriptor {
  readonly partition: number;
  readonly tableId: number;
  readonly firstToken: string;
  readonly lastToken: string;
  readonly epoch: number;
  /** Ids of the local secondary indexes whose entries lie in this partition; absent: none. */
  readonly localIndexes?: readonly number[];
}

/** What a split changes of a partition's range. */
export interface RangeVersion {
  readonly epoch: number;
  readonly lastToken: string;
}

export function rangeVersionOf({ epoch, lastToken }: PartitionDescriptor): RangeVersion {
  return { epoch, lastToken };
}
