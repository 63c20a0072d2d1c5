"""Sends spans with py_zipkin and prints the id of each, trace id and span id, one a line:
   send_zipkin.py json|protobuf none|gzip PORT COUNT"""
import gzip
import sys
import urllib.request

from py_zipkin import Encoding, Kind
from py_zipkin.storage import get_default_tracer
from py_zipkin.transport import BaseTransportHandler
from py_zipkin.zipkin import zipkin_span


class Transport(BaseTransportHandler):
    """As SimpleHTTPTransport, which does not compress, and with the answer looked at."""

    def __init__(self, encoding, compression, port):
        self.encoding, self.compression, self.port = encoding, compression, port

    def get_max_payload_bytes(self):
        return None

    def send(self, payload):
        body = payload.encode() if isinstance(payload, str) else payload
        headers = {"Content-Type": "application/json" if self.encoding == "json" else "application/x-protobuf"}
        if self.compression == "gzip":
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v2/spans", data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 202 and answer.read() == b"", answer.status


def main():
    encoding, compression, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    how = {"transport_handler": Transport(encoding, compression, port), "sample_rate": 100, "use_128bit_trace_id": True,
           "encoding": Encoding.V2_JSON if encoding == "json" else Encoding.V2_PROTO3}
    ids = []
    while len(ids) < count:
        with zipkin_span(service_name="shop", span_name="checkout", kind=Kind.SERVER, host="10.1.2.3", port=8080,
                         binary_annotations={"http.status_code": "200", "text": "Жанна \"東京\""},
                         annotations={"cache miss": 1472470996.5}, **how) as parent:
            with zipkin_span(service_name="shop", span_name="select", kind=Kind.CLIENT) as child:
                child.add_sa_binary_annotation(5432, "postgres", "10.1.2.4")
                child.update_binary_annotations({"error": "true"})
                for span in (parent, child):
                    attributes = span.zipkin_attrs
                    ids.append(attributes.trace_id + attributes.span_id)
    assert not get_default_tracer().get_spans()
    print("\n".join(ids))


main()
