// Answers as DynamoDB words them: errors as JSON with `__type`, the few that are not JSON, and which requests are
// of DynamoDB's protocol at all. Pure: http-server.ts sends what is made here.
import type { AnsweringReplica } from "@azimuth/control-plane/dispatch.ts";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly body: string | Buffer;
  /** Without it, the protocol's own JSON type. */
  readonly contentType?: string;
  /** Sent as x-azimuth-replica. */
  readonly replicas?: string | undefined;
}

/** A scan may visit more partitions than clients take as a header. */
const replicasNamedMax = 16;

/** For people who look inside: the replicas that answered, in order, each once. Undefined when none did. */
export function nameReplicas(answeredBy: readonly AnsweringReplica[]): string | undefined {
  const [first] = answeredBy;
  if (first === undefined) return undefined;
  if (answeredBy.length === 1) return nameReplica(first);
  const names = [...new Set(answeredBy.map(nameReplica))];
  if (names.length > replicasNamedMax) names.splice(replicasNamedMax, Infinity, "...");
  return names.join(", ");
}

function nameReplica({ node, partition, replica, leads }: AnsweringReplica): string {
  return `${node}; partition=${partition}; replica=${replica}; role=${leads ? "leader" : "follower"}`;
}

/** Exceptions that spell the member `Message`; all others have `message`. */
const capitalMessage = new Set(["SerializationException", "AccessDeniedException", "TransactionCanceledException"]);

export function errorAnswer(exception: DynamoDbException): HttpAnswer {
  const { qualifiedType, type, message, status, members } = exception;
  const messageMember = message === "" ? {} : { [capitalMessage.has(type) ? "Message" : "message"]: message };
  return { status, body: JSON.stringify({ __type: qualifiedType, ...members, ...messageMember }) };
}

/** An operation that does not exist, of an API that does or not. */
export function unknownOperation(): HttpAnswer {
  return errorAnswer(new DynamoDbException("UnknownOperationException", ""));
}

/** A body that is not JSON. */
export function serializationFailure(): HttpAnswer {
  return errorAnswer(new DynamoDbException("SerializationException", ""));
}

export const tooLarge: HttpAnswer = {
  status: 413,
  body: '{"__type":"com.amazon.coral.service#RequestEntityTooLargeException","message":"Request size is too large."}',
};

/** What DynamoDB says to a method or content type that is not of its protocol. */
export const notOfTheProtocol: HttpAnswer = {
  status: 404,
  body: "<UnknownOperationException/>\n",
  contentType: "text/xml",
};

/** The answer to a GET; the space at the end is DynamoDB's. */
export function healthyAnswer(region: string): HttpAnswer {
  return { status: 200, body: `healthy: dynamodb.${region}.amazonaws.com `, contentType: "text/plain" };
}

export interface Target {
  readonly api: "DynamoDB" | "DynamoDBStreams";
  /** As the client wrote it; whether it exists is for the registry of operations to say. */
  readonly operation: string;
}

const targetForm = /^(DynamoDB|DynamoDBStreams)_20120810\.([A-Za-z]+)$/;

/** The API and operation named by `X-Amz-Target`; undefined when it is missing or of another service. */
export function parseTarget(header: string | undefined): Target | undefined {
  const parts = targetForm.exec(header ?? "");
  return parts === null ? undefined : { api: parts[1] as Target["api"], operation: parts[2] as string };
}

const jsonTypes: ReadonlySet<string> = new Set(["application/x-amz-json-1.0", "application/json"]);

/** The JSON type in which to answer; undefined when the request is in a type that DynamoDB does not speak. */
export function jsonTypeOf(contentType: string | undefined, bodyBytes: number): string | undefined {
  if (contentType === "application/x-amz-json-1.0") return contentType;
  const [type = ""] = (contentType ?? "").split(";", 1);
  const name = type.trim().toLowerCase();
  if (jsonTypes.has(name)) return name;
  return bodyBytes === 0 ? "application/json" : undefined;
}

/** A JSON document; undefined when the bytes are not JSON in UTF-8. */
export function parseDocument(body: Uint8Array): { readonly document: unknown } | undefined {
  try {
    return { document: JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8")) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
