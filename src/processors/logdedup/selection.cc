#include "processors/logdedup/selection.h"

namespace millrace::processors::logdedup {

ottl::Fate Selection::visit(ottl::Context context, ottl::Item& item, ottl::Scratch& scratch) {
  ottl::Fate fate = conditions_.visit(context, item, scratch);
  if (fate == ottl::Fate::kStop) {
    if (!has_failed_) {
      log_.warn("a log record passes without being counted",
                {{"processor", processor_}, {"error", conditions_.failure().message}});
    }
    has_failed_ = true;
    fate = ottl::Fate::kKeep;
  }
  selected_.push_back(fate == ottl::Fate::kRemove);
  return fate;
}

}  // namespace millrace::processors::logdedup
