"""The OpenTelemetry SDK for Python tells of Ann Lee in every signal: otel_sdk.py grpc|http PORT COMPRESSION. Prints the ids of
its span, which must arrive as they are. Exits 1 if a signal could not be handed over."""
import logging
import sys

from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

protocol, port, compression = sys.argv[1:]
if protocol == "grpc":
    from grpc import Compression
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    def settings(_):
        how = Compression.Gzip if compression == "gzip" else Compression.NoCompression
        return {"endpoint": f"http://127.0.0.1:{port}", "insecure": True, "compression": how}
else:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    def settings(signal):
        return {"endpoint": f"http://127.0.0.1:{port}/v1/{signal}", "compression": Compression(compression)}


complaints = []
handler = logging.Handler(logging.WARNING)
handler.emit = complaints.append
logging.getLogger("opentelemetry").addHandler(handler)

MAIL = "ann.lee@example.com"
traces = TracerProvider()
traces.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(**settings("traces"))))
with traces.get_tracer("shop").start_as_current_span(f"GET /users/{MAIL}") as span:
    span.set_attribute("user.email", MAIL)
    span.set_attribute("password", 471147)
    span.add_event("login", {"client.address": "8.8.4.4"})
    context = span.get_span_context()
logs = LoggerProvider()
logs.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(**settings("logs"))))
logger = logging.getLogger("shop")
logger.addHandler(LoggingHandler(logger_provider=logs))
logger.warning("mail to %s, card 4111111111111111", MAIL, extra={"user": "ann.lee"})
metrics = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter(**settings("metrics")))])
metrics.get_meter("shop").create_counter("orders").add(3, {"user.email": MAIL, "paid": "yes"})
for provider in (metrics, logs, traces):
    provider.shutdown()
print(f"{context.trace_id:032x} {context.span_id:016x}")
sys.exit(1 if complaints else 0)
