"""What a user of boto3 does: a table of movies, in the resource's and in the client's style."""

import sys
import time
from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

endpoint = sys.argv[1]
resource = boto3.resource("dynamodb", endpoint_url=endpoint, region_name="us-east-1")
client = boto3.client("dynamodb", endpoint_url=endpoint, region_name="us-east-1")

table = resource.create_table(
    TableName="boto3-movies",
    KeySchema=[
        {"AttributeName": "year", "KeyType": "HASH"},
        {"AttributeName": "title", "KeyType": "RANGE"},
    ],
    AttributeDefinitions=[
        {"AttributeName": "year", "AttributeType": "N"},
        {"AttributeName": "title", "AttributeType": "S"},
        {"AttributeName": "genre", "AttributeType": "S"},
    ],
    GlobalSecondaryIndexes=[
        {
            "IndexName": "by-genre",
            "KeySchema": [
                {"AttributeName": "genre", "KeyType": "HASH"},
                {"AttributeName": "year", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
            "ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10},
        }
    ],
    ProvisionedThroughput={"ReadCapacityUnits": 10, "WriteCapacityUnits": 10},
)
often = {"Delay": 1, "MaxAttempts": 60}
client.get_waiter("table_exists").wait(TableName="boto3-movies", WaiterConfig=often)
table.reload()
assert table.table_status == "ACTIVE", table.table_status
print("made")

with table.batch_writer() as batch:
    for number in range(60):
        batch.put_item(
            Item={
                "year": 2000 + number % 3,
                "title": f"Movie {number:02}",
                "genre": "drama" if number % 2 else "comedy",
                "info": {"rating": Decimal("7.5"), "actors": ["A", "B"]},
                "countries": {"PL", "JP"},
            }
        )
print("written")

movie = table.get_item(Key={"year": 2001, "title": "Movie 01"}, ConsistentRead=True)["Item"]
assert movie["info"] == {"rating": Decimal("7.5"), "actors": ["A", "B"]}, movie
assert movie["countries"] == {"PL", "JP"}, movie
print("read")

query = {
    "KeyConditionExpression": Key("year").eq(2001) & Key("title").between("Movie 10", "Movie 50"),
    "ConsistentRead": True,
    "Limit": 4,
}
titles = []
while True:
    page = table.query(**query)
    titles += [item["title"] for item in page["Items"]]
    if "LastEvaluatedKey" not in page:
        break
    query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
assert titles == [f"Movie {number:02}" for number in range(10, 51) if number % 3 == 1], titles
pages = client.get_paginator("scan").paginate(
    TableName="boto3-movies", ConsistentRead=True, PaginationConfig={"PageSize": 7}
)
assert sum(page["Count"] for page in pages) == 60
filtered = table.scan(FilterExpression=Attr("genre").eq("drama") & Attr("info.rating").gte(7), ConsistentRead=True)
assert filtered["Count"] == 30, filtered["Count"]
print("paged")

answer = table.update_item(
    Key={"year": 2001, "title": "Movie 01"},
    UpdateExpression="SET info.rating = info.rating + :val, info.plot = :plot",
    ExpressionAttributeValues={":val": Decimal("0.5"), ":plot": "A plot."},
    ReturnValues="UPDATED_NEW",
)
assert answer["Attributes"]["info"]["rating"] == Decimal("8.0"), answer
print("updated")

try:
    table.put_item(
        Item={"year": 2001, "title": "Movie 01"},
        ConditionExpression=Attr("year").not_exists() & Attr("title").not_exists(),
    )
    raise AssertionError("the condition was not checked")
except ClientError as error:
    assert error.response["Error"]["Code"] == "ConditionalCheckFailedException", error
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400, error
print("refused")

deadline = time.monotonic() + 20
while True:
    found = table.query(
        IndexName="by-genre", KeyConditionExpression=Key("genre").eq("comedy") & Key("year").eq(2000)
    )
    if found["Count"] == 10:
        break
    assert time.monotonic() < deadline, found["Count"]
    time.sleep(0.05)
print("indexed")

client.transact_write_items(
    TransactItems=[
        {"Put": {"TableName": "boto3-movies", "Item": {"year": {"N": "1"}, "title": {"S": "one"}}}},
        {
            "Update": {
                "TableName": "boto3-movies",
                "Key": {"year": {"N": "2"}, "title": {"S": "two"}},
                "UpdateExpression": "SET seen = :true",
                "ExpressionAttributeValues": {":true": {"BOOL": True}},
            }
        },
    ]
)
both = client.transact_get_items(
    TransactItems=[
        {"Get": {"TableName": "boto3-movies", "Key": {"year": {"N": "1"}, "title": {"S": "one"}}}},
        {"Get": {"TableName": "boto3-movies", "Key": {"year": {"N": "2"}, "title": {"S": "two"}}}},
    ]
)["Responses"]
assert both[1]["Item"]["seen"] == {"BOOL": True}, both
try:
    client.transact_write_items(
        TransactItems=[
            {
                "ConditionCheck": {
                    "TableName": "boto3-movies",
                    "Key": {"year": {"N": "1"}, "title": {"S": "one"}},
                    "ConditionExpression": "attribute_not_exists(title)",
                }
            },
            {"Delete": {"TableName": "boto3-movies", "Key": {"year": {"N": "2"}, "title": {"S": "two"}}}},
        ]
    )
    raise AssertionError("the transaction was not cancelled")
except client.exceptions.TransactionCanceledException as error:
    codes = [reason["Code"] for reason in error.response["CancellationReasons"]]
    assert codes == ["ConditionalCheckFailed", "None"], codes
print("transacted")

table.delete()
client.get_waiter("table_not_exists").wait(TableName="boto3-movies", WaiterConfig=often)
print("deleted")
