// TagResource, UntagResource and ListTagsOfResource. A table's tags are in its definition; the control plane changes
// them one request at a time, so that two requests never lose each other's tags, and holds the limit of 50.
//
// The older rules of an ARN are DynamoDB's own: what does not look like a resource is refused as one that the caller
// has no right to, before anything else is looked at.
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import { tagKeyLengthMax, tagsPerTableMax, tagValueLengthMax } from "./limits.ts";
import type { Outcome, ParseContext } from "./operation.ts";
import type { ControlPlan, RouterOperation } from "./plan.ts";
import { throwIfRefused } from "./reply-text.ts";
import { readRequest, type Members, type Shape } from "./request-shape.ts";
import { nameOfTable } from "./table-name.ts";
import type { TableOutcome } from "./table-operations.ts";

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

interface TagsRequest {
  readonly ResourceArn?: string;
  readonly Tags?: readonly Tag[];
  readonly TagKeys?: readonly string[];
  readonly NextToken?: string;
}

export const tagsShape: Shape = { list: { members: { Key: "String", Value: "String" }, of: "Tag", element: true } };

const members: Members = {
  ResourceArn: "String", Tags: tagsShape, TagKeys: { list: "String" }, NextToken: "String",
};

const resourceForm = /^.+:.+:.+:.+:.+:.+\/.+$/s;
const tableForm = /^arn:[a-z-]+:dynamodb:.+:\d+:table\/[^/]{3,}$/s;
const allowedText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

export const tagResourceOnRouter: RouterOperation = {
  name: "TagResource",
  tableNames: () => [],
  parse: parseTagResource,
};

export const untagResourceOnRouter: RouterOperation = {
  name: "UntagResource",
  tableNames: () => [],
  parse: parseUntagResource,
};

export const listTagsOnRouter: RouterOperation = {
  name: "ListTagsOfResource",
  tableNames: () => [],
  parse: parseListTags,
};

/** Tags as a table's definition holds them. */
export function tagsOf(tags: readonly Tag[]): Readonly<Record<string, string>> {
  const keys = new Set<string>();
  for (const tag of tags) {
    const { Key = null, Value = null } = (tag ?? {}) as Partial<Tag>;
    checkTagKey(Key);
    if (Value === null || Value.length > tagValueLengthMax || !allowedText.test(Value)) {
      throw validationException(`The Tag Value provided is invalid, Value: ${Value}`);
    }
    if (/^aws:/i.test(Key)) throw validationException(`Tag Key cannot be prefixed with aws:, Key: ${Key}`);
    if (keys.has(Key)) {
      throw validationException(`Duplicate Tag Keys provided as input: Duplicate Tag Key found ${Key}`);
    }
    keys.add(Key);
  }
  checkTagCount(tags.length);
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
}

function checkTagKey(key: string | null): asserts key is string {
  if (key !== null && key.length > 0 && key.length <= tagKeyLengthMax && allowedText.test(key)) return;
  throw validationException(`The Tag Key provided is invalid, Key: ${key}`);
}

function checkTagCount(count: number): void {
  if (count <= tagsPerTableMax) return;
  throw validationException("Number of Tags exceed the current limit for the provided ResourceArn");
}

function parseTagResource(input: unknown, context: ParseContext): ControlPlan {
  const request = readRequest<TagsRequest>(input, members);
  const resource = resourceOf(request, "TagResource", context);
  const constraints = new ConstraintList();
  constraints.required(request.Tags, "tags");
  constraints.throwIfAny();
  const name = tableOfResource(resource, context);
  if (request.Tags!.length === 0) throw validationException("Atleast one Tag needs to be provided as Input.");
  return changePlan(resource, { operation: "TagResource", name, tags: tagsOf(request.Tags!) });
}

function parseUntagResource(input: unknown, context: ParseContext): ControlPlan {
  const request = readRequest<TagsRequest>(input, members);
  const resource = resourceOf(request, "UntagResource", context);
  const constraints = new ConstraintList();
  constraints.required(request.TagKeys, "tagKeys");
  constraints.throwIfAny();
  const name = tableOfResource(resource, context);
  if (request.TagKeys!.length === 0) throw validationException("Atleast one Tag Key needs to be provided as Input.");
  for (const key of request.TagKeys!) checkTagKey(key);
  checkTagCount(request.TagKeys!.length);
  return changePlan(resource, { operation: "UntagResource", name, keys: request.TagKeys! });
}

function parseListTags(input: unknown, context: ParseContext): ControlPlan {
  const request = readRequest<TagsRequest>(input, members);
  const resource = resourceOf(request, "ListTagsOfResource", context);
  return {
    kind: "control",
    command: { operation: "DescribeTable", name: tableOfResource(resource, context) },
    reply(outcome) {
      throwIfNotThere(outcome, resource);
      const { tags } = (outcome as TableOutcome).table;
      return JSON.stringify({ Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) });
    },
  };
}

/** A response without members has no body at all. */
function changePlan(resource: string, command: ControlPlan["command"]): ControlPlan {
  return {
    kind: "control",
    command,
    reply(outcome) {
      throwIfNotThere(outcome, resource);
      return "";
    },
  };
}

function resourceOf({ ResourceArn }: TagsRequest, operation: string, { accountId }: ParseContext): string {
  if (ResourceArn === undefined) throw validationException("Invalid TableArn");
  if (resourceForm.test(ResourceArn)) return ResourceArn;
  throw new DynamoDbException(
    "AccessDeniedException",
    `User: arn:aws:iam::${accountId}:root is not authorized to perform: dynamodb:${operation} ` +
      `on resource: ${ResourceArn === "" ? "*" : ResourceArn}`,
  );
}

function tableOfResource(resource: string, context: ParseContext): string {
  if (!tableForm.test(resource)) {
    throw validationException(`Invalid TableArn: Invalid ResourceArn provided as input ${resource}`);
  }
  const name = nameOfTable(resource, context);
  if (name === undefined || name.startsWith("arn:")) throw resourceNotFound(resource);
  return name;
}

function throwIfNotThere(outcome: Outcome, resource: string): void {
  if (outcome.refused?.type === "ResourceNotFoundException") throw resourceNotFound(resource);
  throwIfRefused(outcome);
}

function resourceNotFound(resource: string): DynamoDbException {
  return new DynamoDbException(
    "ResourceNotFoundException",
    `Requested resource not found: ResourcArn: ${resource} not found`,
  );
}
