"""What the chat counts. Label values come from closed lists."""

from prometheus_client import Counter, Gauge

from gateway.telemetry.metrics import registry

connections = Gauge("gateway_chat_connections", "WebSockets that are in a room.", registry=registry)
ends = Counter(
    "gateway_chat_ends",
    "WebSockets that ended, by the code that we closed with; 0 where the visitor left.",
    ["code"],
    registry=registry,
)
messages = Counter("gateway_chat_messages", "Messages that were kept.", registry=registry)
live = Gauge(
    "gateway_chat_live",
    "1 while what others say arrives at once, 0 while it is late or does not arrive.",
    registry=registry,
)
live.set(1)
