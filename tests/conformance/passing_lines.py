"""Data that is passed on: metadata, profiles, unknown fields, the encodings of several destinations."""
import gzip

from collector import Collector, wait_until
from messages import sample, trace_request
from peers import GrpcPeer, HttpPeer
from table import shows
from wire import H2Client, http_request

SENT = "otelcol_exporter_sent_spans"


def to(peer, **more):
    return {"otlp": {"endpoint": f"127.0.0.1:{peer.port}", "tls": {"insecure": True}, "compression": "none", **more}}


def profiles_request():
    """Encoded by hand, because the published classes of profiles change with each version: ResourceProfiles with
    one scope and one profile of three samples, a dictionary beside it, and a field of a later version."""
    def field(number, content):
        return bytes([number << 3 | 2, len(content)]) + content

    profile = field(2, b"") * 3
    return field(1, field(2, field(2, profile))) + field(2, field(5, b"text")) + b"\xfa\x7f\x03new"


@shows(17, 31, 56, role="passing")
def profiles_pass_through_whole():
    request = profiles_request()
    with GrpcPeer() as grpc, HttpPeer() as http:
        exporters = {**to(grpc), "otlp_http": {"endpoint": f"http://127.0.0.1:{http.port}", "compression": "none"}}
        with Collector(exporters, signals=("traces", "profiles")) as collector:
            with H2Client(collector.grpc_port) as client:
                assert client.grpc("profiles", request).grpc_status == 0
            answer = http_request(collector.http_port, "/v1development/profiles", request)
            assert answer.status == 200, answer
            wait_until(lambda: grpc.count() == 2 and http.count() == 2, what="separate requests at both")
    assert [r.body for r in grpc.received] == [request] * 2 and [r.body for r in http.received] == [request] * 2
    assert grpc.received[0].path.endswith("profiles.v1development.ProfilesService/Export")
    assert http.received[0].path == "/v1development/profiles"


@shows(17, role="passing")
def signals_without_a_pipeline_do_not_exist():
    with Collector({"nop": None}, signals=("traces",)) as collector, H2Client(collector.grpc_port) as client:
        assert client.grpc("logs", sample("logs").SerializeToString()).grpc_status == 12
        assert http_request(collector.http_port, "/v1/logs", sample("logs").SerializeToString()).status == 404


def tenants(collector):
    """Two requests each of two tenants, alternating, with a secret that must not be forwarded."""
    for number, tenant in enumerate(("a", "b", "a", "b"), 1):
        answer = http_request(collector.http_port, "/v1/traces", trace_request(first=number).SerializeToString(),
                              headers={"X-Tenant": tenant, "Authorization": "Bearer secret"})
        assert answer.status == 200


def check_tenants(peer, collector):
    wait_until(lambda: collector.metric(SENT) == 4, what="four spans")
    assert len(peer.received) == 2, [r.headers for r in peer.received]
    seen = {}
    for received in peer.received:
        assert "authorization" not in received.headers
        request = type(trace_request())()
        request.ParseFromString(received.body)
        seen[received.headers["x-tenant"]] = sorted(
            s.trace_id[-1] for r in request.resource_spans for scope in r.scope_spans for s in scope.spans)
    assert seen == {"a": [1, 3], "b": [2, 4]}, seen


# Two spans fill a batch, so that the count decides and not the time.
@shows(role="passing")
def batch_processor_keeps_tenants_apart_and_their_header_with_them():
    batch = {"batch": {"send_batch_size": 2, "send_batch_max_size": 2, "timeout": "60s", "metadata_keys": ["X-Tenant"]}}
    with GrpcPeer() as peer:
        with Collector(to(peer), http={"include_metadata": True}, processors=batch, one_worker=True) as collector:
            tenants(collector)
            check_tenants(peer, collector)


@shows(role="passing")
def queue_batch_partition_keeps_tenants_apart():
    queue = {"batch": {"min_size": 2, "max_size": 2, "flush_timeout": "60s",
                       "partition": {"metadata_keys": ["x-tenant"]}}}
    with GrpcPeer() as peer:
        with Collector(to(peer, sending_queue=queue), http={"include_metadata": True}, one_worker=True) as collector:
            tenants(collector)
            check_tenants(peer, collector)


@shows(role="passing")
def metadata_that_nobody_named_goes_nowhere():
    with GrpcPeer() as peer:
        with Collector(to(peer), http={"include_metadata": True}) as collector:
            answer = http_request(collector.http_port, "/v1/traces", trace_request().SerializeToString(),
                                  headers={"X-Tenant": "a", "Authorization": "Bearer secret"})
            assert answer.status == 200
            wait_until(lambda: peer.count() == 1, what="delivery")
    assert not {"x-tenant", "authorization"} & set(peer.received[0].headers), peer.received[0].headers


@shows(role="passing")
def configured_headers_go_to_the_destination_and_are_kept_secret():
    headers = {"headers": {"X-Key": "hunter2", "Authorization": "Bearer t0ken"}}
    with GrpcPeer() as grpc, HttpPeer() as http:
        exporters = {**to(grpc, **headers), "otlp_http": {"endpoint": f"http://127.0.0.1:{http.port}", **headers}}
        with Collector(exporters, extra={"service/telemetry/logs": {"level": "debug"}}) as collector:
            answer = http_request(collector.http_port, "/v1/traces", trace_request().SerializeToString())
            assert answer.status == 200
            wait_until(lambda: grpc.count() == 1 and http.count() == 1, what="both")
            assert "hunter2" not in collector.output() and "t0ken" not in collector.output()
    for peer in (grpc, http):
        assert peer.received[0].headers["x-key"] == "hunter2"
        assert peer.received[0].headers["authorization"] == "Bearer t0ken"


@shows(role="passing")
def compressed_as_it_came_or_anew_the_bytes_are_the_same():
    message = trace_request(50).SerializeToString()
    with HttpPeer() as peer:
        with Collector({"otlp_http": {"endpoint": f"http://127.0.0.1:{peer.port}"}}) as collector:
            answer = http_request(collector.http_port, "/v1/traces", gzip.compress(message),
                                  headers={"Content-Encoding": "gzip"})
            assert answer.status == 200
            wait_until(lambda: peer.count() == 1, what="delivery")
    assert gzip.decompress(peer.received[0].body) == message
