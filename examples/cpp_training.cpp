// A training loop in C++ that keeps its state in a brine store, and Python reads it.
//
// usage: cpp_training STORE EPOCHS [DIES_IN_EPOCH]
//
// Fits a logistic regression by stochastic gradient descent with momentum, on points made up from a
// fixed seed. Each epoch is one checkpoint of the line `fit`, with its step and loss. Started again
// it goes on from the last one that is known to be good, and ends with the very numbers of a run
// that nobody disturbed: the state of the random numbers is part of the checkpoint. With
// DIES_IN_EPOCH it kills itself half-way through that epoch, as a machine would.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "brine/checkpoint.hpp"

namespace {

constexpr std::size_t features = 8;
constexpr std::size_t points = 512;
constexpr double rate = 0.05;
constexpr double momentum = 0.9;

struct Data {
  std::vector<double> inputs;  // points x features
  std::vector<std::uint8_t> labels;
};

// Everything that the next epoch depends on.
struct Model {
  std::vector<double> weights = std::vector<double>(features);
  std::vector<double> velocity = std::vector<double>(features);
  double bias = 0;
  std::mt19937_64 random{7};
  std::int64_t epoch = 0;  // that is done
  double loss = 0;
};

double uniform(std::mt19937_64& random) {  // the same everywhere, unlike std's distributions
  return static_cast<double>(random() >> 11) * 0x1p-53;
}

double score(const Model& model, const double* input) {
  double sum = model.bias;
  for (std::size_t i = 0; i < features; ++i) sum += model.weights[i] * input[i];
  return 1 / (1 + std::exp(-sum));
}

Data make_data() {
  std::mt19937_64 random(42);
  Data data;
  for (std::size_t at = 0; at < points; ++at) {
    double sum = 0;
    for (std::size_t i = 0; i < features; ++i) {
      data.inputs.push_back(2 * uniform(random) - 1);
      sum += data.inputs.back() * (static_cast<double>(i) - 3.5);
    }
    data.labels.push_back(sum + uniform(random) > 0.5 ? 1 : 0);
  }
  return data;
}

double step(Model& model, const Data& data, std::size_t at) {
  const double* const input = &data.inputs[at * features];
  const double wanted = data.labels[at];
  const double found = score(model, input);
  for (std::size_t i = 0; i < features; ++i) {
    model.velocity[i] = momentum * model.velocity[i] - rate * (found - wanted) * input[i];
    model.weights[i] += model.velocity[i];
  }
  model.bias -= rate * (found - wanted);
  return -std::log(std::max(wanted > 0 ? found : 1 - found, 1e-12));
}

void run_epoch(Model& model, const Data& data, std::int64_t dies_in) {
  double sum = 0;
  for (std::size_t i = 0; i < points; ++i) {
    if (model.epoch + 1 == dies_in && i == points / 2) std::raise(SIGKILL);
    sum += step(model, data, model.random() % points);
  }
  ++model.epoch;
  model.loss = sum / points;
}

// The arrays are borrowed: what is written to the store are the model's own numbers, not a copy.
brine::Value to_value(const Model& model, const Data& data) {
  std::ostringstream random;
  random << model.random;
  const std::span<const double> probe(data.inputs.data(), features);
  return brine::Value::dict({
      {"epoch", model.epoch},
      {"loss", model.loss},
      {"model", brine::Value::dict({
                    {"weights", brine::Value::array(std::span(model.weights), {features})},
                    {"bias", model.bias},
                })},
      {"optimizer", brine::Value::dict({
                        {"velocity", brine::Value::array(std::span(model.velocity), {features})},
                        {"rate", rate},
                        {"momentum", momentum},
                    })},
      {"random", random.str()},
      {"probe", brine::Value::dict({
                    {"input", brine::Value::array(probe, {features})},
                    {"score", score(model, probe.data())},
                })},
  });
}

std::vector<double> numbers(const brine::Place& place) {
  const std::span<const double> view = place.array<double>();
  return {view.begin(), view.end()};
}

Model from_value(const brine::Value& value) {
  Model model;
  model.epoch = value["epoch"].integer();
  model.loss = value["loss"].real();
  model.weights = numbers(value["model"]["weights"]);
  model.bias = value["model"]["bias"].real();
  model.velocity = numbers(value["optimizer"]["velocity"]);
  std::istringstream(std::string(value["random"].text())) >> model.random;
  return model;
}

// Only a line that is not there yet is begun anew: any other trouble is told, not trained over.
Model begin_or_resume(brine::Store& store) {
  const std::vector<brine::Snapshot> saved = store.log();
  const auto is_ours = [](const brine::Snapshot& each) { return each.line == "fit"; };
  if (std::none_of(saved.begin(), saved.end(), is_ours)) return {};
  const brine::Checkpoint last = brine::load_value(store, "fit@good", {.fallback = true});
  std::printf("going on from epoch %lld\n", static_cast<long long>(last.value["epoch"].integer()));
  return from_value(last.value);
}

brine::Store open_store(const std::filesystem::path& root) {
  return std::filesystem::exists(root) ? brine::Store::open(root) : brine::Store::create(root);
}

// Returns `word` as the number of an epoch; prints a sentence and returns nothing if it is none.
std::optional<std::int64_t> epoch_of(std::string_view word) {
  std::int64_t number = -1;
  const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (failure == std::errc() && end == word.data() + word.size() && number >= 0) return number;
  std::fprintf(stderr, "cpp_training: '%.*s' is no number of an epoch\n",
               static_cast<int>(word.size()), word.data());
  return std::nullopt;
}

int train(const std::filesystem::path& root, std::int64_t epochs, std::int64_t dies_in) {
  brine::Store store = open_store(root);
  const Data data = make_data();
  Model model = begin_or_resume(store);
  while (model.epoch < epochs) {
    run_epoch(model, data, dies_in);
    const brine::SaveOptions options{.step = model.epoch, .metrics = {{"loss", model.loss}}};
    brine::save_value(store, "fit", to_value(model, data), options);
    std::printf("epoch %lld: loss %.6f\n", static_cast<long long>(model.epoch), model.loss);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const auto epochs = count > 2 ? epoch_of(words[2]) : std::nullopt;
  const auto dies_in = epochs && count > 3 ? epoch_of(words[3]) : std::optional<std::int64_t>(0);
  if (!epochs || !dies_in) {
    std::fprintf(stderr, "usage: cpp_training STORE EPOCHS [DIES_IN_EPOCH]\n");
    return 2;
  }
  try {
    return train(words[1], *epochs, *dies_in);
  } catch (const brine::Error& error) {
    std::fprintf(stderr, "cpp_training: %s\n%s\n", error.what(), error.hint().c_str());
    return brine::info(error.code()).exit_code;
  }
}
