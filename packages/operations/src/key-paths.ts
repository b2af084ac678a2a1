// Key attributes are scalars: an expression that looks inside one is refused once the key schema is known.
import { validationException } from "@azimuth/model/exceptions.ts";
import { keyNames } from "@azimuth/model/key.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import type { Bindings } from "@azimuth/expression/bindings.ts";
import { compileCondition, conditionPaths } from "@azimuth/expression/condition.ts";
import type { DocumentPath } from "@azimuth/expression/document-path.ts";
import { compileProjection, projectionPaths } from "@azimuth/expression/projection.ts";
import { compileUpdate, updatePaths } from "@azimuth/expression/update.ts";
import type { ExpressionParameters } from "./expressions.ts";

export function checkKeyPaths(request: ExpressionParameters, bindings: Bindings, table: TableDefinition): void {
  const paths = nestedPaths(request, bindings);
  if (paths.length === 0) return;
  const name = keyNames(table.key).find((keyName) => paths.some((path) => path[0] === keyName));
  if (name !== undefined) throw notScalar("Key", name);
  const indexKeys = (table.indexes ?? []).flatMap(({ key }) => [...key.partition, ...key.sort]);
  const indexKey = indexKeys.find((attribute) => paths.some((path) => path[0] === attribute.name));
  if (indexKey !== undefined) throw notScalar("IndexKey", indexKey.name);
}

function notScalar(kind: string, name: string) {
  return validationException(
    `Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: ${kind}: ${name}`,
  );
}

function nestedPaths(request: ExpressionParameters, bindings: Bindings): readonly DocumentPath[] {
  const { UpdateExpression, ConditionExpression, FilterExpression, ProjectionExpression } = request;
  const paths: DocumentPath[] = [];
  if (UpdateExpression !== undefined) paths.push(...updatePaths(compileUpdate(UpdateExpression), bindings));
  if (ConditionExpression !== undefined) {
    paths.push(...conditionPaths(compileCondition(ConditionExpression, "ConditionExpression"), bindings));
  }
  if (FilterExpression !== undefined) {
    paths.push(...conditionPaths(compileCondition(FilterExpression, "FilterExpression"), bindings));
  }
  if (ProjectionExpression !== undefined) {
    paths.push(...projectionPaths(compileProjection(ProjectionExpression), bindings));
  }
  return paths.filter((path) => path.length > 1);
}
