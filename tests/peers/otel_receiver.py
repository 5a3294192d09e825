"""A receiver of OTLP over gRPC: otel_receiver.py PORT FILE. Writes every request as text, one after the other, to FILE."""
import sys
from concurrent import futures

import grpc
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs, logs_service_pb2_grpc as logs_grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics, metrics_service_pb2_grpc as metrics_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace, trace_service_pb2_grpc as trace_grpc


def main():
    out = open(sys.argv[2], "a", encoding="utf-8")

    def taker(base, response):
        def export(self, request, context):
            out.write(f"== {type(request).__name__}\n{request}\n")
            out.flush()
            return response()

        return type("Taker", (base,), {"Export": export})()

    server = grpc.server(futures.ThreadPoolExecutor(4))
    logs_grpc.add_LogsServiceServicer_to_server(taker(logs_grpc.LogsServiceServicer, logs.ExportLogsServiceResponse), server)
    trace_grpc.add_TraceServiceServicer_to_server(taker(trace_grpc.TraceServiceServicer, trace.ExportTraceServiceResponse), server)
    metrics_grpc.add_MetricsServiceServicer_to_server(taker(metrics_grpc.MetricsServiceServicer, metrics.ExportMetricsServiceResponse), server)
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    server.wait_for_termination()


main()
