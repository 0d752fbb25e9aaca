"""Reads the topic of metrics of a job with publish.format=json into a data frame.

Usage: read_metrics.py BOOTSTRAP_SERVERS TOPIC
"""

import json
import sys

import pandas
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

servers, topic = sys.argv[1:]
consumer = Consumer({
    "bootstrap.servers": servers,
    "group.id": "read-metrics",  # required, but nothing is committed
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "isolation.level": "read_committed",
})
partitions = set(consumer.list_topics(topic, timeout=30).topics[topic].partitions)
consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
events = []
while partitions:  # that have not been read to their end
    message = consumer.poll(30)
    if message is None:
        sys.exit("the broker does not answer")
    if not message.error():
        events.append(json.loads(message.value()))
    elif message.error().code() == KafkaError._PARTITION_EOF:
        partitions.discard(message.partition())
    else:
        raise KafkaException(message.error())
consumer.close()

metrics = pandas.json_normalize(events).sort_values(["modelId", "sequence"])
metrics["toldAt"] = pandas.to_datetime(metrics["toldAt"], unit="ms", utc=True)
columns = ["modelId", "toldAt", "examplesSeen", "rolling.loss", "rolling.accuracy", "drifts"]
print(metrics[columns].to_csv(index=False), end="")
