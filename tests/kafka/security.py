"""Logins and certificates: what is right delivers, what is wrong is said, and loses nothing until it is mended.

SCRAM runs with the librdkafka of confluent-kafka: Debian's 2.0.2 repeats its nonce in the last message, which brokers of Kafka 4
refuse (librdkafka 2.6.1 mended it)."""
import os

from broker import LOGIN, MECHANISMS
from case import await_true, health, newer_librdkafka, progress, tail

WRONG_SHARE = 100  # a hundredth of the items is sent while the configuration is wrong


def both_with(case, topic, client):
    sink, sink_port = case.sink()
    case.reader(topic, sink_port, client)
    _, port = case.writer(topic, exporter=client)
    case.finish(case.generate(port, total=case.items // 10), sink, duplicates_allowed=False)


def login(mechanism, **more):
    return {"sasl": {"mechanism": mechanism, **LOGIN, **more}}


def sasl(mechanism):
    def run(case):
        if mechanism != "PLAIN":
            case.environment = newer_librdkafka(case.folder)
        both_with(case, "sasl-" + mechanism,
                  {"brokers": [case.broker.listening["sasl"]], "auth": login(mechanism)})
    return run


def sasl_over_tls(case):
    case.environment = newer_librdkafka(case.folder)
    both_with(case, "sasl-tls", {"brokers": [case.broker.listening["sasltls"]], "auth": login("SCRAM-SHA-512"),
                                 "tls": {"ca_file": case.broker.authority.ca}})


def tls(case):
    both_with(case, "tls", {"brokers": [case.broker.listening["tls"]],
                            "tls": {"ca_file": case.broker.authority.ca}})


def mutual_tls(case):
    certificate, key = case.broker.authority.issue("client")
    both_with(case, "mutual", {"brokers": [case.broker.listening["mutual"]],
                               "tls": {"ca_file": case.broker.authority.ca, "cert_file": certificate,
                                       "key_file": key}})


def mended(wrong, right, words):
    """Both collectors start with what is wrong; what was acknowledged meanwhile arrives when they start with what is right."""
    def run(case):
        topic = f"mended-{case.folder.rsplit('/', 1)[1]}"
        sink, sink_port = case.sink()
        storage = {"file_storage": {"directory": os.path.join(case.folder, "queue"), "create_directory": True}}
        queue = {"sending_queue": {"queue_size": 10000, "storage": "file_storage"}}
        writer, port = case.writer(topic, exporter={**wrong(case.broker), **queue}, storage=storage)
        reader = case.reader(topic, sink_port, wrong(case.broker), health=True)
        generator = case.generate(port, total=max(1000, case.items // WRONG_SHARE))
        for process in (writer, reader):
            await_true(lambda process=process: words in tail(process.log, 100000),
                       lambda process=process: f"\"{words}\" is not said: {tail(process.log)}")
        assert generator.wait(60) == 0, tail(generator.log)  # all is in the queue
        await_true(lambda: health(writer)["destinations"][0]["consecutiveFailures"] > 0,
                   lambda: health(writer))
        assert not [count for count in progress(sink.log) if count != "0"], tail(sink.log)
        writer.config["exporters"]["kafka"].update(right(case.broker))
        reader.config["receivers"]["kafka"].update(right(case.broker))
        case.restart(writer)
        case.restart(reader)
        case.finish(generator, sink, duplicates_allowed=False)
    return run


wrong_password = mended(
    lambda broker: {"brokers": [broker.listening["sasl"]], "auth": login("PLAIN", password="guess")},
    lambda broker: {"auth": login("PLAIN")}, "Authentication failed")
expired = mended(
    lambda broker: {"brokers": [broker.listening["expired"]], "tls": {"ca_file": broker.authority.ca}},
    lambda broker: {"brokers": [broker.listening["tls"]]}, "certificate verify failed")
no_authority = mended(
    lambda broker: {"brokers": [broker.listening["tls"]], "tls": {"insecure": False}},
    lambda broker: {"tls": {"ca_file": broker.authority.ca}}, "certificate verify failed")

CASES = {
    **{f"SASL {mechanism}": sasl(mechanism) for mechanism in MECHANISMS},
    "SASL SCRAM-SHA-512 over TLS": sasl_over_tls,
    "TLS with an authority of one's own": tls,
    "TLS with a certificate of the client": mutual_tls,
    "a wrong password is said, and loses nothing": wrong_password,
    "an expired certificate is said, and loses nothing": expired,
    "an unknown authority is said, and loses nothing": no_authority,
}
