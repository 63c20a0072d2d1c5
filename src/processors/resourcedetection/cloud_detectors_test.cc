// Servers that answer as the clouds do.
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <string>

#include "processors/resourcedetection/testing/fake_world.h"

namespace millrace::processors::resourcedetection {
namespace {

using testing::FakeWorld;
using testing::found_by;
using testing::options_of;

const std::string kLocal = "GET http://169.254.169.254";

item_match::Pattern pattern(const char* text) { return std::make_shared<const re2::RE2>(text); }

// --- Amazon ------------------------------------------------------------------------------------

FakeWorld ec2_world() {
  FakeWorld world;
  world.answer("PUT http://169.254.169.254/latest/api/token", "secret-token");
  world.answer(kLocal + "/latest/meta-data/instance-id", "i-01\n");
  world.answer(kLocal + "/latest/meta-data/hostname", "ip-10-0-0-1.ec2.internal");
  world.answer(kLocal + "/latest/dynamic/instance-identity/document",
               R"({"accountId":"123","architecture":"x86_64","availabilityZone":"us-east-1a",)"
               R"("imageId":"ami-7","instanceId":"i-01","instanceType":"m5.large",)"
               R"("billingProducts":null,"region":"us-east-1"})");
  return world;
}

TEST(Ec2DetectorTest, InstanceAndItsTags) {
  FakeWorld world = ec2_world();
  constexpr const char* kFound =
      "cloud.provider=aws cloud.platform=aws_ec2 cloud.region=us-east-1 cloud.account.id=123 "
      "cloud.availability_zone=us-east-1a host.id=i-01 host.image.id=ami-7 host.type=m5.large "
      "host.name=ip-10-0-0-1.ec2.internal";
  EXPECT_EQ(found_by("ec2", world), kFound);
  EXPECT_EQ(world.asked[0].fields[0].name, "x-aws-ec2-metadata-token-ttl-seconds");
  for (size_t i = 1; i < world.asked.size(); ++i) {
    ASSERT_EQ(world.asked[i].fields.size(), 1u);
    EXPECT_EQ(world.asked[i].fields[0],
              (MetadataEntry{"x-aws-ec2-metadata-token", "secret-token"}));
  }
  world.answer(kLocal + "/latest/meta-data/tags/instance", "Name\nTeam\nother\n");
  world.answer(kLocal + "/latest/meta-data/tags/instance/Name", "web");
  world.answer(kLocal + "/latest/meta-data/tags/instance/Team", "a b");
  DetectorOptions options = options_of("ec2");
  options.tags = {pattern("^[NT]")};
  EXPECT_EQ(found_by("ec2", options, world),
            std::string(kFound) + " ec2.tag.Name=web ec2.tag.Team=a b");
}

TEST(Ec2DetectorTest, VersionOneWhereNoTokenIsGivenOut) {
  for (const bool is_refused : {false, true}) {
    FakeWorld world = ec2_world();
    world.answers.erase("PUT http://169.254.169.254/latest/api/token");
    if (is_refused) world.answer("PUT http://169.254.169.254/latest/api/token", "", 405);
    EXPECT_TRUE(found_by("ec2", world).contains("host.id=i-01"));
    EXPECT_TRUE(world.asked.back().fields.empty());
  }
}

TEST(Ec2DetectorTest, ElsewhereNothingIsFoundUnlessItMustBe) {
  FakeWorld world;
  EXPECT_EQ(found_by("ec2", world), "");
  EXPECT_EQ(world.asked.size(), 2u) << "a token and the id, once";
  DetectorOptions options = options_of("ec2");
  options.fails_on_missing_metadata = true;
  EXPECT_TRUE(found_by("ec2", options, world).starts_with("error: 169.254.169.254/latest/meta"));
  world.asked.clear();
  world.variables["AWS_EC2_METADATA_DISABLED"] = "true";
  EXPECT_EQ(found_by("ec2", world), "");
  EXPECT_TRUE(world.asked.empty());
}

TEST(Ec2DetectorTest, ServiceWithAFaultIsAskedAgain) {
  FakeWorld world = ec2_world();
  world.answer(kLocal + "/latest/meta-data/instance-id", "", 503);
  EXPECT_EQ(found_by("ec2", world), "");
  EXPECT_EQ(world.asked.size(), 6u) << "three attempts with a token each";
}

TEST(Ec2DetectorTest, LyingServerIsAnErrorThatIsTriedAgain) {
  FakeWorld world = ec2_world();
  for (const std::string text : {"<html>login</html>", "", "[]", "{\"region\":", "null"}) {
    world.answer(kLocal + "/latest/dynamic/instance-identity/document", text);
    EXPECT_TRUE(found_by("ec2", world).starts_with("error: 169.254.169.254: the answer")) << text;
  }
  world.answer(kLocal + "/latest/dynamic/instance-identity/document",
               "{\"region\": 7, \"accountId\": \"a\\u0000b\"}");
  const std::string found = found_by("ec2", world);
  EXPECT_TRUE(found.contains("cloud.region= ")) << found;
  world.answer("PUT http://169.254.169.254/latest/api/token", "a\r\nx-other: b");
  found_by("ec2", world);
  EXPECT_TRUE(world.asked.back().fields.empty()) << "a token that would end the line is not sent";
}

TEST(Ec2DetectorTest, RedirectionAndOtherStatusesAreNoAnswer) {
  FakeWorld world = ec2_world();
  world.answer(kLocal + "/latest/meta-data/hostname", "http://evil/", 302);
  EXPECT_EQ(found_by("ec2", world),
            "error: 169.254.169.254/latest/meta-data/hostname: HTTP status 302");
}

TEST(Ec2DetectorTest, TextsAreBoundedAndMadeUtf8) {
  FakeWorld world = ec2_world();
  world.answer(kLocal + "/latest/meta-data/hostname", "\xff" + std::string(100'000, 'x'));
  const auto finding = detect_ec2(options_of("ec2"), world);
  ASSERT_TRUE(finding);
  const Attribute* host = finding->resource.find("host.name");
  ASSERT_NE(host, nullptr);
  EXPECT_LE(host->any_value.size(), kTextBytesMax + 8);
  EXPECT_TRUE(host->any_value.contains("\xef\xbf\xbdxxx"));
}

TEST(EcsDetectorTest, TaskAndLogsOfItsOtherContainers) {
  FakeWorld world;
  EXPECT_EQ(found_by("ecs", world), "");
  world.variables["ECS_CONTAINER_METADATA_URI_V4"] = "http://169.254.170.2/v4/abc";
  world.answer("GET http://169.254.170.2/v4/abc/task", R"({"Cluster":"prod","TaskARN":
      "arn:aws:ecs:us-west-2:111:task/prod/t-1","Family":"web","Revision":"3","LaunchType":"FARGATE",
      "AvailabilityZone":"us-west-2a","Containers":[
      {"DockerId":"own","Type":"NORMAL","KnownStatus":"RUNNING","LogDriver":"awslogs",
       "LogOptions":{"awslogs-group":"g0","awslogs-region":"r","awslogs-stream":"s0"}},
      {"DockerId":"app","Type":"NORMAL","KnownStatus":"RUNNING","LogDriver":"awslogs",
       "LogOptions":{"awslogs-group":"g1","awslogs-region":"us-west-2","awslogs-stream":"s1"}},
      {"DockerId":"old","Type":"NORMAL","KnownStatus":"STOPPED","LogDriver":"awslogs",
       "LogOptions":{"awslogs-group":"g2","awslogs-region":"r","awslogs-stream":"s2"}}]})");
  world.answer("GET http://169.254.170.2/v4/abc", R"({"DockerId":"own"})");
  EXPECT_EQ(found_by("ecs", world),
            "cloud.provider=aws cloud.platform=aws_ecs "
            "aws.ecs.task.arn=arn:aws:ecs:us-west-2:111:task/prod/t-1 aws.ecs.task.family=web "
            "aws.ecs.task.revision=3 cloud.account.id=111 cloud.region=us-west-2 "
            "aws.ecs.task.id=t-1 aws.ecs.cluster.arn=arn:aws:ecs:us-west-2:111:cluster/prod "
            "cloud.availability_zone=us-west-2a aws.ecs.launchtype=fargate "
            "aws.log.group.names=[\"g1\"] "
            "aws.log.group.arns=[\"arn:aws:logs:us-west-2:111:log-group:g1\"] "
            "aws.log.stream.names=[\"s1\"] "
            "aws.log.stream.arns=[\"arn:aws:logs:us-west-2:111:log-group:g1:log-stream:s1\"]");
}

TEST(EcsDetectorTest, ShortArnIsNoCrash) {
  FakeWorld world;
  world.variables["ECS_CONTAINER_METADATA_URI"] = "http://a/v3";
  world.answer("GET http://a/v3/task", R"({"TaskARN":"arn:aws:ecs:r:a","Cluster":"c:d"})");
  EXPECT_TRUE(found_by("ecs", world).contains("aws.ecs.cluster.arn=c:d"));
}

TEST(EksDetectorTest, KnownByTheEnvironmentOrTheApiServer) {
  FakeWorld world;
  EXPECT_EQ(found_by("eks", world), "") << "no cluster";
  world.variables = {{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}, {"KUBERNETES_SERVICE_PORT", "443"}};
  EXPECT_EQ(found_by("eks", world), "") << "no service account";
  world.files = {{"/var/run/secrets/kubernetes.io/serviceaccount/token", "tok\n"},
                 {"/var/run/secrets/kubernetes.io/serviceaccount/ca.crt", "pem"}};
  world.answer("GET https://10.0.0.1/version", R"({"gitVersion":"v1.29.1+k3s1"})");
  EXPECT_EQ(found_by("eks", world), "") << "another cluster";
  world.answer("GET https://10.0.0.1/version", R"({"gitVersion":"v1.29.1-eks-508b6b3"})");
  EXPECT_EQ(found_by("eks", world), "cloud.provider=aws cloud.platform=aws_eks");
  world.answer("GET https://10.0.0.1/version", "", 403);
  world.answer("GET https://10.0.0.1/.well-known/openid-configuration",
               R"({"issuer":"https://oidc.eks.us-east-1.amazonaws.com/id/A"})");
  EXPECT_EQ(found_by("eks", world), "cloud.provider=aws cloud.platform=aws_eks");
  world.answers.clear();
  world.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/run/eks.amazonaws.com/token";
  EXPECT_EQ(found_by("eks", world), "cloud.provider=aws cloud.platform=aws_eks");
}

TEST(EksDetectorTest, InstanceOrElseTheNode) {
  FakeWorld world = ec2_world();
  world.variables = {{"KUBERNETES_SERVICE_HOST", "10.0.0.1"},
                     {"KUBERNETES_SERVICE_PORT", "443"},
                     {"NODE", "n 1"},
                     {"AWS_WEB_IDENTITY_TOKEN_FILE", "/run/eks.amazonaws.com/token"}};
  world.files = {{"/var/run/secrets/kubernetes.io/serviceaccount/token", "tok\n"},
                 {"/var/run/secrets/kubernetes.io/serviceaccount/ca.crt", "pem"}};
  DetectorOptions options = options_of("eks", {"host.id", "cloud.region", "k8s.cluster.name"});
  options.node_from_env_var = "NODE";
  world.answer(kLocal + "/latest/meta-data/tags/instance", "kubernetes.io/cluster/blue\n");
  EXPECT_EQ(found_by("eks", options, world),
            "cloud.provider=aws cloud.platform=aws_eks host.id=i-01 cloud.region=us-east-1 "
            "k8s.cluster.name=blue");
  world.answers.clear();
  world.answer("GET https://10.0.0.1/api/v1/nodes/n%201",
               R"({"spec":{"providerID":"aws:///eu-west-1b/i-77"}})");
  EXPECT_EQ(found_by("eks", options, world),
            "cloud.provider=aws cloud.platform=aws_eks host.id=i-77 cloud.region=eu-west-1");
  EXPECT_EQ(world.asked.back().fields.at(0), (MetadataEntry{"authorization", "Bearer tok"}));
}

// --- Google ------------------------------------------------------------------------------------

const std::string kGoogle = kLocal + "/computeMetadata/v1/";

void google_answers(FakeWorld& world, const std::string& path, std::string body) {
  world.answers[kGoogle + path] = {
      .status = 200, .body = std::move(body), .metadata_flavor = "Google"};
}

FakeWorld google_world() {
  FakeWorld world;
  google_answers(world, "project/project-id", "proj");
  google_answers(world, "instance/id", "99");
  google_answers(world, "instance/name", "vm-1");
  google_answers(world, "instance/hostname", "vm-1.c.proj.internal");
  google_answers(world, "instance/zone", "projects/1/zones/europe-west1-b");
  google_answers(world, "instance/region", "projects/1/regions/europe-west1");
  google_answers(world, "instance/machine-type", "projects/1/machineTypes/e2-small");
  world.answer(kGoogle + "instance/attributes/created-by", "", 404);
  return world;
}

TEST(GcpDetectorTest, ComputeEngine) {
  FakeWorld world = google_world();
  constexpr const char* kFound =
      "cloud.provider=gcp cloud.account.id=proj cloud.platform=gcp_compute_engine "
      "cloud.availability_zone=europe-west1-b cloud.region=europe-west1 "
      "host.type=projects/1/machineTypes/e2-small host.id=99 host.name=vm-1";
  EXPECT_EQ(found_by("gcp", world), kFound);
  google_answers(world, "instance/attributes/created-by",
                 "projects/1/regions/europe-west1/instanceGroupManagers/group");
  EXPECT_EQ(found_by("gcp", options_of("gcp", {"gcp.gce.instance.hostname"}), world),
            std::string(kFound) +
                " gcp.gce.instance.hostname=vm-1.c.proj.internal "
                "gcp.gce.instance_group_manager.name=group "
                "gcp.gce.instance_group_manager.region=europe-west1");
}

TEST(GcpDetectorTest, LabelsAreOfTheComputeApi) {
  FakeWorld world = google_world();
  google_answers(world,
                 "instance/service-accounts/default/token?scopes="
                 "https://www.googleapis.com/auth/compute.readonly",
                 R"({"access_token":"ya29","expires_in":3599,"token_type":"Bearer"})");
  world.answer(
      "GET https://compute.googleapis.com/compute/v1/projects/proj/zones/europe-west1-b/instances/"
      "vm-1",
      R"({"labels":{"env":"prod","x":"y"},"machineType":"zones/z/machineTypes/e2-small"})");
  DetectorOptions options = options_of("gcp");
  options.tags = {pattern("^env$")};
  EXPECT_TRUE(found_by("gcp", options, world).ends_with("gcp.gce.instance.labels.env=prod"));
  EXPECT_EQ(world.asked.back().fields.at(0), (MetadataEntry{"authorization", "Bearer ya29"}));
}

struct GoogleCase {
  std::map<std::string, std::string> variables;
  const char* found;
};

const GoogleCase kGoogleCases[] = {
    {{{"KUBERNETES_SERVICE_HOST", "x"}},
     "cloud.platform=gcp_kubernetes_engine cloud.availability_zone=us-central1-a "
     "cloud.region=us-central1 k8s.cluster.name=blue host.id=99 host.name=vm-1"},
    {{{"K_CONFIGURATION", "c"}, {"K_SERVICE", "svc"}, {"K_REVISION", "svc-1"}},
     "cloud.platform=gcp_cloud_run faas.name=svc faas.version=svc-1 faas.instance=99 "
     "cloud.region=europe-west1"},
    {{{"FUNCTION_TARGET", "f"}, {"K_SERVICE", "fn"}, {"K_REVISION", "2"}},
     "cloud.platform=gcp_cloud_functions faas.name=fn faas.version=2 faas.instance=99 "
     "cloud.region=europe-west1"},
    {{{"CLOUD_RUN_JOB", "job"}, {"CLOUD_RUN_EXECUTION", "e"}, {"CLOUD_RUN_TASK_INDEX", "4"}},
     "cloud.platform=gcp_cloud_run faas.name=job cloud.region=europe-west1 faas.instance=99 "
     "gcp.cloud_run.job.execution=e gcp.cloud_run.job.task_index=4"},
    {{{"GAE_SERVICE", "s"}, {"GAE_VERSION", "v"}, {"GAE_INSTANCE", "i"}},
     "cloud.platform=gcp_app_engine cloud.availability_zone=europe-west1-b "
     "cloud.region=europe-west1 faas.name=s faas.version=v faas.instance=i"},
    {{{"GAE_SERVICE", "s"}, {"GAE_VERSION", "v"}, {"GAE_INSTANCE", "i"}, {"GAE_ENV", "standard"}},
     "cloud.platform=gcp_app_engine faas.name=s faas.version=v faas.instance=i "
     "cloud.availability_zone=europe-west1-b cloud.region=europe-west1"},
};

TEST(GcpDetectorTest, PlatformsAreKnownByTheirEnvironment) {
  for (const GoogleCase& c : kGoogleCases) {
    FakeWorld world = google_world();
    world.variables = c.variables;
    google_answers(world, "instance/attributes/cluster-location", "us-central1-a");
    google_answers(world, "instance/attributes/cluster-name", "blue");
    EXPECT_EQ(found_by("gcp", world),
              "cloud.provider=gcp cloud.account.id=proj " + std::string(c.found));
  }
}

TEST(GcpDetectorTest, BareMetalHasNoServer) {
  FakeWorld world;
  world.variables = {{"BMS_PROJECT_ID", "p"}, {"BMS_REGION", "r"}, {"BMS_INSTANCE_ID", "i"}};
  EXPECT_EQ(found_by("gcp", world),
            "cloud.provider=gcp cloud.account.id=p cloud.platform=gcp_bare_metal_solution "
            "host.name=i cloud.region=r");
}

TEST(GcpDetectorTest, ServerWithoutGooglesFlavorIsAnother) {
  FakeWorld world;
  world.answer(kGoogle + "project/project-id", "<html>login</html>");
  EXPECT_EQ(found_by("gcp", world), "");
  FakeWorld elsewhere;
  elsewhere.variables["GCE_METADATA_HOST"] = "a b";
  EXPECT_EQ(found_by("gcp", elsewhere), "");
  EXPECT_TRUE(elsewhere.asked.empty());
}

// --- The others --------------------------------------------------------------------------------

TEST(AzureDetectorTest, MachineAndItsTags) {
  FakeWorld world;
  EXPECT_EQ(found_by("azure", world), "");
  world.answer(kLocal + "/metadata/instance/compute?api-version=2020-09-01&format=json",
               R"({"location":"westeurope","name":"vm","osProfile":{"computerName":"host"},)"
               R"("resourceGroupName":"rg","subscriptionId":"sub","vmId":"id","vmSize":"B2",)"
               R"("vmScaleSetName":"","zone":"1","tagsList":[{"name":"env","value":"prod"},)"
               R"({"name":"x","value":"y"}]})");
  DetectorOptions options = options_of("azure");
  options.tags = {pattern("^env$")};
  EXPECT_EQ(found_by("azure", options, world),
            "cloud.provider=azure cloud.platform=azure.vm host.name=host cloud.region=westeurope "
            "host.id=id cloud.account.id=sub azure.vm.name=vm azure.vm.size=B2 "
            "azure.resourcegroup.name=rg azure.tag.env=prod");
  EXPECT_EQ(world.asked.back().fields.at(0), (MetadataEntry{"metadata", "true"}));
}

TEST(DockerDetectorTest, DaemonAndOwnContainer) {
  FakeWorld world;
  EXPECT_EQ(found_by("docker", world), "");
  world.answer("GET unix:/var/run/docker.sock/info", R"({"Name":"node","OSType":"linux"})");
  EXPECT_EQ(found_by("docker", world), "os.type=linux host.name=node");
  world.answer("GET unix:/var/run/docker.sock/containers/box/json",
               R"({"Name":"/web","Image":"sha256:1"})");
  EXPECT_EQ(
      found_by("docker", options_of("docker", {"container.name", "container.image.name"}), world),
      "os.type=linux host.name=node container.name=/web container.image.name=sha256:1");
  FakeWorld remote;
  remote.variables["DOCKER_HOST"] = "tcp://10.0.0.1:2375";
  remote.answer("GET http://10.0.0.1:2375/info", R"({"Name":"n2","OSType":"linux"})");
  EXPECT_EQ(found_by("docker", remote), "os.type=linux host.name=n2");
}

TEST(K8sApiDetectorTest, NodeAndCluster) {
  FakeWorld world;
  EXPECT_EQ(found_by("k8s_api", world), "");
  world.variables = {{"KUBERNETES_SERVICE_HOST", "fd00::1"},
                     {"KUBERNETES_SERVICE_PORT", "6443"},
                     {"K8S_NODE_NAME", "n1"}};
  world.files = {{"/var/run/secrets/kubernetes.io/serviceaccount/token", "tok"},
                 {"/var/run/secrets/kubernetes.io/serviceaccount/ca.crt", "pem"}};
  world.answer("GET https://[fd00::1]:6443/api/v1/nodes/n1",
               R"({"kind":"Node","metadata":{"name":"n1","uid":"u1"}})");
  world.answer("GET https://[fd00::1]:6443/api/v1/namespaces/kube-system", "", 403);
  EXPECT_EQ(found_by("k8s_api", world), "k8s.node.uid=u1 k8s.node.name=n1");
  world.answer("GET https://[fd00::1]:6443/api/v1/namespaces/kube-system",
               R"({"metadata":{"uid":"c1"}})");
  EXPECT_EQ(found_by("k8s_api", world), "k8s.node.uid=u1 k8s.node.name=n1 k8s.cluster.uid=c1");
  EXPECT_EQ(world.tls_options.back().ca_pem, "pem");
  EXPECT_FALSE(world.tls_options.back().insecure_skip_verify);
  world.answer("GET https://[fd00::1]:6443/api/v1/namespaces/kube-system", "", 500);
  EXPECT_TRUE(found_by("k8s_api", world).starts_with("error: "));
}

TEST(K8sApiDetectorTest, UnverifiedServerGetsNoToken) {
  FakeWorld world;
  world.variables = {{"KUBERNETES_SERVICE_HOST", "10.0.0.1"},
                     {"KUBERNETES_SERVICE_PORT", "443"},
                     {"K8S_NODE_NAME", "n1"}};
  DetectorOptions options = options_of("k8s_api");
  options.verifies_api_server = false;
  found_by("k8s_api", options, world);
  ASSERT_FALSE(world.asked.empty());
  EXPECT_TRUE(world.asked.back().fields.empty());
  EXPECT_TRUE(world.tls_options.back().insecure_skip_verify);
}

}  // namespace
}  // namespace millrace::processors::resourcedetection
