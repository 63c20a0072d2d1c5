#include "library/chunk_store.h"

#include <cstdlib>
#include <new>

#include "base/allocation_name.h"

namespace millrace::library {
namespace {

// The maximum of idle chunks of each size: 1 MiB, 2 MiB and 8 MiB in total.
constexpr std::array<size_t, 3> kIdleMax = {256, 128, 128};
constexpr uint32_t kNoClass = 3;

}  // namespace

class ChunkStore::Home final : public ChunkHome {
 public:
  explicit Home(size_t bytes_max) : bytes_max_(bytes_max) {}

  Chunk* make(size_t size, bool is_bounded) {
    uint32_t size_class = 0;
    while (size_class < kNoClass && kChunkSizes[size_class] < size) ++size_class;
    const size_t capacity = size_class == kNoClass ? size : kChunkSizes[size_class];
    const size_t before = held_.fetch_add(capacity, std::memory_order_relaxed);
    if (is_bounded && before + capacity > bytes_max_) {
      held_.fetch_sub(capacity, std::memory_order_relaxed);
      return nullptr;
    }
    Chunk* chunk = nullptr;
    if (size_class == kNoClass || !idle_[size_class].try_pop(chunk)) {
      // Bounded by bytes_max, all chunks together.
      const AllocationName name("constant chunks of the library");
      // Not allocate_chunk(), which ends the process: here a lack of memory is returned.
      void* memory = std::malloc(sizeof(Chunk) + capacity + kChunkPadding);
      if (memory == nullptr) {
        held_.fetch_sub(capacity, std::memory_order_relaxed);
        return nullptr;
      }
      chunk = new (memory)
          Chunk{.references = 1, .size_class = size_class, .capacity = capacity, .home = this};
      std::memset(chunk->data() + capacity, 0, kChunkPadding);
    } else {
      chunk->references.store(1, std::memory_order_relaxed);
    }
    owners_.fetch_add(1, std::memory_order_relaxed);
    return chunk;
  }

  void take_back(Chunk* chunk) noexcept override {
    held_.fetch_sub(chunk->capacity, std::memory_order_relaxed);
    const uint32_t size_class = chunk->size_class;
    if (size_class == kNoClass || is_closed_.load(std::memory_order_relaxed) ||
        !idle_[size_class].try_push(std::move(chunk))) {
      free_chunk(chunk);
    }
    leave();
  }

  void close() {
    is_closed_.store(true, std::memory_order_relaxed);
    free_idle();
    leave();
  }
  size_t held() const { return held_.load(std::memory_order_relaxed); }

 private:
  ~Home() { free_idle(); }

  // The owners are the store and every chunk that is not idle.
  void leave() {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  void free_idle() {
    for (auto& ring : idle_) {
      Chunk* chunk = nullptr;
      while (ring.try_pop(chunk)) free_chunk(chunk);
    }
  }

  const size_t bytes_max_;
  std::atomic<size_t> held_{0};         // a sum that orders nothing: relaxed
  std::atomic<size_t> owners_{1};       // acquire-release: the last owner frees
  std::atomic<bool> is_closed_{false};  // set once by the store's destructor; only saves memory
  std::array<queue::MpmcRing<Chunk*>, 3> idle_ = {queue::MpmcRing<Chunk*>(kIdleMax[0]),
                                                  queue::MpmcRing<Chunk*>(kIdleMax[1]),
                                                  queue::MpmcRing<Chunk*>(kIdleMax[2])};
};

ChunkStore::ChunkStore(size_t bytes_max) : home_(new Home(bytes_max)) {}
ChunkStore::~ChunkStore() { home_->close(); }
Chunk* ChunkStore::try_acquire(size_t size) { return home_->make(size, true); }
Chunk* ChunkStore::acquire(size_t size) { return home_->make(size, false); }
bool ChunkStore::is_of_a_store(const Chunk& chunk) {
  return dynamic_cast<const Home*>(chunk.home) != nullptr;
}
size_t ChunkStore::bytes_held() const { return home_->held(); }

}  // namespace millrace::library
