// Types of the npm package consistent-hash 1.2 (it ships none), as far as ring.ts uses it.
declare module "consistent-hash" {
  interface ConsistentHashOptions {
    /** Control points are integers in [0, range). */
    readonly range?: number;
    /** Control points of a node that brings none of its own. */
    readonly controlPoints?: number;
  }

  class ConsistentHash<Node> {
    constructor(options?: ConsistentHashOptions);
    readonly nodeCount: number;
    /** With `points` the weight is ignored. A point that two nodes share belongs to the one added last. */
    add(node: Node, weight: number | undefined, points: readonly number[]): this;
    remove(node: Node): this;
    get(name: string): Node | null;
    /** The first `count` distinct nodes clockwise from the name's position; null when there is none at all. */
    get(name: string, count: number): Node[] | null;
  }

  export = ConsistentHash;
}
