#include "daemon/otlp_client/shown_progress.h"

#include <utility>

namespace millrace::load {

ShownProgress::ShownProgress(io::Loop& loop, std::function<terminal_text::Progress()> measure)
    : loop_(loop), measure_(std::move(measure)), timer_(loop.make_timer([this] { show(); })) {
  if (line_.is_shown()) timer_->arm_at(loop_.now() + terminal_text::ProgressLine::kInterval);
}

void ShownProgress::show() {
  line_.show(measure_());
  timer_->arm_at(loop_.now() + terminal_text::ProgressLine::kInterval);
}

}  // namespace millrace::load
