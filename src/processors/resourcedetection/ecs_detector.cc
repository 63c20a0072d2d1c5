// The task metadata endpoint of Amazon ECS, version 4 or 3.
#include <string>
#include <vector>

#include "access/field_text.h"
#include "processors/resourcedetection/detector.h"
#include "processors/resourcedetection/question.h"

namespace millrace::processors::resourcedetection {
namespace {

// "arn:aws:ecs:region:account:task/cluster/id", or "…:task/id".
struct TaskName {
  std::string region;
  std::string account;
  std::string id;
};

TaskName parse_task_arn(std::string_view arn) {
  const std::vector<std::string_view> parts = split(arn, ':', 6);
  if (parts.size() < 6) return {};
  return {.region = std::string(parts[3]),
          .account = std::string(parts[4]),
          .id = std::string(last_segment(parts[5]))};
}

std::string cluster_arn(const std::string& cluster, const TaskName& task) {
  if (cluster.contains(':')) return cluster;
  return "arn:aws:ecs:" + task.region + ":" + task.account + ":cluster/" + cluster;
}

// Adds the logs of the other containers of the task that write to CloudWatch.
void add_logs(const JsonAnswer& task, const std::string& own_id, const std::string& account,
              ResourceBuilder& builder) {
  std::vector<std::string> group_names;
  std::vector<std::string> group_arns;
  std::vector<std::string> stream_names;
  std::vector<std::string> stream_arns;
  task.each("Containers", [&](const JsonAnswer& container) {
    const std::string group = container.text("LogOptions.awslogs-group");
    const std::string region = container.text("LogOptions.awslogs-region");
    const std::string stream = container.text("LogOptions.awslogs-stream");
    if (container.text("Type") != "NORMAL" || container.text("KnownStatus") != "RUNNING" ||
        container.text("LogDriver") != "awslogs" || container.text("DockerId") == own_id ||
        (group.empty() && region.empty() && stream.empty())) {
      return;
    }
    const std::string arn = "arn:aws:logs:" + region + ":" + account + ":log-group:" + group;
    group_names.push_back(group);
    group_arns.push_back(arn);
    stream_names.push_back(stream);
    stream_arns.push_back(arn + ":log-stream:" + stream);
  });
  if (group_names.empty()) return;
  builder.texts("aws.log.group.names", group_names);
  builder.texts("aws.log.group.arns", group_arns);
  builder.texts("aws.log.stream.names", stream_names);
  builder.texts("aws.log.stream.arns", stream_arns);
}

}  // namespace

Result<Finding> detect_ecs(const DetectorOptions& options, World& world) {
  std::string endpoint;
  for (const char* name : {"ECS_CONTAINER_METADATA_URI_V4", "ECS_CONTAINER_METADATA_URI"}) {
    if (endpoint.empty()) endpoint = access::trimmed(world.variable(name).value_or(""));
  }
  if (endpoint.empty()) return missing(options, "there is no ECS_CONTAINER_METADATA_URI");
  const auto url = transport::parse_web_url(endpoint);
  if (!url) return missing(options, "ECS_CONTAINER_METADATA_URI: " + url.error().message);
  const auto task = ask_json(world, {.url = url->at("/task")});
  if (!task) return fail(task.error());
  const std::string arn = task->text("TaskARN");
  const TaskName name = parse_task_arn(arn);
  ResourceBuilder builder(options.wanted);
  builder.text("cloud.provider", "aws");
  builder.text("cloud.platform", "aws_ecs");
  builder.text("aws.ecs.task.arn", arn);
  builder.text("aws.ecs.task.family", task->text("Family"));
  builder.text("aws.ecs.task.revision", task->text("Revision"));
  builder.text_if_any("cloud.account.id", name.account);
  builder.text_if_any("cloud.region", name.region);
  builder.text_if_any("aws.ecs.task.id", name.id);
  builder.text("aws.ecs.cluster.arn", cluster_arn(task->text("Cluster"), name));
  builder.text_if_any("cloud.availability_zone", task->text("AvailabilityZone"));
  const std::string launch_type = access::lowered(task->text("LaunchType"));
  if (launch_type == "ec2" || launch_type == "fargate") {
    builder.text("aws.ecs.launchtype", launch_type);
  }
  const auto own = ask_json(world, {.url = *url});
  if (!own && options.fails_on_missing_metadata) return fail(own.error());
  if (!own) return Finding{.resource = builder.finish(), .remark = own.error().message};
  add_logs(*task, own->text("DockerId"), name.account, builder);
  return Finding{.resource = builder.finish()};
}

}  // namespace millrace::processors::resourcedetection
