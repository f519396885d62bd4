// Where the streams of the library meet the objects of Python, and who holds the GIL when.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include "brine/hint.hpp"
#include "values.hpp"

namespace brine::python {

template <typename Body>
auto unlocked(Body&& body) {
  pybind11::gil_scoped_release release;
  return body();
}

/// Returns `hint` as it works in the current directory: a command finds a store by itself only
/// where the nearest one upwards is meant.
inline std::string hint_in(const std::filesystem::path& root, const std::string& hint) {
  std::error_code failure;
  const char* named = std::getenv("BRINE_STORE");
  const bool is_named = named != nullptr && *named != '\0';
  const auto here = std::filesystem::current_path(failure);
  const auto found = failure || is_named ? std::nullopt : Store::find(here);
  const bool is_found = found && std::filesystem::equivalent(*found, root, failure);
  return is_found ? hint : for_store(hint, root);
}

/// Calls `body` without the GIL; what it throws has hints for the store in `root`.
template <typename Body>
auto unlocked_in(const std::filesystem::path& root, Body&& body) {
  try {
    return unlocked(body);
  } catch (const Error& error) {
    throw Error(error.code(), error.what(), hint_in(root, error.hint()));
  }
}

/// Owns a thing of the library on behalf of the process that made it. Its locks and threads do not
/// survive a fork(), so a child neither uses nor destroys it. (Python.h declares getpid.)
template <typename Thing>
class Owned {
 public:
  Owned(const char* name, Thing thing)
      : name_(name), thing_(new Thing(std::move(thing)), [pid = getpid()](Thing* old) {
          if (getpid() == pid) delete old;
        }) {}

  /// Throws: usage when closed, or in another process. Requires the GIL, as close() does.
  std::shared_ptr<Thing> get() const {
    if (!thing_) throw Error(Errc::usage, std::string("this ") + name_ + " is closed");
    if (getpid() == pid_) return thing_;
    throw Error(Errc::usage,
                std::string("this ") + name_ + " was opened by process " + std::to_string(pid_) +
                    " and must not be carried over fork()",
                "brine.open() in each process");
  }

  void close() {
    auto last = std::move(thing_);
    unlocked([&last] { last.reset(); });
  }

 private:
  const char* name_;
  pid_t pid_ = getpid();
  std::shared_ptr<Thing> thing_;
};

/// A buffer of any object that has one, in memory order.
class Buffer {
 public:
  explicit Buffer(const pybind11::handle& object) {
    if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_ANY_CONTIGUOUS) != 0) {
      throw pybind11::error_already_set();
    }
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { PyBuffer_Release(&view_); }

  ByteView bytes() const noexcept {
    return {static_cast<const std::byte*>(view_.buf), static_cast<std::size_t>(view_.len)};
  }

 private:
  Py_buffer view_{};
};

/// What pickle.Pickler writes to. CPython hands over frames of 64 KiB, and large bytes and arrays
/// as the objects that they are, uncopied.
class Session {
 public:
  Session(std::shared_ptr<Store> store, SaveSession session)
      : store_(std::move(store)), session_("save", std::move(session)) {
    gathered_.reserve(gather_bytes);
  }

  std::size_t write(const pybind11::object& data) {
    const Buffer buffer(data);
    const ByteView bytes = buffer.bytes();
    const auto session = session_.get();
    if (gathered_.size() + bytes.size() > gather_bytes) flush(*session);
    if (bytes.size() > gather_bytes) {
      unlocked_in(store_->root(), [&] { session->write(bytes); });
    } else {
      gathered_.insert(gathered_.end(), bytes.begin(), bytes.end());
    }
    return bytes.size();
  }

  pybind11::object commit() {
    const auto session = session_.get();
    flush(*session);
    const Snapshot snapshot = unlocked_in(store_->root(), [&] { return session->commit(); });
    session_.close();
    return to_python(snapshot);
  }

  /// Leaves nothing of the save behind, unless it was committed.
  void close() { session_.close(); }

 private:
  // Whoever gives up the GIL while another thread computes waits up to 5 ms (the switch interval)
  // to get it back: once per frame of 64 KiB would cap a save at 13 MB/s, once per MiB at 200.
  static constexpr std::size_t gather_bytes = 1 << 20;

  void flush(SaveSession& session) {
    if (gathered_.empty()) return;
    unlocked_in(store_->root(), [&] { session.write(gathered_); });
    gathered_.clear();
  }

  std::shared_ptr<Store> store_;  // a session must not outlive it
  Owned<SaveSession> session_;
  Bytes gathered_;
};

/// A payload that is decoded into the one bytes object that Python gets.
class BytesTarget final : public Target {
 public:
  void begin(std::uint64_t payload_bytes) override {
    const pybind11::gil_scoped_acquire acquire;
    bytes_ = pybind11::object();
    filled_ = 0;
    if (payload_bytes <= static_cast<std::uint64_t>(PY_SSIZE_T_MAX)) {
      size_ = static_cast<std::size_t>(payload_bytes);
      bytes_ = pybind11::reinterpret_steal<pybind11::object>(
          PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size_)));
    }
    if (bytes_) return;
    PyErr_Clear();
    throw Error(Errc::environment,
                "no memory for a payload of " + std::to_string(payload_bytes) + " bytes",
                "brine load REF -o FILE");
  }

  bool can_restart() const noexcept override { return true; }

  void write(ByteView bytes) override {
    if (bytes.size() > size_ - filled_) throw Error(Errc::internal, "a payload outgrew its size");
    if (bytes.empty()) return;
    std::memcpy(PyBytes_AS_STRING(bytes_.ptr()) + filled_, bytes.data(), bytes.size());
    filled_ += bytes.size();
  }

  pybind11::object take() {
    if (!bytes_ || filled_ != size_) throw Error(Errc::internal, "a payload fell short");
    return std::move(bytes_);
  }

 private:
  pybind11::object bytes_;
  std::size_t size_ = 0;
  std::size_t filled_ = 0;
};

/// A load that is recorded until the payload is unpickled.
class LoadAttempt {
 public:
  LoadAttempt(std::shared_ptr<Store> store, Attempt attempt)
      : store_(std::move(store)), attempt_("load", std::move(attempt)) {}

  /// Returns the warnings that this brought.
  pybind11::list succeed() {
    const auto attempt = attempt_.get();
    const std::size_t before = attempt->report().warnings.size();
    unlocked_in(store_->root(), [&] { attempt->succeed(); });
    pybind11::list news;
    for (std::size_t i = before; i < attempt->report().warnings.size(); ++i) {
      news.append(text(attempt->report().warnings[i]));
    }
    return news;
  }

  /// Takes the record back, if it is still there.
  void close() { attempt_.close(); }

 private:
  std::shared_ptr<Store> store_;  // an attempt must not outlive it
  Owned<Attempt> attempt_;
};

/// Lets the library call `callback` without knowing of the GIL, and lets Ctrl-C end what it does.
inline Progress progress_of(const pybind11::object& callback) {
  using pybind11::object;
  const std::shared_ptr<object> shared(new object(callback), [](object* old) {
    const pybind11::gil_scoped_acquire acquire;
    delete old;
  });
  const bool quiet = callback.is_none();
  auto next = std::chrono::steady_clock::now();
  return [=](std::uint64_t done, std::uint64_t total) mutable {
    const auto now = std::chrono::steady_clock::now();
    if (quiet && now < next) return;
    next = now + std::chrono::milliseconds(100);
    const pybind11::gil_scoped_acquire acquire;
    if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
    if (!quiet) (*shared)(done, total);
  };
}

}  // namespace brine::python
