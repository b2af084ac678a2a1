// The errors a DynamoDB client can see: type, message, HTTP status and extra members, as on the wire.
// Anything else that goes wrong inside the cluster is a value in a return type, or an assertion.

const dynamoNamespace = "com.amazonaws.dynamodb.v20120810";
const coralNamespace = "com.amazon.coral.service";

/** Exceptions whose `__type` is not in DynamoDB's own namespace. */
const namespaceByType: Readonly<Record<string, string>> = {
  ValidationException: "com.amazon.coral.validate",
  SerializationException: coralNamespace,
  UnknownOperationException: coralNamespace,
  AccessDeniedException: coralNamespace,
  IncompleteSignatureException: coralNamespace,
  InvalidSignatureException: coralNamespace,
  MissingAuthenticationTokenException: coralNamespace,
  UnrecognizedClientException: coralNamespace,
  ExpiredTokenException: coralNamespace,
  ThrottlingException: coralNamespace,
  ServiceUnavailableException: coralNamespace,
  InternalFailure: coralNamespace,
};

export class DynamoDbException extends Error {
  readonly type: string;
  readonly status: number;
  /** Members besides `__type` and the message, JSON-ready (e.g. CancellationReasons, Item). */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(type: string, message: string, status = 400, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = type;
    this.type = type;
    this.status = status;
    this.members = members;
  }

  /** The `__type` member: namespace, `#`, type. */
  get qualifiedType(): string {
    return `${namespaceByType[this.type] ?? dynamoNamespace}#${this.type}`;
  }
}

export function validationException(message: string): DynamoDbException {
  return new DynamoDbException("ValidationException", message);
}

