#include <atomic>
#include <semaphore>
#include <string>

#include "pack/pipeline.hpp"
#include "support/expect.hpp"

using namespace brine;
using namespace brine::pack;

namespace {

/// Squares numbers; 13 is refused. With a gate, a slot is worked on when the gate lets it.
struct Squarer {
  struct Slot {
    int in = 0;
    int out = 0;
    std::thread::id by;
  };
  struct Settings {
    std::counting_semaphore<>* gate = nullptr;
    std::atomic<int>* made = nullptr;
    std::atomic<int>* run = nullptr;
  };
  explicit Squarer(const Settings& given) : settings(given) {
    if (settings.made != nullptr) ++*settings.made;
  }
  void run(Slot& slot) {
    if (settings.gate != nullptr) settings.gate->acquire();
    if (settings.run != nullptr) ++*settings.run;
    if (slot.in == 13) throw Error(Errc::corrupt, "13 is refused");
    slot.out = slot.in * slot.in;
    slot.by = std::this_thread::get_id();
  }
  Settings settings;
};

void submit(Pipeline<Squarer>& pipeline, int number) {
  pipeline.open().in = number;
  pipeline.submit();
}

int take(Pipeline<Squarer>& pipeline) {
  const int out = pipeline.oldest().out;
  pipeline.release();
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pipeline)

BOOST_AUTO_TEST_CASE(slots_come_back_in_order) {
  for (const unsigned threads : {0U, 1U, 2U, 5U}) {
    Pipeline<Squarer> pipeline(threads, {});
    std::vector<int> taken;
    for (int i = 100; i < 600; ++i) {
      if (pipeline.full()) taken.push_back(take(pipeline));
      pipeline.open();  // again and again is once
      submit(pipeline, i);
      while (pipeline.ready()) taken.push_back(take(pipeline));
    }
    while (!pipeline.empty()) taken.push_back(take(pipeline));
    BOOST_TEST_REQUIRE(taken.size() == 500u);
    for (int i = 0; i < 500; ++i) BOOST_TEST(taken[i] == (i + 100) * (i + 100));
  }
}

BOOST_AUTO_TEST_CASE(a_lone_slot_is_worked_on_by_the_caller) {
  Pipeline<Squarer> pipeline(4, {});
  for (int i = 1; i < 4; ++i) {
    submit(pipeline, i);
    BOOST_TEST(!pipeline.ready());
    BOOST_TEST((pipeline.oldest().by == std::this_thread::get_id()));
    BOOST_TEST(pipeline.oldest().out == i * i);
    pipeline.release();
  }
}

BOOST_AUTO_TEST_CASE(two_slots_are_not_worked_on_by_the_caller) {
  Pipeline<Squarer> pipeline(1, {});
  submit(pipeline, 1);
  submit(pipeline, 2);
  BOOST_TEST((pipeline.oldest().by != std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(no_more_workers_are_made_than_slots_came) {
  std::atomic<int> made = 0;
  {
    Pipeline<Squarer> pipeline(64, {.made = &made});
    for (int i = 0; i < 3; ++i) submit(pipeline, i);
    while (!pipeline.empty()) take(pipeline);
  }
  BOOST_TEST(made <= 3);
}

BOOST_AUTO_TEST_CASE(slots_are_bounded_while_workers_stand_still) {
  std::counting_semaphore<> gate(0);
  Pipeline<Squarer> pipeline(2, {.gate = &gate});
  int submitted = 0;
  while (!pipeline.full()) submit(pipeline, ++submitted);
  BOOST_TEST(submitted == 6);
  BOOST_TEST(!pipeline.ready());
  gate.release(6);
  for (int i = 1; i <= 6; ++i) BOOST_TEST(take(pipeline) == i * i);
}

BOOST_AUTO_TEST_CASE(an_error_comes_when_its_turn_comes) {
  for (const int count : {1, 6}) {
    Pipeline<Squarer> pipeline(2, {});
    for (int i = 0; i < count; ++i) submit(pipeline, 14 - count + i);
    for (int i = 0; i < count - 1; ++i) take(pipeline);
    test::expect_error(Errc::corrupt, "13 is refused", [&] { pipeline.oldest(); });
  }
}

BOOST_AUTO_TEST_CASE(the_end_drops_what_no_worker_has_begun) {
  std::counting_semaphore<> gate(0);
  std::atomic<int> run = 0;
  {
    Pipeline<Squarer> pipeline(2, {.gate = &gate, .run = &run});
    for (int i = 0; i < 6; ++i) submit(pipeline, i);
    pipeline.stop();
    gate.release(6);
  }
  BOOST_TEST(run <= 2);
}

BOOST_AUTO_TEST_CASE(threads_are_capped) {
  BOOST_TEST(slots_for(0) == 4u);
  BOOST_TEST(slots_for(16) == 34u);
  BOOST_TEST(slots_for(4'000'000'000) == 514u);
}

BOOST_AUTO_TEST_SUITE_END()
