"""The programs between the generator and the sink of limits.py: the relay, Millrace with a configuration,
another collector with the same one, or a proxy. Each is a function of (rig, port, upstream port) that
starts one process on the rig's processor for subjects."""
import json
import tempfile


def configuration(port, upstream, protocol, compression="none", processors=None, storage=None):
    """As otelcol and Millrace both read it: OTLP in, OTLP out, one traces pipeline."""
    kind = "otlp_grpc" if protocol == "grpc" else "otlp_http"
    address = f"127.0.0.1:{upstream}"
    queue = {"queue_size": 10_000, "block_on_overflow": True}
    exporter = {"endpoint": address if protocol == "grpc" else f"http://{address}",
                "compression": compression, "tls": {"insecure": True}, "sending_queue": queue}
    config = {
        "receivers": {"otlp": {"protocols": {protocol: {"endpoint": f"127.0.0.1:{port}"}}}},
        "exporters": {kind: exporter},
        "service": {"pipelines": {"traces": {"receivers": ["otlp"], "exporters": [kind]}},
                    "telemetry": {"logs": {"level": "error"}, "metrics": {"level": "none"}}}}
    if processors:
        config["processors"] = processors
        config["service"]["pipelines"]["traces"]["processors"] = list(processors)
    if storage:
        config["extensions"] = {"file_storage": {"directory": storage, "create_directory": True}}
        config["service"]["extensions"] = ["file_storage"]
        queue["storage"] = "file_storage"
        queue["queue_size"] = 100_000
    return config


# One edit: an attribute on every resource.
ONE_EDIT = {"resource": {"attributes": [{"key": "env", "value": "production", "action": "upsert"}]}}


def relay(rig, port, upstream):
    return rig.start([rig.relay, str(port), str(upstream)], rig.subject_processors)


def millrace(protocol, environment=None, durable=False, **more):
    def start(rig, port, upstream):
        storage = tempfile.mkdtemp(prefix="queue.", dir=rig.folder) if durable else None
        config = configuration(port, upstream, protocol, storage=storage, **more)
        return rig.collector(config, environment=environment)
    return start


def collector(command, protocol, processors, **more):
    """Another collector that reads the same configuration. One that takes all memory ends, and not the
    machine."""
    def start(rig, port, upstream):
        path = rig.path("json.yaml")
        with open(path, "w") as out:
            json.dump(configuration(port, upstream, protocol, processors=processors, **more), out)
        return rig.start(["prlimit", "--data=6000000000", *command, "--config", path],
                         rig.subject_processors, path + ".log")
    return start


def program(command, template):
    """Any program with a configuration file of its own, in which LISTEN_PORT, UPSTREAM_PORT and FOLDER
    stand for this run's. `{config}` in the command is that file's path."""
    def start(rig, port, upstream):
        path = rig.path("conf")
        folder = tempfile.mkdtemp(prefix="peer.", dir=rig.folder)
        text = (template.replace("LISTEN_PORT", str(port)).replace("UPSTREAM_PORT", str(upstream))
                .replace("FOLDER", folder))
        with open(path, "w") as out:
            out.write(text)
        return rig.start([word.replace("{config}", path) for word in command],
                         rig.subject_processors, path + ".log")
    return start
