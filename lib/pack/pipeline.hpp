// Slots that several workers fill and one caller takes back in the order in which it gave them.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace brine::pack {

/// Most threads that one pipeline starts, whatever it is asked for.
inline constexpr unsigned max_threads = 256;

/// How many slots `threads` workers share: one in work and one waiting or finished for each of
/// them, one that the caller fills, one that it empties.
constexpr std::size_t slots_for(unsigned threads) noexcept {
  return 2 * std::size_t{std::clamp(threads, 1U, max_threads)} + 2;
}

/// Runs `Worker::run(Slot&)` on threads. A Worker names its `Slot` and its `Settings`, from which
/// every thread makes its own when its first slot comes, so that costly contexts exist only where
/// they are used. A slot that comes alone is worked on by the caller, and no thread is started; so
/// are all slots where the system gives no thread.
/// Not thread-safe: one caller. The destructor waits for the slots in work and drops the others.
template <typename Worker>
class Pipeline {
 public:
  using Slot = typename Worker::Slot;
  using Settings = typename Worker::Settings;

  Pipeline(unsigned threads, const Settings& settings)
      : settings_(settings), items_(slots_for(threads)), wanted_(items_.size() / 2 - 1) {
    for (Item& item : items_) free_.push_back(&item);
  }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;
  ~Pipeline() { stop(); }

  /// Whether oldest() and release() must come before the next open().
  bool full() const noexcept { return open_ == nullptr && free_.empty(); }

  /// Whether every submitted slot was released.
  bool empty() const noexcept { return order_.empty(); }

  /// Returns the slot to fill: the same one until submit(). Requires: not full().
  Slot& open() {
    if (open_ == nullptr) {
      open_ = free_.back();  // the one that was released last: its pages are warm
      free_.pop_back();
    }
    return open_->slot;
  }

  /// Gives the open slot to the workers.
  void submit() {
    order_.push_back(open_);
    {
      const std::lock_guard lock(mutex_);
      pending_.push_back(open_);
    }
    open_ = nullptr;
    start_workers();
    work_.notify_one();
  }

  /// Whether oldest() would not have to wait.
  bool ready() {
    if (order_.empty()) return false;
    const std::lock_guard lock(mutex_);
    return order_.front()->done;
  }

  /// Waits for the slot that was submitted first. Throws: what its worker threw.
  Slot& oldest() {
    Item& item = *order_.front();
    if (workers_.empty()) work_here(item);
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return item.done; });
    if (item.error) std::rethrow_exception(item.error);
    return item.slot;
  }

  /// Takes the oldest slot back, to be filled again. Requires: oldest() returned it.
  void release() {
    order_.front()->done = false;
    free_.push_back(order_.front());
    order_.pop_front();
  }

  /// Lets the workers end after the slots that they have in work. Nothing comes out any more.
  void stop() noexcept {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    work_.notify_all();
  }

 private:
  struct Item {
    Slot slot;
    bool done = false;  // guarded by mutex_ from submit() until oldest() returned
    std::exception_ptr error;
  };

  void start_workers() {
    if (order_.size() < 2) return;
    while (workers_.size() < std::min(wanted_, order_.size())) {
      try {
        workers_.emplace_back([this] { serve(); });
      } catch (const std::system_error&) {
        wanted_ = workers_.size();  // no more to be had: these are enough
      }
    }
  }

  void serve() {
    std::optional<Worker> worker;
    std::unique_lock lock(mutex_);
    for (;;) {
      work_.wait(lock, [this] { return stopped_ || !pending_.empty(); });
      if (stopped_) return;
      Item& item = *pending_.front();
      pending_.pop_front();
      lock.unlock();
      std::exception_ptr error = run(worker, item.slot);
      lock.lock();
      item.error = std::move(error);
      item.done = true;
      done_.notify_one();
    }
  }

  void work_here(Item& item) {
    if (item.done) return;
    pending_.pop_front();  // without workers both queues have the same front
    item.error = run(own_worker_, item.slot);
    item.done = true;
  }

  // The handler is left before the error is handed over: nobody else touches it then.
  std::exception_ptr run(std::optional<Worker>& worker, Slot& slot) noexcept {
    try {
      if (!worker) worker.emplace(settings_);
      worker->run(slot);
    } catch (...) {
      return std::current_exception();
    }
    return nullptr;
  }

  const Settings settings_;
  std::vector<Item> items_;
  std::size_t wanted_;  // threads at most
  Item* open_ = nullptr;
  std::vector<Item*> free_;
  std::deque<Item*> order_;  // submitted and not released
  std::optional<Worker> own_worker_;

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  std::deque<Item*> pending_;          // guarded by mutex_
  bool stopped_ = false;               // guarded by mutex_
  std::vector<std::jthread> workers_;  // last: joined before what they use goes
};

}  // namespace brine::pack
