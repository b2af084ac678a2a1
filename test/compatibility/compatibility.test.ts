// The compatibility suite: what DynamoDB is documented to do, or was recorded doing (packages/operations/docs), told
// in requests of the AWS SDK to a real cluster of three zones. One file in cases/ per operation or theme; one process
// and one cluster for all of them, because starting one takes longer than most files.
import "./cases/protocol.ts";
import "./cases/tables.ts";
import "./cases/table-refusals.ts";
import "./cases/capacity-settings.ts";
import "./cases/tags.ts";
import "./cases/put-item.ts";
import "./cases/get-item.ts";
import "./cases/delete-item.ts";
import "./cases/update-item.ts";
import "./cases/update-expressions.ts";
import "./cases/update-refusals.ts";
import "./cases/condition-expressions.ts";
import "./cases/condition-refusals.ts";
import "./cases/projections.ts";
import "./cases/placeholders.ts";
import "./cases/types.ts";
import "./cases/numbers.ts";
import "./cases/keys.ts";
import "./cases/sizes.ts";
import "./cases/capacity.ts";
import "./cases/query.ts";
import "./cases/query-refusals.ts";
import "./cases/scan.ts";
import "./cases/pages.ts";
import "./cases/batch-get-item.ts";
import "./cases/batch-write-item.ts";
import "./cases/partiql.ts";
import "./cases/time-to-live.ts";
import "./cases/transactions.ts";
import "./cases/indexes.ts";
import "./cases/index-capacity.ts";
import "./cases/legacy-conditions.ts";
import "./cases/legacy-updates.ts";
import "./cases/legacy-reads.ts";
import "./cases/random-requests.ts";
