import sys

import pytest

from dmp_assets.collector.kafka import KafkaWriter
from dmp_assets.platform.errors import UserError

# librdkafka's own cluster of brokers, in this process; it speaks the protocol over sockets.
# The short queue makes the writer wait for room in it.
MOCK = {"test.mock.num.brokers": 3, "queue.buffering.max.messages": 100}


def brokers(writer: KafkaWriter) -> str:
    """Return the addresses of a writer's mock brokers."""
    found = writer._producer.list_topics(timeout=10).brokers
    return ",".join(f"{broker.host}:{broker.port}" for broker in found.values())


def test_what_append_returned_for_can_be_consumed():
    kafka = pytest.importorskip("confluent_kafka", reason="the extra kafka is not installed")
    writer = KafkaWriter("replaced.example:9092", "events", MOCK)
    writer.append([b'{"n":1}', b'{"n":2}'])
    writer.append([b'{"n":%d}' % n for n in range(3, 1000)])
    writer.seal_if_due()
    consumer = kafka.Consumer(
        {"bootstrap.servers": brokers(writer), "group.id": "test", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe(["events"])
    values: list[bytes] = []
    for _ in range(20):
        values += [message.value() for message in consumer.consume(1000, timeout=1) if not message.error()]
        if len(values) >= 999:
            break
    consumer.close()
    writer.close()
    assert sorted(values, key=lambda value: int(value[5:-1])) == [b'{"n":%d}' % n for n in range(1, 1000)]


def test_brokers_that_do_not_answer_are_an_outage():
    pytest.importorskip("confluent_kafka", reason="the extra kafka is not installed")
    writer = KafkaWriter("127.0.0.1:9", "events", {"delivery.timeout.ms": 1000, "log_level": 0})
    with pytest.raises(OSError, match="Kafka took 0 of 2 lines"):
        writer.append([b"{}", b"{}"])


def test_a_missing_client_and_wrong_settings_are_explained(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "confluent_kafka", None)
        with pytest.raises(UserError, match=r"pip install 'ai-dmp\[kafka\]'"):
            KafkaWriter("localhost:9092", "events")
    pytest.importorskip("confluent_kafka", reason="the extra kafka is not installed")
    with pytest.raises(UserError, match="DMP_COLLECTOR_KAFKA=x is not accepted"):
        KafkaWriter("x", "events", {"no.such.setting": 1})
