#include "library/fork_page.h"

#include <sys/mman.h>
#include <unistd.h>

#include <new>

namespace millrace::library {
namespace {

size_t page_bytes() { return static_cast<size_t>(::sysconf(_SC_PAGESIZE)); }

}  // namespace

ForkPage::ForkPage() : fallback_(&own_word_) {
  void* page =
      ::mmap(nullptr, page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (::madvise(page, page_bytes(), MADV_WIPEONFORK) != 0) {
    ::munmap(page, page_bytes());
    return;
  }
  page_ = new (page) std::atomic<uint32_t>(kOwned);
}

ForkPage::~ForkPage() {
  if (page_ != nullptr) ::munmap(page_, page_bytes());
}

}  // namespace millrace::library
