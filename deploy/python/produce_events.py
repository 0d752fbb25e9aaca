"""Sends the rows of a CSV file as events in JSON.

Usage: produce_events.py BOOTSTRAP_SERVERS TOPIC FILE.csv
"""

import sys

import pandas
from confluent_kafka import KafkaException, Producer


def raise_on_failure(error, _message):
    if error:
        raise KafkaException(error)


servers, topic, path = sys.argv[1:]
producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True})
# One object a line; an empty cell is null, a missing value.
for line in pandas.read_csv(path).to_json(orient="records", lines=True).splitlines():
    while True:
        try:
            producer.produce(topic, line.encode(), on_delivery=raise_on_failure)
            break
        except BufferError:  # the queue is full: wait until some events are delivered
            producer.poll(1)
    producer.poll(0)
if producer.flush(60) > 0:
    sys.exit("some events were not delivered within a minute")
