// From configuration text to the facts of a plan, and the mistakes that only assembly can see.
#include "assembly/plan_from_document.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "assembly/catalogue.h"
#include "io/testing/test_certificates.h"
#include "yaml/parse.h"

namespace millrace::assembly {
namespace {

constexpr uint64_t kMachineBytes = 8ULL << 30;

struct Made {
  std::optional<Plan> plan;
  std::string found;  // the diagnostics
};

Made make_on(const MachineFacts& machine, std::string_view text) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  const config::Document document = config::read_document(*root, catalog(), diagnostics);
  Made made{.plan = make_plan(document, machine, diagnostics)};
  made.found = diagnostics.to_text();
  return made;
}

Made make(std::string_view text, uint64_t memory_bytes = kMachineBytes) {
  return make_on({.memory_bytes = memory_bytes}, text);
}

// A configuration around the exporters (and more) of a case.
std::string around(std::string_view exporter, std::string_view more = "",
                   std::string_view processors = "") {
  return "receivers: {otlp: {protocols: {grpc: }}}\nexporters: {" + std::string(exporter) + "}\n" +
         std::string(more) + "\nservice: {pipelines: {traces: {receivers: [otlp], processors: [" +
         std::string(processors) + "], exporters: [" +
         std::string(exporter.substr(0, exporter.find(':'))) + "]}}}\n";
}

TEST(PlanFromDocumentTest, AProcessorIsCheckedAgainstTheSignalOfItsPipeline) {
  const auto with = [](std::string_view property) {
    return make(around("nop: ",
                       "processors: {attributes: {actions: [{key: a, action: delete}], include: "
                       "{match_type: strict, " +
                           std::string(property) + ": [x]}}}",
                       "attributes"));
  };
  EXPECT_TRUE(with("span_names").plan);
  const Made refused = with("log_bodies");
  EXPECT_FALSE(refused.plan);
  EXPECT_NE(refused.found.find("processors::attributes: traces: include::log_bodies"),
            std::string::npos)
      << refused.found;
}

TEST(PlanFromDocumentTest, ASharedDeadLetterFileTurnsOverByOneRule) {
  const auto with = [](std::string_view rotation) {
    return make(R"(
receivers: {otlp: {protocols: {grpc: }}}
exporters:
  otlp_grpc/a: {endpoint: "a:1", dead_letter: {path: /dead}}
  otlp_grpc/b: {endpoint: "b:1", dead_letter: {path: /dead, rotation: {)" +
                std::string(rotation) + R"(}}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp_grpc/a, otlp_grpc/b]}}}
)");
  };
  const Made same = with("max_megabytes: 100");
  ASSERT_TRUE(same.plan) << same.found;
  EXPECT_EQ(same.plan->exporters[1].helper.dead_letter->path, "/dead");
  const Made other = with("max_megabytes: 5");
  EXPECT_FALSE(other.plan);
  EXPECT_NE(other.found.find("shares its path with otlp_grpc/a"), std::string::npos) << other.found;
}

TEST(PlanFromDocumentTest, MistakesThatTheStartWouldFindAreSaidAllAtOnce) {
  const auto refuse = [](const std::string& path, io::MissingDirectory missing) -> Status {
    return fail(Code::kNotFound, path + (missing == io::MissingDirectory::kIsMade ? " made" : ""));
  };
  const Made made = make_on({.check_directory = refuse, .check_file = refuse}, R"(
receivers:
  otlp: {protocols: {grpc: {tls: {cert_file: /nowhere.pem, key_file: /nowhere.key}}}}
exporters:
  otlp_grpc: {endpoint: "b:1", tls: {ca_file: /no-ca.pem, cert_file: /no-cert.pem, key_file: /k},
              dead_letter: {path: /letters/dead, create_directory: true},
              sending_queue: {storage: file_storage}}
  file: {path: /files/out.json}
  otlp_http: {endpoint: "https://b:1", tls: {ca_file: /no-other.pem}, timeout: never}
extensions: {file_storage: {directory: /queue}}
service:
  extensions: [file_storage]
  pipelines: {traces: {receivers: [otlp], exporters: [otlp_grpc, file, otlp_http]}}
)");
  EXPECT_FALSE(made.plan);
  for (const char* said :
       {"cert_file \"/nowhere.pem\"", "key_file \"/nowhere.key\"", "ca_file \"/no-ca.pem\"",
        "cert_file \"/no-cert.pem\"", "otlp_grpc::dead_letter: path: /letters/dead made",
        "exporters::file::path: /files/out.json\n", "otlp_http::timeout",
        "file_storage::directory: /queue (make it, or set create_directory: true)"}) {
    EXPECT_NE(made.found.find(said), std::string::npos) << said << "\n" << made.found;
  }
}

TEST(PlanFromDocumentTest, AReadOnlyStorageIsAWarning) {
  const auto read_only = [](const std::string& path, io::MissingDirectory) -> Status {
    return fail(Code::kUnavailable, path + ": Read-only file system");
  };
  const Made made = make_on({.check_directory = read_only},
                            "receivers: {otlp: {protocols: {grpc: }}}\nexporters: {nop: }\n"
                            "extensions: {file_storage: {directory: /queue}}\n"
                            "service: {extensions: [file_storage], "
                            "pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}\n");
  EXPECT_TRUE(made.plan);
  EXPECT_NE(made.found.find("warning: extensions::file_storage::directory: /queue: Read-only"),
            std::string::npos)
      << made.found;
}

TEST(PlanFromDocumentTest, PipelinesNameWhatTheyJoin) {
  const Made made = make(R"(
receivers:
  otlp: {protocols: {grpc: {endpoint: "localhost:1"}, http: {endpoint: "localhost:2"}}}
  otlp/in: {protocols: {http: {endpoint: "127.0.0.1:3"}}}
processors: {batch: {timeout: 1s, send_batch_size: 10}}
exporters: {debug: , nop: , nop/unused: , otlp_grpc/b: {endpoint: "b:4317", tls: {insecure: true}}}
extensions: {health_check: {endpoint: "localhost:13133"}}
service:
  extensions: [health_check]
  pipelines:
    traces/x: {receivers: [otlp, otlp/in], processors: [batch], exporters: [otlp_grpc/b, debug]}
    logs: {receivers: [otlp/in], exporters: [nop]}
)");
  ASSERT_TRUE(made.plan) << made.found;
  const Plan& plan = *made.plan;
  ASSERT_EQ(plan.receivers.size(), 2u);
  EXPECT_EQ(plan.receivers[0].listeners[0].listener.options.port, 1);
  EXPECT_EQ(plan.receivers[0].listeners[1].listener.options.port, 2);
  ASSERT_EQ(plan.receivers[1].listeners.size(), 1u);
  EXPECT_EQ(plan.receivers[1].listeners[0].listener.protocol, "http");
  EXPECT_EQ(plan.receivers[1].listeners[0].listener.options.host, "127.0.0.1");
  EXPECT_EQ(plan.receivers[0].listeners[0].tls, nullptr);
  ASSERT_EQ(plan.exporters.size(), 3u) << "what no pipeline names is left out";
  ASSERT_EQ(plan.pipelines.size(), 2u);
  EXPECT_EQ(plan.pipelines[0].id, "traces/x");
  EXPECT_EQ(plan.pipelines[0].receivers.size(), 2u);
  ASSERT_EQ(plan.pipelines[0].exporters.size(), 2u);
  EXPECT_EQ(plan.exporters[plan.pipelines[0].exporters[0]].id, "otlp_grpc/b");
  EXPECT_TRUE(plan.exporters[plan.pipelines[0].exporters[0]].joins_requests);
  EXPECT_EQ(plan.exporters[plan.pipelines[0].exporters[1]].id, "debug");
  EXPECT_FALSE(plan.exporters[plan.pipelines[0].exporters[1]].joins_requests);
  EXPECT_EQ(plan.pipelines[1].signal, Signal::kLogs);
  ASSERT_EQ(plan.processors.size(), 1u);
  EXPECT_EQ(plan.processors[0].factory, nullptr);
  EXPECT_EQ(plan.processors[0].batch->send_batch_size, 10);
  EXPECT_EQ(plan.health_checks.size(), 1u);
  for (const ExporterPlan& exporter : plan.exporters) EXPECT_NE(exporter.factory, nullptr);
}

TEST(PlanFromDocumentTest, AComponentThatNoPipelineNamesMayBeOfAnyType) {
  const Made made = make(around("debug: , pulsar: {endpoint: a}"));
  ASSERT_TRUE(made.plan) << made.found;
  EXPECT_EQ(made.plan->exporters.size(), 1u);
  EXPECT_TRUE(made.found.contains("warning: exporters: unknown type: \"pulsar\"")) << made.found;
  EXPECT_FALSE(make(around("pulsar: {endpoint: a}")).plan);
}

TEST(PlanFromDocumentTest, TheBudgetIsAQuarterOfTheMachineUnlessALimiterSaysOtherwise) {
  const auto limiters = [](std::string_view all) {
    return "processors: {" + std::string(all) + "}";
  };
  constexpr std::string_view kOne = "memory_limiter: {check_interval: 1s, limit_mib: 100}";
  constexpr std::string_view kTwo =
      "memory_limiter: {check_interval: 1s, limit_mib: 100}, "
      "memory_limiter/b: {check_interval: 1s, limit_mib: 50, spike_limit_mib: 10}";
  EXPECT_EQ(make(around("nop:")).plan->budget_bytes, kMachineBytes / 4);
  EXPECT_EQ(make(around("nop:"), 0).plan->budget_bytes, 512u << 20);
  EXPECT_EQ(make(around("nop:", limiters(kOne), "memory_limiter")).plan->budget_bytes, 80u << 20);
  EXPECT_EQ(make(around("nop:", limiters(kOne))).plan->budget_bytes, kMachineBytes / 4)
      << "no pipeline uses it";
  EXPECT_EQ(
      make(around("nop:", limiters(kTwo), "memory_limiter, memory_limiter/b")).plan->budget_bytes,
      40u << 20);
}

TEST(PlanFromDocumentTest, CertificatesOfAReceiverAreLoaded) {
  io::testing::TestAuthority authority("Millrace test authority");
  const io::testing::IssuedCertificate issued = authority.issue({});
  io::testing::TemporaryFolder folder;
  const std::string tls = "{cert_file: " + folder.write("server.pem", issued.certificate_pem) +
                          ", key_file: " + folder.write("server.key", issued.key_pem) + "}";
  const Made made = make("receivers: {otlp: {protocols: {grpc: {tls: " + tls +
                         "}, http: }}}\nexporters: {nop: }\n"
                         "service: {pipelines: {logs: {receivers: [otlp], exporters: [nop]}}}\n");
  ASSERT_TRUE(made.plan) << made.found;
  EXPECT_NE(made.plan->receivers[0].listeners[0].tls, nullptr);
  EXPECT_EQ(made.plan->receivers[0].listeners[1].tls, nullptr);
}

// One receiver and one exporter with what a case adds, and `extensions` of which all are started.
std::string with_auth(std::string_view grpc, std::string_view exporter, std::string_view extensions,
                      std::string_view started) {
  return "receivers: {otlp: {protocols: {grpc: {" + std::string(grpc) +
         "}}}}\nexporters: {otlp_http: {endpoint: \"https://b\"" + std::string(exporter) +
         "}}\nextensions: {" + std::string(extensions) + "}\nservice: {extensions: [" +
         std::string(started) +
         "], pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}}\n";
}
constexpr std::string_view kUsers =
    "basicauth/in: {htpasswd: {inline: \"u:{SHA}w3QkzGJswDXW5OKZHAJw0FELjfM=\"}}";
constexpr std::string_view kOut = "basicauth/out: {client_auth: {username: u, password: p}}";
constexpr std::string_view kToken = "bearertokenauth: {token: t}";

TEST(PlanFromDocumentTest, ReceiversAndExportersGetTheAuthenticatorsThatTheyName) {
  const Made made = make(
      with_auth("auth: {authenticator: bearertokenauth}, limits: {requests_per_second: 1}",
                ", auth: {authenticator: basicauth/out}",
                std::string(kToken) + ", " + std::string(kOut), "bearertokenauth, basicauth/out"));
  ASSERT_TRUE(made.plan) << made.found;
  EXPECT_EQ(made.plan->receivers[0].listeners[0].access.gates.size(), 2u);
  EXPECT_NE(made.plan->receivers[0].listeners[0].access.limits, nullptr);
  ASSERT_NE(made.plan->exporters[0].credentials, nullptr);
  EXPECT_EQ((*made.plan->exporters[0].credentials->current({}))->front().value, "Basic dTpw");
  EXPECT_EQ(made.plan->auths.size(), 2u);
}

TEST(PlanFromDocumentTest, AuthenticatorsThatDoNotFitAreNamedAndNoDoorIsLeftOpen) {
  const auto found = [](std::string_view grpc, std::string_view exporter,
                        std::string_view extensions, std::string_view started) {
    const Made made = make(with_auth(grpc, exporter, extensions, started));
    EXPECT_FALSE(made.plan);
    return made.found;
  };
  EXPECT_TRUE(found("auth: {authenticator: nope}", "", "", "")
                  .contains("failed to resolve authenticator \"nope\": authenticator not found"));
  EXPECT_TRUE(found("auth: {authenticator: bearertokenauth}", "", kToken, "")
                  .contains("service::extensions does not name it"));
  EXPECT_TRUE(found("auth: {authenticator: basicauth/out}", "", kOut, "basicauth/out")
                  .contains("requested authenticator is not a server authenticator"));
  EXPECT_TRUE(found("", ", auth: {authenticator: basicauth/in}", kUsers, "basicauth/in")
                  .contains("requested authenticator is not a HTTP client authenticator"));
  EXPECT_TRUE(found("auth: {authenticator: bearertokenauth}", "",
                    "bearertokenauth: {filename: /nowhere/token}", "bearertokenauth")
                  .contains("/nowhere/token"));
  EXPECT_TRUE(found("limits: {key: identity, requests_per_second: 1}", "", "", "")
                  .contains("identity needs auth"));
}

std::string with_connector(std::string_view connectors, std::string_view pipelines) {
  return "receivers: {otlp: {protocols: {grpc: }}}\nexporters: {nop/a: , nop/b: , nop/c: }\n"
         "connectors: {" +
         std::string(connectors) + "}\nservice: {pipelines: {" + std::string(pipelines) + "}}\n";
}

TEST(PlanFromDocumentTest, ConnectorsJoinPipelinesInTheirGroups) {
  const Made made =
      make(with_connector("failover: {priority_levels: [[logs/a], [logs/b, logs/c]]}",
                          "logs: {receivers: [otlp], exporters: [failover]}, "
                          "logs/a: {receivers: [failover], exporters: [nop/a]}, "
                          "logs/b: {receivers: [failover], exporters: [nop/b]}, "
                          "logs/c: {receivers: [otlp, failover], exporters: [nop/b, nop/c]}"));
  ASSERT_TRUE(made.plan) << made.found;
  const Plan& plan = *made.plan;
  ASSERT_EQ(plan.pipelines[0].exporters.size(), 1u);
  const ExporterPlan& connector = plan.exporters[plan.pipelines[0].exporters[0]];
  ASSERT_TRUE(connector.connector);
  EXPECT_EQ(connector.connector->groups, (std::vector<std::vector<size_t>>{{1}, {2, 3}}));
  EXPECT_TRUE(plan.pipelines[1].receivers.empty());
  EXPECT_EQ(plan.pipelines[3].receivers.size(), 1u);
  const auto hands_back = [&](std::string_view id) {
    for (const ExporterPlan& exporter : plan.exporters) {
      if (exporter.id == id) return exporter.hands_back[index_of(Signal::kLogs)];
    }
    return false;
  };
  EXPECT_TRUE(hands_back("nop/a")) << "there is a level behind it";
  EXPECT_FALSE(hands_back("nop/b")) << "it is the last";
  EXPECT_FALSE(hands_back("failover"));
}

std::string failover_to_disk(std::string_view keys) {
  return "receivers: {otlp: {protocols: {grpc: }}}\n"
         "exporters: {otlp_grpc: {endpoint: \"b:1\", sending_queue: {storage: file_storage}}}\n"
         "extensions: {file_storage: {directory: /queue}}\n"
         "connectors: {failover: {priority_levels: [[logs/a]]" +
         std::string(keys) +
         "}, forward: }\nservice: {extensions: [file_storage], pipelines: {"
         "logs: {receivers: [otlp], exporters: [failover, forward]}, "
         "logs/a: {receivers: [failover, forward], exporters: [otlp_grpc]}}}\n";
}

TEST(PlanFromDocumentTest, AConnectorsQueueHasBoundsRetriesAndStorageOfItsOwn) {
  const Made made =
      make(failover_to_disk(", retry_on_failure: {max_elapsed_time: 0}, sending_queue: "
                            "{storage: file_storage, queue_size: 50, on_full: block}"));
  ASSERT_TRUE(made.plan) << made.found;
  const auto find = [&](std::string_view id) {
    return *std::ranges::find(made.plan->exporters, id, &ExporterPlan::id);
  };
  const ExporterPlan failover = find("failover");
  EXPECT_EQ(failover.storage, 0u);
  EXPECT_EQ(failover.helper.queue.queue_size, 50);
  EXPECT_EQ(failover.helper.queue.num_consumers, 50) << "all that it holds may be under way";
  EXPECT_EQ(failover.helper.queue.on_full, config::QueueOnFull::kBlock);
  EXPECT_EQ(failover.helper.retry.max_elapsed_time, 0s);
  EXPECT_EQ(failover.helper.timeout, 0s);
  EXPECT_EQ(find("forward").storage, std::nullopt);
}

TEST(PlanFromDocumentTest, AConnectorInMemoryBeforeADiskIsWarnedOf) {
  const std::string_view warning = "\"acknowledge: durable\" means \"accepted\" through ";
  const Made without = make(failover_to_disk(""));
  ASSERT_TRUE(without.plan) << without.found;
  EXPECT_TRUE(without.found.contains(std::string(warning) + "failover")) << without.found;
  const Made with = make(failover_to_disk(", sending_queue: {storage: file_storage}"));
  EXPECT_FALSE(with.found.contains(std::string(warning) + "failover")) << with.found;
  EXPECT_TRUE(with.found.contains(std::string(warning) + "forward")) << with.found;
}

TEST(PlanFromDocumentTest, WhatOnlyConnectorsWithStorageFeedHasADiskInFront) {
  const auto is_behind = [](std::string_view receivers, std::string_view forward,
                            std::string_view exporter) {
    const Made made = make(
        "receivers: {otlp: {protocols: {grpc: }}}\n"
        "exporters: {otlp_grpc: {endpoint: \"b:1\"" +
        std::string(exporter) +
        "}}\n"
        "extensions: {file_storage: {directory: /queue}}\n"
        "connectors: {failover: {priority_levels: [[logs/a]], sending_queue: {storage: "
        "file_storage}}, forward: " +
        std::string(forward) +
        "}\nservice: {extensions: [file_storage], pipelines: {"
        "logs: {receivers: [otlp], exporters: [failover, forward]}, "
        "logs/a: {receivers: " +
        std::string(receivers) +
        ", exporters: [otlp_grpc]}, "
        "logs/b: {receivers: [forward], exporters: [otlp_grpc]}}}\n");
    EXPECT_TRUE(made.plan) << made.found;
    return made.plan->exporters[0].has_disk_in_front[index_of(Signal::kLogs)];
  };
  constexpr std::string_view kStored = "{sending_queue: {storage: file_storage}}";
  EXPECT_TRUE(is_behind("[failover]", kStored, ""));
  EXPECT_FALSE(is_behind("[failover]", "", "")) << "forward has it in memory";
  for (const std::string_view key : {"spill: true", "on_storage_error: memory"}) {
    const std::string forward =
        "{sending_queue: {storage: file_storage, " + std::string(key) + "}}";
    EXPECT_FALSE(is_behind("[failover]", forward, "")) << "memory alone may have some of it";
  }
  EXPECT_FALSE(is_behind("[failover, otlp]", kStored, "")) << "senders wait for it, too";
  EXPECT_FALSE(is_behind("[failover]", kStored, ", required: false")) << "nobody waits";
}

TEST(PlanFromDocumentTest, AConnectorHandsOnEachRequestAsItCameAndAllAtOnce) {
  const Made batched = make(failover_to_disk(", sending_queue: {batch: {}}"));
  EXPECT_FALSE(batched.plan);
  EXPECT_TRUE(batched.found.contains("hands on each request as it came")) << batched.found;
  const Made few =
      make(failover_to_disk(", sending_queue: {enabled: true, num_consumers: 3, queue_size: 20}"));
  ASSERT_TRUE(few.plan) << few.found;
  EXPECT_TRUE(few.found.contains("num_consumers")) << few.found;
  EXPECT_EQ(std::ranges::find(few.plan->exporters, "failover", &ExporterPlan::id)
                ->helper.queue.num_consumers,
            20);
}

TEST(PlanFromDocumentTest, ConnectorsThatJoinNothingOrThemselvesAreNamed) {
  const auto found = [](std::string_view connectors, std::string_view pipelines) {
    const Made made = make(with_connector(connectors, pipelines));
    EXPECT_FALSE(made.plan);
    return made.found;
  };
  EXPECT_TRUE(found("forward: ", "logs: {receivers: [otlp], exporters: [forward]}")
                  .contains("not used as receiver in any logs pipeline"));
  EXPECT_TRUE(found("forward: ", "logs: {receivers: [forward], exporters: [nop/a]}")
                  .contains("not used as exporter in any logs pipeline"));
  EXPECT_TRUE(found("forward: ", "logs: {receivers: [otlp, forward], exporters: [forward, nop/a]}")
                  .contains("cycle detected"));
  EXPECT_TRUE(found("failover: {priority_levels: [[logs/x]]}",
                    "logs: {receivers: [otlp], exporters: [failover]}, "
                    "logs/a: {receivers: [failover], exporters: [nop/a]}")
                  .contains("there is no pipeline \"logs/x\""));
  EXPECT_TRUE(found("failover: {priority_levels: [[logs/a], [logs/b]]}",
                    "logs: {receivers: [otlp], exporters: [failover]}, "
                    "logs/a: {receivers: [failover], exporters: [nop/a]}, "
                    "logs/b: {receivers: [otlp], exporters: [nop/b]}")
                  .contains("does not name \"failover\" among its receivers"));
}

TEST(PlanFromDocumentTest, CredentialsInClearTextAreWarnedOf) {
  const std::string text =
      "exporters: {otlp_grpc: {endpoint: \"b:1\", tls: {insecure: true}, "
      "auth: {authenticator: bearertokenauth}}}\n"
      "receivers: {otlp: {protocols: {grpc: }}}\n"
      "extensions: {bearertokenauth: {token: hunter2}}\n"
      "service: {extensions: [bearertokenauth], pipelines: {traces: "
      "{receivers: [otlp], exporters: [otlp_grpc]}}}\n";
  const Made made = make(text);
  EXPECT_TRUE(made.plan);
  EXPECT_TRUE(made.found.contains("clear text")) << made.found;
  EXPECT_FALSE(made.found.contains("hunter2"));
}

TEST(PlanFromDocumentTest, EveryMistakeIsFoundInOneRunWithItsPlace) {
  const Made made = make(R"(receivers:
  otlp: {protocols: {grpc: {endpoit: "localhost:1"}}}
  otlp/unused: {protocols: {http: {tls: {cert_file: /nowhere.pem}}}}
processors:
  batch: {send_batch_size: 10, send_batch_max_size: 5}
exporters:
  otlp_grpc: {sending_queue: {queue_size: many}}
  otlp_http: {compression: lz4}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [otlp_grpc, otlp_http]}
)");
  EXPECT_FALSE(made.plan);
  for (const std::string_view part :
       {"a.yaml:2:", "endpoit", "endpoint", "a.yaml:5:", "send_batch_max_size",
        "a.yaml:7:", "queue_size", "a.yaml:8:", "lz4 is not in this version"}) {
    EXPECT_TRUE(made.found.contains(part)) << part << " is missing in:\n" << made.found;
  }
}

TEST(PlanFromDocumentTest, ACertificateThatCannotBeReadIsAMistakeWithItsPath) {
  const Made made = make(R"(receivers:
  otlp: {protocols: {grpc: {tls: {cert_file: /nowhere.pem, key_file: /nowhere.key}}}}
exporters: {nop: }
service: {pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}
)");
  EXPECT_FALSE(made.plan);
  EXPECT_TRUE(made.found.contains("receivers::otlp::protocols::grpc::tls")) << made.found;
  EXPECT_TRUE(made.found.contains("/nowhere.pem")) << made.found;
}

TEST(PlanFromDocumentTest, AnExporterWithAPortHasAListenerWithItsGuards) {
  constexpr std::string_view kRest =
      R"(receivers: {otlp: {protocols: {grpc: }}}
extensions: {bearertokenauth: {token: secret}}
service: {extensions: [bearertokenauth], pipelines: {SIGNAL: {receivers: [otlp], exporters: [prometheus]}}}
exporters: {prometheus: {endpoint: "localhost:8889", auth: {authenticator: bearertokenauth}, limits: {requests_per_second: 5}}}
)";
  const auto with = [&](std::string_view signal) {
    std::string text(kRest);
    text.replace(text.find("SIGNAL"), 6, signal);
    return make(text);
  };
  const Made made = with("metrics");
  ASSERT_TRUE(made.plan) << made.found;
  const ExporterPlan& exporter = made.plan->exporters.at(0);
  ASSERT_EQ(exporter.listeners.size(), 1u);
  EXPECT_EQ(exporter.listeners[0].listener.options.port, 8889);
  EXPECT_EQ(exporter.listeners[0].access.gates.size(), 2u);
  EXPECT_EQ(exporter.helper.queue.num_consumers, 1);
  EXPECT_FALSE(with("traces").plan);
}

}  // namespace
}  // namespace millrace::assembly
