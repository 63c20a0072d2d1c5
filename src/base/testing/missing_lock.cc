// Must not compile under clang: a guarded field is written without its mutex. The test
// base.missing_lock compiles this file with the project's options and expects the error.
#include "base/mutex.h"

namespace millrace::testing {

class Sum {
 public:
  void add(int number) { sum_ += number; }

 private:
  Mutex mutex_;
  int sum_ MILLRACE_GUARDED_BY(mutex_) = 0;
};

void use(Sum& sum) { sum.add(1); }

}  // namespace millrace::testing
