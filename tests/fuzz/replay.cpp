// Runs a fuzz target over the files of directories, and over every front of each: for compilers
// without libFuzzer, and as an ordinary test.
//
// usage: replay_X DIRECTORY...
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// A copy of its own for each, so that a sanitizer sees reads behind the end.
void run(std::vector<std::uint8_t> input) {
  input.shrink_to_fit();
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

void replay(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::puts(path.filename().c_str());
  std::fflush(stdout);
  for (std::size_t size = 0; size <= text.size(); ++size) run({text.begin(), text.begin() + size});
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t files = 0;
  for (const std::filesystem::path directory : std::vector(arguments + 1, arguments + count)) {
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      replay(entry.path());
      ++files;
    }
  }
  std::printf("%zu files\n", files);
  return files > 0 ? 0 : 1;
}
