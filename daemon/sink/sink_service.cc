#include "daemon/sink/sink_service.h"

#include <algorithm>
#include <array>
#include <utility>

namespace millrace::load {
namespace {

constexpr size_t kJsonAsProtobufMax = 64 << 20;

}  // namespace

SinkService::SinkService(io::Loop& loop, ChunkPool& pool, const SinkOptions& options,
                         std::FILE* record, std::function<void()> on_accepted,
                         std::function<void()> on_cut)
    : loop_(loop),
      pool_(pool),
      how_(options.misbehaviour),
      plan_(options.misbehaviour),
      record_(record),
      on_accepted_(std::move(on_accepted)),
      on_cut_(std::move(on_cut)),
      tally_(options.check_ids || !options.acknowledged_files.empty() ? IdCheck::kOn
                                                                      : IdCheck::kOff),
      delay_timer_(loop.make_timer([this] { answer_due(); })) {}

void SinkService::on_request(transport::Request request, transport::Exchange exchange) {
  transport::Reply reply;
  switch (plan_.next()) {
    case Verdict::kAccept: {
      Accepted accepted = accept(request);
      return answer(std::move(exchange), std::move(accepted.reply), accepted.items);
    }
    case Verdict::kRefuse:
      tally_.add_refused();
      reply.code = how_.refuse_code;
      reply.message = "refused on purpose";
      reply.retry_after = how_.retry_after;
      break;
    case Verdict::kFail:
      tally_.add_refused();
      reply.code = Code::kInternal;
      reply.message = "failed on purpose";
      break;
    case Verdict::kHang:
      tally_.add_refused();
      hung_.push_back(std::move(exchange));
      return;
    case Verdict::kCut:
      tally_.add_refused();
      hung_.push_back(std::move(exchange));
      on_cut_();
      return;
  }
  answer(std::move(exchange), std::move(reply), 0);
}

SinkService::Accepted SinkService::accept(const transport::Request& request) {
  Accepted accepted;
  transport::Reply& reply = accepted.reply;
  Bytes body = request.body;
  if (request.format == transport::BodyFormat::kJson) {
    auto decoded = json_.decode_request(request.signal, body, pool_, kJsonAsProtobufMax);
    if (!decoded) {
      reply.code = decoded.error().code;
      reply.message = decoded.error().message;
      return accepted;
    }
    body = *std::move(decoded);
  }
  const auto count = tally_.add(request.signal, body.view(), loop_.wall_now());
  if (!count) {
    reply.code = Code::kInvalidArgument;
    reply.message = "not an export request";
    return accepted;
  }
  accepted.items = *count;
  record(body);
  if (how_.partial_count > 0) {
    reply.rejected_count = std::min(how_.partial_count, *count);
    reply.partial_message = "rejected on purpose";
  }
  on_accepted_();
  return accepted;
}

void SinkService::record(const Bytes& body) {
  if (record_ == nullptr) return;
  const auto size = static_cast<uint32_t>(body.size());
  const std::array<uint8_t, 4> prefix = {
      static_cast<uint8_t>(size >> 24), static_cast<uint8_t>(size >> 16),
      static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size)};
  std::fwrite(prefix.data(), 1, prefix.size(), record_);
  std::fwrite(body.data(), 1, body.size(), record_);
  std::fflush(record_);
}

void SinkService::answer(transport::Exchange exchange, transport::Reply reply, uint64_t items) {
  MonotonicTime done = loop_.now();
  if (how_.items_per_second > 0) {
    const double work_ns = static_cast<double>(items) * 1e9 / how_.items_per_second;
    busy_until_ = std::max(busy_until_, done) + Duration(static_cast<int64_t>(work_ns));
    done = busy_until_;
  }
  const MonotonicTime when = done + how_.delay;
  if (when <= loop_.now()) return exchange.reply(reply);
  waiting_.push_back({when, std::move(exchange), std::move(reply)});
  if (!delay_timer_->armed()) delay_timer_->arm_at(waiting_.front().when);
}

void SinkService::answer_due() {
  while (!waiting_.empty() && waiting_.front().when <= loop_.now()) {
    Waiting due = std::move(waiting_.front());
    waiting_.pop_front();
    due.exchange.reply(due.reply);
  }
  if (!waiting_.empty()) delay_timer_->arm_at(waiting_.front().when);
}

}  // namespace millrace::load
