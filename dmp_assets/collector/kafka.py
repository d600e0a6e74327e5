"""Kafka in place of files: the same lines, one message each, for a consumer that loads them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from dmp_assets.platform.errors import UserError

DELIVERY_SECONDS = 10.0


class KafkaWriter:
    """Writes lines to a topic; a line counts as written once every in-sync replica has it."""

    def __init__(self, brokers: str, topic: str, configuration: dict[str, Any] | None = None) -> None:
        """Connect to the brokers in the background.

        Args:
            brokers: ``host:port``, several with commas between them.
            topic: the topic's name.
            configuration: further settings of librdkafka.

        Raises:
            UserError: the extra ``kafka`` is not installed, or a setting is wrong.
        """
        try:
            from confluent_kafka import KafkaException, Producer
        except ImportError:
            raise UserError(
                "DMP_COLLECTOR_KAFKA needs the Kafka client: run `pip install 'ai-dmp[kafka]'`, or unset it to write to files."
            ) from None
        settings: dict[str, Any] = {
            "bootstrap.servers": brokers,
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 2,
            "compression.type": "lz4",
            "delivery.timeout.ms": int(DELIVERY_SECONDS * 1000),
        }
        try:
            self._producer = Producer(settings | (configuration or {}))
        except KafkaException as error:
            raise UserError(f"DMP_COLLECTOR_KAFKA={brokers} is not accepted: {error}.") from None
        self._error = KafkaException
        self._topic = topic
        self._mutex = threading.Lock()

    def append(self, lines: Sequence[bytes]) -> None:
        """Write lines; when this returns they are delivered.

        Raises:
            OSError: at least one was not delivered in time; some of them may have been.
        """
        failures: list[object] = []
        delivered = 0

        def report(error: object, _message: object) -> None:
            nonlocal delivered
            delivered += 1
            if error is not None:
                failures.append(error)

        with self._mutex:
            try:
                for line in lines:
                    self._produce(line, report)
            except self._error as error:
                failures.append(error)
            # Every message is reported by its delivery timeout at the latest.
            self._producer.flush(DELIVERY_SECONDS + 5)
        if failures or delivered < len(lines):
            reason = failures[0] if failures else "no answer"
            raise ConnectionError(f"Kafka took {delivered - len(failures)} of {len(lines)} lines: {reason}")

    def _produce(self, line: bytes, report: Callable[[object, object], None]) -> None:
        while True:
            try:
                self._producer.produce(self._topic, line, on_delivery=report)
            except BufferError:
                # The client's queue is full; messages leave it delivered or timed out.
                self._producer.poll(0.1)
            else:
                self._producer.poll(0)
                return

    def seal_if_due(self) -> None:
        """Let the client answer the brokers while nothing is written."""
        self._producer.poll(0)

    def close(self) -> None:
        """Do nothing: every append has waited for its lines."""
