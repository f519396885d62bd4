"""`meson install` puts library, headers, pkg-config file, command and Python package in place,
and a program that knows nothing but them can be built and run."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BUILD = os.environ.get("BRINE_BUILD", "build")
MESON = "/usr/bin/meson" if os.path.exists("/usr/bin/meson") else shutil.which("meson")
SANITIZED = "sanitize" in BUILD

PROGRAM = r"""
#include <brine/checkpoint.hpp>
#include <brine/store.hpp>

#include <cstdio>
#include <span>

// A pickle of the integer 7, in protocol 2.
constexpr char seven[] = "\x80\x02K\x07.";

struct Kept final : brine::Target {
  void begin(std::uint64_t bytes) override { std::printf("begin %d\n", static_cast<int>(bytes)); }
  bool can_restart() const noexcept override { return true; }
  void write(brine::ByteView bytes) override { text += brine::text_of(bytes); }
  std::string text;
};

int main(int, char** argv) {
  brine::Store store = brine::Store::create(argv[1], {.codec = brine::parse_codec("xz:1")});
  brine::SaveSession session = store.begin_save("run", {.step = 3, .tags = {"first"}});
  session.write(brine::bytes_of(std::string_view(seven, 5)));
  const brine::Snapshot saved = session.commit();
  Kept kept;
  const brine::LoadReport report = store.load("run@first", kept);
  std::printf("%s %s %d\n", brine::to_string(saved.codec).c_str(),
              report.served == saved.id ? "same" : "other", kept.text == std::string(seven, 5));
  const float weights[] = {1, 2.5};
  const auto value = brine::Value::dict(
      {{"epoch", 3}, {"w", brine::Value::array(std::span(weights), {2})}});
  brine::save_value(store, "fit", value, {.metrics = {{"loss", 0.5}}});
  const brine::Checkpoint back = brine::load_value(store, "fit@good");
  std::printf("%d %g %d\n", static_cast<int>(back.value["epoch"].integer()),
              static_cast<double>(back.value["w"].array<float>()[1]), back.value == value);
  try {
    store.resolve("rum");
  } catch (const brine::Error& error) {
    std::printf("%s: %s\n", std::string(brine::info(error.code()).name).c_str(), error.what());
  }
}
"""


@unittest.skipIf(MESON is None, "meson is not installed")
@unittest.skipIf(SANITIZED, "a program without the sanitizers cannot link to a library with them")
class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="brine-install-")
        cls.addClassCleanup(directory.cleanup)
        cls.root = pathlib.Path(directory.name)
        subprocess.run([MESON, "install", "-C", BUILD, "--no-rebuild", "--quiet"], check=True,
                       capture_output=True, env={**os.environ, "DESTDIR": str(cls.root)})
        cls.files = {path.name: path for path in cls.root.rglob("*") if path.is_file()}

    def run_installed(self, *words, **more):
        library = self.files["libbrine.so.0.1.0"].parent
        environment = {**os.environ, "LD_LIBRARY_PATH": str(library), **more}
        return subprocess.run([str(w) for w in words], env=environment, capture_output=True,
                              text=True, check=True).stdout

    def test_every_door_is_there_and_nothing_private(self):
        doors = {path.name for path in self.files["store.hpp"].parent.iterdir()}
        self.assertLessEqual({"store.hpp", "options.hpp", "snapshot.hpp", "pickle.hpp",
                              "migration.hpp", "codec.hpp", "error.hpp", "limits.hpp",
                              "value.hpp", "checkpoint.hpp", "bytes.hpp", "version.hpp"}, doors)
        self.assertNotIn("catalog.hpp", self.files)
        self.assertNotIn("libbrine_core.a", self.files)

    def test_the_command_runs(self):
        self.assertIn("brine 0.1.0", self.run_installed(self.files["brine"], "--version"))

    def test_the_pkg_config_file_brings_no_flags_of_others(self):
        if shutil.which("pkg-config") is None:
            self.skipTest("pkg-config is not installed")
        flags = self.pkg_config("--cflags", "--libs")
        self.assertIn("-lbrine", flags)
        self.assertEqual([f for f in flags if f.startswith(("-D", "-lzstd", "-lsqlite3"))], [])

    def pkg_config(self, *words):
        directory = self.files["brine.pc"].parent
        environment = {**os.environ, "PKG_CONFIG_PATH": str(directory),
                       "PKG_CONFIG_SYSROOT_DIR": str(self.root)}
        return subprocess.run(["pkg-config", *words, "brine"], env=environment, check=True,
                              capture_output=True, text=True).stdout.split()

    def test_a_program_is_built_and_runs_against_it(self):
        compiler = shutil.which("g++")
        if compiler is None or shutil.which("pkg-config") is None:
            self.skipTest("g++ or pkg-config is not installed")
        source = self.root / "program.cpp"
        source.write_text(PROGRAM)
        program = self.root / "program"
        subprocess.run([compiler, "-std=c++20", "-Wall", "-Wextra", "-Werror", str(source), "-o",
                        str(program), *self.pkg_config("--cflags", "--libs")], check=True)
        said = self.run_installed(program, self.root / "store").splitlines()
        self.assertEqual(said, ["begin 5", "xz:1 same 1", "3 2.5 1",
                                "not_found: there is no line rum, did you mean run?"])

    def test_the_python_package_is_imported_from_there(self):
        extension = next((p for n, p in self.files.items() if n.startswith("_brine.cpython")), None)
        if extension is None:
            self.skipTest("this build is without the Python package")
        said = self.run_installed("/usr/bin/python3", "-c", "import brine; print(brine.__file__)",
                                  PYTHONPATH=str(extension.parents[1]))
        self.assertTrue(said.startswith(str(self.root)), said)
        self.assertIn("py.typed", self.files)


if __name__ == "__main__":
    unittest.main()
