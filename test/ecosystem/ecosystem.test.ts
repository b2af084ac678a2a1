// The programs and libraries through which people use DynamoDB, each as its own users use it: it makes its table,
// writes, reads, pages and transacts. One cluster for all of them.
import "./libraries/document-client.ts";
import "./libraries/aws-cli.ts";
import "./libraries/boto3.ts";
import "./libraries/electrodb.ts";
import "./libraries/dynamodb-toolbox.ts";
import "./libraries/dynamodb-onetable.ts";
